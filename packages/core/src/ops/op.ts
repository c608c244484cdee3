// What makes a function on tensors a public op. Loading it also gives tensors their operators.
import { type Index, provideTensorMethods, Tensor } from "../graph/index.ts";
import { withChecks } from "./arguments.ts";
import { classNameOf } from "./class-names.ts";
import { declarations } from "./declared.ts";
import { getItemCore } from "./get-item.ts";
import { isSymbolic, type KerasTensor, provideSymbolicMethods } from "./keras-tensor.ts";
import { Operation } from "./operation.ts";
import { binaryCores, tensorMethods, unaryCores } from "./operators.ts";
import { unifiedSpec } from "./unify.ts";

/** An argument type with symbolic tensors allowed wherever tensors are. */
type SymbolicArg<T> = [Tensor] extends [T]
  ? T | KerasTensor | SymbolicList<T>
  : T extends readonly (infer U)[]
    ? [Tensor] extends [U]
      ? readonly (U | KerasTensor)[]
      : T
    : T;
type SymbolicList<T> = T extends readonly (infer U)[]
  ? [Tensor] extends [U]
    ? readonly (U | KerasTensor)[]
    : never
  : never;
type SymbolicArgs<A extends readonly unknown[]> = { [K in keyof A]: SymbolicArg<A[K]> };
/** A result type with symbolic tensors for tensors. */
type SymbolicResult<R> =
  R extends Promise<infer V>
    ? SymbolicResult<V>
    : R extends Tensor
      ? KerasTensor
      : R extends readonly unknown[]
        ? { [K in keyof R]: SymbolicResult<R[K]> }
        : R;

/** A public op: on tensors it computes, on symbolic tensors it records itself for the Functional API. */
export type Op<F extends (...args: never[]) => unknown> = F &
  (F extends (...args: infer A) => infer R ? (...args: SymbolicArgs<A>) => SymbolicResult<R> : never);

/** An op with its arguments, as a node of a functional graph. */
export class OpOperation extends Operation {
  /** The op's public camelCase name. */
  readonly op: string;
  /** Its class in Python. */
  readonly className: string;
  readonly #compute: (...args: never[]) => unknown;
  readonly #spec: ((...args: never[]) => unknown) | undefined;

  constructor(op: string, compute: (...args: never[]) => unknown, spec?: (...args: never[]) => unknown, name?: string) {
    super(name, classNameOf(op));
    this.op = op;
    this.className = classNameOf(op);
    this.#compute = compute;
    this.#spec = spec;
  }

  override call(...args: never[]): unknown {
    return this.#compute(...args);
  }

  override computeOutputSpec(...args: readonly unknown[]): unknown {
    if (this.#spec !== undefined) return this.#spec(...(args as never[]));
    const infer = (given: readonly unknown[]): unknown =>
      unifiedSpec(this.#compute as (...a: unknown[]) => unknown, given);
    let made: unknown;
    const traced = (instead?: readonly unknown[]): unknown =>
      instead === undefined ? (made ??= infer(args)) : infer(instead);
    return declarations[this.op]?.(args, traced as () => KerasTensor) ?? traced();
  }
}

/** The arguments of an op when its first tensor is symbolic, and so is the result. */
type SpecOf<F extends (...args: never[]) => unknown> =
  Parameters<F> extends readonly [unknown, ...infer Rest]
    ? (x: KerasTensor, ...rest: Rest) => SymbolicResult<ReturnType<F>>
    : never;

/**
 * Makes a function on tensors a public op. Shapes of symbolic results come from a trace with stand-ins for unknown sizes; `spec`
 * is for ops that would refuse such stand-ins (a size that must be divisible, or larger than another).
 * @example
 * ```ts no-check
 * export const square: Op<(x: TensorLike) => Tensor> = op("square", (x) => mul(convertToTensor(x), convertToTensor(x)));
 * ```
 */
export function op<F extends (...args: never[]) => unknown>(name: string, compute: F, spec?: SpecOf<F>): Op<F> {
  const checked = withChecks(name, compute);
  const call = (...args: never[]): unknown => {
    return args.some(holdsSymbolic)
      ? new OpOperation(name, checked, spec as ((...args: never[]) => unknown) | undefined).symbolicCall(...args)
      : checked(...args);
  };
  Object.defineProperty(call, "name", { value: name });
  return call as unknown as Op<F>;
}

// Whether a symbolic tensor stands somewhere in an argument. Rows of numbers are not searched: data can be large.
function holdsSymbolic(x: unknown): boolean {
  if (typeof x !== "object" || x === null || x instanceof Tensor || ArrayBuffer.isView(x)) return false;
  if (isSymbolic(x)) return true;
  if (Array.isArray(x)) return typeof x[0] !== "number" && typeof x[0] !== "boolean" && x.some(holdsSymbolic);
  return Object.getPrototypeOf(x) === Object.prototype && Object.values(x).some(holdsSymbolic);
}

provideTensorMethods(tensorMethods);
const applied = (name: string, compute: (...args: never[]) => unknown, ...args: unknown[]): KerasTensor =>
  new OpOperation(name, compute).symbolicCall(...args) as KerasTensor;
provideSymbolicMethods({
  binary: (name, a, b) => applied(name, binaryCores[name] as (...args: never[]) => unknown, a, b),
  unary: (name, a) =>
    applied(name === "abs" ? "absolute" : name === "invert" ? "logicalNot" : name, unaryCores[name] as never, a),
  at: (x, indices) =>
    applied("getItem", ((t: Tensor, key: readonly Index[]) => getItemCore(t, key)) as never, x, indices),
});
