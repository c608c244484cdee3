// Every kernel on cpu and wasm against core's reference kernel on the same input: values, dtypes, shapes, and nothing leaked.
import {
  type Aval,
  type Definition,
  type DType,
  type HostArray,
  type KernelAvals,
  primitives,
  range,
  reference,
  type Shape,
  sizeOf,
} from "@keras-ts/core/backend";
import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, test } from "vitest";
import { engineOn, type Tensor } from "../engine.ts";
import { tfjs } from "../tfjs.ts";
import { hasNan } from "./reduction.ts";

type Values = readonly number[];
const f32 = (shape: Shape, data: Values): HostArray => ({ shape, dtype: "float32", data: new Float32Array(data) });
const i32 = (shape: Shape, data: Values): HostArray => ({ shape, dtype: "int32", data: new Int32Array(data) });
const bool = (shape: Shape, data: Values): HostArray => ({ shape, dtype: "bool", data: new Uint8Array(data) });
const vector = (make: typeof f32, data: Values): HostArray => make([data.length], data);

// Numbers that look random and are the same each time.
function noise(shape: Shape, seed = 1): HostArray {
  let state = seed * 7919;
  const next = (): number => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    return (state / 0x7fffffff) * 4 - 2;
  };
  return f32(shape, range(sizeOf(shape)).map(next));
}
const whole = (shape: Shape, seed = 1): HostArray =>
  i32(
    shape,
    [...noise(shape, seed).data].map((x) => Math.round(x * 3)),
  );
const bits = (shape: Shape, seed = 1): HostArray =>
  bool(
    shape,
    [...noise(shape, seed).data].map((x) => (x > 0 ? 1 : 0)),
  );

interface Sample {
  readonly op: string;
  readonly inputs: readonly HostArray[];
  readonly params?: Readonly<Record<string, unknown>>;
  readonly tolerance?: number;
  readonly what?: string;
}
const sample = (op: string, inputs: readonly HostArray[], params: Sample["params"] = {}, tolerance = 1e-6): Sample => ({
  op,
  inputs,
  params,
  tolerance,
});

const { NaN: nan, POSITIVE_INFINITY: inf } = Number;
const special = [
  -inf,
  -100,
  -20.3,
  -5.5,
  -3,
  -2.5,
  -2,
  -1.5,
  -1,
  -0.9,
  -0.5,
  -0.1,
  -1e-3,
  -1e-5,
  -0,
  0,
  1e-30,
  1e-5,
  1e-3,
  0.1,
  0.3,
  0.5,
  0.9,
  1,
  1.5,
  2,
  2.5,
  3,
  3.5,
  4,
  5.5,
  10,
  20,
  88,
  1e10,
  inf,
  nan,
];
const integers = [
  -2147483648, -2147483647, -1000003, -65537, -7, -2, -1, 0, 1, 2, 3, 7, 31, 33, 65537, 1000003, 123456789, 2147483647,
];
const grid = (make: typeof f32, values: Values): [HostArray, HostArray] => [
  make([values.length, 1], values),
  make([values.length], values),
];

const floatUnary = [
  "neg",
  "abs",
  "sign",
  "exp",
  "expm1",
  "log",
  "log1p",
  "sqrt",
  "rsqrt",
  "sin",
  "cos",
  "tan",
  "asin",
  "acos",
  "atan",
  "sinh",
  "cosh",
  "tanh",
  "asinh",
  "acosh",
  "atanh",
  "erf",
  "erfInv",
  "lgamma",
  "digamma",
  "trigamma",
  "logistic",
  "floor",
  "ceil",
  "round",
  "trunc",
  "isFinite",
  "isNan",
  "stopGradient",
  "relu",
  "softplus",
  "silu",
  "gelu",
  "geluTanh",
];
const compare = ["equal", "notEqual", "less", "lessEqual", "greater", "greaterEqual", "max", "min"];
const window2 = {
  window: [2, 2],
  strides: [2, 2],
  padding: [
    [0, 0],
    [0, 0],
  ],
};
const window3 = {
  window: [3, 2],
  strides: [2, 1],
  padding: [
    [1, 1],
    [0, 1],
  ],
};
const window1 = { window: [3], strides: [2], padding: [[1, 0]] };
const windowDeep = {
  window: [2, 2, 2],
  strides: [1, 2, 2],
  padding: [
    [0, 0],
    [1, 0],
    [0, 0],
  ],
};

const convs: readonly [x: Shape, kernel: Shape, Record<string, unknown>][] = [
  [
    [2, 5, 6, 3],
    [3, 3, 3, 4],
    {
      strides: [1, 1],
      padding: [
        [0, 0],
        [0, 0],
      ],
      dilation: [1, 1],
      groups: 1,
    },
  ],
  [
    [2, 6, 7, 5],
    [3, 2, 5, 4],
    {
      strides: [2, 1],
      padding: [
        [1, 1],
        [0, 1],
      ],
      dilation: [1, 2],
      groups: 1,
    },
  ],
  [
    [2, 8, 8, 6],
    [3, 3, 6, 4],
    {
      strides: [3, 2],
      padding: [
        [0, 1],
        [2, 1],
      ],
      dilation: [2, 1],
      groups: 1,
    },
  ],
  [
    [2, 6, 6, 4],
    [3, 3, 1, 4],
    {
      strides: [1, 1],
      padding: [
        [1, 1],
        [1, 1],
      ],
      dilation: [1, 1],
      groups: 4,
    },
  ],
  [
    [2, 7, 6, 3],
    [3, 2, 1, 6],
    {
      strides: [2, 2],
      padding: [
        [1, 0],
        [0, 1],
      ],
      dilation: [1, 1],
      groups: 3,
    },
  ],
  [
    [1, 9, 9, 3],
    [3, 3, 1, 6],
    {
      strides: [1, 1],
      padding: [
        [2, 2],
        [2, 2],
      ],
      dilation: [2, 2],
      groups: 3,
    },
  ],
  [
    [2, 6, 6, 4],
    [3, 3, 2, 6],
    {
      strides: [2, 1],
      padding: [
        [1, 1],
        [0, 0],
      ],
      dilation: [1, 1],
      groups: 2,
    },
  ],
  [[2, 9, 3], [3, 3, 5], { strides: [2], padding: [[1, 1]], dilation: [1], groups: 1 }],
  [[2, 9, 6], [3, 6, 5], { strides: [1], padding: [[4, 0]], dilation: [2], groups: 1 }],
  [[2, 9, 4], [3, 1, 8], { strides: [1], padding: [[1, 1]], dilation: [1], groups: 4 }],
  [
    [2, 5, 6, 4, 2],
    [2, 3, 2, 2, 3],
    {
      strides: [2, 1, 1],
      padding: [
        [1, 0],
        [1, 1],
        [0, 0],
      ],
      dilation: [1, 1, 1],
      groups: 1,
    },
  ],
  [
    [1, 5, 6, 4, 5],
    [2, 2, 2, 5, 3],
    {
      strides: [1, 2, 1],
      padding: [
        [0, 0],
        [0, 0],
        [1, 1],
      ],
      dilation: [2, 1, 1],
      groups: 1,
    },
  ],
  [
    [2, 6, 6, 2],
    [1, 1, 2, 3],
    {
      strides: [2, 2],
      padding: [
        [0, 0],
        [0, 0],
      ],
      dilation: [1, 1],
      groups: 1,
    },
  ],
  [
    [2, 6, 6, 7],
    [2, 2, 7, 3],
    {
      strides: [2, 2],
      padding: [
        [-1, 0],
        [0, -1],
      ],
      dilation: [1, 1],
      groups: 1,
    },
  ],
  [
    [2, 7, 8, 2],
    [5, 4, 2, 3],
    {
      strides: [2, 3],
      padding: [
        [2, 1],
        [1, 2],
      ],
      dilation: [1, 1],
      groups: 1,
    },
  ],
  [
    [2, 9, 8, 4],
    [2, 1, 2, 6],
    {
      strides: [3, 3],
      padding: [
        [0, 0],
        [-1, 1],
      ],
      dilation: [1, 1],
      groups: 2,
    },
  ],
  [[2, 11, 3], [4, 1, 6], { strides: [3], padding: [[1, 2]], dilation: [1], groups: 3 }],
];
function convSamples(): Sample[] {
  const conv = (primitives.conv as unknown as { definition: Definition }).definition;
  return convs.flatMap(([xShape, kShape, params]) => {
    const [x, kernel] = [noise(xShape), noise(kShape, 2)];
    const out = (conv.infer([x, kernel], params)[0] as Aval).shape;
    const g = noise(out, 3);
    const rank = xShape.length - 2;
    return [
      sample("conv", [x, kernel], params, 1e-5),
      sample("convInputGrad", [g, kernel], { ...params, inputSpatial: xShape.slice(1, -1) }, 1e-5),
      sample("convFilterGrad", [x, g], { ...params, kernelSpatial: kShape.slice(0, rank) }, 2e-5),
    ];
  });
}
function poolSamples(): Sample[] {
  const pools: [HostArray, Record<string, unknown>][] = [
    [noise([2, 6, 6, 3]), window2],
    [noise([2, 7, 5, 3]), window2],
    [whole([2, 7, 6, 3]), window3],
    [noise([2, 7, 6, 3]), window3],
    [noise([2, 8, 3]), window1],
    [noise([1, 4, 6, 4, 2]), windowDeep],
    [f32([1, 2, 2, 1], [1, nan, 3, 2]), window2],
  ];
  const tied = f32([1, 3, 3, 1], [1, 1, 1, 1, 1, 1, 0, 1, 1]);
  pools.push([
    tied,
    {
      window: [2, 2],
      strides: [1, 1],
      padding: [
        [0, 0],
        [0, 0],
      ],
    },
  ]);
  const definition = (primitives.maxPool as unknown as { definition: Definition }).definition;
  return pools.flatMap(([x, params]) => {
    const out = (definition.infer([x], params)[0] as Aval).shape;
    const make = x.dtype === "int32" ? whole : noise;
    const inputSpatial = x.shape.slice(1, -1);
    return [
      sample("maxPool", [x], params),
      sample("sumPool", [x], params, 1e-5),
      sample("maxPoolGrad", [x, make(out, 2)], params),
      sample("maxPoolGather", [x, make(x.shape, 2)], params),
      sample("sumPoolGrad", [make(out, 2)], { ...params, inputSpatial }, 1e-5),
    ];
  });
}
const dots = (): Sample[] => {
  const dot = (
    a: Shape,
    b: Shape,
    lhsContract: Values,
    rhsContract: Values,
    lhsBatch: Values = [],
    rhsBatch: Values = [],
    make = noise,
  ): Sample => sample("dotGeneral", [make(a), make(b, 2)], { lhsContract, rhsContract, lhsBatch, rhsBatch }, 1e-5);
  return [
    dot([3, 4], [4, 5], [1], [0]),
    dot([4, 3], [4, 5], [0], [0]),
    dot([3, 4], [5, 4], [1], [1]),
    dot([4, 3], [5, 4], [0], [1]),
    dot([4], [4], [0], [0]),
    dot([4], [3], [], []),
    dot([2, 3, 4], [2, 4, 5], [2], [1], [0], [0]),
    dot([2, 3, 4], [2, 5, 4], [2], [2], [0], [0]),
    dot([2, 3, 4, 5], [2, 6, 4, 5], [3], [3], [0, 2], [0, 2]),
    dot([2, 4, 3, 6], [2, 6, 4, 5], [3], [1], [0, 1], [0, 2]),
    dot([2, 3, 4], [4, 3, 5], [2, 1], [0, 1]),
    dot([3, 0], [0, 5], [1], [0]),
    sample(
      "dotGeneral",
      [noise([2, 130, 130]), noise([2, 130, 130], 2)],
      { lhsContract: [2], rhsContract: [1], lhsBatch: [0], rhsBatch: [0] },
      1e-4,
    ),
    sample("dotGeneral", [f32([2, 2], [1, nan, 2, inf]), f32([2, 2], [1, 2, -1, 0])], {
      lhsContract: [1],
      rhsContract: [0],
      lhsBatch: [],
      rhsBatch: [],
    }),
    sample("dotGeneral", [f32([2, 1, 2], [1, nan, 2, inf]), f32([2, 2, 1], [1, 2, -1, 0])], {
      lhsContract: [2],
      rhsContract: [1],
      lhsBatch: [0],
      rhsBatch: [0],
    }),
    sample("reduceSum", [f32([3, 2], [nan, 1, 2, inf, 5, 6])], { axes: [0] }),
    sample("conv", [f32([1, 2, 2, 1], [1, nan, 2, inf]), f32([1, 1, 1, 2], [1, -1])], {
      strides: [1, 1],
      padding: [
        [0, 0],
        [0, 0],
      ],
      dilation: [1, 1],
      groups: 1,
    }),
    sample("conv", [f32([1, 2, 1, 2], [1, nan, 2, inf]), f32([1, 1, 1, 2], [1, -1])], {
      strides: [1, 1],
      padding: [
        [0, 0],
        [0, 0],
      ],
      dilation: [1, 1],
      groups: 2,
    }),
    dot([3, 4], [4, 5], [1], [0], [], [], whole),
    dot([2, 3, 4], [2, 4, 5], [2], [1], [0], [0], whole),
  ];
};

const all: readonly Sample[] = [
  ...floatUnary.map((op) => sample(op, [vector(f32, special)], {}, 2e-6)),
  ...floatUnary.map((op) => sample(op, [noise([3, 1, 5])], {}, 2e-6)),
  ...["neg", "abs", "sign", "trunc", "not", "stopGradient"].map((op) => sample(op, [vector(i32, integers)])),
  sample("not", [bool([2], [0, 1])]),
  ...["add", "sub", "mul", "div", "rem", "pow", "atan2", ...compare].map((op) =>
    sample(op, grid(f32, special), {}, 2e-6),
  ),
  ...["add", "mul", "max", "min"].map((op) => sample(op, [noise([2, 3, 1, 2, 1, 2]), noise([3, 2, 1, 3, 2], 2)])),
  ...["max", "min"].flatMap((op) => [
    sample(op, [f32([3], [1, nan, 2]), f32([], [nan])]),
    sample(op, [f32([], [1]), f32([3], [nan, 0, 2])]),
  ]),
  ...["add", "sub", "mul", "div", "rem", "and", "or", "xor", ...compare].map((op) => sample(op, grid(i32, integers))),
  sample("pow", [i32([4, 1], [-3, 0, 2, 7]), i32([4], [0, 1, 5, 31])]),
  ...["shiftLeft", "shiftRightLogical", "shiftRightArithmetic"].map((op) =>
    sample(op, [i32([integers.length, 1], integers), i32([4], [0, 1, 9, 31])]),
  ),
  ...["and", "or", "xor", ...compare].map((op) => sample(op, [bool([2, 1], [0, 1]), bool([2], [0, 1])])),
  sample("where", [bool([2, 1], [1, 0]), noise([3]), f32([], [nan])]),
  sample("where", [bits([3, 4]), noise([3, 4]), noise([3, 4], 2)]),
  sample("where", [bits([3, 4]), whole([3, 4]), whole([4], 2)]),
  sample("where", [bits([4]), bits([3, 4], 3), bits([], 2)]),
  sample("where", [bool([], [1]), noise([3, 4]), noise([3, 4], 2)]),
  ...(["bool", "int32", "float32"] as DType[]).flatMap((dtype) =>
    [vector(f32, [...special, 3e9, -3e9]), vector(i32, integers), bool([3], [0, 1, 1])].map((x) =>
      sample("cast", [x], { dtype }),
    ),
  ),

  ...[noise([2, 3, 4]), whole([2, 3, 4]), bits([2, 3, 4])].flatMap((x) => [
    sample("reshape", [x], { shape: [4, 6] }),
    sample("transpose", [x], { permutation: [2, 0, 1] }),
    sample("broadcastTo", [x], { shape: [2, 2, 3, 4] }),
    sample("slice", [x], { starts: [0, 1, 1], limits: [2, 3, 4], strides: [1, 1, 1] }),
    sample("slice", [x], { starts: [0, 0, 1], limits: [2, 3, 4], strides: [1, 2, 2] }),
    sample("pad", [x], { low: [1, 0, 2], high: [0, 3, 1], interior: [0, 0, 0] }),
    sample("pad", [x], { low: [0, -1, 2], high: [0, 2, -3], interior: [2, 0, 1] }),
    sample("reverse", [x], { axes: [0, 2] }),
    sample("concat", [x, x], { axis: 1 }),
    sample("concat", [x, x, x], { axis: 2 }),
    sample("reduceMax", [x], { axes: [1] }),
    sample("reduceMin", [x], { axes: [0, 2] }),
    sample("argMax", [x], { axis: 2 }),
    sample("argMin", [x], { axis: 0 }),
    sample("take", [x, i32([2, 2], [1, 0, 2, 1])], { axis: 1 }),
    sample("gatherNd", [x, i32([3, 2], [0, 1, 1, 2, 0, 0])]),
    sample("gatherNd", [x, i32([2, 3], [0, 1, 3, 1, 2, 0])]),
    sample("dynamicSlice", [x, i32([3], [0, 2, 1])], { sizes: [1, 2, 3] }),
    sample("sort", [x], { axis: 1 }),
    sample("argSort", [x], { axis: 2 }),
    sample("topK", [x], { k: 2 }),
  ]),
  ...[noise([2, 1, 3, 1, 2, 2]), bits([2, 1, 3, 1, 2, 2])].flatMap((x) => [
    sample("transpose", [x], { permutation: [5, 0, 3, 1, 4, 2] }),
    sample("broadcastTo", [x], { shape: [2, 4, 3, 2, 2, 2] }),
    sample("slice", [x], { starts: [0, 0, 1, 0, 0, 1], limits: [2, 1, 3, 1, 2, 2], strides: [2, 1, 1, 1, 1, 1] }),
    sample("pad", [x], { low: [1, 0, 2, 0, 0, 1], high: [0, 1, 0, 0, 2, 0], interior: [0, 0, 1, 0, 0, 0] }),
    sample("reverse", [x], { axes: [0, 2, 5] }),
    sample("concat", [x, x], { axis: 3 }),
  ]),
  sample("reduceSum", [noise([2, 1, 3, 1, 2, 2])], { axes: [0, 2, 5] }),
  sample("broadcastTo", [f32([], [nan])], { shape: [2, 3] }),
  sample("broadcastTo", [f32([2, 1], [-0, inf])], { shape: [2, 3] }),
  sample("broadcastTo", [bool([], [1])], { shape: [2, 3] }),
  sample("pad", [f32([0, 2], [])], { low: [1, 0], high: [1, 0], interior: [0, 0] }),
  sample("slice", [noise([3, 2])], { starts: [1, 0], limits: [1, 2], strides: [1, 1] }),
  sample("concat", [f32([0, 2], []), noise([3, 2])], { axis: 0 }),
  sample("concat", [f32([0, 2], []), noise([3, 2]), noise([1, 2])], { axis: 0 }),
  ...(["float32", "int32", "bool"] as DType[]).map((dtype) => sample("iota", [], { shape: [2, 3], axis: 1, dtype })),
  ...["reduceSum", "reduceProd"].flatMap((op) =>
    [[0], [1], [2], [0, 1], [1, 2], [0, 2], [0, 1, 2]].flatMap((axes) => [
      sample(op, [noise([2, 3, 4])], { axes }),
      sample(op, [whole([2, 3, 4])], { axes }),
    ]),
  ),
  ...[[0], [1], [0, 1]].map((axes) => sample("reduceSum", [noise([1000, 37])], { axes }, 1e-4)),
  sample("reduceSum", [f32([100003], new Array<number>(100003).fill(0.1))], { axes: [0] }),
  sample("reduceSum", [f32([1, 100003], new Array<number>(100003).fill(0.1))], { axes: [0, 1] }),
  sample("reduceSum", [f32([10007, 2], new Array<number>(20014).fill(0.1))], { axes: [0] }, 2e-6),
  sample("reduceSum", [f32([20000, 3], new Array<number>(60000).fill(0.1))], { axes: [0] }),
  sample("reduceSum", [i32([3], [2147483647, 1, 5])], { axes: [0] }),
  ...["reduceSum", "reduceProd", "reduceMax", "reduceMin"].map((op) => sample(op, [f32([2, 0], [])], { axes: [1] })),
  ...["reduceMax", "reduceMin"].flatMap((op) => [
    sample(op, [f32([2, 3], [1, nan, 2, 3, inf, -inf])], { axes: [1] }),
    sample(op, [f32([2, 2], [-inf, -inf, inf, inf])], { axes: [1] }),
    sample(op, [vector(i32, integers)], { axes: [0] }),
  ]),
  ...["argMax", "argMin"].map((op) => sample(op, [f32([2, 3], [1, nan, 2, 3, 3, -inf])], { axis: 1 })),
  ...["reduceAnd", "reduceOr"].flatMap((op) => [[0], [1], [0, 1]].map((axes) => sample(op, [bits([3, 2])], { axes }))),
  ...["cumSum", "cumProd", "cumMax", "cumMin"].flatMap((op) =>
    [noise([3, 4, 2]), whole([3, 4, 2])].flatMap((x) =>
      [0, 1, 2].flatMap((axis) => [false, true].map((reverse) => sample(op, [x], { axis, reverse }))),
    ),
  ),

  ...dots(),
  ...convSamples(),
  ...poolSamples(),

  ...["set", "add", "multiply", "min", "max"].flatMap((mode) =>
    [noise, whole].flatMap((make) => [
      sample("scatterNd", [make([4, 3]), i32([3, 1], [1, 3, 1]), make([3, 3], 2)], { mode }),
      sample("scatterNd", [make([4, 3]), i32([2, 2, 2], [1, 0, 3, 2, 1, 0, 0, 0]), make([2, 2], 2)], { mode }),
    ]),
  ),
  sample("scatterNd", [bits([4]), i32([2, 1], [1, 3]), bool([2], [1, 0])], { mode: "set" }),
  sample("scatterNd", [noise([4]), i32([0, 1], []), f32([0], [])], { mode: "add" }),
  sample("dynamicUpdateSlice", [noise([3, 4]), noise([1, 4], 2), i32([2], [1, 0])]),
  sample("dynamicUpdateSlice", [noise([3, 4]), noise([3, 2], 2), i32([2], [0, 7])]),
  sample("dynamicUpdateSlice", [whole([3, 4]), whole([2, 2], 2), i32([2], [-5, 1])]),
  sample("dynamicUpdateSlice", [bits([3, 4]), bits([1, 4], 2), i32([2], [2, 0])]),
  sample("sort", [vector(f32, special)], { axis: 0 }),
  sample("argSort", [f32([6], [1, nan, 0, 1, 0, -inf])], { axis: 0 }),
  sample("topK", [f32([2, 4], [1, 3, 3, nan, 0, 0, 0, 0])], { k: 3 }),

  ...["softmax", "logSoftmax"].flatMap((op) =>
    [[2], [1], [0, 2], [0, 1, 2]].map((axes) => sample(op, [noise([2, 3, 4])], { axes })),
  ),
  sample("softmax", [f32([2, 3], [1, nan, 2, 0, 0, 1])], { axes: [1] }),
  sample("softmax", [f32([2, 3], [1000, 0, -1000, -inf, 0, 1])], { axes: [1] }),
  ...[[2], [0, 1], [0]].map((axes) => sample("normalize", [noise([2, 3, 4])], { axes, epsilon: 1e-3 }, 1e-5)),
  ...[false, true].map((inverse) => sample("fft", [noise([2, 6]), noise([2, 6], 2)], { inverse })),
];

const definitionOf = (op: string): Definition =>
  (primitives as unknown as Readonly<Record<string, { readonly definition: Definition }>>)[op]
    ?.definition as Definition;
type Call<H> = (inputs: readonly H[], params: unknown, avals: KernelAvals) => H | readonly H[];
const expected = reference();

// Reference values of a primitive, or of a composite by its parts.
function referenceOf({ op, inputs, params }: Sample, avals: KernelAvals): readonly HostArray[] {
  const kernel = (expected.kernels as unknown as Readonly<Record<string, Call<HostArray>>>)[op];
  if (kernel === undefined) throw new Error(`no reference kernel for ${op}`);
  return [kernel(inputs, params, avals)].flat() as HostArray[];
}

for (const device of ["cpu", "wasm"] as const) {
  describe(device, () => {
    let backend: Awaited<ReturnType<typeof tfjs>>;
    beforeAll(async () => {
      backend = await tfjs({ device });
    });
    for (const [i, s] of all.entries()) {
      const label = `${i} ${s.op} ${s.inputs.map((x) => `${x.dtype}[${x.shape.join()}]`).join(" ")} ${JSON.stringify(s.params)}`;
      test(label, async () => {
        const avals = { ins: s.inputs, outs: definitionOf(s.op).infer(s.inputs, s.params ?? {}) };
        const kernel = (backend.kernels as unknown as Readonly<Record<string, Call<Tensor> | undefined>>)[s.op];
        const isPrimitive = definitionOf(s.op).body === undefined;
        if (kernel === undefined) {
          expect(isPrimitive, "every primitive has a kernel").toBe(false);
          return;
        }
        const before = backend.memory?.();
        const handles = s.inputs.map((x) => backend.upload(x));
        const outs = [kernel(handles, s.params ?? {}, avals)].flat() as Tensor[];
        const got = await Promise.all(outs.map((x) => backend.download(x)));
        for (const handle of [...handles, ...outs]) backend.release(handle);
        expect(backend.memory?.().handles, "live tensors").toBe(before?.handles);
        const want = isPrimitive ? referenceOf(s, avals) : composed(s);
        want.forEach((w, k) => {
          const g = got[k] as HostArray;
          expect({ dtype: g.dtype, shape: g.shape }).toEqual({ dtype: w.dtype, shape: w.shape });
          expectClose(g, w, s.tolerance ?? 0);
        });
      });
    }
  });
}

// What the composites with own kernels mean, in doubles.
function composed({ op, inputs, params }: Sample): readonly HostArray[] {
  const x = inputs[0] as HostArray;
  if (op === "relu") return [{ ...x, data: x.data.map((v: number) => Math.max(v, 0)) }];
  if (op === "softplus") {
    return [{ ...x, data: x.data.map((v: number) => Math.max(v, 0) + Math.log1p(Math.exp(-Math.abs(v)))) }];
  }
  const { axes, epsilon = 0 } = params as { axes: number[]; epsilon?: number };
  const groups = new Map<string, number[]>();
  range(x.data.length).forEach((i) => {
    let rest = i;
    const index = [...x.shape].reverse().map((n) => {
      const at = rest % n;
      rest = Math.floor(rest / n);
      return at;
    });
    const key = index
      .reverse()
      .map((n, axis) => (axes.includes(axis) ? 0 : n))
      .join();
    groups.set(key, [...(groups.get(key) ?? []), i]);
  });
  const data = new Float32Array(x.data.length);
  for (const members of groups.values()) {
    const values = members.map((i) => x.data[i] as number);
    const total = (list: readonly number[]): number => list.reduce((sum, v) => sum + v, 0);
    if (op === "softmax") {
      const powers = values.map((v) => Math.exp(v - Math.max(...values)));
      members.forEach((i, k) => (data[i] = (powers[k] as number) / total(powers)));
    } else {
      const mean = total(values) / values.length;
      const variance = total(values.map((v) => (v - mean) ** 2)) / values.length;
      members.forEach((i, k) => (data[i] = ((values[k] as number) - mean) / Math.sqrt(variance + epsilon)));
    }
  }
  return [{ ...x, data }];
}

function expectClose(got: HostArray, want: HostArray, tolerance: number): void {
  const wrong: string[] = [];
  for (let i = 0; i < want.data.length; i++) {
    const [g, w] = [got.data[i] as number, want.data[i] as number];
    if (Object.is(g, w) || g === w) continue;
    const exact = want.dtype !== "float32" || !Number.isFinite(w);
    // Relative, and absolute below the smallest normal number.
    if (!exact && Math.abs(g - w) <= tolerance * Math.max(Math.abs(w), tolerance > 5e-6 ? 1 : 1e-2)) continue;
    wrong.push(`[${i}] ${g} for ${w}`);
  }
  expect(wrong.slice(0, 12).join("; ")).toBe("");
}

test("the devices take turns, and one moves values of another", async () => {
  const [cpu, wasm] = await Promise.all([tfjs({ device: "cpu" }), tfjs({ device: "wasm" })]);
  const x = cpu.upload(f32([2], [1, 2]));
  const avals = { ins: [f32([2], []), f32([2], [])], outs: [f32([2], [])] };
  const y = wasm.kernels?.add([x, x], {}, avals) as Tensor;
  expect([...(await wasm.download(y)).data]).toEqual([2, 4]);
  cpu.release(x);
  wasm.release(y);
});

test("no nan is overlooked, whatever stands beside it", async () => {
  await tfjs({ device: "wasm" });
  const e = engineOn(tf, "wasm");
  e.activate();
  for (const shape of [[7], [64, 64], [3, 1000], [2, 56, 56, 64], [1009]]) {
    for (const rest of [1, -3, 3e38, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
      const data = new Float32Array(sizeOf(shape)).fill(rest);
      for (const place of [-1, 0, 5, data.length - 1]) {
        const values = data.slice();
        if (place >= 0) values[place] = Number.NaN;
        const x = tf.tensor(values, shape);
        expect(hasNan(e, x), `${rest} and nan at ${place} of ${shape}`).toBe(place >= 0);
        x.dispose();
      }
    }
  }
});

test("batches of matrices that are multiplied one by one", async () => {
  const backend = await tfjs({ device: "wasm" });
  const [a, b] = [noise([3, 40, 24]), noise([3, 24, 30], 2)];
  const aval: Aval = { shape: [3, 40, 30], dtype: "float32" };
  const params = { lhsContract: [2], rhsContract: [1], lhsBatch: [0], rhsBatch: [0] };
  const avals = { ins: [a, b], outs: [aval] };
  const handles = [a, b].map((x) => backend.upload(x));
  const out = backend.kernels?.dotGeneral(handles, params, avals) as Tensor;
  const want = reference().kernels?.dotGeneral([a, b], params, avals) as HostArray;
  expectClose(await backend.download(out), want, 1e-5);
});

test("random bits are JAX'", async () => {
  for (const device of ["cpu", "wasm"] as const) {
    const backend = await tfjs({ device });
    for (const dtype of ["int32", "uint32"] as const) {
      const avals = { ins: [{ shape: [2], dtype }], outs: [{ shape: [5], dtype }] };
      const out = backend.kernels?.randomBits(
        [backend.upload(i32([2], [7, 3]))],
        { shape: [5], words: 1 },
        avals,
      ) as Tensor;
      const { data } = await backend.download(out);
      expect([...data].map((n) => n >>> 0)).toEqual([771269580, 2590461243, 3066716433, 3196467460, 4041614116]);
    }
  }
});
