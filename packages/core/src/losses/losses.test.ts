import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { ConfigError } from "../errors/index.ts";
import type { Tensor } from "../graph/index.ts";
import { setMask } from "../layers/masking.ts";
import { tensor } from "../ops/convert.ts";
import * as ops from "../ops/index.ts";
import { type SerializedObject, serializeKerasObject, toCamel } from "../registry/index.ts";
import { gradients, jit, valueAndGrad } from "../transforms/index.ts";
import * as losses from "./index.ts";

interface Golden {
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly data: readonly (number | string | boolean)[];
}
interface LossCase {
  readonly loss: SerializedObject;
  readonly y_true: Golden;
  readonly y_pred: Golden;
  readonly sample_weight: Golden | null;
  readonly output: Golden;
  readonly gradient: Golden;
  readonly note?: string;
}
interface FunctionCase {
  readonly function: string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly y_true: Golden;
  readonly y_pred: Golden;
  readonly output: Golden;
  readonly gradient: Golden;
}
const goldens = JSON.parse(
  readFileSync(new URL("../../../conformance/goldens/losses.json", import.meta.url), "utf8"),
) as { cases: LossCase[]; functions: FunctionCase[]; identifiers: Record<string, SerializedObject> };

const numbers = ({ data }: Golden): number[] =>
  data.map((x) => (x === "inf" ? Infinity : x === "-inf" ? -Infinity : Number(x)));
const made = (g: Golden): Tensor => tensor(numbers(g), { shape: g.shape, dtype: g.dtype });
async function expectNear(got: Tensor, want: Golden, tolerance = 2e-6): Promise<void> {
  expect(got.shape).toEqual(want.shape);
  const data = await got.data();
  numbers(want).forEach((x, i) => {
    const y = data[i] as number;
    if (Number.isFinite(x))
      expect(Math.abs(x - y), `${i}: ${y} for ${x}`).toBeLessThanOrEqual(tolerance * Math.max(1, Math.abs(x)));
    else expect(y).toBe(x);
  });
}
const tolerance = (loss: SerializedObject): number => (loss.config.name === "named" ? 2e-3 : 2e-6);

describe("loss classes give what Keras gives", () => {
  goldens.cases.forEach((c, i) => {
    test(`${i} ${c.loss.class_name} ${JSON.stringify(c.loss.config)} ${c.note ?? ""}`, async () => {
      const plain = losses.get(c.loss);
      // Keras' configs do not say the dtype.
      const loss =
        c.loss.config.name === "named" ? new losses.MeanSquaredError({ name: "named", dtype: "float16" }) : plain;
      const sampleWeight = c.sample_weight === null ? null : made(c.sample_weight);
      const yTrue = made(c.y_true);
      const run = (yPred: Tensor): [Tensor, Tensor] => {
        const out = loss.apply(yTrue, yPred, { sampleWeight });
        return [out, gradients(ops.sum(out), [yPred])[0] as Tensor];
      };
      const [output, gradient] = run(made(c.y_pred));
      await expectNear(output, c.output, tolerance(c.loss));
      await expectNear(gradient, c.gradient, tolerance(c.loss));
      const [compiled, back] = jit(run)(made(c.y_pred));
      await expectNear(compiled, c.output, tolerance(c.loss));
      await expectNear(back, c.gradient, tolerance(c.loss));
      expect(serializeKerasObject(plain)).toEqual(c.loss);
    });
  });
});

describe("loss functions give what Keras gives", () => {
  goldens.functions.forEach((c, i) => {
    test(`${i} ${c.function} ${JSON.stringify(c.options)}`, async () => {
      const f = losses.lossFunctionNamed(c.function) as losses.NamedLossFunction;
      const options = Object.fromEntries(Object.entries(c.options).map(([k, v]) => [toCamel(k), v]));
      const yPred = made(c.y_pred);
      const output = f(made(c.y_true), yPred, options);
      const [gradient] = gradients(ops.sum(output), [yPred]) as [Tensor];
      await expectNear(output, c.output);
      await expectNear(gradient, c.gradient);
    });
  });
});

test("identifiers stand for what they stand for in Keras", () => {
  for (const [name, form] of Object.entries(goldens.identifiers))
    expect(losses.serialize(losses.get(name)), name).toEqual(form);
});

test("identifiers in both spellings, functions, configs and null", async () => {
  for (const name of ["sparse_categorical_crossentropy", "sparseCategoricalCrossentropy"]) {
    expect(losses.get(name).name).toBe("sparse_categorical_crossentropy");
  }
  expect(losses.get(null)).toBe(null);
  const own = losses.get((yTrue, yPred) => ops.sum(yTrue.subtract(yPred).abs(), { axis: -1 }));
  expect(await own.apply([[1, 2]], [[0, 4]]).item()).toBe(3);
  expect(() => losses.get("mean_squared_eror")).toThrow(ConfigError);
  expect(() => losses.get("mean_squared_eror")).toThrow(/Did you mean/);
  expect(() => new losses.MeanSquaredError({ reduction: "average" })).toThrow(/reduction must be a known name/);
  expect(new losses.MeanSquaredError({ reduction: "sumOverBatchSize" }).reduction).toBe("sum_over_batch_size");
});

test("wrapped functions with options go through their config", async () => {
  const wrapped = new losses.LossFunctionWrapper({ fn: losses.huber, name: "h", delta: 2 });
  const form = serializeKerasObject(wrapped);
  expect(form.config).toEqual({
    name: "h",
    reduction: "sum_over_batch_size",
    fn: { module: "builtins", class_name: "function", config: "huber", registered_name: "function" },
    delta: 2,
  });
  const again = losses.deserialize(form);
  const value = await wrapped.apply([[0, 0]], [[3, 1]]).item();
  expect(await again.apply([[0, 0]], [[3, 1]]).item()).toBe(value);
  expect(value).toBeCloseTo((2 * 3 - 2 + 0.5) / 2, 6);
});

test("a mask on the predictions leaves samples out", async () => {
  const yPred = tensor([
    [[1], [2]],
    [[3], [4]],
  ]);
  setMask(
    yPred,
    tensor([
      [true, false],
      [true, true],
    ]),
  );
  const yTrue = tensor([
    [[0], [0]],
    [[0], [0]],
  ]);
  expect(await new losses.MeanSquaredError().apply(yTrue, yPred).item()).toBeCloseTo((1 + 9 + 16) / 3, 5);
  expect(await new losses.MeanSquaredError({ reduction: "sum" }).apply(yTrue, yPred).item()).toBe(26);
  const weighted = new losses.MeanSquaredError().apply(yTrue, yPred, { sampleWeight: [1, 2] });
  expect(weighted.shape).toEqual([]);
});

test("a loss of one's own is weighted, reduced and differentiated", async () => {
  class Distance extends losses.Loss {
    static override readonly className: string = "Distance";
    override call(yTrue: Tensor, yPred: Tensor): Tensor {
      return ops.mean(yTrue.subtract(yPred).abs(), { axis: -1 });
    }
  }
  const loss = new Distance();
  expect(loss.name).toMatch(/^distance/);
  const [value, back] = valueAndGrad((x: Tensor) => loss.apply([[0, 1]], x, { sampleWeight: [2] }))(
    tensor([[0.5, 0.5]]),
  );
  expect(await (value as Tensor).item()).toBe(1);
  expect(await (back as Tensor).array()).toEqual([[1, -1]]);
});

test("targets that do not fit are refused with the way to do it", () => {
  const scores = tensor([
    [0.5, 0.5],
    [0.5, 0.5],
  ]);
  expect(() => losses.categoricalCrossentropy([0, 1], scores)).toThrow(/sparseCategoricalCrossentropy/);
  expect(() => losses.sparseCategoricalCrossentropy(scores, scores)).toThrow(/one-hot/);
  expect(() => losses.binaryCrossentropy([0, 1], [[0.5]])).toThrow(/one shape/);
});

test("focal, overlap and hinge losses give the numbers of Keras 3.15.1", async () => {
  const t = [
    [0, 1, 0],
    [1, 0, 0],
  ];
  const p = [
    [0.2, 0.5, 0.3],
    [0.1, 0.7, 0.2],
  ];
  const z = [
    [-1, 2, 0.5],
    [0.3, -0.2, 1],
  ];
  const near = async (x: Tensor, want: readonly number[]): Promise<void> => {
    const data = await x.data();
    want.forEach((y, i) => expect(data[i]).toBeCloseTo(y, 5));
  };
  const smooth = { fromLogits: true, labelSmoothing: 0.1 };
  await near(losses.categoricalFocalCrossentropy(t, p), [0.0433217, 0.4662735]);
  await near(losses.categoricalFocalCrossentropy(t, z, { alpha: 0.5, gamma: 1, ...smooth }), [0.0999879, 0.4636756]);
  await near(losses.binaryFocalCrossentropy(t, p), [0.0714378, 0.8213221]);
  await near(losses.binaryFocalCrossentropy(t, z, { applyClassBalancing: true, ...smooth }), [0.0934069, 0.1932406]);
  await near(losses.dice(t, p), [0.7]);
  await near(losses.dice(t, p, { axis: -1 }), [0.5, 0.9]);
  await near(losses.tversky(t, p, { alpha: 0.3, beta: 0.7 }), [0.7]);
  await near(losses.categoricalHinge(t, p), [0.8, 1.6]);
  await near(losses.squaredHinge(t, z), [0.75, 1.71]);
  expect(new losses.BinaryFocalCrossentropy().getConfig()).toEqual({
    ...{
      name: "binary_focal_crossentropy",
      reduction: "sum_over_batch_size",
      fromLogits: false,
      labelSmoothing: 0,
      axis: -1,
    },
    ...{ applyClassBalancing: false, alpha: 0.25, gamma: 2 },
  });
});
