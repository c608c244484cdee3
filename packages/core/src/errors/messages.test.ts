// What users get wrong, and what they are told: every message says what must hold, what came, what to do.
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { reference } from "../backend/index.ts";
import * as core from "../index.ts";
import { resetNames } from "../ops/index.ts";
import { KerasError } from "./errors.ts";

const { input, layers, Model, ops, Sequential, saving, tensor, losses, metrics, optimizers, initializers } = core;

// Programs in plain JavaScript: no type checker has seen these arguments.
const untyped = (value: unknown): never => value as never;
const untypedOps = ops as unknown as Readonly<Record<string, (...args: readonly unknown[]) => unknown>>;

function small(): core.Sequential {
  const model = new Sequential([input({ shape: [2] }), new layers.Dense({ units: 1, name: "out" })]);
  model.compile({ optimizer: "sgd", loss: "mse" });
  return model;
}
function fitWith(options: object): Promise<unknown> {
  const model = small();
  model.compile(options);
  return model.fit(x4, y4, { verbose: 0 });
}
const x4: number[][] = [
  [0, 0],
  [0, 1],
  [1, 0],
  [1, 1],
];
const y4: number[][] = [[0], [1], [1], [0]];
const quiet = { verbose: 0 } as const;

let folder = "";
let kerasBytes: Uint8Array = new Uint8Array();
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "keras-ts-errors-"));
  kerasBytes = await saving.modelToBytes(small());
});
afterAll(() => rm(folder, { recursive: true, force: true }));
beforeEach(() => {
  resetNames();
  core.setBackend(reference());
});

async function complaint(mistake: () => unknown): Promise<KerasError> {
  try {
    await mistake();
  } catch (error) {
    if (error instanceof KerasError) return error;
    throw new Error(`It must be a KerasError, got ${error instanceof Error ? error.stack : String(error)}.`);
  }
  throw new Error("It must be an error, got none.");
}

type Mistakes = Readonly<Record<string, () => unknown>>;

function mistakesAre(room: string, mistakes: Mistakes): void {
  describe(room, () => {
    test.each(Object.entries(mistakes))("%s", async (_, mistake) => {
      const error = await complaint(mistake);
      // `<where>: <what must hold>, got <what came>. <what to do>.`
      expect(error.message).toMatch(/^[^:]+: .+, got .+[.?] .+[.?)] \[docs\/errors\.md#\w+\]$/s);
      expect(error.message).not.toMatch(/undefined is not|\[object Object\]|NaN is not/);
      expect(`${error.name}: ${error.message.replaceAll(folder, "<folder>")}`).toMatchSnapshot();
    });
  });
}

mistakesAre("tensors", {
  "rows of different lengths": () => tensor([[1, 2], [3]]),
  "a string in the data": () => tensor(untyped([[1, "two"]])),
  "null in the data": () => tensor(untyped([1, null])),
  "a big integer in the data": () => tensor(untyped([1n])),
  "an object as data": () => tensor(untyped({ a: 1 })),
  "undefined as data": () => tensor(untyped(undefined)),
  "a shape that does not fit the data": () => tensor(new Float32Array(5), { shape: [2, 3] }),
  "an unknown dtype": () => tensor([1], { dtype: "float23" }),
  "a numpy name for a dtype": () => tensor([1], { dtype: "double" }),
  "a negative size": () => ops.zeros([2, -3]),
  "one value of a larger tensor": () => tensor([1, 2]).item(),
});

mistakesAre("ops", {
  "shapes that do not broadcast": () => ops.add(ops.zeros([2, 3]), ops.zeros([4])),
  "matmul of sizes that differ": () => ops.matmul(ops.zeros([32, 128]), ops.zeros([64, 10])),
  "an axis out of range": () => ops.sum(ops.zeros([2, 3]), { axis: 2 }),
  "an axis twice": () => ops.sum(ops.zeros([2, 3]), { axis: [0, -2] }),
  "reshape to another size": () => ops.reshape(ops.zeros([2, 3]), [4, 2]),
  "reshape with two unknown sizes": () => ops.reshape(ops.zeros([2, 3]), [-1, -1]),
  "concatenate of ranks that differ": () => ops.concatenate([ops.zeros([2, 3]), ops.zeros([2])]),
  "concatenate of sizes that differ": () => ops.concatenate([ops.zeros([2, 3]), ops.zeros([2, 4])], { axis: 0 }),
  "an option misspelt": () => ops.sum(ops.zeros([2, 3]), untyped({ axes: 1 })),
  "an option that must be named": () => untypedOps.sum?.(ops.zeros([2, 3]), 1),
  "an option that the op does not have": () => untypedOps.relu?.([1], { alpha: 0.1 }),
  "a missing operand": () => untypedOps.add?.(tensor([1])),
  "text as an operand": () => tensor([1]).add(untyped("2")),
  "an axis of softmax out of range": () => ops.softmax(ops.zeros([2, 3]), { axis: 5 }),
  "strides of 0": () => ops.conv(ops.zeros([1, 8, 8, 1]), ops.zeros([3, 3, 1, 2]), { strides: 0 }),
  "stack of nothing": () => ops.stack([]),
  "transpose with too few axes": () => ops.transpose(ops.zeros([2, 3, 4]), { axes: [1, 0] }),
  "squeeze of an axis that is not 1": () => ops.squeeze(ops.zeros([2, 3]), { axis: 0 }),
  "expandDims out of range": () => ops.expandDims(ops.zeros([2]), 4),
  "split into unequal parts": () => ops.split(ops.zeros([5]), 2),
  "a cast to an unknown dtype": () => ops.cast(ops.zeros([2]), untyped("flaot32")),
  "an einsum with a wrong rank": () => ops.einsum("ij,jk->ik", ops.zeros([2, 3]), ops.zeros([3])),
  "a convolution of channels that differ": () => ops.conv(ops.zeros([1, 8, 8, 3]), ops.zeros([3, 3, 4, 8])),
  "a window larger than the image": () => ops.maxPool(ops.zeros([1, 2, 2, 1]), 3),
  "an index out of range": () => ops.zeros([2, 3]).at(5),
  "a padding typo": () => ops.conv(ops.zeros([1, 8, 8, 1]), ops.zeros([3, 3, 1, 8]), { padding: untyped("smae") }),
});

mistakesAre("layers", {
  "an option misspelt": () => new layers.Conv2D(untyped({ filters: 8, kernalSize: 3 })),
  "an option in Python's spelling": () => new layers.Dense(untyped({ units: 2, use_bias: false })),
  "an option of another layer": () => new layers.Flatten(untyped({ units: 3 })),
  "an option of input misspelt": () => input(untyped({ shappe: [2] })),
  "negative units": () => new layers.Dense({ units: -3 }),
  "units left out": () => new layers.Dense(untyped({})),
  "no options at all": () => new layers.Dense(untyped(undefined)),
  "a number instead of options": () => new layers.Dense(untyped(3)),
  "a number of filters as text": () => new layers.Conv2D({ filters: untyped("8"), kernelSize: 3 }),
  "a window left out": () => new layers.Conv2D(untyped({ filters: 8 })),
  "a pool of 0": () => new layers.MaxPooling2D({ poolSize: 0 }),
  "an input without a shape": () => input({}),
  "an input without options": () => input(untyped(undefined)),
  "a number as the shape of an input": () => input({ shape: untyped(3) }),
  "a size below 0 in an input": () => input({ shape: [-1, 3] }),
  "heads left out": () => new layers.MultiHeadAttention(untyped({})),
  "a cell left out": () => new layers.RNN(untyped({})),
  "text as data": () => new layers.Dense({ units: 2 }).apply(untyped("abc")),
  "a fraction of a unit": () => new layers.Dense({ units: 2.5 }),
  "a rate above 1": () => new layers.Dropout({ rate: 50 }),
  "an unknown padding": () => new layers.Conv2D({ filters: 8, kernelSize: 3, padding: "smae" }),
  "an unknown activation": () => new layers.Dense({ units: 2, activation: "rellu" }),
  "an unknown initializer": () => new layers.Dense({ units: 2, kernelInitializer: "glorot_unifrom" }),
  "an unknown regularizer": () => new layers.Dense({ units: 2, kernelRegularizer: "l3" }),
  "an unknown constraint": () => new layers.Dense({ units: 2, kernelConstraint: "non_negg" }),
  "an unknown dtype policy": () => new layers.Dense({ units: 2, dtype: "mixed_float8" }),
  "three sizes for a window of two": () => new layers.Conv2D({ filters: 8, kernelSize: [3, 3, 3] }),
  "groups that do not divide": () => new layers.Conv2D({ filters: 8, kernelSize: 3, groups: 3 }),
  "a slash in a name": () => new layers.Dense({ units: 2, name: "a/b" }),
  "no input": () => new layers.Dense({ units: 2 }).apply(untyped(undefined)),
  "two inputs that should be an array": () => new layers.Add().apply(untyped(ops.zeros([2])), untyped(ops.zeros([2]))),
  "a rank that the layer does not take": () =>
    new layers.Conv2D({ filters: 1, kernelSize: 3 }).apply(ops.zeros([8, 8])),
  "reuse with another size": () => {
    const dense = new layers.Dense({ units: 2 });
    dense.apply(ops.zeros([1, 3]));
    return dense.apply(ops.zeros([1, 4]));
  },
  "a kernel larger than the image": () =>
    new layers.Conv2D({ filters: 1, kernelSize: 9 }).apply(ops.zeros([1, 8, 8, 1])),
  "an unknown size for a weight": () => new layers.Dense({ units: 2 }).apply(input({ shape: [null] })),
  "a reshape that does not fit": () => new layers.Reshape({ targetShape: [5] }).apply(ops.zeros([2, 4])),
  "merging shapes that differ": () => new layers.Add().apply([ops.zeros([2, 3]), ops.zeros([2, 4])]),
  "too few weights": () => small().setWeights([ops.zeros([2, 1])]),
  "weights of other shapes": () => small().setWeights([ops.zeros([1, 2]), ops.zeros([1])]),
});

mistakesAre("models", {
  "a class instead of a layer": () => new Sequential([untyped(layers.Dense)]),
  "two layers of one name": () =>
    new Sequential([new layers.Dense({ units: 1, name: "a" }), new layers.Dense({ units: 1, name: "a" })]),
  "one layer twice in a Sequential": () => {
    const dense = new layers.Dense({ units: 2 });
    return new Sequential([dense, dense]);
  },
  "an input in the middle": () => new Sequential([new layers.Dense({ units: 1 }), input({ shape: [1] })]),
  "an unbuilt Sequential without layers": () => new Sequential([]).apply(ops.zeros([1, 2])),
  "inputs without outputs": () => new Model({ inputs: input({ shape: [2] }) }),
  "an option of Model misspelt": () => new Model(untyped({ input: input({ shape: [2] }), output: 1 })),
  "a tensor as a model's input": () => new Model({ inputs: untyped(ops.zeros([2])), outputs: untyped(ops.zeros([2])) }),
  "outputs that do not come from the inputs": () => {
    const a = input({ shape: [2], name: "a" });
    const b = input({ shape: [2], name: "b" });
    return new Model({ inputs: a, outputs: new layers.Dense({ units: 1 }).apply(b) });
  },
  "a number of inputs that differs": () => {
    const inputs = [input({ shape: [2] }), input({ shape: [2] })];
    const model = new Model({ inputs, outputs: new layers.Add().apply(inputs) });
    return model.predict([ops.zeros([1, 2])], quiet);
  },
  "data of another shape": () => small().predict(ops.zeros([4, 3]), quiet),
  "images without their channel and size": () => {
    const model = new Sequential([input({ shape: [8, 8, 1] }), new layers.Conv2D({ filters: 1, kernelSize: 3 })]);
    return model.predict(ops.zeros([4, 64]), quiet);
  },
  "a layer that does not exist": () => small().getLayer("dense_9"),
  "a subclass without call": () => new (class Empty extends Model {})().apply(ops.zeros([1])),
});

mistakesAre("compile and fit", {
  "fit before compile": () => new Sequential([new layers.Dense({ units: 1 })]).fit(x4, y4),
  "evaluate before compile": () => new Sequential([new layers.Dense({ units: 1 })]).evaluate(x4, y4),
  "an unknown loss": () => fitWith({ loss: "mean_sqared_error" }),
  "an unknown metric": () => fitWith({ loss: "mse", metrics: ["acuracy"] }),
  "an unknown optimizer": () => small().compile({ optimizer: "adma", loss: "mse" }),
  "a loss as a number": () => fitWith({ loss: 3 }),
  "metrics that are no array": () => small().compile({ loss: "mse", metrics: 3 }),
  "an option of compile misspelt": () => small().compile(untyped({ optimiser: "adam", loss: "mse" })),
  "epochs in the place of options": () => small().fit(x4, y4, untyped(3)),
  "an option of predict misspelt": () => small().predict(x4, untyped({ batch: 3 })),
  "an option of evaluate misspelt": () => small().evaluate(x4, y4, untyped({ return_dict: true })),
  "an option of fit misspelt": () => small().fit(x4, y4, untyped({ epoch: 3, verbose: 0 })),
  "no loss": () => {
    const model = small();
    model.compile({ optimizer: "sgd" });
    return model.fit(x4, y4, quiet);
  },
  "no targets": () => small().fit(x4, undefined, quiet),
  "numbers of samples that differ": () => small().fit(x4, [[0], [1]], quiet),
  "no samples": () => small().fit(ops.zeros([0, 2]), ops.zeros([0, 1]), quiet),
  "ragged rows": () => small().fit([[1, 2], [3]], [[0], [1]], quiet),
  "strings as targets": () => small().fit(x4, ["a", "b", "c", "d"], quiet),
  "a batch size of 0": () => small().fit(x4, y4, { batchSize: 0, verbose: 0 }),
  "epochs that are no number": () => small().fit(x4, y4, { epochs: untyped("three"), verbose: 0 }),
  "a validation split of 20": () => small().fit(x4, y4, { validationSplit: 20, verbose: 0 }),
  "a verbosity that does not exist": () => small().fit(x4, y4, { verbose: untyped(7) }),
  "class weights and sample weights": () =>
    small().fit(x4, y4, { classWeight: { 0: 1, 1: 2 }, sampleWeight: [1, 1, 1, 1], verbose: 0 }),
  "sample weights of another length": () => small().fit(x4, y4, { sampleWeight: [1, 1], verbose: 0 }),
  "a callback that is no callback": () =>
    small().fit(x4, y4, { callbacks: [untyped({ onEpochEnd() {} })], verbose: 0 }),
  "a hook that does not exist": () => new core.callbacks.LambdaCallback(untyped({ onEpochFinish() {} })),
  "labels as one-hot for a sparse loss": () => {
    const model = new Sequential([input({ shape: [2] }), new layers.Dense({ units: 3, activation: "softmax" })]);
    model.compile({ loss: "sparse_categorical_crossentropy" });
    return model.fit(x4, ops.zeros([4, 3]), quiet);
  },
  "indices for a categorical loss": () => {
    const model = new Sequential([input({ shape: [2] }), new layers.Dense({ units: 3, activation: "softmax" })]);
    model.compile({ loss: "categorical_crossentropy" });
    return model.fit(x4, [0, 1, 2, 0], quiet);
  },
  "a loss for an output that does not exist": () => fitWith({ loss: { other: "mse" } }),
});

mistakesAre("losses, metrics and optimizers", {
  "an option of a loss misspelt": () => new losses.CategoricalCrossentropy(untyped({ fromLogit: true })),
  "an option of a metric misspelt": () => new metrics.TopKCategoricalAccuracy(untyped({ topK: 3 })),
  "an option of an optimizer misspelt": () => new optimizers.Adam(untyped({ learningrate: 0.1 })),
  "an optimizer's option in Python's spelling": () => new optimizers.Adam(untyped({ beta_1: 0.9 })),
  "an unknown reduction": () => new losses.MeanSquaredError({ reduction: "average" }),
  "two ways of clipping": () => new optimizers.SGD({ clipnorm: 1, clipvalue: 1 }),
  "momentum above 1": () => new optimizers.SGD({ momentum: 9 }),
  "a learning rate as text": () => new optimizers.Adam(untyped({ learningRate: "fast" })),
  "a loss of shapes that differ": () => new losses.MeanSquaredError().apply(ops.zeros([2, 3]), ops.zeros([2, 4])),
  "gradients and weights of different numbers": () => {
    const model = small();
    return model.optimizer.apply([ops.zeros([2, 1])], model.trainableVariables);
  },
  "an unknown initializer by name": () => initializers.get("hee_normal"),
});

mistakesAre("gradients and jit", {
  "values read inside jit": async () => {
    let reading: Promise<unknown> | undefined;
    const f = core.jit((x: core.Tensor) => {
      reading = x.data();
      reading.catch(() => {});
      return x;
    });
    await f(tensor([1, 2])).data();
    await reading;
  },
  "the gradient of a vector": () => core.grad((x: core.Tensor) => x.multiply(2))(tensor([1, 2])),
  "the gradient of integers": () => core.grad((x: core.Tensor) => ops.sum(x))(tensor([1, 2], { dtype: "int32" })),
  "gradients after the result was read": async () => {
    const model = small();
    const y = ops.sum(model.apply(tensor(x4)));
    await y.item();
    return core.gradients(y, model.trainableVariables);
  },
  "a value of a symbolic tensor": () => tensor(untyped(input({ shape: [2] }))),
});

mistakesAre("engines", {
  "a promise given to setBackend": () => core.setBackend(untyped(Promise.resolve(reference()))),
  "a name given to setBackend": () => core.setBackend(untyped("onnx")),
  "nothing given to setBackend": () => core.setBackend(untyped(undefined)),
  "the factory given to setBackend": () => core.setBackend(untyped(reference)),
});

mistakesAre("files", {
  "a file that is not there": () => saving.loadModel(join(folder, "nothing.keras")),
  "a folder": () => saving.loadModel(folder),
  "an empty file": () => saving.loadModel(new Uint8Array()),
  "a picture": () => saving.loadModel(Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10, 0, 0, 0, 0)),
  "a text": () => saving.loadModel(new TextEncoder().encode('{"class_name": "Sequential"}')),
  "half a file": () => saving.loadModel(kerasBytes.slice(0, kerasBytes.length >> 1)),
  "a file with a damaged middle": () => saving.loadModel(kerasBytes.map((b, i) => (i > 200 && i < 260 ? b ^ 255 : b))),
  "a number instead of a file": () => saving.loadModel(untyped(3)),
  "saving under another ending": () => small().save(join(folder, "model.txt")),
  "saving into a folder that is not there": () => small().save(join(folder, "none", "model.keras")),
  "saving without a path": () => small().save(untyped(undefined)),
  "weights of another model": async () => {
    const path = join(folder, "other.weights.h5");
    await new Sequential([input({ shape: [3] }), new layers.Dense({ units: 5 })]).saveWeights(path);
    await small().loadWeights(path);
  },
  "weights of a broken file": async () => {
    const path = join(folder, "broken.weights.h5");
    await writeFile(path, "not HDF5");
    await small().loadWeights(path);
  },
  "JSON that is no model": () => saving.modelFromJSON('{"a": 1}'),
  "text that is no JSON": () => saving.modelFromJSON("{"),
  "a class that nobody registered": async () => {
    class Swish extends layers.Layer {
      static override readonly className: string = "MySwish";
      override call(x: core.Tensor): core.Tensor {
        return x;
      }
    }
    const json = new Sequential([input({ shape: [2] }), new Swish()]).toJSON();
    return saving.modelFromJSON(await json);
  },
});

test("a refused save leaves no file behind", async () => {
  await complaint(() => small().save(join(folder, "model.txt")));
  expect(existsSync(join(folder, "model.txt"))).toBe(false);
});

test("a loss that becomes nan is reported once in each fit", async () => {
  const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
  const model = small();
  const nan = [
    [Number.NaN, 0],
    [0, 1],
  ];
  await model.fit(nan, [[0], [1]], { epochs: 3, verbose: 0 });
  await model.fit(nan, [[0], [1]], { epochs: 1, verbose: 0 });
  expect(warn.mock.calls).toMatchInlineSnapshot(`
    [
      [
        "keras-ts: The loss of "sequential" became nan in epoch 1. Try a lower learning rate or clipnorm, check the data for nan and inf, and the loss for logits or probabilities it does not expect.",
      ],
      [
        "keras-ts: The loss of "sequential" became nan in epoch 1. Try a lower learning rate or clipnorm, check the data for nan and inf, and the loss for logits or probabilities it does not expect.",
      ],
    ]
  `);
  warn.mockRestore();
});
