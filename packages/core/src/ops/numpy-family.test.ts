// What golden files cannot say of the NumPy families: errors, promises, symbolic shapes, functions as arguments.
import { describe, expect, test } from "vitest";
import type { Tensor } from "../graph/index.ts";
import { gradients, jit } from "../transforms/index.ts";
import * as ops from "./catalog.ts";
import { tensor } from "./convert.ts";
import { KerasTensor } from "./keras-tensor.ts";

const int = (values: number[] | number[][]): Tensor => tensor(values, { dtype: "int32" });
const specOf = (x: unknown): unknown => {
  if (Array.isArray(x)) return x.map(specOf);
  return x instanceof KerasTensor ? [x.dtype, x.shape] : String(x);
};

describe("shapes that depend on values", () => {
  test("are awaited outside of a trace", async () => {
    expect(await (await ops.unique(int([3, 1, 3]))).array()).toEqual([1, 3]);
    const [values, counts] = (await ops.unique([2, 2, 5], { returnCounts: true })) as [Tensor, Tensor];
    expect([await values.array(), await counts.array()]).toEqual([
      [2, 5],
      [2, 1],
    ]);
    expect(await (await ops.bincount([1, 2, 2], { minlength: 5 })).array()).toEqual([0, 1, 2, 0, 0]);
    expect(await (await ops.repeat([1, 2], ops.add(int([1, 0]), 1))).array()).toEqual([1, 1, 2]);
    const x = tensor([1, -2, 3]);
    const [places] = (await ops.where(ops.greater(x, 0))) as [Tensor];
    expect(await places.array()).toEqual([0, 2]);
    expect(await x.at(places).array()).toEqual([1, 3]);
  });
  test("let gradients through", async () => {
    const x = tensor([3, 1, 3]);
    const [g] = gradients(ops.sum(ops.multiply(await ops.unique(x), tensor([10, 1]))), [x]) as [Tensor];
    expect(await g.array()).toEqual([1, 10, 0]);
  });
  test("are refused inside one, with the way out", () => {
    const traced = (f: (x: Tensor) => unknown) => (): unknown => jit((x: Tensor) => (f(x), x))(int([1, 2]));
    expect(traced((x) => ops.unique(x))).toThrow("Pass the option size");
    expect(traced((x) => ops.bincount(x))).toThrow("ops.segmentSum");
    expect(traced((x) => ops.repeat([1, 2], x))).toThrow("Pass the counts as numbers");
    expect(traced((x) => ops.where(x))).toThrow("which keeps the shape");
    expect(traced((x) => ops.nonzero(x))).toThrow("which keeps the shape");
  });
  test("in a trace, a size makes them static", async () => {
    const f = jit((x: Tensor) => ops.unique(x, { size: 3, returnCounts: true }) as Tensor[]);
    const [values, counts] = f(int([7, 7, 2, 7])) as [Tensor, Tensor];
    expect([await values.array(), await counts.array()]).toEqual([
      [2, 7, 2],
      [1, 3, 0],
    ]);
  });
});

describe("vectorize", () => {
  test("broadcasts a function of scalars", async () => {
    const both = ops.vectorize((a, b) => [ops.add(a as Tensor, b as Tensor), ops.multiply(a as Tensor, b as Tensor)]);
    const [sum, product] = both([1, 2], [[1], [2]]) as [Tensor, Tensor];
    expect(await sum.array()).toEqual([
      [2, 3],
      [3, 4],
    ]);
    expect(await product.array()).toEqual([
      [1, 2],
      [2, 4],
    ]);
  });
  test("maps over blocks as a signature says", async () => {
    const apply = ops.vectorize((m, v) => ops.matmul(m as Tensor, v as Tensor), { signature: "(m,n),(n)->(m)" });
    const y = apply(ops.ones([2, 2, 3]), [1, 2, 3]) as Tensor;
    expect(await y.array()).toEqual([
      [6, 6],
      [6, 6],
    ]);
    expect(await (apply([[1, 2]], [3, 4]) as Tensor).array()).toEqual([11]);
  });
  test("hands excluded arguments on, gives blocks, differentiates", async () => {
    const power = ops.vectorize((x, n) => ops.power(x as Tensor, n as number), { excluded: [1] });
    expect(await (power([1, 2, 3], 2) as Tensor).array()).toEqual([1, 4, 9]);
    const twice = ops.vectorize((x) => ops.stack([x as Tensor, x as Tensor]));
    expect((twice([1, 2, 3]) as Tensor).shape).toEqual([3, 2]);
    const x = tensor([1, 2, 3]);
    const [g] = gradients(ops.sum(power(x, 2) as Tensor), [x]) as [Tensor];
    expect(await g.array()).toEqual([2, 4, 6]);
  });
  test("says what does not fit", () => {
    const f = (...xs: unknown[]): Tensor => xs[0] as Tensor;
    expect(() => ops.vectorize(f, { signature: "(n->(n)" })).toThrow("lists of axes in parentheses");
    expect(() => ops.vectorize(f, { signature: "(n),(n)->(n)" })([1, 2], [1, 2, 3])).toThrow("axis n of the signature");
    expect(() => ops.vectorize(f, { signature: "(n)->()" })([1, 2])).toThrow("results must have the axes");
    expect(() => ops.vectorize(f)([1, 2], [1, 2, 3])).toThrow("broadcast");
    expect(() => ops.vectorize(f, { excluded: [-1] })).toThrow("positions of arguments");
  });
});

test("symbolic calls give Keras' shapes and dtypes", () => {
  const x = new KerasTensor([null, 3]);
  const whole = new KerasTensor([null, 4], { dtype: "int32" });
  expect(specOf(ops.median(whole, { axis: 0 }))).toEqual(["float32", [4]]);
  expect(specOf(ops.quantile(x, [0.1, 0.5], { axis: 1, keepdims: true }))).toEqual(["float32", [2, null, 1]]);
  expect(specOf(ops.nanquantile(x, 0.1))).toEqual(["float32", []]);
  expect(specOf(ops.nanargmax(x, { axis: 1 }))).toEqual(["int32", [null]]);
  expect(specOf(ops.nancumsum(x))).toEqual(["float32", [null]]);
  expect(specOf(ops.gcd(whole, new KerasTensor([4], { dtype: "int8" })))).toEqual(["int32", [null, 4]]);
  expect(specOf(ops.isin(whole, [1, 2]))).toEqual(["bool", [null, 4]]);
  expect(specOf(ops.unique(whole, { size: 5, axis: 0, returnInverse: true }))).toEqual([
    ["int32", [5, 4]],
    ["int32", [null]],
  ]);
  expect(specOf(ops.view(x, { dtype: "uint8" }))).toEqual(["uint8", [null, 12]]);
  expect(specOf(ops.i0(whole))).toEqual(["float32", [null, 4]]);
  expect(specOf(ops.erfc(whole))).toEqual(["float32", [null, 4]]);
  expect(specOf(ops.gammainc(x, 2))).toEqual(["float32", [null, 3]]);
  expect(specOf(ops.nextafter(x, 2))).toEqual(["float32", [null, 3]]);
  expect(specOf(ops.correlate(new KerasTensor([null]), [1, 2], { mode: "full" }))).toEqual(["float32", [null]]);
  expect(specOf(ops.corrcoef(new KerasTensor([3, null])))).toEqual(["float32", [3, null]]);
  expect(specOf(ops.histogram(new KerasTensor([null]), { bins: 3 }))).toEqual([
    ["float32", [3]],
    ["float32", [4]],
  ]);
  expect(specOf(ops.vander(new KerasTensor([null]), { N: 2 }))).toEqual(["float32", [null, 2]]);
  expect(specOf(ops.rearrange(new KerasTensor([null, 6]), "b (h p) -> h b p", { p: 2 }))).toEqual([
    "float32",
    [3, null, 2],
  ]);
  expect(specOf(ops.geomspace(x, 2, { num: 5, axis: -1 }))).toEqual(["float32", [null, 3, 5]]);
  expect(specOf(ops.where(whole, x.at("...", [null, 1]), 0))).toEqual(["float32", [null, 4]]);
  expect(specOf(ops.repeat(x, 2, { axis: 1 }))).toEqual(["float32", [null, 6]]);
  expect(specOf(ops.unique(whole, { axis: 1, returnIndex: true, returnInverse: true }))).toEqual([
    ["int32", [null, null]],
    ["int32", [null]],
    ["int32", [4]],
  ]);
  expect(specOf(ops.bincount(whole, { weights: x }))).toEqual(["float32", [null, null]]);
  expect(() => ops.bartlett(whole as never)).toThrow("known whole number");
});

test("bad arguments are refused before anything runs", () => {
  const matrix = ops.ones([2, 3]);
  expect(() => ops.quantile(matrix, 0.5, { axis: 2 })).toThrow("quantile");
  expect(() => ops.quantile(matrix, matrix)).toThrow("q must be a number or a vector");
  expect(() => ops.quantile(matrix, 0.5, { method: "hazen" as never })).toThrow('got "hazen"');
  expect(() => ops.median(ops.ones([0, 3]), { axis: 0 })).toThrow("elements to choose from");
  expect(() => ops.nanargmin(ops.ones([0]))).toThrow("must not be empty");
  expect(() => ops.gcd([1.5], 2)).toThrow("inputs must be integers");
  expect(() => ops.lcm(tensor([true]), tensor([true]))).toThrow("inputs must be integers");
  expect(() => ops.corrcoef(ops.ones([2, 2, 2]))).toThrow("at most 2 axes");
  expect(() => ops.correlate(matrix, [1])).toThrow("both inputs must be vectors");
  expect(() => ops.correlate([1, 2], [1], { mode: "half" as never })).toThrow("mode must be");
  expect(() => ops.histogram(matrix)).toThrow("x must be a vector");
  expect(() => ops.histogram([1], { bins: -1 })).toThrow("bins must be");
  expect(() => ops.histogram([1], { range: [2, 1] })).toThrow("range must be");
  expect(() => ops.histogram([])).toThrow("must come with a range");
  expect(() => ops.bincount(ops.ones([2, 2, 2], { dtype: "int32" }))).toThrow("1 or 2 axes");
  expect(() => ops.bincount([1, 2], { weights: [1] })).toThrow("weights must have the shape");
  expect(() => ops.bincount([1], { minlength: -1 })).toThrow("minlength");
  expect(() => ops.bincount([1], { sparse: true })).toThrow("sparse must be false");
  expect(() => ops.bincount(tensor([1.5]))).toThrow("indices must be integers");
  expect(() => ops.unique([1], { size: -1 })).toThrow("size must be");
  expect(() => ops.unique([], { size: 2 })).toThrow("must come with a fillValue");
  expect(() => ops.unique(matrix, { axis: 5 })).toThrow("unique");
  expect(() => ops.view(tensor(1), { dtype: "uint8" })).toThrow("a scalar can only be viewed");
  expect(() => ops.view(tensor([1, 2, 3], { dtype: "uint8" }), { dtype: "float32" })).toThrow("whole elements");
  expect(() => ops.view(matrix, { dtype: "complex64" })).toThrow("at most 32 bits");
  expect(() => ops.vander(matrix)).toThrow("x must be a vector");
  expect(() => ops.vander([1], { N: -1 })).toThrow("whole numbers");
  expect(() => ops.kaiser(3, [1, 2])).toThrow("beta must be a scalar");
  expect(() => ops.hanning(-1)).toThrow("at least 0");
  expect(() => ops.hanning(2.5)).toThrow("whole number");
  expect(() => ops.repeat([1, 2], [1, 2, 3])).toThrow("one for each of 2");
  expect(() => ops.repeat([1, 2], -1)).toThrow("at least 0");
  expect(() => ops.nonzero(3)).toThrow("at least one axis");
  expect(() => ops.where([true], [1], undefined as never)).toThrow("or none");
  expect(() => ops.segmentSum(matrix, [[0, 1]], { numSegments: 2 })).toThrow("segmentIds must be a vector");
  expect(() => matrix.at(tensor([true, false]))).toThrow("await ops.nonzero");
});

test("rearrange says what is wrong with a pattern", () => {
  const x = ops.ones([4, 6]);
  expect(() => ops.rearrange(x, "a b")).toThrow('one "->"');
  expect(() => ops.rearrange(x, "a ... -> a")).toThrow("names of axes");
  expect(() => ops.rearrange(x, "a a -> a a")).toThrow("once");
  expect(() => ops.rearrange(x, "a b -> a c")).toThrow("both sides");
  expect(() => ops.rearrange(x, "a -> a")).toThrow("must name 2 axes");
  expect(() => ops.rearrange(x, "a (b c d) -> a b c d", { b: 2 })).toThrow("known but for one");
  expect(() => ops.rearrange(x, "a (b c) -> a b c", { b: 4 })).toThrow("multiply to 6");
  expect(() => ops.rearrange(x, "a (b c) -> a b c", { b: 4, c: 2 })).toThrow("multiply to 6");
  expect(() => ops.rearrange(x, "a (b c) -> a b c", { b: 2, q: 2 })).toThrow('"q"');
});
