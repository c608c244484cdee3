import { type Aval, sameShape } from "../aval/index.ts";
import { ConfigError, complain, StateError } from "../errors/index.ts";
import { Tensor } from "../graph/index.ts";
import { trace } from "../transforms/index.ts";
import * as tree from "../tree/index.ts";
import { isSymbolic, KerasTensor } from "./keras-tensor.ts";
import { autoName } from "./naming.ts";

/** One symbolic call of an operation: which symbolic tensors went in (anywhere in the arguments) and which came out. */
export interface CallNode {
  readonly operation: Operation;
  readonly args: readonly unknown[];
  readonly inputs: readonly KerasTensor[];
  readonly outputs: readonly KerasTensor[];
}

/** Something that can be called on tensors and on symbolic tensors: an op with its options, or a layer. Source: keras/src/ops/operation.py. */
export abstract class Operation {
  name: string;
  /** Calls that this operation made, in order. Internal. */
  readonly inboundNodes: CallNode[] = [];

  constructor(name: string | undefined, className: string) {
    this.name = checkName(name, className) ?? autoName(className);
  }

  /** What it computes on tensors. */
  abstract call(...args: never[]): unknown;

  /** Output shapes and dtypes for symbolic inputs; by default `call` is traced on stand-ins. */
  computeOutputSpec(...args: readonly unknown[]): unknown {
    return inferSpec((...values) => (this.call as (...a: unknown[]) => unknown)(...values), args);
  }

  /** Calls it on symbolic tensors and records the call. */
  symbolicCall(...args: readonly unknown[]): unknown {
    const outputs = this.computeOutputSpec(...args);
    this.recordCall(args, outputs);
    return outputs;
  }

  /** Remembers a symbolic call, so that a model can be cut out of the graph later. */
  recordCall(args: readonly unknown[], outputs: unknown): void {
    const made = tree.flatten(outputs as tree.Tree<unknown>).filter(isSymbolic);
    const inputs = tree.flatten(args as tree.Tree<unknown>).filter(isSymbolic);
    const nodeIndex = this.inboundNodes.length;
    this.inboundNodes.push({ operation: this, args, inputs, outputs: made });
    made.forEach((tensor, tensorIndex) => {
      tensor.history = { operation: this, nodeIndex, tensorIndex };
    });
  }
}

function checkName(name: string | undefined, className: string): string | undefined {
  if (name === undefined) return undefined;
  if (typeof name === "string" && name !== "" && !name.includes("/")) return name;
  const must = 'name must be a string without "/"';
  throw new ConfigError(
    complain(className, { must, got: JSON.stringify(name) ?? String(name), todo: "Choose another name" }),
  );
}

// Two primes that no real model has for all of its sizes at once.
const STAND_INS = [83, 89] as const;
/** Sizes for the unknown ones among symbolic tensors, in order. */
export type Filling = (place: number, standIn: number) => number;
const allAlike: Filling = (_, standIn) => standIn;

/**
 * Output specs of a function on symbolic arguments: it is traced with a stand-in for unknown sizes, twice if there are any; sizes
 * that differ between the two are unknown. No values are computed.
 */
export function inferSpec(
  f: (...args: unknown[]) => unknown,
  args: readonly unknown[],
  filling: Filling = allAlike,
): unknown {
  const unknown = unknownPlaces(args) > 0;
  const first = traceWith(f, args, filling, STAND_INS[0]);
  const second = unknown ? traceWith(f, args, filling, STAND_INS[1]) : first;
  const others = tree.flatten(second as tree.Tree<unknown>);
  const leaves = tree.flatten(first as tree.Tree<unknown>);
  if (leaves.length !== others.length) {
    const must = "the number of results must not depend on unknown sizes";
    throw new StateError(
      complain("symbolic call", {
        must,
        got: `${leaves.length} or ${others.length}`,
        todo: "Give the input its full shape",
      }),
    );
  }
  let next = 0;
  return tree.map(first as tree.Tree<unknown>, (leaf) => {
    const other = others[next++];
    if (!(leaf instanceof Tensor) || !(other instanceof Tensor)) return leaf;
    if (leaf.shape.length !== other.shape.length) {
      const must = "the rank of a result must not depend on unknown sizes";
      const got = `shapes ${leaf.shape.join("x")} and ${other.shape.join("x")}`;
      throw new StateError(complain("symbolic call", { must, got, todo: "Give the input its full shape" }));
    }
    const shape = sameShape(leaf.shape, other.shape)
      ? leaf.shape
      : leaf.shape.map((size, i) => (size === other.shape[i] ? size : null));
    return new KerasTensor(shape, { dtype: leaf.dtype });
  });
}

/** How many sizes are unknown. */
export function unknownPlaces(args: readonly unknown[]): number {
  return symbolsIn(args).reduce((count, x) => count + x.shape.filter((size) => size === null).length, 0);
}
const symbolsIn = (args: readonly unknown[]): KerasTensor[] =>
  tree.flatten(args as tree.Tree<unknown>).filter(isSymbolic);

function traceWith(
  f: (...args: unknown[]) => unknown,
  args: readonly unknown[],
  filling: Filling,
  standIn: number,
): unknown {
  let place = 0;
  const avals = symbolsIn(args).map(
    (x): Aval => ({ shape: x.shape.map((size) => size ?? filling(place++, standIn)), dtype: x.dtype }),
  );
  let result: unknown;
  // The stand-ins are arguments of the trace, so that assignments inside may depend on them.
  trace((...values) => {
    let next = 0;
    const filled = tree.map(args as tree.Tree<unknown>, (leaf) => (isSymbolic(leaf) ? values[next++] : leaf));
    result = f(...(filled as unknown[]));
    return [];
  }, avals);
  return result;
}
