import type { primitives } from "@keras-ts/core/backend";
import { array, floatDtypes, INF, NAN, type PrimitiveSample, type PrimitiveSamples, scattered } from "./sample.ts";

type ProductName = "dotGeneral" | "conv" | "convInputGrad" | "convFilterGrad";
type PoolName = "maxPool" | "sumPool" | "maxPoolGrad" | "maxPoolGather" | "sumPoolGrad";

const plain = { lhsContract: [1], rhsContract: [0], lhsBatch: [], rhsBatch: [] };
const dotGeneral: PrimitiveSamples["dotGeneral"] = [
  { name: "matrices", inputs: [scattered([3, 4]), scattered([4, 2])], params: plain, gradient: "smooth" },
  { name: "matrix and vector", inputs: [scattered([3, 4]), scattered([4])], params: plain, gradient: "smooth" },
  {
    name: "vectors",
    inputs: [scattered([4]), scattered([4])],
    params: { ...plain, lhsContract: [0] },
    gradient: "smooth",
  },
  {
    name: "outer",
    inputs: [scattered([2]), scattered([3])],
    params: { ...plain, lhsContract: [], rhsContract: [] },
    gradient: "smooth",
  },
  {
    name: "batches",
    inputs: [scattered([2, 3, 4]), scattered([2, 4, 5])],
    params: { lhsContract: [2], rhsContract: [1], lhsBatch: [0], rhsBatch: [0] },
    gradient: "smooth",
  },
  {
    name: "transposed batches",
    inputs: [scattered([2, 4, 3]), scattered([2, 5, 4])],
    params: { lhsContract: [1], rhsContract: [2], lhsBatch: [0], rhsBatch: [0] },
    gradient: "smooth",
  },
  {
    name: "axes in any order",
    inputs: [scattered([2, 3, 4, 2]), scattered([4, 2, 5, 3])],
    params: { lhsContract: [2, 1], rhsContract: [0, 3], lhsBatch: [3], rhsBatch: [1] },
    gradient: "smooth",
  },
  {
    name: "two batch axes",
    inputs: [scattered([2, 2, 3, 2]), scattered([2, 2, 2, 1])],
    params: { lhsContract: [3], rhsContract: [2], lhsBatch: [0, 1], rhsBatch: [0, 1] },
    gradient: "smooth",
  },
  { name: "inner size 0", inputs: [scattered([2, 0]), scattered([0, 3])], params: plain },
  { name: "outer size 0", inputs: [scattered([0, 2]), scattered([2, 3])], params: plain },
  { name: "larger", inputs: [scattered([17, 33]), scattered([33, 9])], params: plain },
  ...floatDtypes.map((d) => ({
    name: d,
    inputs: [scattered([3, 5], -2, 2, d), scattered([5, 2], -2, 2, d)],
    params: plain,
    slack: 4,
  })),
  { name: "int32", inputs: [scattered([2, 3], -9, 9, "int32"), scattered([3, 2], -9, 9, "int32")], params: plain },
  {
    name: "wraps int32",
    inputs: [array([2 ** 31 - 1, 3], "int32", [1, 2]), array([2 ** 31 - 1, 7], "int32", [2, 1])],
    params: plain,
  },
  { name: "uint8", inputs: [scattered([2, 3], 0, 200, "uint8"), scattered([3, 2], 0, 200, "uint8")], params: plain },
  {
    name: "nan stays",
    inputs: [array([0, NAN, 1, INF], "float32", [2, 2]), array([1, 1], "float32", [2, 1])],
    params: plain,
  },
];

type ConvParams = primitives.ConvParams;
const conv2d: ConvParams = {
  strides: [1, 1],
  padding: [
    [0, 0],
    [0, 0],
  ],
  dilation: [1, 1],
  groups: 1,
};
const same = [
  [1, 1],
  [1, 1],
] as const;
interface Case {
  readonly name: string;
  readonly x: readonly number[];
  readonly kernel: readonly number[];
  readonly y: readonly number[];
  readonly params: ConvParams;
}
const cases: readonly [Case, ...Case[]] = [
  { name: "valid", x: [2, 4, 5, 3], kernel: [3, 2, 3, 4], y: [2, 2, 4, 4], params: conv2d },
  { name: "same", x: [1, 4, 4, 2], kernel: [3, 3, 2, 3], y: [1, 4, 4, 3], params: { ...conv2d, padding: same } },
  { name: "one channel", x: [2, 4, 4, 1], kernel: [3, 3, 1, 2], y: [2, 4, 4, 2], params: { ...conv2d, padding: same } },
  { name: "strides", x: [1, 5, 6, 2], kernel: [2, 3, 2, 2], y: [1, 2, 2, 2], params: { ...conv2d, strides: [2, 3] } },
  {
    name: "strides and uneven padding",
    x: [1, 5, 5, 2],
    kernel: [3, 3, 2, 2],
    y: [1, 3, 3, 2],
    params: {
      ...conv2d,
      strides: [2, 2],
      padding: [
        [0, 2],
        [1, 1],
      ],
    },
  },
  {
    name: "leaves a rest",
    x: [1, 6, 6, 1],
    kernel: [2, 2, 1, 1],
    y: [1, 2, 2, 1],
    params: { ...conv2d, strides: [3, 3] },
  },
  { name: "dilation", x: [1, 6, 5, 2], kernel: [3, 2, 2, 2], y: [1, 2, 3, 2], params: { ...conv2d, dilation: [2, 2] } },
  {
    name: "stride, dilation, padding",
    x: [1, 6, 6, 1],
    kernel: [3, 3, 1, 2],
    y: [1, 3, 3, 2],
    params: {
      strides: [2, 2],
      padding: [
        [2, 1],
        [1, 2],
      ],
      dilation: [2, 2],
      groups: 1,
    },
  },
  { name: "groups", x: [2, 4, 4, 4], kernel: [2, 2, 2, 6], y: [2, 3, 3, 6], params: { ...conv2d, groups: 2 } },
  {
    name: "depthwise",
    x: [1, 4, 4, 3],
    kernel: [3, 3, 1, 3],
    y: [1, 4, 4, 3],
    params: { ...conv2d, padding: same, groups: 3 },
  },
  {
    name: "depthwise with multiplier",
    x: [1, 4, 4, 2],
    kernel: [2, 2, 1, 4],
    y: [1, 3, 3, 4],
    params: { ...conv2d, groups: 2 },
  },
  { name: "pointwise", x: [2, 3, 3, 4], kernel: [1, 1, 4, 2], y: [2, 3, 3, 2], params: conv2d },
  {
    name: "1-d causal",
    x: [2, 6, 2],
    kernel: [3, 2, 3],
    y: [2, 6, 3],
    params: { strides: [1], padding: [[4, 0]], dilation: [2], groups: 1 },
  },
  {
    name: "3-d",
    x: [1, 3, 4, 3, 2],
    kernel: [2, 2, 2, 2, 2],
    y: [1, 2, 2, 2, 2],
    params: {
      strides: [1, 2, 1],
      padding: [
        [0, 0],
        [0, 0],
        [0, 0],
      ],
      dilation: [1, 1, 1],
      groups: 1,
    },
  },
];
type Nested<P> = readonly [PrimitiveSample<P>, ...PrimitiveSample<P>[]];
function convolutions<P>(of: (c: Case) => PrimitiveSample<P>): Nested<P> {
  const [first, ...rest] = cases;
  return [of(first), ...rest.map(of)];
}
const rankOf = (c: Case): number => c.params.strides.length;

type PoolParams = primitives.PoolParams;
const pools: readonly (readonly [name: string, x: readonly number[], y: readonly number[], params: PoolParams])[] = [
  [
    "halves",
    [2, 4, 4, 3],
    [2, 2, 2, 3],
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
    "overlaps",
    [1, 5, 4, 2],
    [1, 3, 3, 2],
    {
      window: [3, 2],
      strides: [1, 1],
      padding: [
        [0, 0],
        [0, 0],
      ],
    },
  ],
  [
    "padded",
    [1, 5, 5, 2],
    [1, 3, 3, 2],
    {
      window: [3, 3],
      strides: [2, 2],
      padding: [
        [1, 1],
        [0, 2],
      ],
    },
  ],
  [
    "leaves gaps",
    [1, 7, 6, 1],
    [1, 2, 2, 1],
    {
      window: [2, 2],
      strides: [4, 3],
      padding: [
        [0, 0],
        [0, 0],
      ],
    },
  ],
  ["1-d, last window in the padding", [2, 5, 2], [2, 3, 2], { window: [2], strides: [2], padding: [[0, 1]] }],
  ["1-d", [2, 5, 2], [2, 2, 2], { window: [2], strides: [2], padding: [[0, 0]] }],
  [
    "3-d",
    [1, 2, 4, 3, 2],
    [1, 1, 2, 2, 2],
    {
      window: [2, 2, 2],
      strides: [1, 2, 1],
      padding: [
        [0, 0],
        [0, 0],
        [0, 0],
      ],
    },
  ],
];
function pooled<P>(of: (pool: (typeof pools)[number]) => PrimitiveSample<P>): Nested<P> {
  const [first, ...rest] = pools.map(of);
  return [first as PrimitiveSample<P>, ...rest];
}
const halves = { window: [2], strides: [2], padding: [[0, 0]] as const };
const tied = array([1, 1, 3, 3, 2, 0], "float32", [1, 6, 1]);
const low = array([-5, -3, -4, -9], "float32", [1, 4, 1]);
const edge = { window: [3], strides: [1], padding: [[1, 1]] as const };

export const contractionSamples: Pick<PrimitiveSamples, ProductName | PoolName> = {
  dotGeneral,
  conv: [
    ...convolutions((c) => ({
      name: c.name,
      inputs: [scattered(c.x), scattered(c.kernel)],
      params: c.params,
      gradient: "smooth",
    })),
    { name: "no images", inputs: [scattered([0, 4, 4, 2]), scattered([3, 3, 2, 2])], params: conv2d },
    {
      name: "float16",
      inputs: [scattered([1, 4, 4, 2], -1, 1, "float16"), scattered([3, 3, 2, 2], -1, 1, "float16")],
      params: conv2d,
      slack: 4,
    },
    {
      name: "bfloat16",
      inputs: [scattered([1, 4, 4, 2], -1, 1, "bfloat16"), scattered([3, 3, 2, 2], -1, 1, "bfloat16")],
      params: conv2d,
      slack: 4,
    },
  ],
  convInputGrad: convolutions((c) => ({
    name: c.name,
    inputs: [scattered(c.y), scattered(c.kernel)],
    params: { ...c.params, inputSpatial: c.x.slice(1, rankOf(c) + 1) },
    gradient: "smooth",
  })),
  convFilterGrad: convolutions((c) => ({
    name: c.name,
    inputs: [scattered(c.x), scattered(c.y)],
    params: { ...c.params, kernelSpatial: c.kernel.slice(0, rankOf(c)) },
    gradient: "smooth",
  })),
  maxPool: [
    ...pooled(([name, x, , params]) => ({ name, inputs: [scattered(x)], params, gradient: "smooth" })),
    { name: "negative in padding", inputs: [low], params: edge },
    { name: "nan", inputs: [array([1, NAN, 3, 2], "float32", [1, 4, 1])], params: halves },
    {
      name: "float16",
      inputs: [scattered([1, 4, 4, 1], -2, 2, "float16")],
      params: {
        window: [2, 2],
        strides: [2, 2],
        padding: [
          [0, 0],
          [0, 0],
        ],
      },
    },
  ],
  sumPool: [
    ...pooled(([name, x, , params]) => ({ name, inputs: [scattered(x)], params, gradient: "smooth" })),
    {
      name: "float16",
      inputs: [scattered([1, 4, 4, 1], -2, 2, "float16")],
      params: {
        window: [2, 2],
        strides: [2, 2],
        padding: [
          [0, 0],
          [0, 0],
        ],
      },
    },
  ],
  // Only linear in the second input: the place of the maximum does not move with the first.
  maxPoolGrad: [
    ...pooled(([name, x, y, params]) => ({
      name,
      inputs: [scattered(x), scattered(y, -2, 2, "float32", 2)],
      params,
      gradient: "smooth",
    })),
    { name: "first of ties", inputs: [tied, array([1, 2, 3], "float32", [1, 3, 1])], params: halves },
    { name: "negative in padding", inputs: [low, array([1, 2, 3, 4], "float32", [1, 4, 1])], params: edge },
  ],
  maxPoolGather: [
    ...pooled(([name, x, , params]) => ({
      name,
      inputs: [scattered(x), scattered(x, -2, 2, "float32", 2)],
      params,
      gradient: "smooth",
    })),
    { name: "first of ties", inputs: [tied, array([1, 2, 3, 4, 5, 6], "float32", [1, 6, 1])], params: halves },
  ],
  sumPoolGrad: pooled(([name, x, y, params]) => ({
    name,
    inputs: [scattered(y)],
    params: { ...params, inputSpatial: x.slice(1, -1) },
    gradient: "smooth",
  })),
};
