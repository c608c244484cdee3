import { grad, input, layers, type Model, ops, Sequential, setRandomSeed, type Tensor, tensor } from "@keras-ts/core";
import { beforeAll, expect, test } from "vitest";
import {
  type JaxArray,
  type JaxModule,
  type JaxParams,
  type JaxState,
  loadJax,
  type Params,
  toJax,
  toPure,
} from "../index.ts";

let jax: JaxModule;
beforeAll(async () => {
  jax = await loadJax();
});

const RATE = 0.1;
const near = (values: readonly number[]): unknown[] => values.map((v) => expect.closeTo(v, 4));

/** Losses of full-batch gradient descent with jax.valueAndGrad and jax.jit of jax-js. */
async function train(model: Model, x: number[], y: number[], shape: number[], steps: number): Promise<number[]> {
  const np = jax.numpy;
  const { init, apply } = toJax(model, jax);
  let { params, state } = await init();
  type Args = [JaxParams, JaxState, JaxArray, JaxArray];
  const lossOf = (...[p, s, xs, ys]: Args): [JaxArray, JaxState] => {
    const [guess, after] = apply(p, s, xs, { training: true });
    return [np.mean(np.square(np.subtract(guess, ys))), after];
  };
  const both = jax.valueAndGrad(lossOf, { hasAux: true });
  const step = jax.jit((...[p, s, xs, ys]: Args): [JaxArray, JaxParams, JaxState] => {
    const [[loss, after], grads] = both(jax.tree.ref(p), s, xs, ys);
    const next = jax.tree.map((w: JaxArray, g: JaxArray) => w.sub(g.mul(RATE)), p, grads);
    return [loss, next, after];
  });
  const curve: number[] = [];
  for (let i = 0; i < steps; i++) {
    const xs = np.array(Float32Array.from(x), { shape });
    const ys = np.array(Float32Array.from(y), { shape: [shape[0] as number, y.length / (shape[0] as number)] });
    const [loss, p, s] = step(params, state, xs, ys);
    [params, state] = [p, s];
    curve.push((await loss.data())[0] as number);
  }
  return curve;
}

async function fitted(model: Model, x: number[], y: number[], shape: number[], steps: number): Promise<number[]> {
  const { tensor, optimizers } = await import("@keras-ts/core");
  model.compile({ optimizer: new optimizers.SGD({ learningRate: RATE }), loss: "mse" });
  const xs = tensor(x, { shape });
  const ys = tensor(y, { shape: [shape[0] as number, y.length / (shape[0] as number)] });
  const { history } = await model.fit(xs, ys, {
    batchSize: shape[0] as number,
    epochs: steps,
    shuffle: false,
    verbose: 0,
  });
  return history.loss as number[];
}

const wave = (n: number, speed: number): number[] => Array.from({ length: n }, (_, i) => Math.sin(speed * i));

test("an MLP with dropout and batch normalisation has the losses of fit", async () => {
  const build = (): Sequential => {
    setRandomSeed(4);
    return new Sequential([
      input({ shape: [3] }),
      new layers.Dense({ units: 8, activation: "relu" }),
      new layers.BatchNormalization(),
      new layers.Dropout({ rate: 0.2 }),
      new layers.Dense({ units: 8, activation: "gelu" }),
      new layers.LayerNormalization(),
      new layers.Dense({ units: 2, activation: "softmax" }),
    ]);
  };
  const [x, y] = [wave(24, 1.3), wave(16, 0.7)];
  expect(await train(build(), x, y, [8, 3], 6)).toEqual(near(await fitted(build(), x, y, [8, 3], 6)));
});

test("a convnet has the losses of fit", async () => {
  const build = (): Sequential => {
    setRandomSeed(6);
    return new Sequential([
      input({ shape: [8, 8, 1] }),
      new layers.Conv2D({ filters: 4, kernelSize: 3, padding: "same", activation: "relu" }),
      new layers.MaxPooling2D({ poolSize: 3, strides: 2, padding: "same" }),
      new layers.Conv2D({ filters: 6, kernelSize: 3, strides: 2, padding: "same", activation: "tanh" }),
      new layers.DepthwiseConv2D({ kernelSize: 2 }),
      new layers.AveragePooling2D({ poolSize: 1 }),
      new layers.Flatten(),
      new layers.Dense({ units: 2 }),
    ]);
  };
  const [x, y] = [wave(4 * 64, 0.37), wave(8, 0.9)];
  expect(await train(build(), x, y, [4, 8, 8, 1], 4)).toEqual(near(await fitted(build(), x, y, [4, 8, 8, 1], 4)));
});

test("gradients of a plain sum are the same compiled, uncompiled and in core", async () => {
  setRandomSeed(8);
  const model = new Sequential([
    input({ shape: [6, 6, 1] }),
    new layers.Conv2D({ filters: 2, kernelSize: 3, strides: 2, padding: "same", name: "first" }),
    new layers.AveragePooling2D({ poolSize: 2, strides: 1 }),
    new layers.Conv2D({ filters: 1, kernelSize: 2, name: "last" }),
  ]);
  const x = wave(36, 0.4);
  const { init, apply } = toJax(model, jax);
  const { params, state } = await init();
  const total = (p: JaxParams): JaxArray =>
    jax.numpy.sum(apply(p, jax.tree.ref(state), jax.numpy.array(Float32Array.from(x), { shape: [1, 6, 6, 1] }))[0]);
  const values = async (grads: JaxParams): Promise<number[][]> =>
    Promise.all(jax.tree.leaves<JaxArray>(grads).map(async (g) => [...(await g.data())]));
  const own = toPure(model);
  const start = own.init();
  const expected = grad(
    (p: Params) => ops.sum(own.apply(p, start.state, tensor(x, { shape: [1, 6, 6, 1] }))[0]) as Tensor,
  )(start.params);
  const flat = await Promise.all(
    ["first", "last"].flatMap((layer) =>
      ["kernel", "bias"].map(async (name) => {
        const g = (expected as unknown as Record<string, Record<string, Tensor>>)[layer]?.[name] as Tensor;
        return [...(await g.data())];
      }),
    ),
  );
  expect(await values(jax.grad(total)(jax.tree.ref(params)))).toEqual(flat.map(near));
  expect(await values(jax.jit(jax.grad(total))(jax.tree.ref(params)))).toEqual(flat.map(near));
});

test("outputs are those of the model, for tokens and attention too", async () => {
  setRandomSeed(2);
  const tokens = input({ shape: [5], dtype: "int32" });
  const { Model } = await import("@keras-ts/core");
  const embedded = new layers.Embedding({ inputDim: 7, outputDim: 4 }).apply(tokens);
  const attended = new layers.MultiHeadAttention({ numHeads: 2, keyDim: 3 }).apply(embedded, embedded);
  const model = new Model({ inputs: tokens, outputs: new layers.LSTM({ units: 3 }).apply(attended) });
  const ids = Int32Array.of(1, 2, 3, 4, 5, 6, 0, 1, 2, 3);
  const { init, apply, store } = toJax(model, jax);
  const { params, state } = await init();
  const [y] = apply(jax.tree.ref(params), jax.tree.ref(state), jax.numpy.array(ids, { shape: [2, 5] }));
  const expected = await model.predict<Tensor>({ shape: [2, 5], dtype: "int32", data: ids }, { verbose: 0 });
  expect([...(await y.data())]).toEqual(near([...(await expected.data())]));
  await store(params, state);
  const again = await model.predict<Tensor>({ shape: [2, 5], dtype: "int32", data: ids }, { verbose: 0 });
  expect(await again.array()).toEqual(await expected.array());
});

test("seeds, purity, mistakes", async () => {
  setRandomSeed(1);
  const model = new Sequential([
    input({ shape: [4] }),
    new layers.Dropout({ rate: 0.5, name: "drop" }),
    new layers.Dense({ units: 1, name: "out" }),
  ]);
  const { init, apply } = toJax(model, jax);
  const { params, state } = await init(3);
  const run = async (options: object): Promise<number[]> => {
    const x = jax.numpy.ones([2, 4]);
    const [y, after] = apply(jax.tree.ref(params), jax.tree.ref(state), x, options);
    jax.tree.dispose(after);
    return [...(await y.data())];
  };
  expect(await run({ training: true, seed: 5 })).toEqual(await run({ training: true, seed: 5 }));
  expect(await run({ training: true, seed: 5 })).not.toEqual(await run({ training: true, seed: 6 }));
  expect(await run({ training: true })).toEqual(await run({ training: true }));
  // Compiled or not, the numbers are those of core.
  const own = toPure(model);
  const start = own.init(3);
  const [expected] = own.apply(
    start.params,
    start.state,
    [
      [1, 1, 1, 1],
      [1, 1, 1, 1],
    ],
    { training: true, seed: 5 },
  );
  const compiled = jax.jit(
    (p: JaxParams, s: JaxState) => apply(p, s, jax.numpy.ones([2, 4]), { training: true, seed: 5 })[0],
  );
  const plain = [...(await expected.data())];
  expect([...(await compiled(jax.tree.ref(params), jax.tree.ref(state)).data())]).toEqual(near(plain));
  expect(await run({ training: true, seed: 5 })).toEqual(near(plain));
  const other = { out: { kernel: jax.numpy.ones([1, 1]), bias: jax.numpy.ones([1]) } };
  expect(() => apply(other, state, jax.numpy.ones([2, 4]))).toThrowErrorMatchingSnapshot("other shapes");
  expect(() => apply({}, state, jax.numpy.ones([2, 4]))).toThrowErrorMatchingSnapshot("missing");
  await expect(loadJax({ device: "webgpu" })).rejects.toThrow('the device "webgpu" must start');
});
