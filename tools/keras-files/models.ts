// Models for the proofs of saving: every layer in a small model, and larger ones that have everything at once.
import {
  input,
  type KerasTensor,
  layers,
  losses,
  Model,
  metrics,
  ops,
  optimizers,
  regularizers,
  Sequential,
} from "@keras-ts/core";

/** Numbers for one input or target: `[batch, ...shape]`; integers below `below` if that is given, one-hot rows of `classes`. */
export interface DataShape {
  readonly shape: readonly number[];
  readonly below?: number;
  readonly classes?: number;
}
export interface SavedModel {
  readonly name: string;
  readonly make: () => Model;
  readonly x: DataShape | readonly DataShape[] | Readonly<Record<string, DataShape>>;
  /** Absent for models that only predict. */
  readonly y?: DataShape | readonly DataShape[] | Readonly<Record<string, DataShape>>;
}

type Layer = InstanceType<typeof layers.Layer>;
type Make = () => Layer;
const BATCH = 4;

function single(name: string, shape: readonly number[], make: Make, below?: number): SavedModel {
  const build = (): Model => {
    const x = input({ shape, name: "x", ...(below === undefined ? {} : { dtype: "int32" }) });
    return new Model({ inputs: x, outputs: make().apply<KerasTensor>(x), name: "single" });
  };
  return { name, make: build, x: { shape: [BATCH, ...shape], ...(below === undefined ? {} : { below }) } };
}
function merged(name: string, make: Make): SavedModel {
  const build = (): Model => {
    const [a, b] = [input({ shape: [3, 4], name: "a" }), input({ shape: [3, 4], name: "b" })];
    return new Model({ inputs: [a, b], outputs: make().apply<KerasTensor>([a, b]), name: "merged" });
  };
  return { name, make: build, x: [{ shape: [BATCH, 3, 4] }, { shape: [BATCH, 3, 4] }] };
}

const [flat, steps, image, volume] = [[6], [5, 4], [6, 6, 2], [4, 4, 4, 2]] as const;

/** One model for each layer, with options that leave the defaults. */
export const singles: readonly SavedModel[] = [
  single("Activation", flat, () => new layers.Activation({ activation: "gelu" })),
  single("ReLU", flat, () => new layers.ReLU({ maxValue: 1, negativeSlope: 0.1, threshold: 0.2 })),
  single("LeakyReLU", flat, () => new layers.LeakyReLU({ negativeSlope: 0.2 })),
  single("ELU", flat, () => new layers.ELU({ alpha: 0.5 })),
  single("PReLU", steps, () => new layers.PReLU({ alphaInitializer: "random_uniform", sharedAxes: [1] })),
  single("Softmax", steps, () => new layers.Softmax({ axis: 1 })),
  single(
    "Dense",
    steps,
    () => new layers.Dense({ units: 3, activation: "tanh", kernelRegularizer: "l2", kernelConstraint: "non_neg" }),
  ),
  single(
    "Dense without bias",
    flat,
    () => new layers.Dense({ units: 3, useBias: false, kernelInitializer: "he_normal" }),
  ),
  single(
    "EinsumDense",
    steps,
    () => new layers.EinsumDense({ equation: "abc,cd->abd", outputShape: [null, 3], biasAxes: "d" }),
  ),
  single("Embedding", [5], () => new layers.Embedding({ inputDim: 7, outputDim: 3 }), 7),
  single("Identity", flat, () => new layers.Identity()),
  single("Conv1D", steps, () => new layers.Conv1D({ filters: 3, kernelSize: 2, padding: "causal" })),
  single(
    "Conv2D",
    image,
    () => new layers.Conv2D({ filters: 4, kernelSize: [3, 2], strides: 2, padding: "same", activation: "relu" }),
  ),
  single("Conv2D in groups", image, () => new layers.Conv2D({ filters: 4, kernelSize: 2, groups: 2, useBias: false })),
  single("Conv3D", volume, () => new layers.Conv3D({ filters: 2, kernelSize: 2 })),
  single("DepthwiseConv1D", steps, () => new layers.DepthwiseConv1D({ kernelSize: 2, depthMultiplier: 2 })),
  single(
    "DepthwiseConv2D",
    image,
    () => new layers.DepthwiseConv2D({ kernelSize: 2, padding: "same", depthMultiplier: 2 }),
  ),
  single("SeparableConv1D", steps, () => new layers.SeparableConv1D({ filters: 3, kernelSize: 2, useBias: false })),
  single(
    "SeparableConv2D",
    image,
    () => new layers.SeparableConv2D({ filters: 3, kernelSize: [3, 2], padding: "same", depthMultiplier: 2 }),
  ),
  single(
    "Conv1DTranspose",
    steps,
    () => new layers.Conv1DTranspose({ filters: 3, kernelSize: 2, strides: 3, outputPadding: 1 }),
  ),
  single(
    "Conv2DTranspose",
    image,
    () => new layers.Conv2DTranspose({ filters: 3, kernelSize: 3, strides: 2, padding: "same", activation: "relu" }),
  ),
  single(
    "Conv3DTranspose",
    volume,
    () => new layers.Conv3DTranspose({ filters: 2, kernelSize: 2, strides: [1, 2, 1], useBias: false }),
  ),
  single("MaxPooling1D", steps, () => new layers.MaxPooling1D()),
  single("MaxPooling2D", image, () => new layers.MaxPooling2D({ poolSize: 3, strides: 2, padding: "same" })),
  single("MaxPooling3D", volume, () => new layers.MaxPooling3D()),
  single("AveragePooling1D", steps, () => new layers.AveragePooling1D({ padding: "same" })),
  single("AveragePooling2D", image, () => new layers.AveragePooling2D({ poolSize: [2, 3] })),
  single("AveragePooling3D", volume, () => new layers.AveragePooling3D({ poolSize: 2 })),
  single("GlobalMaxPooling1D", steps, () => new layers.GlobalMaxPooling1D({ keepdims: true })),
  single("GlobalMaxPooling2D", image, () => new layers.GlobalMaxPooling2D()),
  single("GlobalMaxPooling3D", volume, () => new layers.GlobalMaxPooling3D()),
  single("GlobalAveragePooling1D", steps, () => new layers.GlobalAveragePooling1D()),
  single("GlobalAveragePooling2D", image, () => new layers.GlobalAveragePooling2D({ keepdims: true })),
  single("GlobalAveragePooling3D", volume, () => new layers.GlobalAveragePooling3D()),
  single("Rescaling", image, () => new layers.Rescaling({ scale: 0.5, offset: 1 })),
  single("Dropout", flat, () => new layers.Dropout({ rate: 0.5, seed: 3 })),
  single("Flatten", image, () => new layers.Flatten()),
  single("Reshape", image, () => new layers.Reshape({ targetShape: [8, -1] })),
  single("Permute", steps, () => new layers.Permute({ dims: [2, 1] })),
  single("RepeatVector", flat, () => new layers.RepeatVector({ n: 3 })),
  single(
    "BatchNormalization",
    image,
    () => new layers.BatchNormalization({ momentum: 0.9, epsilon: 0.01, scale: false }),
  ),
  single("LayerNormalization", steps, () => new layers.LayerNormalization({ axis: [1, 2], center: false })),
  single("GroupNormalization", image, () => new layers.GroupNormalization({ groups: -1, scale: false })),
  single("RMSNormalization", steps, () => new layers.RMSNormalization({ axis: [1, 2], epsilon: 0.01 })),
  single(
    "LSTM",
    steps,
    () => new layers.LSTM({ units: 3, returnSequences: true, recurrentActivation: "hard_sigmoid" }),
  ),
  single("LSTM backwards", steps, () => new layers.LSTM({ units: 3, goBackwards: true, unitForgetBias: false })),
  single("GRU", steps, () => new layers.GRU({ units: 3, returnSequences: true })),
  single("GRU reset before", steps, () => new layers.GRU({ units: 3, resetAfter: false, activation: null })),
  single("SimpleRNN", steps, () => new layers.SimpleRNN({ units: 3, useBias: false })),
  single("RNN", steps, () => new layers.RNN({ cell: new layers.LSTMCell({ units: 2 }) })),
  single("RNN of GRUCell", steps, () => new layers.RNN({ cell: new layers.GRUCell({ units: 2 }) })),
  single("RNN of SimpleRNNCell", steps, () => new layers.RNN({ cell: new layers.SimpleRNNCell({ units: 2 }) })),
  single("Bidirectional", steps, () => new layers.Bidirectional({ layer: new layers.GRU({ units: 2 }) })),
  single(
    "Bidirectional of two kinds",
    steps,
    () =>
      new layers.Bidirectional({
        layer: new layers.LSTM({ units: 2, returnSequences: true }),
        backwardLayer: new layers.SimpleRNN({ units: 2, returnSequences: true, goBackwards: true }),
        mergeMode: "sum",
      }),
  ),
  merged("Add", () => new layers.Add()),
  merged("Subtract", () => new layers.Subtract()),
  merged("Multiply", () => new layers.Multiply()),
  merged("Average", () => new layers.Average()),
  merged("Maximum", () => new layers.Maximum()),
  merged("Minimum", () => new layers.Minimum()),
  merged("Concatenate", () => new layers.Concatenate({ axis: 1 })),
  merged("Dot", () => new layers.Dot({ axes: [2, 2], normalize: true })),
  {
    name: "MultiHeadAttention",
    make: () => {
      const [q, v] = [input({ shape: [3, 4], name: "q" }), input({ shape: [3, 4], name: "v" })];
      const attention = new layers.MultiHeadAttention({
        numHeads: 2,
        keyDim: 3,
        valueDim: 2,
        outputShape: 5,
        dropout: 0.2,
        seed: 1,
      });
      return new Model({ inputs: [q, v], outputs: attention.apply<KerasTensor>(q, v), name: "attention" });
    },
    x: [{ shape: [BATCH, 3, 4] }, { shape: [BATCH, 3, 4] }],
  },
];

function digits(): Model {
  const model = new Sequential(
    [
      input({ shape: [8, 8, 1] }),
      new layers.Conv2D({
        filters: 4,
        kernelSize: 3,
        activation: "relu",
        kernelRegularizer: new regularizers.L1L2({ l1: 0.001, l2: 0.01 }),
      }),
      new layers.BatchNormalization(),
      new layers.MaxPooling2D(),
      new layers.Dropout({ rate: 0.25 }),
      new layers.Flatten(),
      new layers.Dense({ units: 3, activation: "softmax" }),
    ],
    { name: "digits" },
  );
  model.compile({ optimizer: "adam", loss: "sparseCategoricalCrossentropy", metrics: ["accuracy"] });
  return model;
}

function tokens(): Model {
  const model = new Sequential(
    [
      new layers.Embedding({ inputDim: 9, outputDim: 4, maskZero: true }),
      new layers.LSTM({ units: 5, returnSequences: true, dropout: 0.2, recurrentDropout: 0.1, seed: 4 }),
      new layers.LSTM({ units: 3 }),
      new layers.Dense({ units: 1, activation: "sigmoid" }),
    ],
    { name: "tokens" },
  );
  const optimizer = new optimizers.Adam({
    learningRate: new optimizers.schedules.CosineDecay({ initialLearningRate: 0.02, decaySteps: 50 }),
    amsgrad: true,
  });
  model.compile({
    optimizer,
    loss: new losses.BinaryCrossentropy({ labelSmoothing: 0.1 }),
    metrics: [new metrics.BinaryAccuracy({ threshold: 0.4 })],
  });
  return model;
}

function transformer(): Model {
  const x = input({ shape: [5, 4], name: "steps" });
  const attended = new layers.MultiHeadAttention({ numHeads: 2, keyDim: 3, name: "attention" }).apply<KerasTensor>(
    x,
    x,
    { useCausalMask: true },
  );
  const added = new layers.LayerNormalization().apply<KerasTensor>(ops.add(x, attended));
  const hidden = new layers.Dense({ units: 4, activation: "gelu" }).apply<KerasTensor>(
    added.at("...", [1, null]).multiply(2),
  );
  const both = new layers.Concatenate().apply<KerasTensor>([
    added,
    new layers.Dropout({ rate: 0.1 }).apply<KerasTensor>(hidden),
  ]);
  const pooled = ops.mean(both, { axis: 1 });
  const model = new Model({
    inputs: x,
    outputs: new layers.Dense({ units: 2 }).apply<KerasTensor>(pooled),
    name: "transformer",
  });
  const optimizer = new optimizers.AdamW({ learningRate: 0.01, clipnorm: 1 });
  model.compile({
    optimizer,
    loss: new losses.SparseCategoricalCrossentropy({ fromLogits: true }),
    weightedMetrics: ["sparseCategoricalAccuracy"],
  });
  return model;
}

function nested(): Model {
  const inner = new Sequential([input({ shape: [4] }), new layers.Dense({ units: 4, activation: "tanh" })], {
    name: "inner",
  });
  const middleIn = input({ shape: [4] });
  const middle = new Model({
    inputs: middleIn,
    outputs: new layers.Dense({ units: 4 }).apply<KerasTensor>(inner.apply<KerasTensor>(middleIn)),
    name: "middle",
  });
  const [left, right] = [input({ shape: [4], name: "left" }), input({ shape: [4], name: "right" })];
  const [a, b] = [middle.apply<KerasTensor>(left), middle.apply<KerasTensor>(right)];
  const outputs = {
    sum: new layers.Add({ name: "sum" }).apply<KerasTensor>([a, b]),
    wide: new layers.Dense({ units: 2, name: "wide" }).apply<KerasTensor>(a),
  };
  const model = new Model({ inputs: { left, right }, outputs, name: "nested" });
  model.compile({
    optimizer: new optimizers.SGD({ learningRate: 0.05, momentum: 0.9, nesterov: true }),
    loss: { sum: "mse", wide: "mae" },
    lossWeights: { sum: 1, wide: 0.5 },
  });
  return model;
}

function frozen(): Model {
  const model = new Sequential(
    [input({ shape: [6] }), new layers.Dense({ units: 5, activation: "relu" }), new layers.Dense({ units: 2 })],
    { name: "frozen" },
  );
  (model.layers[0] as Layer).trainable = false;
  model.compile({
    optimizer: new optimizers.RMSprop({ learningRate: 0.01, momentum: 0.5, centered: true }),
    loss: "mean_squared_error",
    metrics: ["mae"],
  });
  return model;
}

/** Compiled models, which also go on training. */
export const trained: readonly SavedModel[] = [
  { name: "digits", make: digits, x: { shape: [8, 8, 8, 1] }, y: { shape: [8], below: 3 } },
  { name: "tokens", make: tokens, x: { shape: [8, 5], below: 9 }, y: { shape: [8, 1], below: 2 } },
  { name: "transformer", make: transformer, x: { shape: [8, 5, 4] }, y: { shape: [8], below: 2 } },
  {
    name: "nested",
    make: nested,
    x: { left: { shape: [8, 4] }, right: { shape: [8, 4] } },
    y: { sum: { shape: [8, 4] }, wide: { shape: [8, 2] } },
  },
  { name: "frozen", make: frozen, x: { shape: [8, 6] }, y: { shape: [8, 2] } },
];
