// What golden files cannot say of complex numbers: how they are written and read, variables, errors, symbolic shapes.
import { describe, expect, test } from "vitest";
import { compileGraph } from "../backend/compile.ts";
import { reference } from "../backend/index.ts";
import { Graph, placeholder, type Tensor } from "../graph/index.ts";
import * as p from "../primitives/index.ts";
import { gradients, jit } from "../transforms/index.ts";
import { Variable } from "../weights/index.ts";
import * as ops from "./catalog.ts";
import { tensor } from "./convert.ts";
import { KerasTensor } from "./keras-tensor.ts";

const z = (re: number, im: number): { re: number; im: number } => ({ re, im });
const pair = (): Tensor => tensor([z(1, 2), z(3, -4)]);

describe("writing and reading", () => {
  test("numbers beside complex ones are complex; data is interleaved", async () => {
    const x = tensor([[z(1, -2), 3]]);
    expect([x.dtype, x.shape]).toEqual(["complex64", [1, 2]]);
    expect(Array.from(await x.data())).toEqual([1, -2, 3, 0]);
    expect(await x.array()).toEqual([[z(1, -2), z(3, 0)]]);
    expect(await tensor(z(0, 1)).array()).toEqual(z(0, 1));
  });
  test("what data() gives makes the same tensor again", async () => {
    const x = pair();
    const again = tensor(await x.data(), { shape: x.shape, dtype: x.dtype });
    expect(await again.array()).toEqual(await x.array());
    expect(await tensor([1, 2], { dtype: "complex64" }).array()).toEqual([z(1, 0), z(2, 0)]);
    expect(await tensor(await x.host()).array()).toEqual(await x.array());
  });
  test("complex numbers are operands like others", async () => {
    expect(await ops.multiply([1, 2], z(0, 1)).array()).toEqual([z(0, 1), z(0, 2)]);
    expect(ops.add(tensor([1], { dtype: "int32" }), z(1, 1)).dtype).toBe("complex64");
  });
  test("mistakes are refused", async () => {
    expect(() => tensor([z(1, 2)], { dtype: "float32" })).toThrow(/values of dtype float32 must be real, got complex/);
    expect(() => tensor(new Float32Array(3), { dtype: "complex64" })).toThrow(/in turn, got 3 numbers/);
    await expect(tensor([z(1, 2)]).item()).rejects.toThrow(/the element must be real/);
  });
});

describe("programs", () => {
  test("engines see real numbers only, also where control flow carries complex ones", async () => {
    const seen: string[] = [];
    const watched = {
      ...reference(),
      kernels: undefined,
      compile: (graph: Graph) => {
        seen.push(...[...graph.inputs, ...graph.outputs].map((x) => `${x.dtype} [${x.shape}]`));
        return { run: () => [], dispose: () => {} };
      },
    };
    const x = placeholder({ shape: [3], dtype: "complex64" });
    await compileGraph(new Graph([x], [p.exp(x), p.abs(x)]), watched as never);
    expect(seen).toEqual(["float32 [3,2]", "float32 [3,2]", "float32 [3]"]);
  });
  test("a complex variable is replaced in place by a compiled step", async () => {
    const state = new Variable(pair());
    expect(state.dtype).toBe("complex64");
    const turn = jit((by: Tensor) => {
      state.assign(ops.multiply(state.value, by));
      return ops.real(state.value);
    });
    const by = tensor(z(0, 1));
    expect(await turn(by).array()).toEqual([-2, 4]);
    expect(await turn(by).array()).toEqual([-1, -3]);
    expect(await state.value.array()).toEqual([z(-1, -2), z(-3, 4)]);
  });
  test("the gradient of a real loss has JAX's sign: dL/dx - i dL/dy", async () => {
    const x = pair();
    const [g] = gradients(ops.sum(ops.square(ops.absolute(x))), [x]);
    expect(await (g as Tensor).array()).toEqual([z(2, -4), z(6, 8)]);
  });
  test("loops and branches carry complex numbers", async () => {
    const [last, seen] = ops.scan(
      (carry: Tensor, x) => [ops.multiply(carry, x as Tensor), ops.imag(carry)],
      tensor(z(1, 0)),
      { xs: tensor([z(0, 1), z(0, 1), z(2, 0)]) },
    ) as unknown as [Tensor, Tensor];
    expect(await last.array()).toEqual(z(-2, 0));
    expect(await seen.array()).toEqual([0, 1, 0]);
  });
});

test.each([
  ["floor", () => ops.floor(pair()), /floor: inputs must have a float dtype, got complex64 \[2\]/],
  ["argmax", () => ops.argmax(pair()), /argmax: inputs must be real, complex numbers have no order/],
  ["topK", () => ops.topK(pair(), 1), /topK: inputs must be real/],
  ["clip", () => ops.clip(pair(), 0, 1), /clip: inputs must be real/],
  ["fabs", () => ops.fabs(pair()), /fabs: inputs must be real/],
  ["mod", () => ops.mod(pair(), pair()), /mod: inputs must have a real number dtype/],
  ["softmax", () => ops.softmax(pair()), /must have one float dtype, got complex64/],
  ["polar", () => ops.polar(pair(), 1), /polar: the input must be real, got complex64/],
  ["viewAsComplex", () => ops.viewAsComplex([1, 2, 3]), /viewAsComplex: the last axis must hold/],
  ["eig", () => ops.eig([[1, 2, 3]]), /eig: the input must be square matrices/],
  ["fft of one tensor", () => ops.fft([[1, 2]] as never), /fft: the input must be a pair of tensors.*got 1 values/],
  ["fft of two shapes", () => ops.fft([[1], [1, 2]]), /fft: both parts must have one shape/],
  ["fft of integers", () => ops.fft([tensor([1], { dtype: "int32" }), [1]]), /fft: both parts must be float32/],
  ["fft2 of vectors", () => ops.fft2([[1], [1]]), /at least 2 axes/],
  ["rfft of 0", () => ops.rfft([1], { fftLength: 0 }), /rfft: fftLength must be an integer of at least 1, got 0/],
  ["rfft of a scalar", () => ops.rfft(1), /rfft: the input must have at least one axis/],
  ["irfft of one bin", () => ops.irfft([[1], [0]]), /irfft: fftLength must be an integer of at least 1, got 0/],
  ["stft of integers", () => ops.stft(tensor([1], { dtype: "int32" }), 1, 1, 1), /stft: the signal must be float32/],
  ["stft, short transform", () => ops.stft([1, 2, 3, 4], 4, 1, 2), /stft: fftLength must be at least sequenceLength/],
  ["stft, window", () => ops.stft([1, 2], 2, 1, 2, { window: [1] }), /window must have the shape \[2\].*got \[1\]/],
  ["stft, name", () => ops.stft([1], 1, 1, 1, { window: "sine" as "hann" }), /must be "hann", "hamming", a tensor/],
  ["istft of vectors", () => ops.istft([[1], [1]], 1, 1, 1), /istft: both parts must have one shape, of at least 2/],
  ["extractSequences", () => ops.extractSequences([1, 2], 3, 1), /at least as long as a sequence \(3\), got \[2\]/],
  ["extractSequences, stride", () => ops.extractSequences([1, 2], 1, 0), /sequenceStride must be an integer/],
] as const)("%s says what is wrong", (_, call, text) => {
  expect(call).toThrow(text);
});

test("eig has no gradient, as Keras on JAX", () => {
  const x = tensor([
    [1, 2],
    [3, 4],
  ]);
  expect(() => gradients(ops.sum(ops.real(ops.eig(x)[0])), [x])).toThrow(/eig cannot be differentiated/);
});

test("symbolic shapes", () => {
  const k = (...shape: (number | null)[]): KerasTensor => new KerasTensor(shape);
  const shapes = (out: KerasTensor | readonly KerasTensor[]): unknown[] =>
    (Array.isArray(out) ? out : [out]).map((x: KerasTensor) => [x.dtype, ...x.shape]);
  expect(shapes(ops.fft([k(null, 8), k(null, 8)]))).toEqual([
    ["float32", null, 8],
    ["float32", null, 8],
  ]);
  expect(shapes(ops.rfft(k(null, 9))).at(0)).toEqual(["float32", null, 5]);
  expect(shapes(ops.rfft(k(null, null))).at(0)).toEqual(["float32", null, null]);
  expect(shapes(ops.rfft(k(null, null), { fftLength: 6 })).at(0)).toEqual(["float32", null, 4]);
  expect(shapes(ops.irfft([k(null, 5), k(null, 5)]))).toEqual([["float32", null, 8]]);
  expect(shapes(ops.stft(k(null, 20), 4, 2, 6)).at(0)).toEqual(["float32", null, 11, 4]);
  expect(shapes(ops.stft(k(null, null), 4, 2, 6)).at(0)).toEqual(["float32", null, null, 4]);
  expect(shapes(ops.istft([k(null, 11, 4), k(null, 11, 4)], 4, 2, 6))).toEqual([["float32", null, 20]]);
  expect(shapes(ops.extractSequences(k(null, 20), 4, 2))).toEqual([["float32", null, 9, 4]]);
  expect(shapes(ops.eig(k(null, 3, 3)))).toEqual([
    ["complex64", null, 3],
    ["complex64", null, 3, 3],
  ]);
  expect(shapes(ops.polar(k(null, 3), k(null, 3)))).toEqual([["complex64", null, 3]]);
  const c = new KerasTensor([null, 3], { dtype: "complex64" });
  expect(shapes(ops.viewAsReal(c))).toEqual([["float32", null, 3, 2]]);
  expect(shapes(ops.viewAsComplex(k(null, 3, 2)))).toEqual([["complex64", null, 3]]);
  expect(shapes([ops.real(c), ops.absolute(c), ops.conj(c)])).toEqual([
    ["float32", null, 3],
    ["float32", null, 3],
    ["complex64", null, 3],
  ]);
});

test("a stride as long as the transform gives the signal back", async () => {
  const x = tensor([1, 2, 3, 4, 5, 6, 7, 8]);
  const options = { window: null, center: false } as const;
  const back = ops.istft(ops.stft(x, 4, 4, 4, options), 4, 4, 4, options);
  expect(Array.from(await back.data(), (v) => Math.round(v * 1e4) / 1e4)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
});
