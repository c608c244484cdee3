// Helpers to write rows of the kernel table.
import {
  type Aval,
  Graph,
  type Kernel,
  type Params,
  type PrimitiveName,
  placeholder,
  type Tensor,
} from "@keras-ts/core/backend";
import type { Builder } from "../builder.ts";

/** Rows of the table for some primitives. */
export type Rows<N extends PrimitiveName> = { readonly [K in N]: Kernel<K, string> };

/**
 * A row that is written in other primitives: `body` is recorded over placeholders of the inputs' shapes and written in place.
 */
export function composed<P extends Params>(
  b: Builder,
  body: (inputs: readonly Tensor[], params: P) => readonly Tensor[],
): (inputs: readonly string[], params: P, avals: { readonly ins: readonly Aval[] }) => readonly string[] {
  return (inputs, params, { ins }) => {
    const xs = ins.map((x) => placeholder(x));
    return b.inline(new Graph(xs, body(xs, params)), inputs);
  };
}

/** `composed` for one result. */
export function composed1<P extends Params>(
  b: Builder,
  body: (inputs: readonly Tensor[], params: P) => Tensor,
): (inputs: readonly string[], params: P, avals: { readonly ins: readonly Aval[] }) => string {
  const write = composed<P>(b, (inputs, params) => [body(inputs, params)]);
  return (inputs, params, avals) => write(inputs, params, avals)[0] as string;
}
