// Small programs that reach into the corners of every kernel; each is run here and on the reference engine.
import { Graph, type HostArray, primitives as p, placeholder, type Tensor } from "../src/core.ts";
import { at, type Carried, host, noise, type Sample } from "./sample.ts";
import { elementwiseSamples, numbers } from "./samples-elementwise.ts";
import { largeSamples } from "./samples-large.ts";

const one = (name: string, inputs: readonly HostArray[], build: Sample["build"], tolerance?: number): Sample =>
  tolerance === undefined ? { name, inputs, build } : { name, inputs, build, tolerance };

const structural: Sample[] = [
  one("where broadcast", [host([2, 1], [1, 0], "bool"), noise([2, 3]), noise([3], 2)], (...xs) =>
    p.where(at(xs, 0), at(xs, 1), at(xs, 2)),
  ),
  one("reshape transpose broadcast", [noise([2, 3, 4])], (x) =>
    p.broadcastTo(p.reshape(p.transpose(x as Tensor, { permutation: [2, 0, 1] }), { shape: [4, 1, 6] }), {
      shape: [2, 4, 5, 6],
    }),
  ),
  one("slice", [noise([5, 6])], (x) => p.slice(x as Tensor, { starts: [1, 0], limits: [5, 6], strides: [2, 4] })),
  one("slice nothing", [noise([5, 6])], (x) =>
    p.slice(x as Tensor, { starts: [2, 0], limits: [2, 6], strides: [1, 1] }),
  ),
  one("pad interior and crop", [noise([3, 4])], (x) => [
    p.pad(x as Tensor, { low: [1, -1], high: [2, 3], interior: [0, 2] }),
    p.pad(x as Tensor, { low: [-2, -3], high: [0, -2], interior: [3, 1] }),
    p.pad(x as Tensor, { low: [-3, 1], high: [2, 0], interior: [0, 0] }),
  ]),
  one("reverse concat", [noise([2, 3]), noise([2, 2], 2)], (...xs) =>
    p.concat([p.reverse(at(xs, 0), { axes: [0, 1] }), at(xs, 1)], { axis: 1 }),
  ),
  ...(["int8", "uint8", "float32", "int32"] as const).map((dtype) =>
    one(`iota ${dtype}`, [], () => p.iota({ shape: [2, 90], axis: 1, dtype })),
  ),
  ...numbers.map((dtype) =>
    one(`reductions ${dtype}`, [noise([3, 4, 5], 3, dtype)], (x) => [
      ...[p.reduceSum, p.reduceMax, p.reduceMin, p.reduceProd].map((f) => f(x as Tensor, { axes: [0, 2] })),
      p.reduceSum(x as Tensor, { axes: [0, 1, 2] }),
      p.argMax(x as Tensor, { axis: 1 }),
      p.argMin(x as Tensor, { axis: 2 }),
      ...[p.cumSum, p.cumProd, p.cumMax, p.cumMin].flatMap((f) =>
        [false, true].map((reverse) => f(x as Tensor, { axis: 1, reverse })),
      ),
      p.sort(x as Tensor, { axis: 1 }),
      p.argSort(x as Tensor, { axis: 0 }),
      ...p.topK(x as Tensor, { k: 3 }),
    ]),
  ),
  one(
    "the few largest of long rows, with ties and nan",
    [
      host(
        [2, 5000],
        Array.from({ length: 10000 }, (_, i) => (i % 4999 === 7 ? NaN : (i * 7919) % 631)),
      ),
    ],
    (x) => [...p.topK(x as Tensor, { k: 9 }), ...p.topK(x as Tensor, { k: 1 })],
  ),
  one("reductions bool", [host([2, 2], [1, 1, 1, 0], "bool")], (x) =>
    [p.reduceAnd, p.reduceOr, p.reduceMax, p.reduceMin].map((f) => f(x as Tensor, { axes: [1] })),
  ),
  one("reductions with nan", [host([2, 4], [1, NaN, 3, NaN, 2, 5, 5, 1])], (x) => [
    p.reduceMax(x as Tensor, { axes: [1] }),
    p.argMax(x as Tensor, { axis: 1 }),
    p.argMin(x as Tensor, { axis: 1 }),
    p.sort(x as Tensor, { axis: 1 }),
    p.argSort(x as Tensor, { axis: 1 }),
    ...p.topK(x as Tensor, { k: 4 }),
    p.cumMax(x as Tensor, { axis: 1, reverse: false }),
  ]),
  one("empty reductions", [host([0, 2], [])], (x) =>
    [p.reduceSum, p.reduceMax, p.reduceMin, p.reduceProd].map((f) => f(x as Tensor, { axes: [0] })),
  ),
];

const indices = (shape: readonly number[], values: readonly number[]): HostArray => host(shape, values, "int32");
const indexing: Sample[] = [
  one("take", [noise([3, 4]), indices([2, 2], [3, 0, 1, 1])], (...xs) => p.take(at(xs, 0), at(xs, 1), { axis: 1 })),
  one("gatherNd", [noise([3, 4, 2]), indices([2, 3, 2], [0, 1, 2, 3, 1, 1, 0, 0, 2, 2, 1, 0])], (...xs) =>
    p.gatherNd(at(xs, 0), at(xs, 1)),
  ),
  one("gatherNd whole", [noise([3]), indices([2, 0], [])], (...xs) => p.gatherNd(at(xs, 0), at(xs, 1))),
  ...(["set", "add", "multiply", "min", "max"] as const).flatMap((mode) => [
    one(`scatterNd ${mode}`, [noise([4, 3]), indices([3, 1], [2, 0, 2]), noise([3, 3], 2)], (...xs) =>
      p.scatterNd(at(xs, 0), at(xs, 1), at(xs, 2), { mode }),
    ),
    one(
      `scatterNd ${mode} int8`,
      [noise([4, 3], 1, "int8"), indices([4, 2], [2, 0, 2, 0, 1, 1, 2, 0]), noise([4], 2, "int8")],
      (...xs) => p.scatterNd(at(xs, 0), at(xs, 1), at(xs, 2), { mode }),
    ),
  ]),
  one("dynamicSlice", [noise([4, 5]), indices([2], [3, -2])], (...xs) =>
    p.dynamicSlice(at(xs, 0), at(xs, 1), { sizes: [2, 3] }),
  ),
  one("dynamicUpdateSlice", [noise([4, 5]), noise([2, 3], 2), indices([2], [1, 9])], (...xs) =>
    p.dynamicUpdateSlice(at(xs, 0), at(xs, 1), at(xs, 2)),
  ),
  one("randomBits", [host([2], [7, 3], "uint32")], (key) => [
    p.randomBits(key as Tensor, { shape: [5], words: 1 }),
    p.randomBits(key as Tensor, { shape: [2, 3], words: 2 }),
    p.randomBits(key as Tensor, { shape: [], words: 1 }),
  ]),
];

const matrix = (lhs: number, rhs: number) => ({ lhsContract: [lhs], rhsContract: [rhs], lhsBatch: [], rhsBatch: [] });
const convolution = (
  rank: number,
  input: readonly number[],
  kernel: readonly number[],
  params: p.ConvParams,
  dtype: Carried = "float32",
): Sample =>
  one(
    `conv ${rank}d ${JSON.stringify([input, kernel, params])} ${dtype}`,
    [noise(input, 1, dtype), noise(kernel, 2, dtype)],
    (...xs) => {
      const [x, k] = [at(xs, 0), at(xs, 1)];
      const y = p.conv(x, k, params);
      const spatial = (shape: readonly number[], from: number): number[] => shape.slice(from, from + rank);
      return [
        y,
        p.convInputGrad(y, k, { ...params, inputSpatial: spatial(input, 1) }),
        p.convFilterGrad(x, y, { ...params, kernelSpatial: spatial(kernel, 0) }),
      ];
    },
    1e-4,
  );
const contraction: Sample[] = [
  ...[
    [1, 0],
    [0, 0],
    [1, 1],
    [0, 1],
  ].map(([l, r]) =>
    one(`matmul ${l} ${r}`, [noise([3, 3]), noise([3, 3], 2)], (...xs) =>
      p.dotGeneral(at(xs, 0), at(xs, 1), matrix(l as number, r as number)),
    ),
  ),
  one("matmul int8 wraps", [noise([3, 40], 1, "int8"), noise([40, 2], 2, "int8")], (...xs) =>
    p.dotGeneral(at(xs, 0), at(xs, 1), matrix(1, 0)),
  ),
  one("attention products", [noise([2, 5, 3, 4]), noise([2, 6, 3, 4], 2)], (...xs) =>
    p.dotGeneral(at(xs, 0), at(xs, 1), { lhsContract: [3], rhsContract: [3], lhsBatch: [0, 2], rhsBatch: [0, 2] }),
  ),
  one("several contracted", [noise([2, 3, 4]), noise([4, 5, 3], 2)], (...xs) =>
    p.dotGeneral(at(xs, 0), at(xs, 1), { lhsContract: [1, 2], rhsContract: [2, 0], lhsBatch: [], rhsBatch: [] }),
  ),
  one("outer and vector products", [noise([3]), noise([3], 2)], (...xs) => [
    p.dotGeneral(at(xs, 0), at(xs, 1), { lhsContract: [], rhsContract: [], lhsBatch: [], rhsBatch: [] }),
    p.dotGeneral(at(xs, 0), at(xs, 1), matrix(0, 0)),
    p.dotGeneral(at(xs, 0), at(xs, 1), { lhsContract: [], rhsContract: [], lhsBatch: [0], rhsBatch: [0] }),
  ]),
  one("batched transposed", [noise([2, 3, 4]), noise([2, 3, 5], 2)], (...xs) =>
    p.dotGeneral(at(xs, 0), at(xs, 1), { lhsContract: [1], rhsContract: [1], lhsBatch: [0], rhsBatch: [0] }),
  ),
  convolution(1, [2, 7, 3], [3, 3, 4], { strides: [2], padding: [[1, 2]], dilation: [1], groups: 1 }),
  convolution(2, [2, 6, 5, 3], [3, 2, 3, 4], {
    strides: [1, 1],
    padding: [
      [1, 1],
      [0, 1],
    ],
    dilation: [1, 1],
    groups: 1,
  }),
  convolution(
    2,
    [2, 8, 7, 3],
    [2, 3, 3, 4],
    {
      strides: [2, 3],
      padding: [
        [0, 0],
        [2, 1],
      ],
      dilation: [2, 1],
      groups: 1,
    },
    "float64",
  ),
  convolution(2, [1, 6, 6, 4], [3, 3, 2, 6], {
    strides: [2, 1],
    padding: [
      [1, 0],
      [1, 1],
    ],
    dilation: [1, 2],
    groups: 2,
  }),
  convolution(2, [2, 5, 5, 3], [2, 2, 1, 6], {
    strides: [1, 2],
    padding: [
      [1, 0],
      [0, 1],
    ],
    dilation: [1, 1],
    groups: 3,
  }),
  convolution(2, [2, 5, 5, 3], [2, 2, 3, 2], {
    strides: [1, 1],
    padding: [
      [-1, 0],
      [0, -2],
    ],
    dilation: [1, 1],
    groups: 1,
  }),
  convolution(2, [1, 4, 4, 2], [1, 1, 2, 3], {
    strides: [1, 1],
    padding: [
      [0, 0],
      [0, 0],
    ],
    dilation: [1, 1],
    groups: 1,
  }),
  convolution(3, [1, 4, 3, 4, 2], [2, 2, 2, 2, 3], {
    strides: [1, 1, 2],
    padding: [
      [0, 1],
      [1, 0],
      [1, 1],
    ],
    dilation: [1, 1, 1],
    groups: 1,
  }),
  convolution(2, [0, 4, 4, 2], [2, 2, 2, 3], {
    strides: [1, 1],
    padding: [
      [0, 0],
      [0, 0],
    ],
    dilation: [1, 1],
    groups: 1,
  }),
  convolution(
    2,
    [1, 4, 4, 2],
    [2, 2, 2, 3],
    {
      strides: [1, 1],
      padding: [
        [0, 0],
        [0, 0],
      ],
      dilation: [1, 1],
      groups: 1,
    },
    "int32",
  ),
  ...(
    [
      [
        [2, 6, 6, 3],
        {
          window: [2, 2],
          strides: [2, 2],
          padding: [
            [0, 0],
            [0, 0],
          ],
        },
      ],
      [
        [2, 5, 6, 2],
        {
          window: [3, 2],
          strides: [2, 1],
          padding: [
            [1, 1],
            [0, 1],
          ],
        },
      ],
      [[1, 7, 2], { window: [3], strides: [1], padding: [[2, 1]] }],
    ] as readonly (readonly [readonly number[], p.PoolParams])[]
  ).map(([shape, params]) =>
    one(`pooling ${JSON.stringify([shape, params])}`, [noise(shape)], (input) => {
      const x = p.round(input as Tensor);
      const y = p.maxPool(x, params);
      const gradient = p.maxPoolGrad(x, y, params);
      return [
        y,
        p.sumPool(x, params),
        gradient,
        p.maxPoolGather(x, input as Tensor, params),
        p.sumPoolGrad(y, { ...params, inputSpatial: shape.slice(1, -1) }),
      ];
    }),
  ),
  one(
    "pooling of lowest values",
    [host([1, 3, 1], [-Infinity, -Infinity, -Infinity]), host([1, 2, 1], [3, 4])],
    (...xs) => {
      const params = { window: [2], strides: [2], padding: [[1, 0]] } as const;
      return p.maxPoolGrad(at(xs, 0), at(xs, 1), params);
    },
  ),
  one("pooling int32", [noise([1, 4, 4, 2], 1, "int32")], (x) => {
    const params = {
      window: [2, 2],
      strides: [1, 1],
      padding: [
        [1, 0],
        [0, 1],
      ],
    } as const;
    return [p.maxPool(x as Tensor, params), p.maxPoolGrad(x as Tensor, p.maxPool(x as Tensor, params), params)];
  }),
];

const spd = host([2, 3, 3], [4, 1, 0.5, 1, 5, -1, 0.5, -1, 6, 3, -1, 1, -1, 4, 2, 1, 2, 5]);
const mm = (a: Tensor, b: Tensor): Tensor => p.matmul(a, b);
const linalg: Sample[] = [
  one("cholesky", [spd], (x) => p.cholesky(x as Tensor), 1e-5),
  one(
    "cholesky of one bad matrix",
    [host([2, 2, 2], [4, 1, 1, 3, -1, 0, 0, 1])],
    (x) => p.slice(p.cholesky(x as Tensor), { starts: [0, 0, 0], limits: [1, 2, 2], strides: [1, 1, 1] }),
    1e-5,
  ),
  ...[false, true].flatMap((lower) =>
    [false, true].flatMap((transposeA) =>
      [false, true].map((unitDiagonal) =>
        one(
          `triangularSolve ${lower} ${transposeA} ${unitDiagonal}`,
          [spd, noise([2, 3, 2])],
          (...xs) => p.triangularSolve(at(xs, 0), at(xs, 1), { lower, transposeA, unitDiagonal }),
          1e-4,
        ),
      ),
    ),
  ),
  one("qr", [noise([2, 4, 3])], (x) => p.qr(x as Tensor, { fullMatrices: false }), 1e-4),
  one("qr full", [noise([4, 3])], (x) => p.qr(x as Tensor, { fullMatrices: true }), 1e-4),
  one(
    "eigh",
    [spd],
    (x) => {
      const [w, v] = p.eigh(x as Tensor);
      return [
        w,
        mm(
          mm(
            v,
            p.where(
              p.equal(
                p.iota({ shape: [2, 3, 3], axis: 1, dtype: "int32" }),
                p.iota({ shape: [2, 3, 3], axis: 2, dtype: "int32" }),
              ),
              p.broadcastTo(p.reshape(w, { shape: [2, 1, 3] }), { shape: [2, 3, 3] }),
              0,
            ),
          ),
          p.matrixTranspose(v),
        ),
      ];
    },
    1e-4,
  ),
  one(
    "svd",
    [noise([2, 4, 3])],
    (x) => {
      const [u, s, vh] = p.svd(x as Tensor, { fullMatrices: false });
      return [s, mm(p.mul(u, p.reshape(s, { shape: [2, 1, 3] })), vh)];
    },
    1e-4,
  ),
  one(
    "svd full",
    [noise([4, 3])],
    (x) => {
      const [u, s, vh] = p.svd(x as Tensor, { fullMatrices: true });
      return [s, mm(u, p.matrixTranspose(u)), mm(vh, p.matrixTranspose(vh))];
    },
    1e-4,
  ),
  one("lu", [noise([2, 4, 4])], (x) => p.lu(x as Tensor), 1e-4),
  one("lu wide and tall", [noise([3, 5]), noise([5, 3], 2)], (...xs) => [...p.lu(at(xs, 0)), ...p.lu(at(xs, 1))], 1e-4),
  ...[false, true].map((inverse) =>
    one(`fft ${inverse}`, [noise([2, 6]), noise([2, 6], 2)], (...xs) => p.fft(at(xs, 0), at(xs, 1), { inverse }), 1e-4),
  ),
];

const composites: Sample[] = [
  one("softmax", [noise([2, 3, 4])], (x) => [
    p.softmax(x as Tensor, { axes: [2] }),
    p.logSoftmax(x as Tensor, { axes: [0, 1] }),
  ]),
  one("softmax of large values", [host([4], [1000, 1001, -Infinity, 999])], (x) => [
    p.softmax(x as Tensor, { axes: [0] }),
    p.logSoftmax(x as Tensor, { axes: [0] }),
  ]),
  one("normalize", [noise([2, 3, 4])], (x) => p.normalize(x as Tensor, { axes: [1, 2], epsilon: 1e-3 }), 1e-5),
];

const closed = (inputs: readonly Tensor[], build: (...xs: readonly Tensor[]) => readonly Tensor[]): Graph => {
  const own = inputs.map((x) => placeholder(x));
  return new Graph(own, build(...own));
};
const scalarFloat = placeholder({ shape: [], dtype: "float32" });
const control: Sample[] = [
  ...[1, 0].map((condition) =>
    one(`cond ${condition}`, [host([], [condition], "bool"), noise([3]), noise([3], 2)], (...xs) =>
      p.cond(at(xs, 0), xs.slice(1), {
        then: closed(xs.slice(1), (a, b) => [p.add(a as Tensor, b as Tensor)]),
        otherwise: closed(xs.slice(1), (a, b) => [p.mul(a as Tensor, b as Tensor)]),
      }),
    ),
  ),
  one("whileLoop", [host([], [1.5]), host([], [0])], (...xs) =>
    p.whileLoop(xs, {
      numConsts: 1,
      condition: closed([scalarFloat, scalarFloat], (_, sum) => [p.less(sum as Tensor, 10)]),
      body: closed([scalarFloat, scalarFloat], (step, sum) => [p.add(sum as Tensor, step as Tensor)]),
    }),
  ),
  ...[false, true].map((reverse) =>
    one(`scan ${reverse}`, [host([], [2]), noise([3]), noise([5, 3], 2)], (...xs) => {
      const [factor, carry, rows] = [at(xs, 0), at(xs, 1), at(xs, 2)];
      const row = placeholder({ shape: [3], dtype: "float32" });
      const body = closed([factor, carry, row], (f, c, r) => {
        const next = p.add(p.mul(c as Tensor, f as Tensor), r as Tensor);
        return [next, p.reduceSum(next, { axes: [0] }), r as Tensor];
      });
      return p.scan([factor, carry, rows], { body, numConsts: 1, numCarry: 1, length: 5, reverse });
    }),
  ),
];

export const samples: readonly Sample[] = [
  ...elementwiseSamples,
  ...structural,
  ...indexing,
  ...contraction,
  ...linalg,
  ...composites,
  ...control,
  ...largeSamples,
];
