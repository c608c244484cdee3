// What a sample of a primitive is, and how to write its inputs down.
import {
  type CompositeName,
  castData,
  type DType,
  type Graph,
  type HostArray,
  isFloat,
  isInteger,
  type ParamsOf,
  type PrimitiveName,
  type Shape,
  sizeOf,
  type Tensor,
} from "@keras-ts/core/backend";

export type SampleName = PrimitiveName | CompositeName;

/** One application of a primitive, as data. */
export interface PrimitiveSample<P = unknown> {
  /** What is special about it. */
  readonly name: string;
  readonly inputs: readonly HostArray[];
  readonly params: P;
  /** Compare derivatives with finite differences: the first ones, or also those of the gradient (`smooth`). */
  readonly gradient?: "first" | "smooth";
  /** Maps free inputs into the domain (a symmetric matrix, say) before the primitive sees them. */
  readonly prepare?: (inputs: readonly Tensor[]) => readonly Tensor[];
  /** Maps outputs to what is unique about them (signs of singular vectors are not). */
  readonly observe?: (outs: readonly Tensor[]) => readonly Tensor[];
  /** How much larger than usual the error may be. */
  readonly slack?: number;
}

/** At least one. */
export type Samples<P> = readonly [PrimitiveSample<P>, ...PrimitiveSample<P>[]];

/** At least one sample for every primitive and composite: forgetting one does not compile. */
export type PrimitiveSamples = {
  readonly [N in SampleName]: Samples<ParamsOf<N>>;
};

/** A whole program with inputs: for control flow, and for anything that is not one primitive. */
export interface GraphSample {
  readonly name: string;
  readonly inputs: readonly HostArray[];
  readonly build: (inputs: readonly Tensor[]) => readonly Tensor[];
  readonly gradient?: "first" | "smooth";
  readonly slack?: number;
}

/** A graph with values for its inputs. */
export interface Program {
  readonly graph: Graph;
  readonly inputs: readonly HostArray[];
}

/** Values of a dtype, a vector unless a shape is given. */
export function array(values: readonly number[], dtype: DType = "float32", shape: Shape = [values.length]): HostArray {
  return { shape, dtype, data: castData(values, dtype, isFloat(dtype) ? "float64" : "int32") };
}

/** Scattered values in `[low, high)`, the same each time, all different for floats. */
export function scattered(shape: Shape, low = -2, high = 2, dtype: DType = "float32", seed = 1): HostArray {
  const golden = (Math.sqrt(5) - 1) / 2;
  const values = Array.from({ length: sizeOf(shape) }, (_, i) => {
    const place = ((i + 1) * golden + seed * 0.3819) % 1;
    const value = low + (high - low) * place;
    return isInteger(dtype) ? Math.floor(value) : dtype === "bool" ? Number(place < 0.5) : value;
  });
  return array(values, dtype, shape);
}

export const NAN: number = Number.NaN;
export const INF: number = Number.POSITIVE_INFINITY;
export const floatDtypes = ["float32", "float16", "bfloat16", "float64"] as const;
export const integerDtypes = ["int8", "uint8", "int16", "uint16", "int32", "uint32"] as const;
