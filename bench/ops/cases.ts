// Representative ops at the sizes that real models have, each four times: by us, and by hand for ONNX Runtime, TensorFlow.js and NumPy.
import { ops, type Tensor } from "@keras-ts/core";
import type * as Tensorflow from "@tensorflow/tfjs";
import type { Operator } from "./onnx-model.ts";

type Tf = typeof Tensorflow;
type TfTensor = Tensorflow.Tensor;

/** An input: its shape, and whole numbers below a bound in place of floats in [-1, 1) if there is one. */
export interface Operand {
  readonly shape: readonly number[];
  readonly below?: number;
  /** A symmetric positive definite matrix. */
  readonly definite?: boolean;
}
export interface OpCase {
  readonly name: string;
  readonly inputs: readonly Operand[];
  readonly ours: (...xs: Tensor[]) => Tensor | readonly Tensor[];
  /** Operators from inputs `x0`, `x1`, ... to `y`; none if ONNX has no operator for it. */
  readonly onnx?: readonly Operator[];
  /** Constants of the ONNX version. */
  readonly constants?: Readonly<Record<string, readonly number[] | number>>;
  readonly tf?: (tf: Tf, ...xs: TfTensor[]) => TfTensor;
  /** An expression in `np` and `x0`, `x1`, ... */
  readonly numpy?: string;
  /** True where arithmetic, not memory, sets the time. */
  readonly heavy?: boolean;
  /** Why an engine may take more than twice as long as by hand. */
  readonly reasons?: Partial<Readonly<Record<"onnx" | "tfjs" | "numpy", string>>>;
}

const MILLION: Operand = { shape: [1000, 1000] };
const SQUARE: Operand = { shape: [1024, 1024] };
const IMAGES: Operand = { shape: [8, 56, 56, 64] };
const HEADS: Operand = { shape: [8, 128, 8, 64] };
const MATRIX: Operand = { shape: [128, 128], definite: true };

// The parts are transposed to [batch, heads, length, size] and back.
const attentionNodes: readonly Operator[] = [
  ["Transpose", ["x0"], "q", { perm: [0, 2, 1, 3] }],
  ["Transpose", ["x1"], "k", { perm: [0, 2, 3, 1] }],
  ["Transpose", ["x2"], "v", { perm: [0, 2, 1, 3] }],
  ["Mul", ["q", "scale"], "scaled"],
  ["MatMul", ["scaled", "k"], "scores"],
  ["Softmax", ["scores"], "weights", { axis: -1 }],
  ["MatMul", ["weights", "v"], "mixed"],
  ["Transpose", ["mixed"], "y", { perm: [0, 2, 1, 3] }],
];
const convolved = (
  extra: Readonly<Record<string, number | readonly number[]>>,
  weights: readonly number[],
): readonly Operator[] => [
  ["Transpose", ["x0"], "x", { perm: [0, 3, 1, 2] }],
  ["Transpose", ["x1"], "w", { perm: weights }],
  ["Conv", ["x", "w"], "c", { kernel_shape: [3, 3], pads: [1, 1, 1, 1], ...extra }],
  ["Transpose", ["c"], "y", { perm: [0, 2, 3, 1] }],
];
const pooled = (op: string): readonly Operator[] => [
  ["Transpose", ["x0"], "x", { perm: [0, 3, 1, 2] }],
  [op, ["x"], "p", { kernel_shape: [2, 2], strides: [2, 2] }],
  ["Transpose", ["p"], "y", { perm: [0, 2, 3, 1] }],
];
const windows = "np.lib.stride_tricks.sliding_window_view(np.pad(x0, ((0,0),(1,1),(1,1),(0,0))), (3, 3), axis=(1, 2))";
const perElement = (
  name: string,
  ours: OpCase["ours"],
  onnx: OpCase["onnx"],
  tf: NonNullable<OpCase["tf"]>,
  numpy: string,
  count = 1,
): OpCase => ({
  name: `${name} of 1e6`,
  inputs: Array.from({ length: count }, () => MILLION),
  ours,
  ...(onnx === undefined ? {} : { onnx }),
  tf,
  numpy,
});

/** Elementwise, reductions, layouts: memory sets the time of most. */
const light: readonly OpCase[] = [
  perElement(
    "add",
    (a, b) => ops.add(a, b),
    [["Add", ["x0", "x1"], "y"]],
    (tf, a, b) => tf.add(a, b),
    "x0 + x1",
    2,
  ),
  {
    ...perElement(
      "a b + c",
      (a, b, c) => ops.add(ops.multiply(a, b), c),
      [
        ["Mul", ["x0", "x1"], "p"],
        ["Add", ["p", "x2"], "y"],
      ],
      (tf, a, b, c) => tf.add(tf.mul(a, b), c),
      "x0 * x1 + x2",
      3,
    ),
  },
  perElement(
    "exp",
    (x) => ops.exp(x),
    [["Exp", ["x0"], "y"]],
    (tf, x) => tf.exp(x),
    "np.exp(x0)",
  ),
  perElement(
    "sqrt(abs)",
    (x) => ops.sqrt(ops.abs(x)),
    [
      ["Abs", ["x0"], "a"],
      ["Sqrt", ["a"], "y"],
    ],
    (tf, x) => tf.sqrt(tf.abs(x)),
    "np.sqrt(np.abs(x0))",
  ),
  perElement(
    "tanh",
    (x) => ops.tanh(x),
    [["Tanh", ["x0"], "y"]],
    (tf, x) => tf.tanh(x),
    "np.tanh(x0)",
  ),
  perElement(
    "sigmoid",
    (x) => ops.sigmoid(x),
    [["Sigmoid", ["x0"], "y"]],
    (tf, x) => tf.sigmoid(x),
    "1 / (1 + np.exp(-x0))",
  ),
  perElement(
    "relu",
    (x) => ops.relu(x),
    [["Relu", ["x0"], "y"]],
    (tf, x) => tf.relu(x),
    "np.maximum(x0, 0)",
  ),
  {
    name: "gelu of 1e6",
    inputs: [MILLION],
    ours: (x) => ops.gelu(x, { approximate: false }),
    onnx: [["Gelu", ["x0"], "y", { approximate: "none" }]],
    tf: (tf, x) => tf.mul(tf.mul(x, 0.5), tf.add(tf.erf(tf.mul(x, Math.SQRT1_2)), 1)),
    // NumPy has no erf.
  },
  perElement(
    "gelu by tanh",
    (x) => ops.gelu(x, { approximate: true }),
    [["Gelu", ["x0"], "y", { approximate: "tanh" }]],
    (tf, x) => {
      const inner = tf.mul(tf.add(x, tf.mul(tf.mul(x, tf.mul(x, x)), 0.044715)), 0.7978845608);
      return tf.mul(tf.mul(x, 0.5), tf.add(tf.tanh(inner), 1));
    },
    "0.5 * x0 * (1 + np.tanh(0.7978845608 * (x0 + 0.044715 * (x0 * x0 * x0))))",
  ),
  perElement(
    "where",
    (a, b) => ops.where(ops.greater(a, 0), a, b),
    [
      ["Greater", ["x0", "zero"], "c"],
      ["Where", ["c", "x0", "x1"], "y"],
    ],
    (tf, a, b) => tf.where(tf.greater(a, 0), a, b),
    "np.where(x0 > 0, x0, x1)",
    2,
  ),
  {
    name: "softmax of 1024 x 1024",
    inputs: [SQUARE],
    ours: (x) => ops.softmax(x),
    onnx: [["Softmax", ["x0"], "y", { axis: -1 }]],
    tf: (tf, x) => tf.softmax(x),
    numpy: "(lambda e: e / e.sum(-1, keepdims=True))(np.exp(x0 - x0.max(-1, keepdims=True)))",
  },
  {
    name: "log softmax of 1024 x 1024",
    inputs: [SQUARE],
    ours: (x) => ops.logSoftmax(x),
    onnx: [["LogSoftmax", ["x0"], "y", { axis: -1 }]],
    tf: (tf, x) => tf.logSoftmax(x),
    numpy: "(lambda d: d - np.log(np.exp(d).sum(-1, keepdims=True)))(x0 - x0.max(-1, keepdims=True))",
  },
  {
    name: "layer norm of 1024 x 1024",
    inputs: [SQUARE, { shape: [1024] }, { shape: [1024] }],
    ours: (x, gamma, beta) => ops.layerNormalization(x, { gamma: gamma, beta: beta, axis: -1, epsilon: 1e-3 }),
    onnx: [["LayerNormalization", ["x0", "x1", "x2"], "y", { axis: -1, epsilon: 1e-3 }]],
    tf: (tf, x, gamma, beta) => {
      const { mean, variance } = tf.moments(x, -1, true);
      return tf.add(tf.mul(tf.mul(tf.sub(x, mean), tf.rsqrt(tf.add(variance, 1e-3))), gamma), beta);
    },
    numpy: "(lambda d: d / np.sqrt((d * d).mean(-1, keepdims=True) + 1e-3) * x1 + x2)(x0 - x0.mean(-1, keepdims=True))",
  },
  {
    name: "sum of 1e6",
    inputs: [MILLION],
    ours: (x) => ops.sum(x),
    onnx: [["ReduceSum", ["x0"], "y", { keepdims: 0 }]],
    tf: (tf, x) => tf.sum(x),
    numpy: "x0.sum()",
    reasons: { tfjs: "by hand one float32 accumulator, right to two digits: ours adds partial sums" },
  },
  {
    name: "sum over rows",
    inputs: [MILLION],
    ours: (x) => ops.sum(x, { axis: 0 }),
    onnx: [["ReduceSum", ["x0", "rows"], "y", { keepdims: 0 }]],
    constants: { rows: [0] },
    tf: (tf, x) => tf.sum(x, 0),
    numpy: "x0.sum(0)",
  },
  {
    name: "max over columns",
    inputs: [MILLION],
    ours: (x) => ops.max(x, { axis: 1 }),
    onnx: [["ReduceMax", ["x0", "columns"], "y", { keepdims: 0 }]],
    constants: { columns: [1] },
    tf: (tf, x) => tf.max(x, 1),
    reasons: { onnx: "nan is looked for besides: the operator passes over it" },
    numpy: "x0.max(1)",
  },
  {
    name: "argmax over columns",
    inputs: [MILLION],
    ours: (x) => ops.argmax(x, { axis: 1 }),
    onnx: [["ArgMax", ["x0"], "y", { axis: 1, keepdims: 0 }]],
    tf: (tf, x) => tf.argMax(x, 1),
    numpy: "x0.argmax(1)",
    reasons: {
      onnx: "-0 counts as less than 0 and nan as largest, as in Keras",
      tfjs: "-0 counts as less than 0 and nan as largest, as in Keras: one pass more, and a loop in place of the kernel",
      numpy: "-0 counts as less than 0, as in Keras, for which it is looked for",
    },
  },
  {
    name: "transpose of 1000 x 1000",
    inputs: [MILLION],
    ours: (x) => ops.transpose(x),
    onnx: [["Transpose", ["x0"], "y", { perm: [1, 0] }]],
    tf: (tf, x) => tf.transpose(x),
    numpy: "np.ascontiguousarray(x0.T)",
  },
  {
    name: "channels first",
    inputs: [IMAGES],
    ours: (x) => ops.transpose(x, { axes: [0, 3, 1, 2] }),
    onnx: [["Transpose", ["x0"], "y", { perm: [0, 3, 1, 2] }]],
    tf: (tf, x) => tf.transpose(x, [0, 3, 1, 2]),
    numpy: "np.ascontiguousarray(x0.transpose(0, 3, 1, 2))",
  },
  {
    name: "concatenate",
    inputs: [MILLION, MILLION],
    ours: (a, b) => ops.concatenate([a, b], { axis: 1 }),
    onnx: [["Concat", ["x0", "x1"], "y", { axis: 1 }]],
    tf: (tf, a, b) => tf.concat([a, b], 1),
    numpy: "np.concatenate([x0, x1], 1)",
  },
  {
    name: "pad images",
    inputs: [IMAGES],
    ours: (x) =>
      ops.pad(x, [
        [0, 0],
        [1, 1],
        [1, 1],
        [0, 0],
      ]),
    onnx: [["Pad", ["x0", "pads"], "y"]],
    constants: { pads: [0, 1, 1, 0, 0, 1, 1, 0] },
    tf: (tf, x) =>
      tf.pad(x, [
        [0, 0],
        [1, 1],
        [1, 1],
        [0, 0],
      ]),
    numpy: "np.pad(x0, ((0,0),(1,1),(1,1),(0,0)))",
  },
  {
    name: "cumsum",
    inputs: [MILLION],
    ours: (x) => ops.cumsum(x, { axis: 1 }),
    onnx: [["CumSum", ["x0", "axis"], "y"]],
    constants: { axis: 1 },
    tf: (tf, x) => tf.cumsum(x, 1),
    numpy: "np.cumsum(x0, 1)",
  },
  {
    name: "one-hot of 8192 in 128",
    inputs: [{ shape: [8192], below: 128 }],
    ours: (x) => ops.oneHot(x, 128),
    onnx: [
      ["Cast", ["x0"], "i", { to: 7 }],
      ["OneHot", ["i", "depth", "values"], "y"],
    ],
    constants: { depth: [128], "values:float": [0, 1] },
    tf: (tf, x) => tf.oneHot(x, 128, 1, 0, "float32"),
    numpy: "np.eye(128, dtype='float32')[x0]",
  },
  {
    name: "take 32768 rows of 64",
    inputs: [{ shape: [10000, 64] }, { shape: [32768], below: 10000 }],
    ours: (x, i) => ops.take(x, i, { axis: 0 }),
    onnx: [["Gather", ["x0", "x1"], "y"]],
    tf: (tf, x, i) => tf.gather(x, i as Tensorflow.Tensor1D),
    numpy: "x0[x1]",
    reasons: {
      onnx: "places outside read as nan, as in Keras, for which they are compared",
      numpy: "places outside read as nan, as in Keras, for which they are compared",
    },
  },
  {
    name: "add 32768 rows of 64 to 10000",
    inputs: [{ shape: [32768, 64] }, { shape: [32768], below: 10000 }],
    ours: (x, i) => ops.segmentSum(x, i, { numSegments: 10000 }),
    onnx: [
      ["Expand", ["zero", "big"], "start"],
      ["Cast", ["x1"], "i", { to: 7 }],
      ["Unsqueeze", ["i", "last"], "column"],
      ["ScatterND", ["start", "column", "x0"], "y", { reduction: "add" }],
    ],
    constants: { big: [10000, 64], last: [1] },
    tf: (tf, x, i) => tf.scatterND(tf.reshape(i, [-1, 1]), x, [10000, 64]),
    numpy: "(lambda y: (np.add.at(y, x1, x0), y)[1])(np.zeros((10000, 64), 'float32'))",
    reasons: {
      onnx: "by hand equal ids race: ScatterND adds in parallel. Ours adds one after the other, and drops ids outside as Keras does",
      tfjs: "ids outside are looked for and dropped, as in Keras: a row to throw away is added and cut off again",
    },
  },
];

/** Products, convolutions, sorting, decompositions: arithmetic sets the time. */
const heavy: readonly OpCase[] = [
  {
    name: "matmul of 1024",
    inputs: [SQUARE, SQUARE],
    ours: (a, b) => ops.matmul(a, b),
    onnx: [["MatMul", ["x0", "x1"], "y"]],
    tf: (tf, a, b) => tf.matMul(a, b),
    numpy: "x0 @ x1",
  },
  {
    name: "matmul of 64 x 128 x 128",
    inputs: [{ shape: [64, 128, 128] }, { shape: [64, 128, 128] }],
    ours: (a, b) => ops.matmul(a, b),
    onnx: [["MatMul", ["x0", "x1"], "y"]],
    tf: (tf, a, b) => tf.matMul(a, b),
    numpy: "x0 @ x1",
  },
  {
    name: "dense, 256 x 1024 to 512",
    inputs: [{ shape: [256, 1024] }, { shape: [1024, 512] }, { shape: [512] }],
    ours: (x, w, b) => ops.relu(ops.add(ops.matmul(x, w), b)),
    onnx: [
      ["Gemm", ["x0", "x1", "x2"], "g"],
      ["Relu", ["g"], "y"],
    ],
    tf: (tf, x, w, b) => tf.relu(tf.add(tf.matMul(x, w), b)),
    numpy: "np.maximum(x0 @ x1 + x2, 0)",
  },
  {
    name: "einsum of attention scores",
    inputs: [HEADS, HEADS],
    ours: (q, k) => ops.einsum("bqhd,bkhd->bhqk", q, k),
    onnx: [["Einsum", ["x0", "x1"], "y", { equation: "bqhd,bkhd->bhqk" }]],
    tf: (tf, q, k) => tf.matMul(tf.transpose(q, [0, 2, 1, 3]), tf.transpose(k, [0, 2, 1, 3]), false, true),
    numpy: "x0.transpose(0, 2, 1, 3) @ x1.transpose(0, 2, 3, 1)",
  },
  {
    name: "attention, 8 heads of 128 x 64",
    inputs: [HEADS, HEADS, HEADS],
    ours: (q, k, v) => ops.dotProductAttention(q, k, v),
    onnx: attentionNodes,
    constants: { "scale:float": 0.125 },
    tf: (tf, q, k, v) => {
      const [a, b, c] = [q, k, v].map((x) => tf.transpose(x, [0, 2, 1, 3])) as [TfTensor, TfTensor, TfTensor];
      return tf.transpose(tf.matMul(tf.softmax(tf.matMul(tf.mul(a, 0.125), b, false, true)), c), [0, 2, 1, 3]);
    },
    numpy:
      "(lambda s: (lambda e: ((e / e.sum(-1, keepdims=True)) @ x2.transpose(0, 2, 1, 3)).transpose(0, 2, 1, 3))(np.exp(s - s.max(-1, keepdims=True))))((x0 * np.float32(0.125)).transpose(0, 2, 1, 3) @ x1.transpose(0, 2, 3, 1))",
  },
  {
    name: "conv 3 x 3, 64 to 64 at 56",
    inputs: [IMAGES, { shape: [3, 3, 64, 64] }],
    ours: (x, w) => ops.conv(x, w, { padding: "same" }),
    onnx: convolved({}, [3, 2, 0, 1]),
    tf: (tf, x, w) => tf.conv2d(x as Tensorflow.Tensor4D, w as Tensorflow.Tensor4D, 1, "same"),
    numpy: `np.tensordot(${windows}, x1, axes=([3, 4, 5], [2, 0, 1]))`,
  },
  {
    name: "depthwise conv 3 x 3 at 56",
    inputs: [IMAGES, { shape: [3, 3, 64, 1] }],
    ours: (x, w) => ops.depthwiseConv(x, w, { padding: "same" }),
    onnx: convolved({ group: 64 }, [2, 3, 0, 1]),
    tf: (tf, x, w) => tf.depthwiseConv2d(x as Tensorflow.Tensor4D, w as Tensorflow.Tensor4D, 1, "same"),
    numpy: `np.einsum('nhwcij,ijc->nhwc', ${windows}, x1[..., 0])`,
  },
  {
    name: "max pool 2 x 2 at 56",
    inputs: [IMAGES],
    ours: (x) => ops.maxPool(x, 2),
    onnx: pooled("MaxPool"),
    tf: (tf, x) => tf.maxPool(x as Tensorflow.Tensor4D, 2, 2, "valid"),
    numpy: "x0.reshape(8, 28, 2, 28, 2, 64).max((2, 4))",
  },
  {
    name: "average pool 2 x 2 at 56",
    inputs: [IMAGES],
    ours: (x) => ops.averagePool(x, 2),
    onnx: pooled("AveragePool"),
    tf: (tf, x) => tf.avgPool(x as Tensorflow.Tensor4D, 2, 2, "valid"),
    numpy: "x0.reshape(8, 28, 2, 28, 2, 64).mean((2, 4))",
  },
  {
    name: "resize 64 to 112, bilinear",
    inputs: [{ shape: [8, 64, 64, 3] }],
    ours: (x) => ops.image.resize(x, [112, 112]),
    onnx: [["Resize", ["x0", "", "", "sizes"], "y", { mode: "linear", coordinate_transformation_mode: "half_pixel" }]],
    constants: { sizes: [8, 112, 112, 3] },
    tf: (tf, x) => tf.image.resizeBilinear(x as Tensorflow.Tensor4D, [112, 112], false, true),
  },
  {
    name: "sort of 1e6",
    inputs: [{ shape: [1000000] }],
    ours: (x) => ops.sort(x),
    onnx: [["TopK", ["x0", "all"], "y,places", { largest: 0, sorted: 1 }]],
    constants: { all: [1000000] },
    tf: (tf, x) => tf.topk(x, 1000000).values,
    numpy: "np.sort(x0)",
  },
  {
    name: "top 100 of 1e6",
    inputs: [{ shape: [1000000] }],
    ours: (x) => ops.topK(x, 100),
    onnx: [["TopK", ["x0", "some"], "y,places", { largest: 1, sorted: 1 }]],
    constants: { some: [100] },
    tf: (tf, x) => tf.topk(x, 100).values,
    reasons: {
      onnx: "-0 counts as less than 0, as in Keras",
      tfjs: "a loop over the host array, as the kernel by hand is; -0 counts as less than 0",
    },
    numpy: "np.sort(np.partition(x0, -100)[-100:])",
  },
  {
    name: "fft of 65536",
    inputs: [{ shape: [65536] }, { shape: [65536] }],
    ours: (re, im) => ops.fft([re, im]),
    onnx: [
      ["Unsqueeze", ["x0", "ends"], "re"],
      ["Unsqueeze", ["x1", "ends"], "im"],
      ["Concat", ["re", "im"], "both", { axis: 2 }],
      ["DFT", ["both", "", "axis"], "y"],
    ],
    constants: { ends: [0, 2], axis: 1 },
    numpy: "np.fft.fft(x0 + 1j * x1)",
  },
  {
    name: "cholesky of 128",
    inputs: [MATRIX],
    ours: (x) => ops.cholesky(x),
    reasons: {
      onnx: "no operator for it: columns of a panel are steps of a Scan, at its overhead",
      numpy: "a matrix that is not positive definite gives nan, for which all are looked at",
    },
    numpy: "np.linalg.cholesky(x0)",
  },
  {
    name: "solve 128 with 16 columns",
    inputs: [MATRIX, { shape: [128, 16] }],
    ours: (a, b) => ops.solve(a, b),
    reasons: {
      onnx: "no operator for it: columns of a panel are steps of a Scan with a search for the pivot and a row exchange",
    },
    numpy: "np.linalg.solve(x0, x1)",
  },
  { name: "qr of 128", inputs: [MATRIX], ours: (x) => ops.qr(x), numpy: "np.linalg.qr(x0)" },
  {
    name: "svd of 128",
    inputs: [MATRIX],
    ours: (x) => ops.svd(x),
    reasons: {
      onnx: "no operator for it: some twenty steps of eight products each, between decompositions column by column",
    },
    numpy: "np.linalg.svd(x0)",
  },
];

export const opCases: readonly OpCase[] = [...light, ...heavy.map((one) => ({ ...one, heavy: true }))];
