import { convertToTensor, type Tensor, tensor } from "@keras-ts/core";
import { expect, test } from "vitest";
import { nn, optim, Parameter } from "./index.ts";

// The formulas of PyTorch's documentation, one number at a time in float64, written without a look at the optimizers here.
interface Options {
  lr?: number;
  momentum?: number;
  dampening?: number;
  weightDecay?: number;
  nesterov?: boolean;
  maximize?: boolean;
  betas?: readonly [number, number];
  eps?: number;
  amsgrad?: boolean;
}
function sgd(w0: number, grads: number[], o: Options): number {
  const { lr = 1e-3, momentum = 0, dampening = 0, weightDecay = 0, nesterov = false, maximize = false } = o;
  let w = w0;
  let b: number | null = null;
  for (const raw of grads) {
    let g = (maximize ? -raw : raw) + weightDecay * w;
    if (momentum > 0) {
      b = b === null ? g : momentum * b + (1 - dampening) * g;
      g = nesterov ? g + momentum * b : b;
    }
    w -= lr * g;
  }
  return w;
}
function adam(w0: number, grads: number[], o: Options, decoupled: boolean): number {
  const { lr = 1e-3, betas = [0.9, 0.999], eps = 1e-8, amsgrad = false, maximize = false } = o;
  const decay = o.weightDecay ?? (decoupled ? 0.01 : 0);
  let [w, m, v, top] = [w0, 0, 0, 0];
  grads.forEach((raw, i) => {
    let g = maximize ? -raw : raw;
    if (decoupled) w -= lr * decay * w;
    else g += decay * w;
    m = betas[0] * m + (1 - betas[0]) * g;
    v = betas[1] * v + (1 - betas[1]) * g * g;
    const mHat = m / (1 - betas[0] ** (i + 1));
    const vHat = v / (1 - betas[1] ** (i + 1));
    // v hat of amsgrad: the largest v so far, corrected by the current step
    top = Math.max(top, v);
    w -= (lr * mHat) / (Math.sqrt(amsgrad ? top / (1 - betas[1] ** (i + 1)) : vHat) + eps);
  });
  return w;
}

const start = [0.5, -2, 3];
const gradients = [
  [0.1, -0.4, 2],
  [0.3, 0.2, -1],
  [-0.2, 0.5, 0.05],
  [0.7, -0.1, 0.4],
];
async function run(make: (p: Parameter) => { step(): Promise<unknown>; zeroGrad(): void }): Promise<number[]> {
  const parameter = new Parameter(start);
  const optimizer = make(parameter);
  for (const g of gradients) {
    optimizer.zeroGrad();
    parameter.grad = tensor(g);
    await optimizer.step();
  }
  return (await parameter.value.array()) as number[];
}
const column = (i: number): number[] => gradients.map((g) => g[i] as number);
const near = (values: number[]): unknown[] => values.map((v) => expect.closeTo(v, 5));

const sgdCases: Options[] = [
  {},
  { lr: 0.1 },
  { lr: 0.1, momentum: 0.9 },
  { lr: 0.1, momentum: 0.9, dampening: 0.3, weightDecay: 0.1 },
  { lr: 0.1, momentum: 0.9, nesterov: true, weightDecay: 0.01 },
  { lr: 0.1, maximize: true, momentum: 0.5 },
];
test.each(sgdCases)("SGD %o", async (o) => {
  expect(await run((p) => new optim.SGD([p], o))).toEqual(near(start.map((w, i) => sgd(w, column(i), o))));
});
const adamCases: Options[] = [
  {},
  { lr: 0.1 },
  { lr: 0.1, betas: [0.5, 0.9], eps: 1e-3 },
  { lr: 0.1, weightDecay: 0.2 },
  { lr: 0.1, amsgrad: true, betas: [0.8, 0.5] },
  { lr: 0.05, maximize: true, weightDecay: 0.1, amsgrad: true },
];
test.each(adamCases)("Adam %o", async (o) => {
  expect(await run((p) => new optim.Adam([p], o))).toEqual(near(start.map((w, i) => adam(w, column(i), o, false))));
});
test.each(adamCases)("AdamW %o", async (o) => {
  expect(await run((p) => new optim.AdamW([p], o))).toEqual(near(start.map((w, i) => adam(w, column(i), o, true))));
});

test("groups, parameters without gradients, state", async () => {
  const [a, b, c] = [new Parameter([1]), new Parameter([1]), new Parameter([1])];
  const make = (): optim.SGD =>
    new optim.SGD([{ params: [a], lr: 1 }, { params: b }, { params: c }], { lr: 0.5, momentum: 0.9 });
  const optimizer = make();
  a.grad = tensor([0.1]);
  b.grad = tensor([0.1]);
  expect(await optimizer.step(() => 7)).toBe(7);
  const values = async (): Promise<unknown[]> => Promise.all([a, b, c].map((p) => p.value.item()));
  expect(await values()).toEqual(near([0.9, 0.95, 1]));
  const saved = optimizer.stateDict();
  expect(saved.paramGroups.map(({ params, lr }) => [params, lr])).toEqual([
    [[0], 1],
    [[1], 0.5],
    [[2], 0.5],
  ]);
  const again = make();
  again.loadStateDict(saved);
  expect(await convertToTensor(again.stateDict().state[1]?.momentumBuffer ?? 0).array()).toEqual(near([0.1]));
});

test("options are checked", () => {
  const p = new Parameter([1]);
  expect(() => new optim.SGD([])).toThrowErrorMatchingSnapshot("no parameters");
  expect(() => new optim.SGD([p, p])).toThrowErrorMatchingSnapshot("twice");
  expect(() => new optim.SGD([p], { lr: -1 })).toThrowErrorMatchingSnapshot("negative lr");
  expect(() => new optim.SGD([p], { nesterov: true })).toThrowErrorMatchingSnapshot("nesterov");
  expect(() => new optim.Adam([p], { betas: [1, 0] })).toThrowErrorMatchingSnapshot("betas");
  expect(() => new optim.Adam([{ params: p, rate: 1 } as never])).toThrowErrorMatchingSnapshot("unknown option");
  expect(() => new optim.Adam(["w"] as never)).toThrowErrorMatchingSnapshot("no parameter");
});

// Crossentropy by its definition, in float64.
const logits = [
  [1, -0.5, 2],
  [0.3, 0.7, -1],
  [2, 2, 0],
];
const logSoftmax = (row: number[]): number[] => {
  const sum = Math.log(row.reduce((s, v) => s + Math.exp(v), 0));
  return row.map((v) => v - sum);
};
const value = (x: Tensor): Promise<unknown> => x.array();

test("CrossEntropyLoss: class numbers, weights, ignored classes, smoothing", async () => {
  const target = [2, 0, 1];
  const w = [0.5, 2, 1];
  const nll = logits.map((row, i) => -(logSoftmax(row)[target[i] as number] as number));
  const y = tensor(target, { dtype: "int32" });
  expect(await value(new nn.CrossEntropyLoss({ reduction: "none" })(logits, y))).toEqual(near(nll));
  expect(await value(nn.CrossEntropyLoss()(logits, y))).toBeCloseTo(nll.reduce((s, v) => s + v, 0) / 3, 5);
  expect(await value(nn.CrossEntropyLoss({ reduction: "sum" })(logits, y))).toBeCloseTo(
    nll.reduce((s, v) => s + v, 0),
    5,
  );
  const weighted = nll.map((v, i) => v * (w[target[i] as number] as number));
  const total = target.reduce((s, t) => s + (w[t] as number), 0);
  expect(await value(nn.CrossEntropyLoss({ weight: w })(logits, y))).toBeCloseTo(
    weighted.reduce((s, v) => s + v, 0) / total,
    5,
  );
  const [first = 0, , third = 0] = weighted;
  const ignored = await value(nn.CrossEntropyLoss({ weight: w, ignoreIndex: 0 })(logits, y));
  expect(ignored).toBeCloseTo((first + third) / (total - 0.5), 5);
  const e = 0.2;
  const smooth = logits.map((row, i) => {
    const spread = logSoftmax(row).reduce((s, v, k) => s - v * (w[k] as number), 0);
    return (1 - e) * (weighted[i] as number) + (e / 3) * spread;
  });
  const got = await value(nn.CrossEntropyLoss({ weight: w, labelSmoothing: e })(logits, y));
  expect(got).toBeCloseTo(smooth.reduce((s, v) => s + v, 0) / total, 5);
});

test("CrossEntropyLoss: probabilities, further axes, one sample", async () => {
  const p = [
    [0.2, 0.3, 0.5],
    [1, 0, 0],
    [0, 0.5, 0.5],
  ];
  const each = logits.map((row, i) => -logSoftmax(row).reduce((s, v, k) => s + v * (p[i]?.[k] as number), 0));
  expect(await value(nn.CrossEntropyLoss()(logits, p))).toBeCloseTo(each.reduce((s, v) => s + v, 0) / 3, 5);
  const pixels = tensor([logits]).at(0); // [3 samples, 3 classes]
  const images = tensor([
    [
      [1, 3],
      [2, 0],
    ],
  ]); // [1, 2 classes, 2 places]
  const y = tensor([[0, 1]], { dtype: "int32" });
  const expected = [
    [1, 2],
    [3, 0],
  ].map((row, i) => -(logSoftmax(row)[i] as number));
  expect(await value(nn.CrossEntropyLoss({ reduction: "none" })(images, y))).toEqual([near(expected)]);
  const single = await value(nn.CrossEntropyLoss()([1, 2], tensor(0, { dtype: "int32" })));
  expect(single).toBeCloseTo(-(logSoftmax([1, 2])[0] as number), 5);
  expect(() => nn.CrossEntropyLoss()(pixels, tensor([[0], [1], [2]], { dtype: "int32" }))).toThrowErrorMatchingSnapshot(
    "target shape",
  );
  expect(() => nn.CrossEntropyLoss({ labelSmoothing: 2 })).toThrowErrorMatchingSnapshot("smoothing");
  expect(() => nn.MSELoss({ reduction: "avg" as never })).toThrowErrorMatchingSnapshot("reduction");
});

test("BCEWithLogitsLoss and MSELoss", async () => {
  const x = [-30, -1, 0.5, 40];
  const t = [0, 1, 0.25, 1];
  const bce = (pos: number): number[] =>
    x.map((v, i) => {
      const soft = v > 0 ? Math.log1p(Math.exp(-v)) : -v + Math.log1p(Math.exp(v));
      const y = t[i] as number;
      return pos * y * soft + (1 - y) * (v + soft);
    });
  const mean = (v: number[]): number => v.reduce((a, b) => a + b, 0) / v.length;
  expect(await value(nn.BCEWithLogitsLoss({ reduction: "none" })(x, t))).toEqual(near(bce(1)));
  expect(await value(new nn.BCEWithLogitsLoss({ posWeight: [3], weight: [2] })(x, t))).toBeCloseTo(mean(bce(3)) * 2, 5);
  expect(await value(nn.MSELoss({ reduction: "sum" })([1, 2], [3, 5]))).toBe(13);
  expect(() => nn.MSELoss()([[1], [2]], [1, 2])).toThrowErrorMatchingSnapshot("shapes differ");
});
