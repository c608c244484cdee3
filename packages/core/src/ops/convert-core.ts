// From what users have to tensors: numbers, nested arrays, typed arrays, tensors of an engine's own library. Without operators: convert.ts adds them.
import {
  arrayTypeOf,
  castData,
  type DType,
  type HostArray,
  isComplex,
  isDifferentiable,
  isFloat,
  resultType,
  type Shape,
  sizeOf,
  standardizeDtype,
  type TypedArray,
  type WeakType,
} from "../aval/index.ts";
import { adoptHandle, getBackend } from "../backend/index.ts";
import { complain, DtypeError, ShapeError, showShape } from "../errors/index.ts";
import { type Complex, literal, type NestedArray, Tensor } from "../graph/index.ts";
import { cast as castTo } from "../primitives/index.ts";
import { isSymbolic } from "./keras-tensor.ts";

/** Anything that can stand where a tensor is expected. */
export type TensorLike =
  | Tensor
  | number
  | boolean
  | readonly TensorLike[]
  | NestedArray
  | Complex
  | TypedArray
  | HostArray
  | ForeignTensor;
/** A tensor of the current engine's own library, or a variable: it is asked for its tensor. */
export interface ForeignTensor {
  readonly shape: readonly number[];
  readonly dtype: string;
}

export interface TensorOptions {
  readonly shape?: Shape;
  readonly dtype?: string;
}

let floatType: DType = "float32";
/** The default float dtype. */
export const floatx = (): DType => floatType;
/** Sets the default float dtype. @throws DtypeError unless it is float16, bfloat16 or float32. */
export function setFloatx(dtype: string): void {
  const standard = standardizeDtype(dtype);
  if (!isFloat(standard)) {
    const todo = "Use float16, bfloat16 or float32";
    throw new DtypeError(complain("setFloatx", { must: "the default must be a float dtype", got: dtype, todo }));
  }
  floatType = standard;
}

/**
 * A tensor from numbers: nested arrays, a flat array with a shape, a typed array, a scalar. Numbers become float32 unless a dtype is
 * given, booleans bool, typed arrays the dtype of their class. Complex numbers are `{ re, im }`; a typed array read as complex64 holds
 * real and imaginary parts in turn, as `data()` gives them.
 * @throws ShapeError for ragged arrays or a wrong number of values. @throws DtypeError for values that are not numbers.
 * @example tensor([[1, 2], [3, 4]], { dtype: "int32" })
 * @example await tensor([{ re: 1, im: -2 }, 3]).data(); // [1, -2, 3, 0]
 */
export function tensor(values: TensorLike, { shape, dtype }: TensorOptions = {}): Tensor {
  const target = dtype === undefined ? undefined : standardizeDtype(dtype);
  const made = fromValue(values, target);
  return shape === undefined ? made : withShape(made, shape);
}

/** `x` as a tensor, of `dtype` if given. Source: keras.ops.convert_to_tensor. */
export function convertToTensor(x: TensorLike, { dtype }: { readonly dtype?: string | undefined } = {}): Tensor {
  const target = dtype === undefined ? undefined : standardizeDtype(dtype);
  return x instanceof Tensor ? castTensor(x, target ?? x.dtype) : fromValue(x, target);
}

const castTensor = (x: Tensor, dtype: DType): Tensor => castTo(x, { dtype });

function withShape(x: Tensor, shape: Shape): Tensor {
  if (sizeOf(shape) !== x.size) {
    const got = `${x.size} values for shape ${showShape(shape)} (${sizeOf(shape)})`;
    throw new ShapeError(
      complain("tensor", {
        must: "there must be as many values as the shape has places",
        got,
        todo: "Check the shape",
      }),
    );
  }
  if (x.source.kind === "literal") return literal({ ...x.source.value, shape });
  throw new ShapeError(
    complain("tensor", { must: "shape is for values, not for tensors", got: String(x), todo: "Use ops.reshape" }),
  );
}

/** A holder of a tensor, such as a Variable. */
interface Holder {
  readonly value: Tensor;
}
const isHolder = (x: object): x is Holder => "value" in x && (x as Holder).value instanceof Tensor;
const isComplexNumber = (x: object): x is Complex => "re" in x && "im" in x;
const isHost = (x: object): x is HostArray => "data" in x && ArrayBuffer.isView((x as HostArray).data) && "shape" in x;

function fromValue(x: unknown, dtype: DType | undefined): Tensor {
  if (x instanceof Tensor) return castTensor(x, dtype ?? x.dtype);
  if (typeof x === "number" || typeof x === "boolean") {
    const own = dtype ?? (typeof x === "boolean" ? "bool" : floatType);
    return literal({ shape: [], dtype: own, data: castData([Number(x)], own, "float64") });
  }
  if (ArrayBuffer.isView(x)) return fromTyped(x as TypedArray, dtype);
  if (Array.isArray(x)) return fromNested(x as readonly unknown[], dtype);
  if (isSymbolic(x)) {
    const must = "a symbolic tensor (KerasTensor) cannot be used as a value";
    throw new ShapeError(
      complain("tensor", { must, got: String(x), todo: "Pass it to layers and ops, or build a Model" }),
    );
  }
  if (typeof x === "object" && x !== null) {
    if (isComplexNumber(x)) return fromNested(x, dtype);
    if (isHolder(x)) return castTensor(x.value, dtype ?? x.value.dtype);
    if (isHost(x))
      return literal({ shape: x.shape, dtype: dtype ?? x.dtype, data: castData(x.data, dtype ?? x.dtype, x.dtype) });
    const backend = getBackend();
    const adopted = backend.adopt?.(x);
    if (adopted !== undefined) {
      const made = new Tensor(adopted.aval, {
        kind: "value",
        value: adoptHandle(backend, adopted.aval, adopted.handle),
      });
      return castTensor(made, dtype ?? made.dtype);
    }
  }
  const must = "values must be numbers, booleans, nested arrays of them, typed arrays or tensors";
  const got = x === null ? "null" : typeof x === "object" ? ((x as object).constructor?.name ?? "an object") : typeof x;
  throw new DtypeError(complain("tensor", { must, got, todo: "Convert the data to numbers first" }));
}

const typedDtypes: readonly (readonly [new (n: number) => TypedArray, DType])[] = [
  [Float32Array, "float32"],
  [Int32Array, "int32"],
  [Uint8Array, "uint8"],
  [Uint32Array, "uint32"],
  [Int8Array, "int8"],
  [Uint16Array, "uint16"],
  [Int16Array, "int16"],
  [Float64Array, "float64"],
];

function fromTyped(x: TypedArray, dtype: DType | undefined): Tensor {
  const known = x instanceof Uint8ClampedArray ? "uint8" : typedDtypes.find(([type]) => x instanceof type)?.[1];
  if (known === undefined) {
    const todo = "Convert it with Int32Array.from(values, Number)";
    throw new DtypeError(
      complain("tensor", { must: "the typed array must hold numbers", got: (x as object).constructor.name, todo }),
    );
  }
  const target = dtype ?? (known === "float64" ? floatType : known);
  if (isComplex(target)) return literal({ shape: [pairsIn(x)], dtype: target, data: Float32Array.from(x) });
  return literal({ shape: [x.length], dtype: target, data: castData(x, target, known) });
}

function pairsIn(x: TypedArray): number {
  if (x.length % 2 === 0) return x.length / 2;
  const must = "a typed array of complex numbers must hold real and imaginary parts in turn";
  const todo = "For real numbers, cast a float32 tensor";
  throw new ShapeError(complain("tensor", { must, got: `${x.length} numbers`, todo }));
}

// `x` is an array, or one complex number.
function fromNested(x: readonly unknown[] | Complex, dtype: DType | undefined): Tensor {
  const shape: number[] = [];
  let level: unknown = x;
  while (Array.isArray(level) || (ArrayBuffer.isView(level) && !(level instanceof DataView))) {
    shape.push((level as ArrayLike<unknown>).length);
    level = (level as ArrayLike<unknown>)[0];
  }
  const isNumber = typeof level !== "object" || level === null || isComplexNumber(level);
  if (!isNumber) throw refuseTensors((x as readonly unknown[]).length);
  const flat = new Float64Array(sizeOf(shape));
  let imaginary: Float64Array | undefined;
  let next = 0;
  let booleans = true;
  const fill = (value: unknown, depth: number): void => {
    if (depth === shape.length) {
      if (typeof value === "object" && value !== null && isComplexNumber(value)) {
        imaginary ??= new Float64Array(flat.length);
        imaginary[next] = value.im;
        flat[next++] = value.re;
        return;
      }
      if (typeof value !== "number" && typeof value !== "boolean") throw ragged(shape, value);
      booleans &&= typeof value === "boolean";
      flat[next++] = Number(value);
      return;
    }
    const row = value as ArrayLike<unknown>;
    if (typeof value !== "object" || value === null || row.length !== shape[depth]) throw ragged(shape, value);
    for (let i = 0; i < row.length; i++) fill(row[i], depth + 1);
  };
  fill(x, 0);
  if (imaginary !== undefined) return fromParts(shape, flat, imaginary, dtype);
  const target = dtype ?? (booleans && flat.length > 0 ? "bool" : floatType);
  const data = target === "float64" ? flat : castData(flat, target, "float64");
  return literal({ shape, dtype: target, data: data instanceof arrayTypeOf(target) ? data : castData(flat, target) });
}

function fromParts(shape: Shape, re: Float64Array, im: Float64Array, dtype: DType = "complex64"): Tensor {
  const pairs = Float32Array.from({ length: 2 * re.length }, (_, i) => (i % 2 === 0 ? re : im)[i >> 1] as number);
  if (!isComplex(dtype)) {
    const must = `values of dtype ${dtype} must be real`;
    throw new DtypeError(complain("tensor", { must, got: "complex numbers", todo: 'Use dtype "complex64"' }));
  }
  return literal({ shape, dtype, data: pairs });
}

// Arrays of tensors are stacked by whoever needs that; here it is refused with the way to do it.
function refuseTensors(count: number): DtypeError {
  const must = "arrays must hold numbers or booleans";
  return new DtypeError(
    complain("tensor", { must, got: `an array of ${count} tensors`, todo: "Join tensors with ops.stack" }),
  );
}

function ragged(shape: Shape, value: unknown): ShapeError | DtypeError {
  if (!Array.isArray(value) && typeof value !== "number" && typeof value !== "boolean") {
    const got = typeof value === "string" ? JSON.stringify(value) : value === null ? "null" : typeof value;
    const todo = "Convert the data to numbers first: Number(text), or an index for each category";
    return new DtypeError(complain("tensor", { must: "nested arrays must hold numbers or booleans", got, todo }));
  }
  const got = `${Array.isArray(value) ? `a row of length ${value.length}` : typeof value} where ${showShape(shape)} was expected`;
  return new ShapeError(
    complain("tensor", { must: "nested arrays must be rectangular and hold numbers", got, todo: "Pad the rows" }),
  );
}

/** The dtype with which an operand takes part in promotion: JS numbers are weak. */
export function weakTypeOf(x: TensorLike): DType | WeakType {
  if (typeof x === "number") return Number.isInteger(x) ? "int" : "float";
  if (typeof x === "boolean") return "bool";
  return convertToTensor(x).dtype;
}

/** All operands as tensors of their common dtype. @example promote(tensor([1], { dtype: "int32" }), 0.5) // both float32 */
export function promote(...xs: readonly TensorLike[]): Tensor[] {
  const ready = xs.map((x) => (typeof x === "number" || typeof x === "boolean" ? x : convertToTensor(x)));
  const dtype = resultType(...ready.map(weakTypeOf));
  return ready.map((x) => convertToTensor(x, { dtype }));
}

/** `x` as a tensor of a float dtype: integers and bool become the default float, complex stays. */
export function toFloat(x: TensorLike): Tensor {
  const t = convertToTensor(x);
  return isDifferentiable(t.dtype) ? t : castTensor(t, floatType);
}
