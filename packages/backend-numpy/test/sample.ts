// What a sample is, and repeatable values for it.
import { Graph, type HostArray, placeholder, sizeOf, type Tensor } from "../src/core.ts";

export interface Sample {
  readonly name: string;
  readonly inputs: readonly HostArray[];
  readonly build: (...inputs: readonly Tensor[]) => Tensor | readonly Tensor[];
  readonly tolerance?: number;
}

const arrays = {
  bool: Uint8Array,
  uint8: Uint8Array,
  uint16: Uint16Array,
  uint32: Uint32Array,
  int8: Int8Array,
  int16: Int16Array,
  int32: Int32Array,
  float32: Float32Array,
  float64: Float64Array,
};
export type Carried = keyof typeof arrays;
export const host = (shape: readonly number[], values: readonly number[], dtype: Carried = "float32"): HostArray => ({
  shape,
  dtype,
  data: new arrays[dtype](values),
});
/** Repeatable values between -2 and 2 with ties and both signs. */
export const noise = (shape: readonly number[], seed = 1, dtype: Carried = "float32"): HostArray => {
  let state = seed * 2654435761;
  const values = Array.from({ length: sizeOf(shape) }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return dtype.startsWith("float") ? Math.round((state / 2 ** 32 - 0.5) * 64) / 16 : state % 7;
  });
  return host(shape, values, dtype);
};

/** The graph of a sample. */
export function graphOf({ inputs, build }: Sample): Graph {
  const xs = inputs.map((x) => placeholder(x));
  const outs = build(...xs);
  return new Graph(xs, Array.isArray(outs) ? outs : [outs as Tensor]);
}

/** The input of that number. */
export const at = (xs: readonly Tensor[], i: number): Tensor => xs[i] as Tensor;
