// Fourier transforms. Keras hands complex numbers in and out as a pair of real tensors here.
import { range, type Shape } from "../aval/index.ts";
import { ConfigError, complain, DtypeError, ShapeError, showAval, showShape } from "../errors/index.ts";
import { literal, type Tensor } from "../graph/index.ts";
import * as p from "../primitives/index.ts";
import { realOperand } from "./arithmetic-core.ts";
import { convertToTensor, type TensorLike } from "./convert-core.ts";
import { type Op, op } from "./op.ts";

/** Real and imaginary parts of one shape. */
export type ComplexPair = readonly [real: TensorLike, imag: TensorLike];
type Parts = readonly [re: Tensor, im: Tensor];
/** A transform of real and imaginary parts. */
export type FourierOp = Op<(x: ComplexPair) => readonly [real: Tensor, imag: Tensor]>;

function partsOf(where: string, x: ComplexPair, rank: number): Parts {
  if (!Array.isArray(x) || x.length !== 2) {
    const must = "the input must be a pair of tensors, the real and the imaginary part";
    const todo = `Call ops.${where}([real, imag])`;
    throw new ShapeError(complain(where, { must, got: Array.isArray(x) ? `${x.length} values` : typeof x, todo }));
  }
  const [re, im] = x.map((part) => convertToTensor(part as TensorLike)) as unknown as Parts;
  const got = `${showAval(re)} and ${showAval(im)}`;
  if (String(re.shape) !== String(im.shape) || re.ndim < rank) {
    const must = `both parts must have one shape, of at least ${rank === 1 ? "one axis" : `${rank} axes`}`;
    throw new ShapeError(complain(where, { must, got, todo: "Reshape or broadcast them" }));
  }
  if (re.dtype !== "float32" || im.dtype !== "float32") {
    throw new DtypeError(complain(where, { must: "both parts must be float32", got, todo: "Cast them first" }));
  }
  return [re, im];
}

const swapped = (x: Tensor): Tensor => p.transpose(x, { permutation: [...range(x.ndim - 2), x.ndim - 1, x.ndim - 2] });
function overPlane([re, im]: Parts, inverse: boolean): Parts {
  const rows = p.fft(re, im, { inverse });
  const columns = p.fft(swapped(rows[0]), swapped(rows[1]), { inverse });
  return [swapped(columns[0]), swapped(columns[1])];
}

/**
 * Discrete Fourier transform of the last axis, `X[k] = sum over n of x[n] e^(-2 pi i k n / N)`.
 * @param x real and imaginary parts, float32 `[..., N]`
 * @returns real and imaginary parts `[..., N]` @throws ShapeError if their shapes differ. @throws DtypeError unless they are float32.
 * Source: keras.ops.fft.
 * @example await ops.fft([[1, 1, 1, 1], [0, 0, 0, 0]])[0].array(); // [4, 0, 0, 0]
 */
export const fft: FourierOp = /* @__PURE__ */ op(
  "fft",
  (x: ComplexPair): Parts => p.fft(...partsOf("fft", x, 1), { inverse: false }),
);
/**
 * The transform of the last two axes, as `fft` of each in turn: float32 parts `[..., M, N]`.
 * Source: keras.ops.fft2.
 * @example await ops.fft2([[[1, 1], [1, 1]], [[0, 0], [0, 0]]])[0].array(); // [[4, 0], [0, 0]]
 */
export const fft2: FourierOp = /* @__PURE__ */ op("fft2", (x: ComplexPair) => overPlane(partsOf("fft2", x, 2), false));
/**
 * The inverse of `fft2`, divided by the number of elements of the two axes: float32 parts `[..., M, N]`.
 * Source: keras.ops.ifft2.
 * @example await ops.ifft2([[[4, 0], [0, 0]], [[0, 0], [0, 0]]])[0].array(); // [[1, 1], [1, 1]]
 */
export const ifft2: FourierOp = /* @__PURE__ */ op("ifft2", (x: ComplexPair) =>
  overPlane(partsOf("ifft2", x, 2), true),
);

export interface LengthOptions {
  /** Length of the transform: the input is cut or filled with zeros. Its own length by default. */
  readonly fftLength?: number | null;
}

function requireLength(where: string, what: string, value: number, least = 1): void {
  if (Number.isInteger(value) && value >= least) return;
  const must = `${what} must be an integer of at least ${least}`;
  throw new ConfigError(complain(where, { must, got: String(value), todo: "Check the lengths" }));
}

// The first `size` elements of the last axis, zeros beyond its end.
function resized(x: Tensor, size: number): Tensor {
  const none = x.shape.map(() => 0);
  const high = none.map((_, i) => (i === x.ndim - 1 ? size - (x.shape[i] as number) : 0));
  return p.pad(x, { low: none, high, interior: none });
}
const lastOf = (x: Tensor): number => x.shape[x.ndim - 1] as number;

// Of real input the upper half of the spectrum is the conjugate of the lower one.
function realTransform(x: Tensor): Parts {
  const bins = Math.floor(lastOf(x) / 2) + 1;
  const [re, im] = p.fft(x, p.full(x.shape, 0, x.dtype), { inverse: false });
  return [resized(re, bins), resized(im, bins)];
}

// Twice the real part of what lies between the ends is what the missing half would add.
function inverseRealTransform([re, im]: Parts, length: number): Tensor {
  const bins = Math.floor(length / 2) + 1;
  const weights = Float32Array.from({ length }, (_, k) => (k === 0 || 2 * k === length ? 1 : k < bins ? 2 : 0));
  const weight = literal({ shape: [length], dtype: "float32", data: weights });
  const whole = (part: Tensor): Tensor => p.mul(resized(resized(part, bins), length), weight);
  return p.fft(whole(re), whole(im), { inverse: true })[0];
}

/**
 * Transform of a real last axis: the bins `0 .. fftLength / 2`, of which the others are conjugates.
 * @param x `[..., N]` @returns real and imaginary parts, float32 `[..., fftLength / 2 + 1]`
 * @throws ConfigError unless fftLength is at least 1. Source: keras.ops.rfft.
 * @example await ops.rfft([1, 1, 1, 1])[0].array(); // [4, 0, 0]
 */
export const rfft: Op<(x: TensorLike, options?: LengthOptions) => readonly [real: Tensor, imag: Tensor]> =
  /* @__PURE__ */ op("rfft", (x: TensorLike, { fftLength = null }: LengthOptions = {}): Parts => {
    const t = realOperand("rfft", x);
    if (t.ndim === 0) throw noAxis("rfft", t);
    const length = fftLength ?? lastOf(t);
    requireLength("rfft", "fftLength", length);
    return realTransform(resized(t, length));
  });

/**
 * The inverse of `rfft`: real signals `[..., fftLength]` from the bins `[..., fftLength / 2 + 1]`; `fftLength` is `2 (bins - 1)` by
 * default. Source: keras.ops.irfft.
 * @example await ops.irfft([[4, 0, 0], [0, 0, 0]]).array(); // [1, 1, 1, 1]
 */
export const irfft: Op<(x: ComplexPair, options?: LengthOptions) => Tensor> = /* @__PURE__ */ op(
  "irfft",
  (x: ComplexPair, { fftLength = null }: LengthOptions = {}): Tensor => {
    const parts = partsOf("irfft", x, 1);
    const length = fftLength ?? 2 * (lastOf(parts[0]) - 1);
    requireLength("irfft", "fftLength", length);
    return inverseRealTransform(parts, length);
  },
);

function noAxis(where: string, x: Tensor): ShapeError {
  const must = "the input must have at least one axis";
  return new ShapeError(complain(where, { must, got: showAval(x), todo: "Reshape it to a vector" }));
}

const integers = (shape: Shape, at: (i: number) => number): Tensor => {
  const data = Int32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => at(i));
  return literal({ shape, dtype: "int32", data });
};

// Windows of `length` over the last axis, one every `stride`.
function framed(where: string, x: Tensor, length: number, stride: number): Tensor {
  requireLength(where, "sequenceLength", length);
  requireLength(where, "sequenceStride", stride);
  if (x.ndim === 0) throw noAxis(where, x);
  if (lastOf(x) < length) {
    const must = `the last axis must be at least as long as a sequence (${length})`;
    throw new ShapeError(complain(where, { must, got: showShape(x.shape), todo: "Pad it, or use shorter sequences" }));
  }
  const count = 1 + Math.floor((lastOf(x) - length) / stride);
  const places = integers([count, length], (i) => Math.floor(i / length) * stride + (i % length));
  return p.take(x, places, { axis: x.ndim - 1 });
}

/**
 * Overlapping pieces of the last axis: `[..., N]` to `[..., 1 + floor((N - sequenceLength) / sequenceStride), sequenceLength]`.
 * @throws ShapeError if the axis is shorter than a sequence. Source: keras.ops.extract_sequences.
 * @example await ops.extractSequences([1, 2, 3, 4, 5], 3, 2).array(); // [[1, 2, 3], [3, 4, 5]]
 */
export const extractSequences: Op<(x: TensorLike, sequenceLength: number, sequenceStride: number) => Tensor> =
  /* @__PURE__ */ op("extractSequences", (x: TensorLike, sequenceLength: number, sequenceStride: number) =>
    framed("extractSequences", convertToTensor(x), sequenceLength, sequenceStride),
  );

export interface StftOptions {
  /** `"hann"`, `"hamming"` (both periodic), a tensor `[sequenceLength]`, or `null` for none. */
  readonly window?: "hann" | "hamming" | TensorLike | null;
  /** Whether sequence `t` has its middle (and not its start) at `t * sequenceStride`: the signal is padded by reflection. */
  readonly center?: boolean;
}

// The window in the middle of `fftLength` places.
function windowOf(where: string, window: StftOptions["window"] | string, length: number, fftLength: number): Tensor {
  requireLength(where, "sequenceLength", length);
  requireLength(where, "fftLength", fftLength);
  if (fftLength < length) {
    const must = "fftLength must be at least sequenceLength";
    throw new ConfigError(complain(where, { must, got: `${fftLength} and ${length}`, todo: "Use a longer transform" }));
  }
  if (window === null || window === undefined) return p.full([fftLength], 1, "float32");
  const given = typeof window === "string" ? namedWindow(where, window, length) : realOperand(where, window);
  if (given.ndim !== 1 || given.size !== length) {
    const must = `the window must have the shape [${length}] (sequenceLength)`;
    throw new ShapeError(complain(where, { must, got: showShape(given.shape), todo: "Check the window's length" }));
  }
  const low = Math.floor((fftLength - length) / 2);
  return p.pad(given, { low: [low], high: [fftLength - length - low], interior: [0] });
}
function namedWindow(where: string, name: string, length: number): Tensor {
  const share = { hann: 0.5, hamming: 0.54 }[name];
  if (share === undefined) {
    const must = 'the window must be "hann", "hamming", a tensor or null';
    throw new ConfigError(complain(where, { must, got: `"${name}"`, todo: "Make other windows as tensors" }));
  }
  const value = (n: number): number => share - (1 - share) * Math.cos((2 * Math.PI * n) / length);
  const data = Float32Array.from({ length }, (_, n) => (length === 1 ? 1 : value(n)));
  return literal({ shape: [length], dtype: "float32", data });
}

// Mirrored at both ends, the ends themselves not repeated.
function reflected(x: Tensor, by: number): Tensor {
  const size = lastOf(x);
  if (by === 0) return x;
  if (size === 0) {
    const must = "the signal must not be empty when it is centered";
    throw new ShapeError(complain("stft", { must, got: showShape(x.shape), todo: "Set center to false" }));
  }
  const period = Math.max(1, 2 * (size - 1));
  const place = (i: number): number => {
    const at = (((i - by) % period) + period) % period;
    return at < size ? at : period - at;
  };
  return p.take(x, integers([size + 2 * by], place), { axis: x.ndim - 1 });
}

/**
 * Short-time Fourier transform of the last axis: `rfft` of windowed pieces.
 * @param x float32 `[..., N]`
 * @returns real and imaginary parts `[..., T, fftLength / 2 + 1]` of T sequences
 * @throws DtypeError unless x is float32. @throws ConfigError if fftLength < sequenceLength. @throws ShapeError for a wrong window or a
 * short signal. Source: keras.ops.stft.
 * @example ops.stft([0, 1, 2, 3, 4, 5, 6, 7], 4, 2, 4)[0].shape; // [5, 3]
 */
export const stft: Op<
  (
    x: TensorLike,
    sequenceLength: number,
    sequenceStride: number,
    fftLength: number,
    options?: StftOptions,
  ) => readonly [real: Tensor, imag: Tensor]
> = /* @__PURE__ */ op(
  "stft",
  (
    x: TensorLike,
    sequenceLength: number,
    sequenceStride: number,
    fftLength: number,
    { window = "hann", center = true }: StftOptions = {},
  ): Parts => {
    const t = convertToTensor(x);
    if (t.dtype !== "float32")
      throw new DtypeError(complain("stft", { must: "the signal must be float32", got: showAval(t), todo: "Cast it" }));
    if (t.ndim === 0) throw noAxis("stft", t);
    const weights = windowOf("stft", window, sequenceLength, fftLength);
    const signal = center ? reflected(t, Math.floor(fftLength / 2)) : t;
    return realTransform(p.mul(framed("stft", signal, fftLength, sequenceStride), weights));
  },
);

export interface IstftOptions extends StftOptions {
  /** Length of the result; what the sequences cover by default. */
  readonly length?: number | null;
}

// Pieces [..., T, n] added up, each `stride` after the one before.
function overlapped(x: Tensor, stride: number): Tensor {
  const [count, length] = x.shape.slice(-2) as [number, number];
  const lead = x.shape.slice(0, -2);
  const size = (count - 1) * stride + length;
  const flat = p.reshape(x, { shape: [...lead, count * length] });
  const rows = p.transpose(flat, { permutation: [lead.length, ...range(lead.length)] });
  const places = integers([count * length, 1], (i) => Math.floor(i / length) * stride + (i % length));
  const summed = p.scatterNd(p.full([size, ...lead], 0, x.dtype), places, rows, { mode: "add" });
  return p.transpose(summed, { permutation: [...range(lead.length).map((i) => i + 1), 0] });
}

/**
 * The inverse of `stft`: windowed pieces added up, divided by what the squares of the windows add up to.
 * @param x real and imaginary parts, float32 `[..., T, fftLength / 2 + 1]`
 * @returns `[..., length]`. Without a window the result is `fftLength / sequenceStride` times the signal, as Keras gives it.
 * @throws ShapeError for parts of different shapes or a wrong window. Source: keras.ops.istft.
 * @example ops.istft(ops.stft([0, 1, 2, 3, 4, 5, 6, 7], 4, 2, 4), 4, 2, 4).shape; // [8]
 */
export const istft: Op<
  (x: ComplexPair, sequenceLength: number, sequenceStride: number, fftLength: number, options?: IstftOptions) => Tensor
> = /* @__PURE__ */ op(
  "istft",
  (
    x: ComplexPair,
    sequenceLength: number,
    sequenceStride: number,
    fftLength: number,
    { length = null, window = "hann", center = true }: IstftOptions = {},
  ): Tensor => {
    const parts = partsOf("istft", x, 2);
    const weights = windowOf("istft", window, sequenceLength, fftLength);
    requireLength("istft", "sequenceStride", sequenceStride);
    const pieces = inverseRealTransform(parts, fftLength);
    const count = pieces.shape[pieces.ndim - 2] as number;
    if (count === 0) {
      const must = "there must be at least one sequence";
      throw new ShapeError(complain("istft", { must, got: showShape(parts[0].shape), todo: "Check the axes" }));
    }
    const total = overlapped(p.mul(pieces, weights), sequenceStride);
    const squares = p.broadcastTo(p.mul(weights, weights), { shape: [count, fftLength] });
    const norm = overlapped(squares, sequenceStride);
    const ratio = p.div(total, p.where(p.greater(norm, 1e-10), norm, 1));
    const whole = window === null ? p.mul(ratio, fftLength / sequenceStride) : ratio;
    const start = center ? Math.floor(fftLength / 2) : 0;
    const size = lastOf(whole);
    const end = length === null ? size - start : Math.min(size, start + length);
    return p.slice(whole, {
      starts: whole.shape.map((_, i) => (i === whole.ndim - 1 ? start : 0)),
      limits: whole.shape.map((n, i) => (i === whole.ndim - 1 ? Math.max(start, end) : n)),
      strides: whole.shape.map(() => 1),
    });
  },
);
