// Values as the golden files write them, and what it means to agree with them.
import { castData, type DType, type HostArray, isComplex, isDifferentiable } from "@keras-ts/core/backend";

/** An array of a golden file. */
export interface Stored {
  readonly data: readonly (number | string | boolean)[];
  readonly dtype: string;
  readonly shape: readonly number[];
}

const special: Readonly<Record<string, number>> = { nan: Number.NaN, inf: Infinity, "-inf": -Infinity };
/** A number that JSON may not have been able to write. */
export const toNumber = (x: unknown): number => (typeof x === "string" ? (special[x] ?? Number(x)) : Number(x));

export const isStored = (x: unknown): x is Stored => isRecord(x) && "data" in x && "dtype" in x;
export const isRecord = (x: unknown): x is Readonly<Record<string, unknown>> =>
  typeof x === "object" && x !== null && !Array.isArray(x);

/** The values in the arrays of their dtype. */
export function toHost({ data, dtype, shape }: Stored): HostArray {
  const known = dtype as DType;
  const values = Float64Array.from(data, toNumber); // complex numbers are pairs
  return { shape, dtype: known, data: castData(values, known, isComplex(known) ? known : "float64") };
}

/** Every stored array of a structure, in order. */
export function storedLeaves(x: unknown): Stored[] {
  if (isStored(x)) return [x];
  if (Array.isArray(x)) return x.flatMap(storedLeaves);
  return isRecord(x) ? Object.values(x).flatMap(storedLeaves) : [];
}

/** Python's spelling in ours. */
export const camel = (name: string): string =>
  name.replace(/_+$/, "").replace(/_([a-zA-Z0-9])/g, (_, letter: string) => letter.toUpperCase());

/** A number, a name or an infinity that a case writes down. */
export const readPlain = (x: unknown): unknown => (typeof x === "string" && x in special ? special[x] : x);

/** Stored arrays replaced by what `take` makes of them, slices and ellipses in our form; keys as `rename` says. */
export function revive(
  x: unknown,
  take: (x: Stored) => unknown,
  rename: (key: string) => string = (key) => key,
): unknown {
  if (isStored(x)) return take(x);
  if (Array.isArray(x)) return x.map((item) => revive(item, take, rename));
  if (!isRecord(x)) return readPlain(x);
  if ("slice" in x) return x["slice"];
  if ("ellipsis" in x) return "...";
  return Object.fromEntries(Object.entries(x).map(([key, value]) => [rename(key), revive(value, take, rename)]));
}

/** How far off a value may be. */
export interface Tolerance {
  /** By dtype, times the larger of `scale` and the value's magnitude; integers and bool are always equal. */
  readonly relative: Readonly<Partial<Record<string, number>>>;
  /** The magnitude below which errors are absolute; that of the largest value, but at most 1, by default. */
  readonly scale?: number;
  /** How many units in the last place halves may be off, in place of `relative`. */
  readonly halfUnits?: number;
  /** True if 0 and -0 differ. */
  readonly signedZeros?: boolean;
}
/** What engines' functions reach, sums of products included. */
export const loose: Tolerance = { relative: { float32: 1e-5, float64: 1e-5, complex64: 1e-5 }, halfUnits: 1 };
/** One unit in the last place of a half; 1e-5 of a float, below 0.1 absolute: sums cancel; the sign of zero counts. */
export const sharp: Tolerance = {
  relative: { float32: 1e-5, float64: 1e-5, complex64: 1e-5 },
  scale: 0.1,
  halfUnits: 1,
  signedZeros: true,
};
/** For gradients through whole layers. */
export const looser: Tolerance = { relative: { bfloat16: 3e-2, float16: 1e-2, float32: 1e-4 }, scale: 1 };
/** Bit for bit. */
export const exact: Tolerance = { relative: {} };

// The distance to the next half of this magnitude; undefined for other dtypes.
function unitOf(value: number, dtype: DType): number | undefined {
  if (dtype !== "float16" && dtype !== "bfloat16") return undefined;
  // Below 2^-8 errors are absolute: engines with a softmax of their own do not round its parts.
  return 2 ** (Math.max(Math.floor(Math.log2(Math.abs(value))), -8) - (dtype === "float16" ? 10 : 7));
}
const sign = (zero: number): string => (Object.is(zero, -0) ? "-0" : "0");
/** @throws Error that names the first difference. */
export function expectStored(what: string, actual: HostArray, expected: Stored, tolerance: Tolerance): void {
  const { relative, scale, halfUnits, signedZeros } = tolerance;
  const [found, wanted] = [actual, expected].map(({ dtype, shape }) => `${dtype} [${shape.join(", ")}]`);
  if (found !== wanted) throw new Error(`${what}: must be ${wanted}, got ${found}`);
  const host = toHost(expected).data;
  const dtype = expected.dtype as DType;
  const share = isDifferentiable(dtype) ? (relative[dtype] ?? 0) : 0;
  let largest = 1e-3;
  for (const x of host) if (Number.isFinite(x)) largest = Math.max(largest, Math.abs(x as number));
  const floor = scale ?? Math.min(largest, 1);
  for (let i = 0; i < host.length; i++) {
    const [want, got] = [host[i] as number, actual.data[i] as number];
    if (Object.is(got, want) || (got === want && !(signedZeros && got === 0))) continue;
    if (signedZeros && got === 0 && want === 0)
      throw new Error(`${what}: element ${i} must be ${sign(want)}, got ${sign(got)}`);
    const unit = halfUnits === undefined ? undefined : unitOf(want, dtype);
    const allowed = unit === undefined ? share * Math.max(Math.abs(want), floor) : (halfUnits as number) * unit;
    // XLA flushes what is smaller than the least normal float32.
    if (Math.abs(got - want) <= Math.max(allowed, isDifferentiable(dtype) ? 2 ** -126 : 0)) continue;
    throw new Error(`${what}: element ${i} must be ${want}, got ${got}`);
  }
}
