// Small helpers of the kernel files.
import {
  BackendError,
  complain,
  type DType,
  type HostArray,
  type KernelAvals,
  type Kernels,
  type PrimitiveName,
} from "@keras-ts/core/backend";
import type { JaxArray, JaxModule } from "./library.ts";
import { limitations } from "./limitations.ts";

export type Row<N extends PrimitiveName> = NonNullable<Kernels<JaxArray>[N]>;
export type Rows<N extends PrimitiveName> = { readonly [K in N]: Row<K> };
type Inputs = readonly JaxArray[];

/** A reference to the i-th input, to be consumed. */
export const take = (inputs: Inputs, i = 0): JaxArray => (inputs[i] as JaxArray).ref;
/** What a kernel with one output looks like, whichever primitive it is for. */
export type Kernel<P> = (inputs: Inputs, params: P, avals: KernelAvals) => JaxArray;
export const unary =
  (f: (x: JaxArray) => JaxArray) =>
  (inputs: Inputs): JaxArray =>
    f(take(inputs));
export const binary =
  (f: (a: JaxArray, b: JaxArray) => JaxArray) =>
  (inputs: Inputs): JaxArray =>
    f(take(inputs), take(inputs, 1));

/** The dtype by jax-js' own enum. */
export function dtypeOf(jax: JaxModule, dtype: DType): JaxArray["dtype"] {
  const known: Partial<Record<DType, JaxArray["dtype"]>> = {
    float32: jax.DType.Float32,
    int32: jax.DType.Int32,
    uint32: jax.DType.Uint32,
    bool: jax.DType.Bool,
  };
  const found = known[dtype];
  if (found !== undefined) return found;
  throw new BackendError(
    complain("jax-js", { must: "the dtype must be float32, int32, uint32 or bool", got: dtype, todo: "Cast first" }),
  );
}

/** A row for what jax-js lacks. */
export function lacking(op: string): () => never {
  return () => {
    const reason = limitations.find((l) => l.op === op)?.reason ?? "jax-js lacks it";
    const todo = "Use a layer without it, or core's own engines (see limitations)";
    throw new BackendError(complain("jax-js", { must: `the model must not need "${op}"`, got: `it: ${reason}`, todo }));
  };
}

/** Host values as an array of jax-js. */
export function upload(jax: JaxModule, { shape, dtype, data }: HostArray): JaxArray {
  const types = { float32: Float32Array, uint32: Uint32Array };
  const Type = types[dtype as keyof typeof types] ?? Int32Array;
  const values = Type.from(data as ArrayLike<number>);
  if (dtype !== "bool") return jax.numpy.array(values, { shape: [...shape], dtype: dtypeOf(jax, dtype) });
  return jax.numpy.notEqual(jax.numpy.array(values, { shape: [...shape], dtype: jax.DType.Int32 }), 0);
}
