import { isDifferentiable, isFloat } from "../aval/index.ts";
import { complain, ShapeError, StateError, showAval } from "../errors/index.ts";
import { nodeOf, Tensor } from "../graph/index.ts";
import { full, reshape, vjpWalk } from "../primitives/index.ts";
import * as tree from "../tree/index.ts";
import { readCell, type StateCell } from "./state.ts";

/** A tensor, or a variable that holds one. */
export type Differentiable = Tensor | StateCell;
const tensorOf = (x: Differentiable): Tensor => (x instanceof Tensor ? x : readCell(x).tensor);

/**
 * Gradients of a scalar with respect to tensors or variables, as a graph: zeros where it does not depend on them.
 * @throws ShapeError if `y` is not a float scalar. @throws StateError if its graph was already dropped because it was read.
 * @example
 * const w = tensor([1, 2]);
 * const [dw] = gradients(ops.sum(ops.square(w)), [w]);
 * await dw?.array(); // [2, 4]
 */
export function gradients(y: Tensor, xs: readonly Differentiable[]): Tensor[] {
  if (y.size !== 1 || !isFloat(y.dtype)) {
    const todo = "Reduce it with ops.mean or ops.sum first";
    throw new ShapeError(complain("gradients", { must: "the result must be one float", got: showAval(y), todo }));
  }
  const targets = xs.map(tensorOf);
  if (nodeOf(y) === undefined && y.source.kind === "value" && !targets.includes(y)) {
    const must = "gradients must be asked for before the result is read (a read tensor keeps its value, not its graph)";
    throw new StateError(
      complain("gradients", { must, got: String(y), todo: "Call gradients first, or use valueAndGrad" }),
    );
  }
  const seed = full(y.shape, 1, y.dtype);
  const back = vjpWalk([y], [seed], targets);
  return targets.map((x, i) => back[i] ?? full(x.shape, 0, isDifferentiable(x.dtype) ? x.dtype : "float32"));
}

/** Which arguments to differentiate. */
export interface GradOptions {
  /** Position(s) among the arguments; 0 by default. */
  readonly argnums?: number | readonly number[];
  /** True if the function returns `[value, auxiliary]`. */
  readonly hasAux?: boolean;
}
type Args = readonly tree.Tree<Tensor>[];

/**
 * A function that gives the value and the gradients of a scalar function. Arguments may be nested; gradients have their structure.
 * @example
 * const [loss, dw] = valueAndGrad((w: Tensor) => ops.sum(ops.square(w)))(tensor([1, 2]));
 */
export function valueAndGrad<A extends Args>(
  f: (...args: A) => Tensor,
): (...args: A) => [value: Tensor, gradients: A[0]];
export function valueAndGrad<A extends Args>(
  f: (...args: A) => Tensor,
  options: { readonly argnums: readonly number[]; readonly hasAux?: false },
): (...args: A) => [value: Tensor, gradients: A[number][]];
export function valueAndGrad<A extends Args>(
  f: (...args: A) => Tensor | readonly [Tensor, unknown],
  options?: GradOptions,
): (...args: A) => [value: unknown, gradients: unknown];
export function valueAndGrad<A extends Args>(
  f: (...args: A) => Tensor | readonly [Tensor, unknown],
  { argnums = 0, hasAux = false }: GradOptions = {},
): (...args: A) => [value: unknown, gradients: unknown] {
  return (...args) => {
    const positions = typeof argnums === "number" ? [argnums] : argnums;
    // Fresh aliases, so that only this use of the arguments counts.
    const aliased = args.map((arg, i) => (positions.includes(i) ? tree.map(arg, alias) : arg)) as unknown as A;
    const result = f(...aliased);
    const y = (hasAux ? (result as readonly [Tensor, unknown])[0] : result) as Tensor;
    const chosen = positions.map((i) => aliased[i] as tree.Tree<Tensor>);
    const leaves = chosen.flatMap((arg) => tree.flatten(arg));
    const flat = gradients(y, leaves);
    let next = 0;
    const packed = chosen.map((arg) => tree.map(arg, () => flat[next++] as Tensor));
    return [result, typeof argnums === "number" ? packed[0] : packed];
  };
}

// A node of its own with the same values.
function alias(x: Tensor): Tensor {
  const lifted = reshape(x, { shape: [1, ...x.shape] });
  return reshape(lifted, { shape: x.shape });
}

/** The gradient function of a scalar function. @example await grad((x: Tensor) => ops.sum(ops.square(x)))(tensor([1, 2])).array(); // [2, 4] */
export function grad<A extends Args>(f: (...args: A) => Tensor): (...args: A) => A[0];
export function grad<A extends Args>(
  f: (...args: A) => Tensor,
  options: { readonly argnums: readonly number[]; readonly hasAux?: false },
): (...args: A) => A[number][];
export function grad<A extends Args>(
  f: (...args: A) => Tensor | readonly [Tensor, unknown],
  options?: GradOptions,
): (...args: A) => unknown;
export function grad<A extends Args>(
  f: (...args: A) => Tensor | readonly [Tensor, unknown],
  options: GradOptions = {},
): (...args: A) => unknown {
  const both = valueAndGrad(f, options);
  return (...args) => both(...args)[1];
}

/** The outputs of `f` and a function from their cotangents to those of the inputs, which may be called after the outputs were read. */
export function vjp(
  f: (...xs: Tensor[]) => Tensor | readonly Tensor[],
  ...xs: Tensor[]
): [readonly Tensor[], (...gs: Tensor[]) => Tensor[]] {
  const aliased = xs.map(alias);
  const result = f(...aliased);
  const ys = result instanceof Tensor ? [result] : result;
  // Handed out as copies: a tensor that is read forgets its graph, which the pull-back still needs.
  return [
    ys.map(alias),
    (...gs) => vjpWalk(ys, gs, aliased).map((g, i) => g ?? full((xs[i] as Tensor).shape, 0, (xs[i] as Tensor).dtype)),
  ];
}
