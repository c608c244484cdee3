import { readFileSync } from "node:fs";
import { beforeEach, describe, expect, test, vi } from "vitest";
import { ConfigError, ShapeError, StateError } from "../errors/index.ts";
import type { Tensor } from "../graph/index.ts";
import { tensor } from "../ops/convert.ts";
import * as ops from "../ops/index.ts";
import { resetNames } from "../ops/naming.ts";
import type { SerializedObject } from "../registry/index.ts";
import { jit } from "../transforms/index.ts";
import { Variable } from "../weights/index.ts";
import * as optimizers from "./index.ts";

interface Golden {
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly data: readonly number[];
}
interface Case {
  readonly optimizer: SerializedObject;
  readonly variables: readonly Golden[];
  readonly gradients: readonly (readonly Golden[])[];
  readonly steps: readonly {
    readonly variables: readonly Golden[];
    readonly state: readonly Golden[];
    readonly learning_rate: Golden;
  }[];
  readonly state_paths: readonly string[];
  readonly constrained: boolean;
  readonly excluded_from_weight_decay: readonly string[];
  readonly finalized?: readonly Golden[];
}
const read = (name: string): unknown =>
  JSON.parse(readFileSync(new URL(`../../../conformance/goldens/${name}.json`, import.meta.url), "utf8"));
const goldens = read("optimizers") as { cases: Case[]; identifiers: Record<string, SerializedObject> };
const { cases: scheduleCases } = read("schedules") as {
  cases: { schedule: SerializedObject; steps: number[]; rates: Golden[] }[];
};

const special: Readonly<Record<string, number>> = { nan: Number.NaN, inf: Infinity, "-inf": -Infinity };
const made = ({ shape, dtype, data }: Golden): Tensor =>
  tensor(
    data.map((x) => special[x] ?? x),
    { shape, dtype },
  );
async function expectNear(got: Tensor, want: Golden, what: string): Promise<void> {
  expect(got.shape, what).toEqual(want.shape);
  expect(got.dtype, what).toBe(want.dtype);
  const data = await got.data();
  want.data.forEach((x, i) => {
    expect(Math.abs(x - (data[i] as number)), `${what}[${i}]: ${data[i]} for ${x}`).toBeLessThanOrEqual(
      2e-6 * Math.max(1, Math.abs(x)),
    );
  });
}
const nonNegative = { call: (x: Tensor): Tensor => ops.maximum(x, 0) };

function start(c: Case): [optimizer: optimizers.Optimizer, variables: Variable[]] {
  const optimizer = optimizers.get(c.optimizer);
  const names = ["kernel", "bias"];
  const variables = c.variables.map((v, i) => new Variable(made(v), { name: names[i] as string }));
  if (c.constrained) (variables[0] as Variable).constraint = nonNegative;
  optimizer.build(variables);
  if (c.excluded_from_weight_decay.length > 0)
    optimizer.excludeFromWeightDecay({ varNames: c.excluded_from_weight_decay });
  return [optimizer, variables];
}
const label = (c: Case, i: number): string => {
  const set = Object.entries(c.optimizer.config).filter(([, value]) => value !== null && value !== false);
  return `${i} ${c.optimizer.class_name} ${JSON.stringify(Object.fromEntries(set))}`;
};

beforeEach(resetNames);

describe("steps give what Keras gives", () => {
  goldens.cases.forEach((c, i) => {
    test(`${label(c, i)}, eagerly`, async () => {
      const [optimizer, variables] = start(c);
      expect(optimizer.variables.map((v) => v.path)).toEqual(c.state_paths);
      for (const [s, step] of c.steps.entries()) {
        optimizer.apply((c.gradients[s] as Golden[]).map(made), variables);
        for (const [j, v] of variables.entries())
          await expectNear(v.value, step.variables[j] as Golden, `step ${s} ${v.path}`);
        for (const [j, v] of optimizer.variables.entries())
          await expectNear(v.value, step.state[j] as Golden, `step ${s} ${v.path}`);
        await expectNear(optimizer.learningRate, step.learning_rate, `step ${s} rate`);
      }
      if (c.finalized !== undefined) {
        optimizer.finalizeVariableValues(variables);
        for (const [j, v] of variables.entries())
          await expectNear(v.value, c.finalized[j] as Golden, `final ${v.path}`);
      }
      expect(optimizers.serialize(optimizer)).toEqual(c.optimizer);
      expect(optimizers.deserialize(optimizers.serialize(optimizer)).getConfig()).toEqual(optimizer.getConfig());
    });

    test(`${label(c, i)}, compiled and stateless`, async () => {
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

describe("schedules give what Keras gives", () => {
  scheduleCases.forEach((c, i) => {
    test(`${i} ${c.schedule.class_name} ${JSON.stringify(c.schedule.config)}`, async () => {
      const schedule = optimizers.schedules.deserialize(c.schedule);
      expect(optimizers.schedules.serialize(schedule)).toEqual(c.schedule);
      for (const [j, step] of c.steps.entries()) {
        await expectNear(schedule.call(tensor(step, { dtype: "int32" })), c.rates[j] as Golden, `step ${step}`);
      }
    });
  });
});

test("identifiers stand for what they stand for in Keras", () => {
  for (const [name, form] of Object.entries(goldens.identifiers)) {
    const { config } = optimizers.serialize(optimizers.get(name));
    expect({ ...config, name: form.config.name }, name).toEqual(form.config);
  }
  expect(optimizers.get("adam_w")).toBeInstanceOf(optimizers.AdamW);
  expect(optimizers.get(null)).toBe(null);
  expect(() => optimizers.get("adm")).toThrow(/Did you mean "Adam"/);
});

// Three steps from [1, -2] with gradients [0.1, -0.2], [0.3, 0.1], [-0.2, 0.4]; the numbers are those of Keras 3.15.1 on JAX.
const learningRate = 0.1;
const others: readonly (readonly [() => optimizers.Optimizer, readonly number[], readonly string[]])[] = [
  [() => new optimizers.RMSprop({ learningRate }), [0.55829954, -2.1130738], ["w_velocity"]],
  [
    () => new optimizers.RMSprop({ learningRate, momentum: 0.9, centered: true }),
    [-0.3483827, -1.6684861],
    ["w_velocity", "w_momentum", "w_average_gradient"],
  ],
  [() => new optimizers.Adagrad({ learningRate }), [0.94359165, -2.0442097], ["w_accumulator"]],
  [
    () => new optimizers.Adadelta({ learningRate: 10 }),
    [0.98178965, -2.0141788],
    ["w_accumulated_grad", "w_accumulated_delta_var"],
  ],
  [() => new optimizers.Adamax({ learningRate }), [0.8129873, -1.9091847], ["w_momentum", "w_norm"]],
  [() => new optimizers.Nadam({ learningRate }), [0.8427125, -2.0247748], ["w_momentum", "w_velocity", "variable"]],
  [() => new optimizers.Lion({ learningRate, weightDecay: 0.1 }), [0.873289, -2.0415881], ["w_momentum"]],
];
test("optimizers beyond the golden files give what Keras gives", async () => {
  for (const [make, want, slots] of others) {
    resetNames();
    const w = new Variable([1, -2], { name: "w" });
    const optimizer = make();
    optimizer.build([w]);
    for (const g of [
      [0.1, -0.2],
      [0.3, 0.1],
      [-0.2, 0.4],
    ])
      optimizer.apply([tensor(g)]);
    await expectNear(w.value, { shape: [2], dtype: "float32", data: want }, optimizer.name);
    expect(optimizer.variables.slice(2).map((v) => v.name)).toEqual(slots);
    const again = optimizers.deserialize(optimizers.serialize(optimizer));
    expect(again.constructor).toBe(optimizer.constructor);
    expect(again.getConfig()).toEqual(optimizer.getConfig());
  }
});

test("the learning rate can be set, and the config follows", async () => {
  const optimizer = new optimizers.SGD({ learningRate: 0.5 });
  const w = new Variable([1, 2], { name: "w" });
  optimizer.build([w]);
  optimizer.learningRate = 0.25;
  expect(optimizer.getConfig().learningRate).toBe(0.25);
  optimizer.apply([tensor([1, 1])]);
  expect(await w.value.array()).toEqual([0.75, 1.75]);
  optimizer.setWeights([7, 0.125]);
  expect(optimizer.getConfig().learningRate).toBe(0.125);
  expect(await optimizer.iterations.item()).toBe(7);
  optimizer.learningRate = new optimizers.schedules.ExponentialDecay({
    initialLearningRate: 0.1,
    decaySteps: 2,
    decayRate: 0.5,
  });
  expect(optimizer.variables.map((v) => v.path)).toEqual(["sgd/iteration"]);
  expect(() => {
    optimizer.learningRate = 0.1;
  }).toThrow(StateError);
  const fixed = new optimizers.SGD({ learningRate: () => 0.5 });
  fixed.apply([tensor([1, 1])], [w]);
  expect(await w.value.array()).toEqual([0.25, 1.25]);
});

test("a compiled step sees a rate that was set", async () => {
  const optimizer = new optimizers.SGD({ learningRate: 1 });
  const w = new Variable([0], { name: "w" });
  optimizer.build([w]);
  const step = jit((g: Tensor) => optimizer.apply([g]));
  step(tensor([1]));
  optimizer.learningRate = 0.5;
  step(tensor([1]));
  expect(await w.value.array()).toEqual([-1.5]);
});

test("slots of one's own start as they are told", async () => {
  const optimizer = new optimizers.SGD();
  const made = [
    optimizer.addVariable({ shape: [2], initializer: "ones", name: "named" }),
    optimizer.addVariable({ shape: [2], initializer: 3 }),
    optimizer.addVariable({ shape: [2], initializer: (shape: readonly number[]) => ops.full(shape, 0.5) }),
  ];
  expect(await Promise.all(made.map((v) => v.value.array()))).toEqual([
    [1, 1],
    [3, 3],
    [0.5, 0.5],
  ]);
  expect(made[0]?.path).toBe("sgd/named");
});

test("variables that ask for it are overwritten by their gradients", async () => {
  const w = new Variable([1, 2], { name: "w" });
  const scale = new Variable([0], { name: "scale", overwriteWithGradient: true });
  const optimizer = new optimizers.Adam({ learningRate: 0.1 });
  optimizer.apply([tensor([1, 1]), tensor([9])], [w, scale]);
  expect(await scale.value.array()).toEqual([9]);
  expect(optimizer.variables.map((v) => v.name)).toEqual(["iteration", "learning_rate", "w_momentum", "w_velocity"]);

  const collecting = new optimizers.SGD({ gradientAccumulationSteps: 2 });
  collecting.apply([tensor([1, 1]), tensor([3])], [w, scale]);
  expect(await scale.value.array()).toEqual([9]);
  collecting.apply([tensor([1, 1]), tensor([2])], [w, scale]);
  expect(await scale.value.array()).toEqual([3]);
});

test("variables without a gradient stay, with a warning", async () => {
  const warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
  const [a, b] = [new Variable([1], { name: "a" }), new Variable([1], { name: "b" })];
  const optimizer = new optimizers.SGD({ learningRate: 1 });
  optimizer.applyGradients([
    [tensor([1]), a],
    [null, b],
  ]);
  expect(await a.value.array()).toEqual([0]);
  expect(await b.value.array()).toEqual([1]);
  expect(warn.mock.calls.flat().join()).toMatch(/no gradients for b/);
  expect(() => optimizer.apply([null, null])).toThrow(StateError);
  warn.mockRestore();
});

test("misuse is told with the way to do it", () => {
  const w = new Variable([1], { name: "w" });
  expect(() => new optimizers.SGD({ momentum: 2 })).toThrow(/momentum must be in \[0, 1\]/);
  expect(() => new optimizers.Adam({ clipnorm: 1, clipvalue: 1 })).toThrow(/only one of/);
  expect(() => new optimizers.Adam({ gradientAccumulationSteps: 1 })).toThrow(/at least 2/);
  expect(() => new optimizers.Adam({ useEma: true, emaMomentum: 2 })).toThrow(ConfigError);
  expect(() => new optimizers.Adam({ learningRate: Number.NaN })).toThrow(/finite/);
  expect(() => new optimizers.AdamW({ weightDecay: null })).toThrow(/Adam/);
  expect(() => new optimizers.Lion({ beta1: 0 })).toThrow(/beta1/);
  const misspelt = JSON.parse('{ "learningrate": 1 }') as optimizers.AdamConfig;
  expect(() => new optimizers.Adam(misspelt)).toThrow(/Did you mean "learningRate"/);
  const optimizer = new optimizers.SGD();
  expect(() => optimizer.apply([tensor([1])])).toThrow(/optimizer.build/);
  expect(() => optimizer.setWeights([])).toThrow(StateError);
  optimizer.build([w]);
  expect(() => optimizer.apply([tensor([1]), tensor([1])])).toThrow(ShapeError);
  expect(() => optimizer.apply([tensor([1])], [new Variable([1], { name: "other" })])).toThrow(/new optimizer/);
  expect(() => optimizer.statelessApply([1], [tensor([1])], [[1]])).toThrow(/2 optimizer variables/);
  expect(() => new optimizers.schedules.CosineDecay({ initialLearningRate: 1, decaySteps: 0 })).toThrow(/positive/);
});

test("what a loss scaler refuses", () => {
  const innerOptimizer = new optimizers.SGD();
  const made = (config: object) => () =>
    new optimizers.LossScaleOptimizer(config as { innerOptimizer: typeof innerOptimizer });
  expect(made({})).toThrow(/innerOptimizer must be an optimizer, got undefined/);
  expect(made({ innerOptimizer, initialScale: 0 })).toThrow(/initialScale must be a finite number above 0, got 0/);
  expect(made({ innerOptimizer, dynamicGrowthSteps: 1.5 })).toThrow(
    /dynamicGrowthSteps must be a whole number above 0/,
  );
  expect(made({ innerOptimizer, clipnorm: 1 })).toThrow(/options must be ones that it has, got "clipnorm"/);
});

test("a loss scaler switches the inner scale off, and takes what old files say of nothing", async () => {
  const inner = new optimizers.SGD({ lossScaleFactor: 2 });
  const optimizer = new optimizers.LossScaleOptimizer({ innerOptimizer: inner });
  expect(inner.lossScaleFactor).toBe(null);
  const form = optimizers.serialize(optimizer);
  const old = { dynamic: true, clipnorm: null, use_ema: false, ema_momentum: 0.99, weight_decay: null };
  const loaded = optimizers.deserialize({ ...form, config: { ...form.config, ...old } });
  expect(optimizers.serialize(loaded)).toEqual(form);
  const refused = { ...form, config: { ...form.config, clipnorm: 1 } };
  expect(() => optimizers.deserialize(refused)).toThrow(/must be ones that it has, got "clipnorm"/);
});
