import { onnx } from "@keras-ts/backend-onnx";
import {
  input,
  jit,
  layers,
  losses,
  optimizers,
  Sequential,
  setBackend,
  setRandomSeed,
  type Tensor,
  tensor,
  valueAndGrad,
} from "@keras-ts/core";
import { reference } from "@keras-ts/core/backend";
import { afterEach, expect, test } from "vitest";
import {
  adam,
  applyUpdates,
  chain,
  clipByGlobalNorm,
  fromKerasOptimizer,
  type GradientTransformation,
  globalNorm,
  sgd,
  toPure,
} from "./index.ts";

afterEach(() => setBackend(reference()));

const x = tensor(Array.from({ length: 16 }, (_, i) => [Math.sin(i), Math.cos(2 * i)]));
const y = tensor(Array.from({ length: 16 }, (_, i) => [Math.sin(i) * Math.cos(2 * i)]));
const build = (): Sequential => {
  setRandomSeed(9);
  return new Sequential([
    input({ shape: [2] }),
    new layers.Dense({ units: 8, activation: "tanh", name: "hidden" }),
    new layers.BatchNormalization({ name: "norm" }),
    new layers.Dropout({ rate: 0.25, name: "drop" }),
    new layers.Dense({ units: 1, name: "out" }),
  ]);
};
const mse = new losses.MeanSquaredError();

async function train(rule: GradientTransformation, steps: number): Promise<number[]> {
  const { init, apply } = toPure(build());
  let { params, state } = init();
  let ruleState = rule.init(params);
  type P = typeof params;
  const step = jit((p: P, s: typeof state, r: unknown) => {
    const lossOf = (weights: P): readonly [Tensor, unknown] => {
      const [guess, after] = apply(weights, s, x, { training: true });
      return [mse.apply(y, guess), after];
    };
    const [[loss, after], grads] = valueAndGrad(lossOf as never, { hasAux: true })(p as never) as unknown as [
      [Tensor, typeof state],
      P,
    ];
    const [updates, next] = rule.update(grads, r, p);
    return { loss, params: applyUpdates(p, updates), state: after, rule: next };
  });
  const curve: number[] = [];
  for (let i = 0; i < steps; i++) {
    const result = step(params, state, ruleState);
    ({ params, state } = result);
    ruleState = result.rule;
    curve.push(await result.loss.item());
  }
  return curve;
}
async function fitted(optimizer: optimizers.Optimizer, steps: number): Promise<number[]> {
  const model = build();
  model.compile({ optimizer, loss: "mse" });
  const { history } = await model.fit(x, y, { batchSize: 16, epochs: steps, shuffle: false, verbose: 0 });
  return history.loss as number[];
}
const near = (values: readonly number[]): unknown[] => values.map((v) => expect.closeTo(v, 5));

test("Keras optimizers and own ones give the losses of fit", async () => {
  const expected = await fitted(new optimizers.AdamW({ learningRate: 0.02, globalClipnorm: 0.5 }), 6);
  expect(await train(fromKerasOptimizer(new optimizers.AdamW({ learningRate: 0.02, globalClipnorm: 0.5 })), 6)).toEqual(
    near(expected),
  );
  const plain = await fitted(new optimizers.SGD({ learningRate: 0.1 }), 5);
  expect(await train(sgd(0.1), 5)).toEqual(near(plain));
  const momentum = await fitted(new optimizers.SGD({ learningRate: 0.1, momentum: 0.9, nesterov: true }), 5);
  expect(await train(sgd(0.1, { momentum: 0.9, nesterov: true }), 5)).toEqual(near(momentum));
  const clipped = await fitted(new optimizers.SGD({ learningRate: 0.1, globalClipnorm: 0.1 }), 5);
  expect(await train(chain(clipByGlobalNorm(0.1), sgd(0.1)), 5)).toEqual(near(clipped));
  const adams = await fitted(new optimizers.Adam({ learningRate: 0.02, epsilon: 1e-8 }), 5);
  expect((await train(adam(0.02), 5)).map((v, i) => Math.abs(v - (adams[i] as number)) < 1e-4)).toEqual(
    adams.map(() => true),
  );
});

test("the same on ONNX Runtime", async () => {
  const expected = await train(adam(0.02), 4);
  setBackend(await onnx());
  expect(await train(adam(0.02), 4)).toEqual(near(expected));
});

test("init draws by seed, apply is pure", async () => {
  const { init, apply, store } = toPure(build());
  const [a, b, c] = [init(1), init(1), init(2)];
  const kernel = ({ params }: typeof a): Promise<unknown> =>
    ((params.hidden as Record<string, Tensor>).kernel as Tensor).array();
  expect(await kernel(a)).toEqual(await kernel(b));
  expect(await kernel(a)).not.toEqual(await kernel(c));
  expect(Object.keys(a.params)).toEqual(["hidden", "norm", "out"]);
  expect(Object.keys(a.state)).toEqual(["norm", "drop"]);
  const run = async (seed?: number | Tensor): Promise<unknown> =>
    apply(a.params, a.state, x, { training: true, ...(seed === undefined ? {} : { seed }) })[0].array();
  expect(await run(3)).toEqual(await run(tensor(3, { dtype: "uint32" })));
  expect(await run(3)).not.toEqual(await run(4));
  expect(await run()).toEqual(await run());
  const [, after] = apply(a.params, a.state, x, { training: true });
  const mean = (state: typeof after): Promise<unknown> =>
    ((state.norm as Record<string, Tensor>).moving_mean as Tensor).array();
  expect(await mean(after)).not.toEqual(await mean(a.state));
  const model = build();
  const pure = toPure(model);
  pure.store(a.params, after);
  expect(await model.predict(x, { verbose: 0 }).then((t) => t.array())).toEqual(
    await apply(a.params, after, x)[0].array(),
  );
  store(a.params, a.state);
});

test("mistakes", () => {
  const { params, state } = toPure(build()).init();
  const { apply } = toPure(build());
  expect(() =>
    toPure(new Sequential([new layers.Dense({ units: 1, name: "late" })], { name: "late_model" })),
  ).toThrowErrorMatchingSnapshot("unbuilt");
  expect(() => apply({ hidden: params.hidden as never }, state, x)).toThrowErrorMatchingSnapshot("missing value");
  expect(() => clipByGlobalNorm(0)).toThrowErrorMatchingSnapshot("no norm");
  const rule = fromKerasOptimizer(new optimizers.SGD());
  const ruleState = rule.init({ w: tensor([1, 2]) });
  expect(() => rule.init({ w: tensor([1]) })).toThrowErrorMatchingSnapshot("other shapes");
  expect(() => rule.update({ w: tensor([1, 2]) }, ruleState)).toThrowErrorMatchingSnapshot("no params");
  expect(globalNorm({ a: tensor([3]), b: [tensor([4])] }).shape).toEqual([]);
});
