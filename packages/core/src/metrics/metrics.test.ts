import { readFileSync } from "node:fs";
import { beforeEach, describe, expect, test } from "vitest";
import { ConfigError, ShapeError } from "../errors/index.ts";
import type { Tensor } from "../graph/index.ts";
import { setMask } from "../layers/masking.ts";
import * as losses from "../losses/index.ts";
import { tensor } from "../ops/convert.ts";
import * as ops from "../ops/index.ts";
import { resetNames } from "../ops/naming.ts";
import type { SerializedObject } from "../registry/index.ts";
import { jit } from "../transforms/index.ts";
import type { Variable } from "../weights/index.ts";
import * as metrics from "./index.ts";

interface Golden {
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly data: readonly number[];
}
type Value = Golden | number | null;
interface Case {
  readonly metric: SerializedObject;
  readonly paths: readonly string[];
  readonly steps: readonly {
    readonly args: readonly Value[];
    readonly sample_weight: Value;
    readonly result: Golden;
    readonly state: readonly Golden[];
  }[];
  readonly after_reset: { readonly result: Golden; readonly state: readonly Golden[] };
}
const goldens = JSON.parse(
  readFileSync(new URL("../../../conformance/goldens/metrics.json", import.meta.url), "utf8"),
) as { cases: Case[]; identifiers: Record<string, SerializedObject> };
// The golden file also has metrics that come later.
const cases = goldens.cases.filter((c) => Object.hasOwn(metrics.metricClasses, c.metric.class_name));

const made = (x: Value): Tensor | null => {
  if (x === null) return null;
  return typeof x === "number" ? tensor(x) : tensor([...x.data], { shape: x.shape, dtype: x.dtype });
};
async function expectNear(got: Tensor, want: Golden, what: string): Promise<void> {
  expect(got.shape, what).toEqual(want.shape);
  const data = await got.data();
  want.data.forEach((x, i) => {
    expect(Math.abs(x - (data[i] as number)), `${what}[${i}]: ${data[i]} for ${x}`).toBeLessThanOrEqual(
      3e-6 * Math.max(1, Math.abs(x)),
    );
  });
}

beforeEach(resetNames);

test("most of the golden metrics are here", () => {
  expect(cases.length).toBeGreaterThanOrEqual(41);
});

describe("metrics give what Keras gives", () => {
  cases.forEach((c, i) => {
    const label = `${i} ${c.metric.class_name} ${JSON.stringify(c.metric.config)}`;
    test(`${label}, eagerly`, async () => {
      const metric = metrics.deserialize(c.metric);
      expect(metric.variables.map((v) => v.path)).toEqual(c.paths);
      for (const [s, step] of c.steps.entries()) {
        metric.updateState(...step.args.map(made), { sampleWeight: made(step.sample_weight) });
        await expectNear(metric.result() as Tensor, step.result, `step ${s} result`);
        for (const [j, v] of metric.variables.entries())
          await expectNear(v.value, step.state[j] as Golden, `step ${s} ${v.path}`);
      }
      metric.resetState();
      await expectNear(metric.result() as Tensor, c.after_reset.result, "after reset");
      for (const [j, v] of metric.variables.entries())
        await expectNear(v.value, c.after_reset.state[j] as Golden, `reset ${v.path}`);
      expect(metrics.serialize(metric)).toEqual(c.metric);
    });

    test(`${label}, compiled and stateless`, async () => {
      const compiled = metrics.deserialize(c.metric);
      const step = jit((args: Tensor[], weight: Tensor[]) => {
        compiled.updateState(...args, { sampleWeight: weight[0] });
        return compiled.result() as Tensor;
      });
      const pure = metrics.deserialize(c.metric);
      let state = pure.statelessResetState();
      for (const { args, sample_weight, result } of c.steps) {
        const ready = args.map(made) as Tensor[];
        const weight = made(sample_weight);
        await expectNear(step(ready, weight === null ? [] : [weight]), result, "compiled");
        state = pure.statelessUpdateState(state, ...ready, { sampleWeight: weight });
        await expectNear(pure.statelessResult(state) as Tensor, result, "stateless");
      }
      for (const v of pure.variables) expect(await v.value.item()).toBe(0);
    });
  });
});

test("identifiers stand for what they stand for in Keras", () => {
  for (const [name, form] of Object.entries(goldens.identifiers))
    expect(metrics.serialize(metrics.get(name)), name).toEqual(form);
  expect(metrics.get("sparseCategoricalAccuracy")).toBeInstanceOf(metrics.SparseCategoricalAccuracy);
  expect(metrics.get("kl_divergence")).toBeInstanceOf(metrics.KLDivergence);
  expect(metrics.get(null)).toBe(null);
  expect(() => metrics.get("acuracy")).toThrow(ConfigError);
  expect(() => metrics.get("acuracy")).toThrow(/Did you mean "Accuracy"/);
});

test("functions are averaged under their name, built-in ones are saved by it", async () => {
  const most = metrics.get(function largestError(t: Tensor, p: Tensor) {
    return ops.max(t.subtract(p).abs(), { axis: -1 });
  });
  expect(most.name).toBe("largest_error");
  most.updateState([[0, 0]], [[1, 3]]);
  expect(await (most.result() as Tensor).item()).toBe(3);
  expect(() => metrics.serialize(most)).toThrow(/built in/);

  const wrapped = new metrics.MeanMetricWrapper({ fn: losses.huber, name: "h", delta: 2 });
  expect(wrapped.direction).toBe("down");
  const form = metrics.serialize(wrapped);
  expect(form.config).toEqual({
    name: "h",
    dtype: "float32",
    fn: { module: "builtins", class_name: "function", config: "huber", registered_name: "function" },
    delta: 2,
  });
  const again = metrics.deserialize(form);
  again.updateState([[0, 0]], [[3, 1]]);
  expect(await (again.result() as Tensor).item()).toBeCloseTo(2.25, 6);
});

test("masked samples do not count", async () => {
  const yPred = tensor([[1], [2], [9]]);
  setMask(yPred, tensor([true, true, false]));
  const metric = new metrics.MeanAbsoluteError();
  metric.updateState([[0], [0], [0]], yPred);
  expect(await metric.result().item()).toBe(1.5);
  metric.resetState();
  metric.updateState([[0], [0], [0]], yPred, { sampleWeight: [3, 1, 5] });
  expect(await metric.result().item()).toBe(1.25);
});

test("sorted class numbers can stand for scores", async () => {
  const metric = new metrics.SparseTopKCategoricalAccuracy({ k: 2, fromSortedIds: true });
  metric.updateState(
    [2, 0],
    tensor(
      [
        [1, 2, 0],
        [1, 2, 0],
      ],
      { dtype: "int32" },
    ),
  );
  expect(await metric.result().item()).toBe(0.5);
  expect(metric.getConfig()).toEqual({
    name: "sparse_top_k_categorical_accuracy",
    dtype: "float32",
    k: 2,
    fromSortedIds: true,
  });
});

test("a metric of one's own holds state and other metrics", async () => {
  class Spread extends metrics.Metric {
    static override readonly className: string = "Spread";
    readonly seen: Variable = this.addVariable({ name: "seen", shape: [2], initializer: 1 });
    readonly mean: metrics.Mean = new metrics.Mean({ name: "inner" });
    override updateState(values: Tensor): void {
      this.seen.assignAdd(values);
      this.mean.updateState(values);
    }
    override result(): Readonly<Record<string, Tensor>> {
      return { seen: this.seen.value, mean: this.mean.result() };
    }
  }
  const metric = new Spread();
  expect(metric.name).toBe("spread");
  expect(metric.variables.map((v) => v.path)).toEqual(["spread/seen", "inner/total", "inner/count"]);
  const { seen, mean } = metric.apply(tensor([1, 3])) as Record<"seen" | "mean", Tensor>;
  expect(await seen.array()).toEqual([2, 4]);
  expect(await mean.item()).toBe(2);
  expect(() => metric.statelessResult([1])).toThrow(ShapeError);
});
