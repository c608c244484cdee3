// Control flow inside programs: branches and loops over functions of tensors.

import { resultType } from "../aval/index.ts";
import { ConfigError, complain, ShapeError, showAval } from "../errors/index.ts";
import { Graph, placeholder, Tensor } from "../graph/index.ts";
import * as p from "../primitives/index.ts";
import { closure } from "../transforms/index.ts";
import * as tree from "../tree/index.ts";
import { withChecks } from "./arguments.ts";
import { castTo, toBool } from "./arithmetic-core.ts";
import { convertToTensor, type TensorLike } from "./convert-core.ts";

/** Tensors in arrays and plain objects; null where there is nothing. */
export type Nested = Tensor | null | undefined | readonly Nested[] | { readonly [key: string]: Nested };
type Leaf = Tensor | null | undefined;
const leavesOf = (x: unknown): Leaf[] => tree.flatten(x as tree.Tree<Leaf>);
const tensorsOf = (x: unknown): Tensor[] => leavesOf(x).filter((leaf): leaf is Tensor => leaf instanceof Tensor);
// The structure of `like` with its tensors replaced in order.
function refill(like: unknown, tensors: readonly Tensor[]): unknown {
  let next = 0;
  return tree.map(like as tree.Tree<unknown>, (leaf) => (leaf instanceof Tensor ? tensors[next++] : leaf));
}
// Numbers become tensors: whole ones int32, as Python's.
function toTensors(x: unknown): unknown {
  return tree.map(x as tree.Tree<unknown>, (leaf) => {
    if (leaf === null || leaf === undefined || leaf instanceof Tensor) return leaf;
    if (typeof leaf === "number" && Number.isInteger(leaf)) return convertToTensor(leaf, { dtype: "int32" });
    return convertToTensor(leaf as TensorLike);
  });
}

interface Closed {
  readonly captures: readonly Tensor[];
  readonly body: Graph;
  /** What the function returned, with placeholders for tensors. */
  readonly result: unknown;
}
// A function of tensors as a closed program, and the structure of its result.
function close(where: string, f: (...args: Tensor[]) => unknown, avals: readonly Tensor[]): Closed {
  let result: unknown;
  const { captures, body } = closure(
    where,
    (...args) => {
      result = toTensors(f(...args));
      return tensorsOf(result);
    },
    avals,
  );
  return { captures, body, result };
}
// The same program with its outputs in other dtypes.
function withDtypes(body: Graph, dtypes: readonly Tensor["dtype"][]): Graph {
  if (body.outputs.every((y, i) => y.dtype === dtypes[i])) return body;
  return new Graph(
    body.inputs,
    body.outputs.map((y, i) => castTo(y, dtypes[i] as Tensor["dtype"])),
  );
}
// The same program after some inputs that it does not use.
const behind = (unused: readonly Tensor[], body: Graph): Graph =>
  new Graph([...unused.map((x) => placeholder(x)), ...body.inputs], body.outputs);

function branch(where: string, condition: Tensor, trueFn: () => unknown, falseFn: () => unknown): unknown {
  const [yes, no] = [close(where, trueFn, []), close(where, falseFn, [])];
  if (!tree.sameStructure(yes.result, no.result) || yes.body.outputs.length !== no.body.outputs.length) {
    const must = "both branches must return the same structure";
    const got = `${yes.body.outputs.length} and ${no.body.outputs.length} tensors`;
    throw new ShapeError(complain(where, { must, got, todo: "Return as many tensors from each" }));
  }
  const dtypes = yes.body.outputs.map((y, i) => resultType(y.dtype, (no.body.outputs[i] as Tensor).dtype));
  const operands = [...yes.captures, ...no.captures];
  const then = withDtypes(yes.body, dtypes);
  const otherwise = withDtypes(no.body, dtypes);
  const padded = new Graph([...then.inputs, ...no.captures.map((x) => placeholder(x))], then.outputs);
  const outs = p.cond(condition, operands, { then: padded, otherwise: behind(yes.captures, otherwise) });
  return refill(yes.result, outs);
}

/**
 * The result of `trueFn()` if the scalar `pred` holds, else of `falseFn()`; only one of them runs. Both may use tensors around
 * them.
 * Source: keras.ops.cond.
 * @throws ShapeError if their results differ in structure or shape.
 * @example await ops.cond(true, () => tensor(1), () => tensor(2)).item(); // 1
 */
export const cond: typeof condOf = /* @__PURE__ */ withChecks("cond", condOf);
function condOf<R extends Nested>(pred: TensorLike, trueFn: () => R, falseFn: () => R): R {
  const condition = toBool(pred);
  if (condition.size !== 1) {
    throw new ShapeError(
      complain("cond", {
        must: "pred must be a scalar",
        got: showAval(condition),
        todo: "Use ops.where for each element",
      }),
    );
  }
  return branch("cond", p.reshape(condition, { shape: [] }), trueFn, falseFn) as R;
}

/**
 * The result of the branch with that index (moved into range), called with the operands.
 * Source: keras.ops.switch.
 * @example await ops.switch(1, [() => tensor(1), () => tensor(2)]).item(); // 2
 */
const switchBranch: typeof switchBranchOf = /* @__PURE__ */ withChecks("switch", switchBranchOf);
function switchBranchOf<R extends Nested>(
  index: TensorLike,
  branches: readonly ((...operands: Tensor[]) => R)[],
  ...operands: readonly TensorLike[]
): R {
  if (branches.length === 0) {
    throw new ConfigError(
      complain("switch", { must: "there must be at least one branch", got: "none", todo: "Pass functions" }),
    );
  }
  const given = operands.map((x) => toTensors(x) as Tensor);
  const at = castTo(convertToTensor(index), "int32");
  const from = (i: number): R => {
    const here = branches[i] as (...xs: Tensor[]) => R;
    if (i === branches.length - 1) return here(...given);
    return branch(
      "switch",
      p.lessEqual(at, i),
      () => here(...given),
      () => from(i + 1),
    ) as R;
  };
  return from(0);
}

export { switchBranch as switch };

const unpack = (vars: unknown): unknown[] => (Array.isArray(vars) ? vars : [vars]);
export interface WhileOptions {
  /** Stop after that many steps in any case. */
  readonly maximumIterations?: number | null;
}
/**
 * Loop variables after `body(...vars)` ran as long as `condition(...vars)` held.
 * Cannot be differentiated backwards: use `foriLoop` or `scan` for that.
 * Source: keras.ops.while_loop.
 * @throws ShapeError if the body changes shapes.
 * @example
 * await ops.whileLoop((i) => ops.less(i as Tensor, 10), (i) => [ops.add(i as Tensor, 1)], [tensor(0)])[0]?.item(); // 10
 */
export const whileLoop: typeof whileLoopOf = /* @__PURE__ */ withChecks("whileLoop", whileLoopOf);
function whileLoopOf<V>(
  condition: (...vars: Tensor[]) => TensorLike,
  body: (...vars: Tensor[]) => unknown,
  loopVars: V,
  { maximumIterations = null }: WhileOptions = {},
): V {
  const start = toTensors(loopVars);
  const call = (f: (...vars: Tensor[]) => unknown, xs: readonly Tensor[]): unknown =>
    f(...(unpack(refill(start, xs)) as Tensor[]));
  let carry = tensorsOf(start);
  if (maximumIterations !== null) carry = [...carry, convertToTensor(0, { dtype: "int32" })];
  const own = (xs: readonly Tensor[]): readonly Tensor[] => (maximumIterations === null ? xs : xs.slice(0, -1));
  const step = (...xs: Tensor[]): unknown => {
    const ys = tensorsOf(toTensors(call(body, own(xs))));
    return maximumIterations === null ? ys : [...ys, p.add(xs[xs.length - 1] as Tensor, 1)];
  };
  const test = (...xs: Tensor[]): unknown => {
    const holds = p.reshape(toBool(call(condition, own(xs)) as TensorLike), { shape: [] });
    return maximumIterations === null ? holds : p.and(holds, p.less(xs[xs.length - 1] as Tensor, maximumIterations));
  };
  const [widened, closed] = settle("whileLoop", carry, (xs) => close("whileLoop", step, xs), loopVars);
  const check = close("whileLoop", test, widened);
  const consts = [...check.captures, ...closed.captures];
  const conditionGraph = insert(check.body, check.captures.length, closed.captures);
  const bodyGraph = behind(
    check.captures,
    withDtypes(
      closed.body,
      widened.map((x) => x.dtype),
    ),
  );
  const outs = p.whileLoop([...consts, ...widened], {
    condition: conditionGraph,
    body: bodyGraph,
    numConsts: consts.length,
  });
  return refill(start, own(outs)) as V;
}
// The same program with unused inputs after its first `count`.
function insert(body: Graph, count: number, unused: readonly Tensor[]): Graph {
  return new Graph(
    [...body.inputs.slice(0, count), ...unused.map((x) => placeholder(x)), ...body.inputs.slice(count)],
    body.outputs,
  );
}
// Numbers that start a loop take the dtype that the body gives them.
function settle(
  where: string,
  start: readonly Tensor[],
  trace: (xs: readonly Tensor[]) => Closed,
  given: unknown,
): readonly [readonly Tensor[], Closed] {
  const numbers = new Set(
    tree.flatten(given as tree.Tree<unknown>).flatMap((leaf, i) => (typeof leaf === "number" ? [i] : [])),
  );
  let carry = start;
  for (let round = 0; round < 3; round++) {
    const closed = trace(carry);
    const outs = closed.body.outputs;
    if (outs.length < carry.length) {
      const must = `the body must return ${carry.length} loop variables`;
      throw new ShapeError(complain(where, { must, got: String(outs.length), todo: "Return all of them" }));
    }
    const next = carry.map((x, i) => (numbers.has(i) ? castTo(x, resultType(x.dtype, (outs[i] as Tensor).dtype)) : x));
    if (next.every((x, i) => x.dtype === (carry[i] as Tensor).dtype)) return [carry, closed];
    carry = next;
  }
  return [carry, trace(carry)];
}

/**
 * `value` after `value = body(i, value)` for `i` from `lower` below `upper`. With known bounds it can be differentiated.
 * Source: keras.ops.fori_loop.
 * @example await ops.foriLoop(0, 3, (_, x: Tensor) => x.multiply(2), tensor(1)).item(); // 8
 */
export const foriLoop: typeof foriLoopOf = /* @__PURE__ */ withChecks("foriLoop", foriLoopOf);
function foriLoopOf<V>(lower: TensorLike, upper: TensorLike, body: (i: Tensor, value: V) => unknown, initVal: V): V {
  if (typeof lower === "number" && typeof upper === "number") {
    const steps = p.add(p.iota({ shape: [Math.max(0, upper - lower)], axis: 0, dtype: "int32" }), lower);
    return scan((value: V, i: unknown) => [body(i as Tensor, value), null], initVal, { xs: steps })[0] as V;
  }
  const bound = castTo(convertToTensor(upper), "int32");
  const first = castTo(convertToTensor(lower), "int32");
  const [, result] = whileLoop(
    (i) => p.less(i as Tensor, bound),
    (i, ...rest) => [p.add(i as Tensor, 1), body(i as Tensor, rest[0] as V)],
    [first, initVal] as const,
  );
  return result as V;
}

export interface ScanOptions {
  /** What is walked over, along the first axis. */
  readonly xs?: unknown;
  /** Number of steps; needed without `xs`. */
  readonly length?: number | null;
  /** From the last to the first. */
  readonly reverse?: boolean;
  /** A hint about speed. */
  readonly unroll?: number | boolean;
}
/**
 * Walks `f(carry, x) -> [carry, y]` over the first axis of `xs`; gives the last carry and the stacked `y`. Can be
 * differentiated.
 * Source: keras.ops.scan.
 * @throws ShapeError if lengths differ or the carry changes its shape.
 * @example
 * await ops.scan((sum: Tensor, x) => [sum.add(x as Tensor), sum], tensor(0), { xs: tensor([1, 2, 3]) })[0].item(); // 6
 */
export const scan: typeof scanOf = /* @__PURE__ */ withChecks("scan", scanOf);
function scanOf<C, Y>(
  f: (carry: C, x: unknown) => readonly [unknown, Y],
  init: C,
  { xs = null, length = null, reverse = false }: ScanOptions = {},
): [carry: C, ys: Y] {
  const start = toTensors(init);
  const rows = toTensors(xs);
  const slices = tensorsOf(rows);
  const steps = length ?? slices[0]?.shape[0];
  if (steps === undefined || slices.some((x) => x.shape[0] !== steps)) {
    const got =
      slices.length === 0
        ? "neither xs nor length"
        : `first axes ${slices.map((x) => x.shape[0] ?? "none").join(", ")}, length ${length}`;
    throw new ShapeError(
      complain("scan", {
        must: "the number of steps must be known and the same for all",
        got,
        todo: "Pass xs or length",
      }),
    );
  }
  const carried = tensorsOf(start);
  const stand = slices.map((x) => placeholder({ shape: x.shape.slice(1), dtype: x.dtype }));
  let made: unknown;
  const traceOn = (carry: readonly Tensor[]): Closed =>
    close(
      "scan",
      (...args) => {
        const [next, y] = f(
          refill(start, args.slice(0, carry.length)) as C,
          slices.length === 0 ? null : refill(rows, args.slice(carry.length)),
        );
        made = toTensors(y);
        const after = tensorsOf(toTensors(next));
        if (after.length !== carry.length) {
          const must = `f must return a carry of ${carry.length} tensors`;
          throw new ShapeError(complain("scan", { must, got: String(after.length), todo: "Return [carry, y]" }));
        }
        return [...after, ...tensorsOf(made)];
      },
      [...carry, ...stand],
    );
  const [widened, { captures, body }] = settle("scan", carried, traceOn, init);
  const dtypes = body.outputs.map((y, i) => widened[i]?.dtype ?? y.dtype);
  const params = {
    body: withDtypes(body, dtypes),
    numConsts: captures.length,
    numCarry: widened.length,
    length: steps,
    reverse,
  };
  const outs = p.scan([...captures, ...widened, ...slices], params);
  return [refill(start, outs.slice(0, widened.length)) as C, refill(made, outs.slice(widened.length)) as Y];
}

/**
 * `f` applied to each row of `xs` (along the first axis), results stacked.
 * Source: keras.ops.map.
 * @example await ops.map((x: Tensor) => x.add(1), tensor([1, 2])).array(); // [2, 3]
 */
export const map: typeof mapOf = /* @__PURE__ */ withChecks("map", mapOf);
function mapOf<R>(f: (x: never) => R, xs: unknown): R {
  return scan((carry: null, x) => [carry, f(x as never)], null, { xs })[1];
}
/**
 * Like `map`; a hint that rows may be computed together.
 * Source: keras.ops.vectorized_map.
 * @example await ops.vectorizedMap((x: Tensor) => x.add(1), tensor([1, 2])).array(); // [2, 3]
 */
export const vectorizedMap: typeof vectorizedMapOf = /* @__PURE__ */ withChecks("vectorizedMap", vectorizedMapOf);
function vectorizedMapOf<R>(f: (x: never) => R, elements: unknown): R {
  return map(f, elements);
}

/**
 * A function with a gradient of your own: `f(...xs)` returns the result and a function from its cotangents to those of `xs`.
 * Source: keras.ops.custom_gradient.
 * @example
 * await (ops.customGradient((x) => [ops.square(x as Tensor), (g) => g.multiply(x as Tensor)])(3) as Tensor).item(); // 9
 */
export const customGradient: typeof customGradientOf = /* @__PURE__ */ withChecks("customGradient", customGradientOf);
function customGradientOf(
  f: (
    ...xs: Tensor[]
  ) => readonly [Tensor | readonly Tensor[], (...gs: Tensor[]) => Tensor | readonly (Tensor | null)[]],
): (...xs: TensorLike[]) => Tensor | readonly Tensor[] {
  return (...given) => {
    const xs = given.map((x) => toTensors(x) as Tensor);
    const { captures, body, result } = close("customGradient", (...args) => f(...args)[0], xs);
    const outs = p.customGradient([...captures, ...xs], {
      body,
      pullback: (gs, inputs) => {
        const back = f(...inputs.slice(captures.length))[1](...gs);
        return [...captures.map(() => null), ...(back instanceof Tensor ? [back] : back)];
      },
    });
    return refill(result, outs) as Tensor | readonly Tensor[];
  };
}

/**
 * An op over a list that is combined from both sides; `f` must be associative. Source: keras.ops.associative_scan.
 * @example await ops.associativeScan((a: Tensor, b: Tensor) => a.add(b), tensor([1, 2, 3])).array(); // [1, 3, 6]
 */
export const associativeScan: typeof associativeScanOf = /* @__PURE__ */ withChecks(
  "associativeScan",
  associativeScanOf,
);
function associativeScanOf<T>(
  f: (a: T, b: T) => T,
  elems: T,
  { reverse = false, axis = 0 }: { readonly reverse?: boolean; readonly axis?: number } = {},
): T {
  const each = (x: unknown, g: (t: Tensor) => Tensor): unknown => tree.map(x as tree.Tree<Tensor>, g);
  const at = (t: Tensor): number => (axis < 0 ? axis + t.ndim : axis);
  const part = (x: unknown, from: number, to: number, stride = 1): unknown =>
    each(x, (t) =>
      p.slice(t, {
        starts: t.shape.map((_, i) => (i === at(t) ? from : 0)),
        limits: t.shape.map((n, i) => (i === at(t) ? to : n)),
        strides: t.shape.map((_, i) => (i === at(t) ? stride : 1)),
      }),
    );
  const join = (xs: readonly unknown[]): unknown => {
    const columns = xs.map((x) => tensorsOf(x));
    return refill(
      xs[0],
      (columns[0] as Tensor[]).map((t, i) =>
        p.concat(
          columns.map((c) => c[i] as Tensor),
          { axis: at(t) },
        ),
      ),
    );
  };
  // Doubling: after step k every place holds what the last 2^k elements combine to.
  const flip = (x: unknown): unknown => each(x, (t) => p.reverse(t, { axes: [at(t)] }));
  let all = reverse ? flip(toTensors(elems)) : toTensors(elems);
  const first = tensorsOf(all)[0] as Tensor;
  const n = first.shape[at(first)] as number;
  for (let by = 1; by < n; by *= 2) {
    all = join([part(all, 0, by), f(part(all, 0, n - by) as T, part(all, by, n) as T)]);
  }
  return (reverse ? flip(all) : all) as T;
}
