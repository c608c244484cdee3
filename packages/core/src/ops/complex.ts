// Complex numbers: their parts, angles and conjugates, and ways to make them of two real tensors. Real numbers are complex ones too.
import { isComplex } from "../aval/index.ts";
import { complain, ShapeError, showAval } from "../errors/index.ts";
import { scalar, type Tensor } from "../graph/index.ts";
import * as p from "../primitives/index.ts";
import { hasSign, realOperand } from "./arithmetic-core.ts";
import { convertToTensor, type TensorLike, toFloat } from "./convert-core.ts";
import type { UnaryOp } from "./elementwise.ts";
import { type Op, op } from "./op.ts";

const onTensors = (name: string, f: (x: Tensor) => Tensor): UnaryOp =>
  op(name, (x: TensorLike) => f(convertToTensor(x)));

/** The real part, float32; of real dtypes `x` itself. Source: keras.ops.real. @example await ops.real([{ re: 1, im: 2 }]).array(); // [1] */
export const real: UnaryOp = /* @__PURE__ */ onTensors("real", (x) => (isComplex(x.dtype) ? p.real(x) : x));
/** The imaginary part, float32; of real dtypes zeros. Source: keras.ops.imag. @example await ops.imag([{ re: 1, im: 2 }]).array(); // [2] */
export const imag: UnaryOp = /* @__PURE__ */ onTensors("imag", (x) =>
  isComplex(x.dtype) ? p.imag(x) : p.full(x.shape, 0, x.dtype),
);
const conjugateOf = (x: Tensor): Tensor => (isComplex(x.dtype) ? p.conjugate(x) : x);
/**
 * The complex conjugate `re - i im`; for real dtypes, `x`.
 * Source: keras.ops.conjugate.
 * @example await ops.conjugate([{ re: 1, im: 2 }]).array(); // [{"re": 1, "im": -2}]
 */
export const conjugate: UnaryOp = /* @__PURE__ */ onTensors("conjugate", conjugateOf);
/**
 * The same as `conjugate`.
 * Source: keras.ops.conj.
 * @example await ops.conj([{ re: 1, im: 2 }]).array(); // [{"re": 1, "im": -2}]
 */
export const conj: UnaryOp = /* @__PURE__ */ onTensors("conj", conjugateOf);
/**
 * The angle in the complex plane, in radians: `atan2(im, re)`; of real numbers 0, or pi where negative, -0 too.
 * Source: keras.ops.angle.
 * @example await ops.angle([0, 2]).array(); // [0, 0]
 */
export const angle: UnaryOp = /* @__PURE__ */ op("angle", (input: TensorLike): Tensor => {
  const x = toFloat(input);
  if (isComplex(x.dtype)) return p.atan2(p.imag(x), p.real(x));
  return p.where(p.isNan(x), x, p.where(hasSign(x), scalar(Math.PI, x.dtype), 0));
});
/**
 * True where the imaginary part is 0: everywhere, for real dtypes.
 * Source: keras.ops.isreal.
 * @example await ops.isreal([{ re: 1, im: 2 }, 3]).array(); // [false, true]
 */
export const isreal: UnaryOp = /* @__PURE__ */ onTensors("isreal", (x) =>
  isComplex(x.dtype) ? p.equal(p.imag(x), 0) : p.full(x.shape, 1, "bool"),
);

/**
 * The complex64 numbers of the given lengths and angles (in radians), `abs cos(angle) + i abs sin(angle)`; shapes broadcast.
 * Source: keras.ops.polar.
 * @example await ops.polar(2, 0).array(); // {"re": 2, "im": 0}
 */
export const polar: Op<(abs: TensorLike, angle: TensorLike) => Tensor> = /* @__PURE__ */ op(
  "polar",
  (abs: TensorLike, angle: TensorLike): Tensor => {
    const [length, turn] = [realOperand("polar", abs), realOperand("polar", angle)];
    return p.complex(p.mul(length, p.cos(turn)), p.mul(length, p.sin(turn)));
  },
);

/**
 * Real `[..., 2]` as complex64 `[...]`: the last axis holds real and imaginary parts.
 * @throws ShapeError unless the last axis has size 2. Source: keras.ops.view_as_complex.
 * @example await ops.viewAsComplex([[1, 2], [3, 4]]).array(); // [{"re": 1, "im": 2}, {"re": 3, "im": 4}]
 */
export const viewAsComplex: UnaryOp = /* @__PURE__ */ op("viewAsComplex", (x: TensorLike): Tensor => {
  const t = realOperand("viewAsComplex", x);
  const last = t.ndim - 1;
  if (t.shape[last] !== 2) {
    const must = "the last axis must hold real and imaginary parts (size 2)";
    throw new ShapeError(complain("viewAsComplex", { must, got: showAval(t), todo: "Stack them on the last axis" }));
  }
  const part = (place: number): Tensor => p.take(t, convertToTensor(place, { dtype: "int32" }), { axis: last });
  return p.complex(part(0), part(1));
});

/**
 * Complex `[...]` as float32 `[..., 2]` of real and imaginary parts; real numbers keep their dtype and get parts of 0.
 * Source: keras.ops.view_as_real.
 * @example await ops.viewAsReal([{ re: 1, im: 2 }]).array(); // [[1, 2]]
 */
export const viewAsReal: UnaryOp = /* @__PURE__ */ op("viewAsReal", (x: TensorLike): Tensor => {
  const t = convertToTensor(x);
  const parts = isComplex(t.dtype) ? [p.real(t), p.imag(t)] : [t, p.full(t.shape, 0, t.dtype)];
  return p.concat(
    parts.map((part) => p.reshape(part, { shape: [...t.shape, 1] })),
    { axis: t.ndim },
  );
});
