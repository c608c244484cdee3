import { onnx } from "@keras-ts/backend-onnx";
import { tfjs } from "@keras-ts/backend-tfjs";
import { input, layers, ops, Sequential, setBackend, setRandomSeed, type Tensor, tensor } from "@keras-ts/core";
import type { Backend } from "@keras-ts/core/backend";
import { reference } from "@keras-ts/core/backend";
import { afterAll, describe, expect, test } from "vitest";
import { Buffer, backward, Module, nn, noGrad, optim, Parameter, toModule } from "./index.ts";

afterAll(() => setBackend(reference()));

// Counts programs, to see that a loop compiles in its first steps only.
function counting(backend: Backend): { readonly backend: Backend; readonly compiled: () => number } {
  let count = 0;
  const { compile } = backend;
  if (compile === undefined) return { backend, compiled: () => count };
  const counted: Backend = Object.create(backend, {
    compile: {
      value: (...args: Parameters<typeof compile>) => {
        count++;
        return compile.apply(backend, args);
      },
    },
  });
  return { backend: counted, compiled: () => count };
}

const x = Array.from({ length: 12 }, (_, i) => [Math.sin(i), Math.cos(i)]);
const classes = tensor(
  x.map(([a = 0]) => (a > 0 ? 1 : 0)),
  { dtype: "int32" },
);

const engines: readonly (readonly [string, () => Backend | Promise<Backend>])[] = [
  ["reference", () => reference() as Backend],
  ["tfjs", async () => (await tfjs({ device: "cpu" })) as unknown as Backend],
  ["onnx", async () => (await onnx()) as unknown as Backend],
];

describe.each(engines)("%s", (_, make) => {
  test("torch's loop trains a Keras model, with few programs", async () => {
    const { backend, compiled } = counting(await make());
    setBackend(backend);
    setRandomSeed(5);
    const model = new Sequential([
      input({ shape: [2] }),
      new layers.Dense({ units: 8, activation: "relu" }),
      new layers.BatchNormalization(),
      new layers.Dropout({ rate: 0.1 }),
      new layers.Dense({ units: 2 }),
    ]);
    const module = toModule(model);
    const optimizer = new optim.Adam(module.parameters(), { lr: 0.05 });
    const criterion = new nn.CrossEntropyLoss();
    const curve: number[] = [];
    let early = 0;
    for (let step = 0; step < 20; step++) {
      optimizer.zeroGrad();
      const loss = criterion(module.forward(tensor(x)), classes);
      await loss.backward();
      await optimizer.step();
      curve.push(await loss.item());
      if (step === 2) early = compiled();
      if (step === 10) for (const group of optimizer.paramGroups) group.lr = 0.02;
    }
    expect(curve.at(-1)).toBeLessThan((curve[0] as number) / 2);
    expect(compiled()).toBe(early);
    expect(early).toBeLessThanOrEqual(8);
    module.eval();
    const guesses = noGrad(() => module.forward(tensor(x)));
    expect(guesses.tracked).toBe(false);
    expect(await guesses.array()).toEqual(await (model.apply(tensor(x)) as Tensor).array());
  });

  test("the losses are those of fit", async () => {
    setBackend(await make());
    const build = (): Sequential => {
      setRandomSeed(7);
      return new Sequential([
        input({ shape: [2] }),
        new layers.Dense({ units: 4, activation: "tanh" }),
        new layers.BatchNormalization({ momentum: 0.5 }),
        new layers.Dense({ units: 1 }),
      ]);
    };
    const y = x.map(([a = 0, b = 0]) => [a * b]);
    const keras = build();
    keras.compile({ optimizer: "sgd", loss: "mse" });
    const { history } = await keras.fit(x, y, { batchSize: 12, epochs: 5, shuffle: false, verbose: 0 });
    const model = build();
    const module = toModule(model);
    const optimizer = new optim.SGD(module.parameters(), { lr: 0.01 });
    const criterion = nn.MSELoss();
    for (const expected of history.loss as number[]) {
      optimizer.zeroGrad();
      const loss = criterion(module.forward(tensor(x)), y);
      await loss.backward();
      await optimizer.step();
      expect(await loss.item()).toBeCloseTo(expected, 5);
    }
    const [a, b] = [await keras.getWeights(), await model.getWeights()];
    a.forEach((w, i) =>
      expect(Array.from((b[i] as typeof w).data)).toEqual(Array.from(w.data, (v) => expect.closeTo(v, 5))),
    );
  });
});

test("modules: children, names, state, modes", async () => {
  setBackend(reference());
  class Net extends Module {
    hidden = toModule(new layers.Dense({ units: 3, name: "fc" }));
    blocks = [toModule(new layers.BatchNormalization()), new nn.Sequential(new layers.Dense({ units: 1 }))];
    scale = new Parameter(2);
    count = new Buffer([0]);
    forward(input: Tensor): Tensor {
      let y = this.hidden.forward(input);
      for (const block of this.blocks) y = block.forward(y);
      return y.multiply(this.scale.value);
    }
  }
  const net = new Net();
  expect(() => net.parameters()).toThrowErrorMatchingSnapshot("unbuilt");
  net.call(tensor([[1, 2]]));
  expect(net.namedParameters().map(([name]) => name)).toEqual([
    "scale",
    "hidden.kernel",
    "hidden.bias",
    "blocks.0.gamma",
    "blocks.0.beta",
    "blocks.1.0.kernel",
    "blocks.1.0.bias",
  ]);
  expect(net.namedBuffers().map(([name]) => name)).toEqual([
    "count",
    "blocks.0.moving_mean",
    "blocks.0.moving_variance",
  ]);
  expect([...net.children()]).toHaveLength(3);
  expect(
    net
      .eval()
      .modules()
      .every((m) => !m.training),
  ).toBe(true);
  expect(net.train().blocks[0]?.training).toBe(true);
  const other = new Net();
  other.call(tensor([[0, 0]]));
  const state = net.stateDict();
  expect(other.loadStateDict(state)).toEqual({ missingKeys: [], unexpectedKeys: [] });
  expect(
    await other
      .eval()
      .forward(tensor([[1, 2]]))
      .array(),
  ).toEqual(
    await net
      .eval()
      .forward(tensor([[1, 2]]))
      .array(),
  );
  const { scale: _scale, ...rest } = state;
  expect(() => other.loadStateDict({ ...rest, extra: [1] })).toThrowErrorMatchingSnapshot("names differ");
  expect(other.loadStateDict({ extra: [1], scale: 3 }, { strict: false }).unexpectedKeys).toEqual(["extra"]);
  expect(() => other.loadStateDict({ ...state, scale: [1, 2] })).toThrowErrorMatchingSnapshot("shape differs");
  expect(await other.scale.value.item()).toBe(3);
  expect(() => net.getParameter("hidden.kernal")).toThrowErrorMatchingSnapshot("no such parameter");
  class Raw extends Module {
    fc = new layers.Dense({ units: 1, name: "raw" });
    forward(): void {}
  }
  expect(() => new Raw().parameters()).toThrowErrorMatchingSnapshot("raw layer");
});

test("a frozen layer keeps its parameters, without gradients", async () => {
  const model = new Sequential([
    input({ shape: [2] }),
    new layers.Dense({ units: 2, name: "a" }),
    new layers.Dense({ units: 1, name: "b" }),
  ]);
  model.getLayer("a").trainable = false;
  const module = toModule(model);
  expect(module.namedParameters().map(([name, p]) => [name, p.requiresGrad])).toEqual([
    ["a.kernel", false],
    ["a.bias", false],
    ["b.kernel", true],
    ["b.bias", true],
  ]);
  await backward(ops.sum(module.forward(tensor([[1, 2]]))) as Tensor);
  expect(module.parameters().map((p) => p.grad === null)).toEqual([true, true, false, false]);
});

test("gradients add up, survive reading, and stop where told", async () => {
  const w = new Parameter([2, 3]);
  const y = ops.square(w) as Tensor;
  expect(await y.array()).toEqual([4, 9]);
  const loss = ops.sum(y) as Tensor;
  expect(await loss.item()).toBe(13);
  await backward(loss);
  await backward(ops.sum(ops.square(w)) as Tensor);
  expect(await w.grad?.array()).toEqual([8, 12]);
  w.zeroGrad();
  expect(w.grad).toBeNull();
  const quiet = noGrad(() => ops.sum(ops.square(w)) as Tensor);
  await expect(backward(quiet)).rejects.toThrowErrorMatchingSnapshot("nothing to differentiate");
  await expect(backward(y)).rejects.toThrowErrorMatchingSnapshot("no scalar");
  expect(await noGrad(async () => (w.value.tracked ? 1 : 0))).toBe(0);
  expect(w.value.tracked).toBe(true);
});

test("history does not grow over steps", async () => {
  const module = toModule(new Sequential([input({ shape: [2] }), new layers.BatchNormalization()]));
  const optimizer = new optim.SGD(module.parameters());
  for (let i = 0; i < 3; i++) {
    optimizer.zeroGrad();
    await nn
      .MSELoss()(module.forward(tensor(x)), x)
      .backward();
    await optimizer.step();
  }
  for (const cell of [...module.parameters(), ...module.buffers()])
    expect(cell.variable.tensor.history).toBeUndefined();
  for (const { grad } of module.parameters()) expect(grad?.tracked).toBe(false);
  module.forward(tensor(x));
  module.forward(tensor(x));
  const steps = new Set<unknown>();
  for (const buffer of module.buffers()) steps.add(buffer.variable.tensor.source.kind);
  expect([...steps]).toEqual(["op"]);
});
