// Core alone, without any engine package: a tiny model trains on the reference engine, is saved and loaded, all in the page.
import {
  callbacks,
  getBackend,
  input,
  layers,
  Sequential,
  saving,
  setRandomSeed,
  type Tensor,
  tensor,
} from "@keras-ts/core";

const checks: Record<string, true | string> = {};

setRandomSeed(1);
const x = tensor([
  [0, 0],
  [0, 1],
  [1, 0],
  [1, 1],
]);
const y = tensor([[0], [1], [1], [0]]);
const model = new Sequential([
  input({ shape: [2] }),
  new layers.Dense({ units: 8, activation: "tanh" }),
  new layers.Dense({ units: 1, activation: "sigmoid" }),
]);
model.compile({ optimizer: "adam", loss: "binary_crossentropy", metrics: ["accuracy"] });
model.optimizer.learningRate = 0.1;

const element = document.createElement("progress");
document.body.append(element);
const seen = new Set<number>();
const show = new callbacks.LambdaCallback({
  onEpochEnd: (epoch: number) => {
    element.value = (epoch + 1) / 40;
    seen.add(element.value);
  },
});
const { history } = await model.fit(x, y, { epochs: 40, verbose: 0, callbacks: [show] });
const losses = history["loss"] ?? [];
const [first = Number.NaN, last = Number.NaN] = [losses[0], losses.at(-1)];

checks["no engine was chosen, so the reference engine runs"] =
  getBackend().name === "reference" || `got ${getBackend().name}`;
checks["a model learns"] = (last < first / 3 && losses.length === 40) || `losses from ${first} to ${last}`;
checks["its progress is shown"] = seen.size === 40 || `${seen.size} values`;

const predict = async (of: Pick<typeof model, "predict">): Promise<number[]> => {
  const values = (await of.predict(x, { verbose: 0 })) as Tensor;
  return [...(await values.data())].map(Number);
};
const before = await predict(model);
const after = await predict(await saving.loadModel(await saving.modelToBytes(model)));
checks["a .keras file gives the same model back"] = String(before) === String(after) || `${before} became ${after}`;

Object.assign(globalThis, { __result: { checks } });
