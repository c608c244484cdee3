import { complain, DtypeError, didYouMean, warnOnce } from "../errors/index.ts";

/** Every element type that a graph can hold. `float64` is for checks in double precision; public ops collapse it to float32. */
export const dtypes = [
  "bool",
  "uint8",
  "uint16",
  "uint32",
  "int8",
  "int16",
  "int32",
  "float16",
  "bfloat16",
  "float32",
  "float64",
  "complex64",
] as const;
export type DType = (typeof dtypes)[number];

export type TypedArray =
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | Float32Array
  | Float64Array;

/** Values on the host. Halves are Float32Array of already rounded values, bool is 0/1 in Uint8Array, complex64 interleaves re, im. */
export interface HostArray {
  readonly shape: readonly number[];
  readonly dtype: DType;
  readonly data: TypedArray;
}

interface DTypeInfo {
  readonly kind: "bool" | "uint" | "int" | "float" | "complex";
  readonly bits: number;
  readonly array: { new (length: number): TypedArray; new (values: ArrayLike<number>): TypedArray };
}

const info: Readonly<Record<DType, DTypeInfo>> = {
  bool: { kind: "bool", bits: 8, array: Uint8Array },
  uint8: { kind: "uint", bits: 8, array: Uint8Array },
  uint16: { kind: "uint", bits: 16, array: Uint16Array },
  uint32: { kind: "uint", bits: 32, array: Uint32Array },
  int8: { kind: "int", bits: 8, array: Int8Array },
  int16: { kind: "int", bits: 16, array: Int16Array },
  int32: { kind: "int", bits: 32, array: Int32Array },
  float16: { kind: "float", bits: 16, array: Float32Array },
  bfloat16: { kind: "float", bits: 16, array: Float32Array },
  float32: { kind: "float", bits: 32, array: Float32Array },
  float64: { kind: "float", bits: 64, array: Float64Array },
  complex64: { kind: "complex", bits: 64, array: Float32Array },
};

export const isFloat = (dtype: DType): boolean => info[dtype].kind === "float";
export const isComplex = (dtype: DType): boolean => info[dtype].kind === "complex";
export const isHalf = (dtype: DType): boolean => info[dtype].kind === "float" && info[dtype].bits === 16;
/** True for dtypes through which gradients flow. */
export const isDifferentiable = (dtype: DType): boolean => isFloat(dtype) || isComplex(dtype);
export const isInteger = (dtype: DType): boolean => info[dtype].kind === "int" || info[dtype].kind === "uint";
export const isUnsigned = (dtype: DType): boolean => info[dtype].kind === "uint";
export const bitsOf = (dtype: DType): number => info[dtype].bits;
/** The host array class that holds values of `dtype`. */
export const arrayTypeOf = (dtype: DType): DTypeInfo["array"] => info[dtype].array;

/**
 * A dtype from its public name, as `keras.backend.standardize_dtype`: 64-bit names collapse to 32 bits with one warning.
 * @throws DtypeError for an unknown name.
 */
export function standardizeDtype(name: string): DType {
  const spelled = name === "int" ? "int32" : name === "float" ? "float32" : name;
  if (spelled === "int64" || spelled === "uint64" || spelled === "float64" || spelled === "complex128") {
    const narrow = spelled === "complex128" ? "complex64" : (spelled.replace("64", "32") as DType);
    warnOnce(`dtype ${spelled} is not available, ${narrow} is used instead.`);
    return narrow;
  }
  if ((dtypes as readonly string[]).includes(spelled)) return spelled as DType;
  throw new DtypeError(
    complain("dtype", {
      must: `a dtype must be one of ${dtypes.filter((d) => d !== "float64").join(", ")}`,
      got: `"${name}"`,
      todo: didYouMean(String(name), dtypes) || "Use one of these names",
    }),
  );
}

/** A number with no dtype of its own: `int` or `float` as Python's literals, `boolean` as Python's bool. */
export type WeakType = "int" | "float";

const order = { bool: 0, uint: 1, int: 1, float: 2, complex: 3 } as const;

/**
 * The dtype of an op on these operands: JAX's promotion lattice, 64-bit results collapsed to 32 bits; JS numbers are weak.
 * Source: keras/src/backend/common/dtypes.py, `result_type`.
 * @example resultType("int8", "uint8") // "int16"
 */
export function resultType(...operands: readonly (DType | WeakType)[]): DType {
  const strong = operands.filter((d): d is DType => d !== "int" && d !== "float");
  const weakFloat = operands.includes("float");
  const weakInt = operands.includes("int");
  if (strong.length === 0) return weakFloat ? "float32" : "int32";
  const joined = strong.reduce(join);
  if (weakFloat && order[info[joined].kind] < order.float) return "float32";
  if (weakInt && joined === "bool") return "int32";
  return joined;
}

function join(a: DType, b: DType): DType {
  if (a === b) return a;
  const [low, high] = order[info[a].kind] <= order[info[b].kind] ? [a, b] : [b, a];
  if (order[info[low].kind] !== order[info[high].kind]) return low === "float64" ? "complex64" : high;
  if (info[a].kind === "float") {
    if (bitsOf(a) !== bitsOf(b)) return bitsOf(a) > bitsOf(b) ? a : b;
    return "float32"; // float16 with bfloat16
  }
  if (info[a].kind === info[b].kind) return bitsOf(a) > bitsOf(b) ? a : b;
  const [unsigned, signed] = info[a].kind === "uint" ? [a, b] : [b, a];
  if (bitsOf(signed) > bitsOf(unsigned)) return signed;
  return bitsOf(unsigned) === 8 ? "int16" : "int32"; // uint32 with a signed type is int64 in the lattice, int32 after the collapse
}

const scratchFloat = new Float32Array(1);
const scratchBits = new Uint32Array(scratchFloat.buffer);

/** The nearest bfloat16, ties to even. */
export function roundToBfloat16(value: number): number {
  scratchFloat[0] = value;
  const bits = scratchBits[0] as number;
  if (Number.isNaN(value)) return Number.NaN;
  scratchBits[0] = (bits + 0x7fff + ((bits >>> 16) & 1)) & 0xffff0000;
  return scratchFloat[0] as number;
}

/** The nearest float16, ties to even, with gradual underflow and overflow to infinity. */
export function roundToFloat16(value: number): number {
  const magnitude = Math.abs(value);
  if (!(magnitude < 65520)) return Number.isNaN(value) ? Number.NaN : Math.sign(value) * Number.POSITIVE_INFINITY;
  const exponent = magnitude < 2 ** -14 ? -14 : Math.floor(Math.log2(magnitude));
  const unit = 2 ** (exponent - 10);
  return roundHalfEven(value / unit) * unit;
}

/** The nearest integer, ties to even, as IEEE 754, NumPy and ONNX round. */
export function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest !== 0.5) return Math.round(value);
  // From -0.5 up to -0, as -0.3.
  return floor % 2 === 0 ? floor : floor + 1 || -0;
}

/**
 * Values copied into the array class of `dtype`: bool is `!= 0`, halves round, integers wrap; from floats they truncate and saturate,
 * NaN gives 0 (as XLA). Real numbers get imaginary parts of 0; complex ones lose theirs.
 */
export function castData(data: ArrayLike<number>, dtype: DType, from: DType = "float32"): TypedArray {
  if (isComplex(from) && !isComplex(dtype)) return castData(realParts(data), dtype, "float32");
  const { kind, bits, array } = info[dtype];
  if (kind === "complex") return isComplex(from) ? new array(data) : interleaved(data);
  const fromFloat = isFloat(from);
  if ((kind === "float" && bits > 16) || ((kind === "int" || kind === "uint") && !fromFloat)) return new array(data);
  const out = new array(data.length);
  for (let i = 0; i < data.length; i++) {
    const value = data[i] as number;
    if (kind === "bool") out[i] = value !== 0 ? 1 : 0;
    else if (kind === "float") out[i] = (dtype === "float16" ? roundToFloat16 : roundToBfloat16)(value);
    else out[i] = saturate(value, kind === "int", bits);
  }
  return out;
}

function interleaved(real: ArrayLike<number>): Float32Array {
  const out = new Float32Array(2 * real.length);
  for (let i = 0; i < real.length; i++) out[2 * i] = real[i] as number;
  return out;
}

function realParts(pairs: ArrayLike<number>): Float32Array {
  const out = new Float32Array(pairs.length / 2);
  for (let i = 0; i < out.length; i++) out[i] = pairs[2 * i] as number;
  return out;
}

function saturate(value: number, signed: boolean, bits: number): number {
  if (Number.isNaN(value)) return 0;
  const low = signed ? -(2 ** (bits - 1)) : 0;
  const high = signed ? 2 ** (bits - 1) - 1 : 2 ** bits - 1;
  return Math.min(high, Math.max(low, Math.trunc(value)));
}
