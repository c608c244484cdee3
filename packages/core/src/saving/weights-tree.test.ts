import { beforeEach, expect, test } from "vitest";
import type { Tensor } from "../graph/index.ts";
import * as layers from "../layers/index.ts";
import { Model, Sequential } from "../models/index.ts";
import { resetNames, tensor } from "../ops/index.ts";
import { assignWeights, modelToBytes, savedObjects, weightGroups } from "./index.ts";

beforeEach(() => resetNames());

class Sub extends Model {
  static override readonly className: string = "Sub";
  dense = new layers.Dense({ units: 3 });
  norm = new layers.BatchNormalization();
  zOut = new layers.Dense({ units: 1 });
  _priv = new layers.Dense({ units: 2 });
  list = [new layers.Dense({ units: 2 }), [new layers.Dense({ units: 3 })]];
  alpha = new layers.Dropout({ rate: 0.2 });

  override call(x: Tensor): Tensor {
    const [first, [second]] = this.list as unknown as [layers.Layer, [layers.Layer]];
    let y = this.norm.apply<Tensor>(this.dense.apply<Tensor>(x));
    for (const layer of [this.alpha, this._priv, first, second, this.zOut]) y = layer.apply<Tensor>(y);
    return y;
  }
}

test("objects lie where Python's attributes would put them", () => {
  const model = new Sub();
  model.apply(tensor([[1, 2, 3, 4]]));
  model.compile({ optimizer: "sgd", loss: "mse" });
  // Observed in Keras for the same class; what comes after "layers" in the alphabet is reached through that property.
  expect(savedObjects(model).map(({ path, weights }) => `${path} ${weights.length}`)).toEqual([
    " 0",
    "alpha 0",
    "dense 2",
    "layers/batch_normalization 4",
    "layers/dense_1 2",
    "layers/dense_2 2",
    "layers/dense_3 2",
    "layers/dense_4 2",
    "optimizer 2",
  ]);
});

test("a subclass without getConfig cannot be saved whole", async () => {
  const model = new Sub();
  await expect(modelToBytes(model)).rejects.toThrow(/sub: a subclass of Model must override getConfig/);
});

test("adapters are saved inside their kernel", async () => {
  const make = (): Sequential =>
    new Sequential([layers.input({ shape: [3] }), new layers.Dense({ units: 2, loraRank: 1 })]);
  const model = make();
  const dense = model.layers[0] as layers.Dense;
  dense.setWeights(
    dense.weights.map((v, i) =>
      tensor(
        Array.from({ length: v.size }, (_, k) => k + i),
        { shape: v.shape },
      ),
    ),
  );
  const groups = await weightGroups(model);
  expect(groups.find(({ path }) => path === "layers/dense")?.vars.map((v) => v.shape)).toEqual([[3, 2], [2]]);
  const other = make();
  assignWeights(other, groups);
  const x = tensor([[1, -2, 3]]);
  expect(await other.apply<Tensor>(x).array()).toEqual(await model.apply<Tensor>(x).array());
});

test("nothing is loaded when something does not fit", async () => {
  const make = (units: number): Sequential =>
    new Sequential([layers.input({ shape: [3] }), new layers.Dense({ units: 4 }), new layers.Dense({ units })]);
  const model = make(2);
  const before = await weightGroups(model);
  const groups = await weightGroups(make(5));
  expect(() => assignWeights(model, groups)).toThrow(
    /arrays must have the shapes of the weights, got \[4, 5\] for "sequential\/dense_1\/kernel" of shape \[4, 2\]/,
  );
  expect(() =>
    assignWeights(
      model,
      groups.filter(({ path }) => path !== "layers/dense_1"),
    ),
  ).toThrow(/there must be 2 arrays, got no group "layers\/dense_1"/);
  const extra = [
    ...before,
    { path: "layers/conv2d", name: "conv2d", vars: (groups[1] as (typeof groups)[number]).vars },
  ];
  expect(() => assignWeights(model, extra)).toThrow(
    /the weights of this model and no others|got weights for "layers\/conv2d"/,
  );
  expect((await weightGroups(model)).map(({ vars }) => vars)).toEqual(before.map(({ vars }) => vars));
  assignWeights(model, groups, { skipMismatch: true });
  expect((await weightGroups(model)).find(({ path }) => path === "layers/dense")?.vars).toEqual(
    groups.find(({ path }) => path === "layers/dense")?.vars,
  );
});
