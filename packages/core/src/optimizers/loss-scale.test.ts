import { readFileSync } from "node:fs";
import { beforeEach, describe, expect, test } from "vitest";
import type { Tensor } from "../graph/index.ts";
import { tensor } from "../ops/convert.ts";
import { resetNames } from "../ops/naming.ts";
import type { SerializedObject } from "../registry/index.ts";
import { jit } from "../transforms/index.ts";
import { Variable } from "../weights/index.ts";
import * as optimizers from "./index.ts";

interface Golden {
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly data: readonly (number | "nan" | "inf" | "-inf")[];
}
interface Case {
  readonly optimizer: SerializedObject;
  readonly variables: readonly Golden[];
  readonly gradients: readonly (readonly Golden[])[];
  readonly state_paths: readonly string[];
  readonly steps: readonly {
    readonly scaled_loss: Golden;
    readonly variables: readonly Golden[];
    readonly state: readonly Golden[];
  }[];
}
const file = new URL("../../../conformance/goldens/precision.json", import.meta.url);
const { steps: cases } = JSON.parse(readFileSync(file, "utf8")) as { steps: Case[] };

const words = { nan: Number.NaN, inf: Number.POSITIVE_INFINITY, "-inf": Number.NEGATIVE_INFINITY };
const made = ({ shape, dtype, data }: Golden): Tensor =>
  tensor(
    data.map((x) => (typeof x === "number" ? x : words[x])),
    { shape, dtype },
  );
async function expectNear(got: Tensor, want: Golden, what: string): Promise<void> {
  expect([got.shape, got.dtype], what).toEqual([want.shape, want.dtype]);
  const data = await got.data();
  want.data.forEach((x, i) => {
    const wanted = x as number;
    expect(Math.abs(wanted - (data[i] as number)), `${what}[${i}]: ${data[i]} for ${x}`).toBeLessThanOrEqual(
      2e-6 * Math.max(1, Math.abs(wanted)),
    );
  });
}

function start(c: Case): [optimizer: optimizers.Optimizer, variables: Variable[]] {
  const optimizer = optimizers.get(c.optimizer);
  const names = ["kernel", "bias"];
  const variables = c.variables.map((v, i) => new Variable(made(v), { name: names[i] as string }));
  optimizer.build(variables);
  return [optimizer, variables];
}

beforeEach(resetNames);

describe("steps give what Keras gives, steps that are left out too", () => {
  cases.forEach((c, i) => {
    test(`${i} ${JSON.stringify(c.optimizer.config)}, eagerly`, async () => {
      const [optimizer, variables] = start(c);
      expect(optimizer.variables.map((v) => v.path)).toEqual(c.state_paths);
      for (const [s, step] of c.steps.entries()) {
        await expectNear(optimizer.scaleLoss(tensor(0.5)), step.scaled_loss, `step ${s} loss`);
        optimizer.apply((c.gradients[s] as Golden[]).map(made), variables);
        for (const [j, v] of variables.entries())
          await expectNear(v.value, step.variables[j] as Golden, `step ${s} ${j}`);
        for (const [j, v] of optimizer.variables.entries())
          await expectNear(v.value, step.state[j] as Golden, `step ${s} ${v.path}`);
      }
      expect(optimizers.serialize(optimizer)).toEqual(c.optimizer);
    });
    test(`${i}, compiled and stateless`, async () => {
      const [compiled, variables] = start(c);
      const step = jit((...grads: Tensor[]) => compiled.apply(grads, variables));
      const [pure, own] = start(c);
      let trainable = own.map((v) => v.value);
      let state = pure.variables.map((v) => v.value);
      for (const gradients of c.gradients) {
        step(...gradients.map(made));
        [trainable, state] = pure.statelessApply(state, gradients.map(made), trainable);
      }
      const last = c.steps.at(-1) as Case["steps"][number];
      for (const [j, want] of last.variables.entries()) {
        await expectNear((variables[j] as Variable).value, want, `compiled ${j}`);
        await expectNear(trainable[j] as Tensor, want, `stateless ${j}`);
        await expectNear((own[j] as Variable).value, c.variables[j] as Golden, `untouched ${j}`);
      }
      for (const [j, want] of last.state.entries()) {
        await expectNear((compiled.variables[j] as Variable).value, want, `compiled state ${j}`);
        await expectNear(state[j] as Tensor, want, `stateless state ${j}`);
      }
    });
  });
});

test("it stands for the inner optimizer where it has no state of its own", async () => {
  const optimizer = new optimizers.LossScaleOptimizer({ innerOptimizer: "adam" });
  expect(optimizer.innerOptimizer).toBeInstanceOf(optimizers.Adam);
  expect(await optimizer.scaleLoss(tensor(2)).item()).toBe(2 ** 16);
  optimizer.learningRate = 0.5;
  expect(await optimizer.innerOptimizer.learningRate.item()).toBe(0.5);
  const w = new Variable([1, 2]);
  optimizer.build([w]);
  const values = await optimizer.getWeights();
  expect(values.length).toBe(optimizer.variables.length);
  optimizer.setWeights(values.map(({ data, ...aval }) => ({ ...aval, data: data.map((x) => x + 1) })));
  expect(await optimizer.iterations.item()).toBe(1);
  // Missing gradients are neither finite nor not.
  const v = new Variable([1]);
  const other = new optimizers.LossScaleOptimizer({ innerOptimizer: "sgd", initialScale: 2 });
  other.apply([tensor([2]), null], [v, w]);
  expect(await v.value.array()).toEqual([Math.fround(1 - Math.fround(0.01))]);
});

test("what belongs to the inner optimizer is refused, as far as it says something", () => {
  const make = (more: object) => () => new optimizers.LossScaleOptimizer({ innerOptimizer: "sgd", ...more });
  expect(make({ clipnorm: 1 })).toThrow(
    "LossScaleOptimizer: LossScaleOptimizer takes innerOptimizer, initialScale, dynamicGrowthSteps, name, got clipnorm 1. Set clipnorm on the inner optimizer",
  );
  expect(make({ dynamic: false })).toThrow(/For a fixed scale set lossScaleFactor on the inner optimizer/);
  expect(make({ initialscale: 1 })).toThrow(/Did you mean "initialScale"/);
  expect(make({ clipnorm: null, useEma: false, emaMomentum: 0.99, dynamic: true })).not.toThrow();
});
