import type { Tensor } from "../graph/index.ts";
import * as tree from "../tree/index.ts";
import { isSymbolic, type KerasTensor } from "./keras-tensor.ts";
import { Operation } from "./operation.ts";

/** An argument type with symbolic tensors allowed wherever tensors are. */
type SymbolicArg<T> = [Tensor] extends [T]
  ? T | KerasTensor
  : T extends readonly (infer U)[]
    ? [Tensor] extends [U]
      ? readonly (U | KerasTensor)[]
      : T
    : T;
type SymbolicArgs<A extends readonly unknown[]> = { [K in keyof A]: SymbolicArg<A[K]> };
/** A result type with symbolic tensors for tensors. */
type SymbolicResult<R> = R extends Tensor ? KerasTensor : R extends readonly unknown[] ? { [K in keyof R]: SymbolicResult<R[K]> } : R;

/** A public op: on tensors it computes, on symbolic tensors it records itself for the Functional API. */
export type Op<F extends (...args: never[]) => unknown> = F &
  (F extends (...args: infer A) => infer R ? (...args: SymbolicArgs<A>) => SymbolicResult<R> : never);

/** An op with its arguments, as a node of a functional graph. */
export class OpOperation extends Operation {
  /** The op's public camelCase name. */
  readonly op: string;
  readonly #compute: (...args: never[]) => unknown;

  constructor(op: string, compute: (...args: never[]) => unknown, name?: string) {
    super(name, op.charAt(0).toUpperCase() + op.slice(1));
    this.op = op;
    this.#compute = compute;
  }

  override call(...args: never[]): unknown {
    return this.#compute(...args);
  }
}

const table = new Map<string, (...args: never[]) => unknown>();
/** The op of that public name, for loading functional graphs. */
export const opNamed = (name: string): ((...args: never[]) => unknown) | undefined => table.get(name);

/**
 * Makes a function on tensors a public op.
 * @example export const square: Op<(x: TensorLike) => Tensor> = op("square", (x) => mul(convertToTensor(x), convertToTensor(x)));
 */
export function op<F extends (...args: never[]) => unknown>(name: string, compute: F): Op<F> {
  const call = (...args: never[]): unknown => {
    const symbolic = tree.flatten(args as unknown as tree.Tree<unknown>).some(isSymbolic);
    return symbolic ? new OpOperation(name, compute).symbolicCall(...args) : compute(...args);
  };
  Object.defineProperty(call, "name", { value: name });
  table.set(name, call);
  return call as unknown as Op<F>;
}
