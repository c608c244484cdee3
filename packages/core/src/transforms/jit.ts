import { execute, getBackend } from "../backend/index.ts";
import { ConfigError, complain } from "../errors/index.ts";
import { placeholder, Tensor, type Value } from "../graph/index.ts";
import * as tree from "../tree/index.ts";
import { realise } from "./realise.ts";
import { repeated } from "./repeat.ts";
import { insideScope, noteWrite } from "./state.ts";
import { isTracing, type Traced, trace } from "./trace.ts";
import { undo } from "./undo.ts";

export interface JitOptions {
  /** Positions of arguments whose tensors may be overwritten: they must not be used afterwards. */
  readonly donateArgnums?: readonly number[];
  /** A label for profiles and error messages. */
  readonly label?: string;
}

/** A compiled function. */
export interface Jitted<A extends readonly unknown[], R> {
  (...args: A): R;
  /**
   * `count` calls one after the other in one program, where variables go from call to call inside of the engine.
   * Tensors among arguments and results have a leading axis of calls.
   */
  readonly many: (count: number, ...args: A) => R;
}

interface Entry {
  readonly traced: Traced;
  readonly result: tree.Tree<unknown>;
}

/**
 * Compiles a function: it runs once to record its graph for each combination of argument shapes, dtypes and other values, and after
 * that only the compiled program runs. Variables that it reads and assigns are handed in and out, in place where possible.
 * Results are tensors, pending until the engine is done. Inside another trace the function is simply called.
 * @example const step = jit((x: Tensor) => ops.mean(ops.square(x)));
 */
export function jit<A extends readonly unknown[], R>(f: (...args: A) => R, options: JitOptions = {}): Jitted<A, R> {
  const entries = new Map<string, Entry>();
  const known = (key: string, make: () => Entry): Entry => {
    const entry = entries.get(key) ?? make();
    entries.set(key, entry);
    return entry;
  };
  // Leaves of one call; of `many`, with the axis of calls left out.
  const entryOf = (args: A, leaves: readonly unknown[]): Entry =>
    known(signature(args, leaves), () => record(f, args, leaves, leaves.filter(isTensor)));
  const one = (...args: A): R => {
    if (isTracing() || insideScope()) return f(...args);
    const leaves = tree.flatten(args as unknown as tree.Tree<unknown>);
    return run(entryOf(args, leaves), args, leaves.filter(isTensor), options) as R;
  };
  const many = (count: number, ...args: A): R => {
    const leaves = tree.flatten(args as unknown as tree.Tree<unknown>);
    const single = leaves.map((x) => (isTensor(x) ? placeholder({ shape: x.shape.slice(1), dtype: x.dtype }) : x));
    const entry = known(`${count} of ${signature(args, single)}`, () => {
      const { traced, result } = entryOf(args, single);
      return { traced: repeated(traced, count), result };
    });
    return run(entry, args, leaves.filter(isTensor), options) as R;
  };
  return Object.assign(one, { many });
}

const isTensor = (leaf: unknown): leaf is Tensor => leaf instanceof Tensor;

function record<A extends readonly unknown[], R>(
  f: (...args: A) => R,
  args: A,
  leaves: readonly unknown[],
  tensors: readonly Tensor[],
): Entry {
  let result: unknown;
  const traced = trace((...placeholders) => {
    let next = 0;
    const filled = leaves.map((leaf) => (leaf instanceof Tensor ? placeholders[next++] : leaf));
    result = f(...(tree.packAs(args as unknown as tree.Tree<unknown>, filled) as unknown as A));
    return tree.flatten(result as tree.Tree<unknown>).filter((leaf): leaf is Tensor => leaf instanceof Tensor);
  }, tensors);
  return { traced, result: result as tree.Tree<unknown> };
}

function run(
  { traced, result }: Entry,
  args: readonly unknown[],
  tensors: readonly Tensor[],
  options: JitOptions,
): unknown {
  const given = new Set((options.donateArgnums ?? []).flatMap((i) => tree.flatten(args[i] as tree.Tree<unknown>)));
  const outs = runTraced(traced, tensors, { label: options.label, donated: (x) => given.has(x) });
  let next = 0;
  return tree.map(result, (leaf) => (leaf instanceof Tensor ? outs[next++] : leaf));
}

/** Runs a traced function on the current engine: gives its results and assigns the variables that it wrote. */
export function runTraced(
  traced: Traced,
  args: readonly Tensor[],
  { label, donated = () => false }: { label?: string | undefined; donated?: (argument: Tensor) => boolean } = {},
): Tensor[] {
  const { graph, reads, writes, captures, numArguments, numResults } = traced;
  const inputs = [...args, ...reads.map((cell) => cell.tensor), ...captures];
  const values = realise(inputs);
  const donate: [number, number][] = [];
  const mayOverwrite = overwritable(inputs, values);
  const places = new Map(reads.map((cell, i) => [cell, numArguments + i]));
  const state = writes.map((cell, i) => [numResults + i, places.get(cell)] as const);
  for (const [output, input] of state) if (input !== undefined && mayOverwrite(input)) donate.push([input, output]);
  const taken = new Set<number>();
  args.forEach((argument, i) => {
    if (!donated(argument) || !mayOverwrite(i)) return;
    const match = graph.outputs.findIndex(
      (y, j) =>
        j < numResults && !taken.has(j) && y.dtype === argument.dtype && String(y.shape) === String(argument.shape),
    );
    if (match < 0) return;
    taken.add(match);
    donate.push([i, match]);
  });
  const before = writes.map((cell) => cell.tensor);
  const after: Tensor[] = [];
  const options = { donate, state, ...(label === undefined ? {} : { label }) };
  const results = execute(getBackend(), graph, values, options, () => undo(writes, after, before));
  const outs = results.map((value) => new Tensor(value.aval, { kind: "value", value }));
  after.push(...outs.slice(numResults));
  writes.forEach((cell, i) => {
    noteWrite(cell, after[i] as Tensor);
    cell.tensor = after[i] as Tensor;
  });
  if (results.some(({ failure }) => failure !== undefined)) undo(writes, after, before);
  return outs.slice(0, numResults);
}

// In place only if nobody else can see the buffer, and it is handed in once and lives on this engine.
function overwritable(inputs: readonly Tensor[], values: readonly Value[]): (i: number) => boolean {
  const backend = getBackend();
  const seen = new Set<Value>();
  const twice = new Set<Value>();
  for (const value of values) (seen.has(value) ? twice : seen).add(value);
  return (i) => {
    const value = values[i] as Value;
    return !(inputs[i] as Tensor).pinned && value.owner === backend && !twice.has(value);
  };
}

function signature(args: readonly unknown[], leaves: readonly unknown[]): string {
  const structure = JSON.stringify(tree.map(args as tree.Tree<unknown>, () => 0));
  return `${structure} ${leaves.map(leafKey).join(" ")}`;
}

function leafKey(leaf: unknown): string {
  if (leaf instanceof Tensor) return `${leaf.dtype}[${leaf.shape.join(",")}]`;
  if (leaf === null || ["string", "number", "boolean", "undefined"].includes(typeof leaf))
    return JSON.stringify(leaf) ?? "undefined";
  const must = "arguments must be tensors, numbers, strings, booleans or null, in arrays and plain objects";
  throw new ConfigError(
    complain("jit", { must, got: typeof leaf, todo: "Make arrays tensors with tensor(), close over anything else" }),
  );
}
