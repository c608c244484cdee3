// Windows for signals. Their length is a size, so it must be known.
import { range } from "../aval/index.ts";
import { complain, ShapeError } from "../errors/index.ts";
import { Tensor } from "../graph/index.ts";
import * as p from "../primitives/index.ts";
import { castTo } from "./arithmetic-core.ts";
import { convertToTensor, floatx, type TensorLike } from "./convert-core.ts";
import { isSymbolic } from "./keras-tensor.ts";
import { type Op, op } from "./op.ts";
import { i0 } from "./special.ts";

/** A window of `x` points. */
export type WindowFunction = Op<(x: number | Tensor) => Tensor>;

// The number of points: a whole number, or a scalar literal of one.
function lengthOf(where: string, x: unknown): number {
  const value = x instanceof Tensor && x.size === 1 && x.source.kind === "literal" ? x.source.value.data[0] : x;
  if (typeof value === "number" && Number.isInteger(value) && value >= 0) return value;
  const must = "the number of points must be a known whole number, at least 0";
  const got = x instanceof Tensor || isSymbolic(x) ? String(x) : (JSON.stringify(x) ?? String(x));
  throw new ShapeError(complain(where, { must, got, todo: "Pass a JS number; windows cannot depend on values" }));
}
// Values at points 0 .. n - 1 of n; a single point is 1.
const window = (name: string, at: (i: number, n: number) => number): WindowFunction =>
  op(name, (x: number | Tensor): Tensor => {
    const n = lengthOf(name, x);
    return convertToTensor(
      Float64Array.from(range(n), (i) => (n === 1 ? 1 : at(i, n))),
      { dtype: floatx() },
    );
  });
const cosine = (i: number, n: number, harmonic = 1): number => Math.cos((2 * Math.PI * harmonic * i) / (n - 1));

/**
 * A triangle with ends at 0, `1 - |2i/(n-1) - 1|`. Source: keras.ops.bartlett.
 * @example await bartlett(3).array(); // [0, 1, 0]
 */
export const bartlett: WindowFunction = /* @__PURE__ */ window(
  "bartlett",
  (i, n) => 1 - Math.abs((2 * i) / (n - 1) - 1),
);
/**
 * `0.42 - 0.5 cos(2 pi i/(n-1)) + 0.08 cos(4 pi i/(n-1))`. Source: keras.ops.blackman.
 * @example blackman(5).shape; // [5]
 */
export const blackman: WindowFunction = /* @__PURE__ */ window(
  "blackman",
  (i, n) => 0.42 - 0.5 * cosine(i, n) + 0.08 * cosine(i, n, 2),
);
/**
 * `0.54 - 0.46 cos(2 pi i/(n-1))`. Source: keras.ops.hamming.
 * @example await hamming(1).array(); // [1]
 */
export const hamming: WindowFunction = /* @__PURE__ */ window("hamming", (i, n) => 0.54 - 0.46 * cosine(i, n));
/**
 * `0.5 - 0.5 cos(2 pi i/(n-1))`. Source: keras.ops.hanning.
 * @example await hanning(3).array(); // [0, 1, 0]
 */
export const hanning: WindowFunction = /* @__PURE__ */ window("hanning", (i, n) => 0.5 - 0.5 * cosine(i, n));

/**
 * Kaiser's window, `I0(beta sqrt(1 - (2i/(n-1) - 1)^2)) / I0(beta)`; the larger `beta`, the narrower. `beta` may be a tensor.
 * Source: keras.ops.kaiser.
 * @example await kaiser(3, 0).array(); // [1, 1, 1]
 */
export const kaiser: Op<(x: number | Tensor, beta: TensorLike) => Tensor> = /* @__PURE__ */ op(
  "kaiser",
  (x: number | Tensor, beta: TensorLike): Tensor => {
    const n = lengthOf("kaiser", x);
    const places = Float64Array.from(range(n), (i) =>
      n === 1 ? 0 : Math.sqrt(Math.max(0, 1 - ((2 * i) / (n - 1) - 1) ** 2)),
    );
    const width = convertToTensor(beta, { dtype: "float32" });
    if (width.size !== 1) {
      const todo = "Call kaiser for each beta";
      throw new ShapeError(complain("kaiser", { must: "beta must be a scalar", got: String(width), todo }));
    }
    const scalar = p.reshape(width, { shape: [] });
    const shape = p.div(i0(p.mul(convertToTensor(places, { dtype: "float32" }), scalar)), i0(scalar));
    return castTo(n === 1 ? p.full([1], 1, "float32") : shape, floatx());
  },
);
