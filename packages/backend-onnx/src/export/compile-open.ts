// A traced function with its weights as one standalone program, for one or any number of samples.
import {
  BackendError,
  complain,
  downloadValue,
  execute,
  foldFactors,
  type Graph,
  getBackend,
  type HostArray,
  leavesOf,
  lower,
  type Partition,
  partition,
  type Tensor,
  toCarrier,
  uploadValue,
} from "@keras-ts/core/backend";
import type { Operators } from "../builder.ts";
import { traits } from "../composites.ts";
import { emit } from "../emit.ts";
import { lowerFor, optimize, type PassSwitches } from "../passes/index.ts";
import type { Program } from "../program.ts";
import type { ValueInfo } from "../proto.ts";
import { openBatch, samples } from "./open-batch.ts";

/** A standalone program: `weights` are the inputs after the first ones, with their values. */
export interface Standalone {
  readonly program: Program;
  readonly valueInfo: (name: string) => ValueInfo;
  readonly weights: readonly { readonly label: string; readonly value: HostArray }[];
}

/** What a program stands on beside its arguments. */
export interface Known {
  readonly labels: readonly string[];
  readonly values: readonly HostArray[];
}

/**
 * Layouts that suit training on ONNX Runtime are left out: elsewhere plain convolutions are what is fast. So are joint draws and rows of
 * ones, whose form hangs on the number of samples.
 */
const plain: PassSwitches = { layout: false, poolPhases: false, draws: false, leadingSums: false };
/** These write operators of ONNX Runtime. */
const standard: PassSwitches = { ...plain, productScales: false, transposedProducts: false };

const target = { name: "onnx export", ...traits, compile: () => Promise.reject(new Error("not run")) };

/**
 * What stands on weights alone is computed now, on the engine in use; the rest is written.
 * @param todo what to do where the number of samples cannot be left open
 * @param graphs for each of `samples`, or one for a fixed number; inputs are `numOpen` arguments, then what `known` is for
 */
export async function standalone(
  where: string,
  graphs: readonly Graph[],
  numOpen: number,
  known: Known,
  { operators, todo }: { readonly operators: Operators; readonly todo: string },
): Promise<Standalone> {
  const isOpen = graphs.length > 1;
  const parts = graphs.map((graph, i) => {
    const n = samples[i] as number;
    const hangs = (size: number): boolean => isOpen && size > 0 && size % n === 0;
    return partition(lower(foldFactors(graph, numOpen), target), numOpen, (shape) => !shape.some(hangs));
  });
  const first = parts[0] as Partition;
  if (parts.some(({ prepare }) => prepare.key !== first.prepare.key)) {
    const must = "what stands on weights alone must be the same for any number of samples";
    throw new BackendError(complain(where, { must, got: "programs that differ", todo }));
  }
  const programs = parts.map(({ main }) => write(main, operators));
  const weights = await prepared(first, known);
  const program = programs[0] as Program;
  if (isOpen) return { ...openBatch({ where, todo }, programs, program.inputs[0] as string), weights };
  const valueInfo = (name: string): ValueInfo => ({ name, ...(program.infos.get(name) as Omit<ValueInfo, "name">) });
  return { program, valueInfo, weights };
}

function write(graph: Graph, operators: Operators): Program {
  const switches = operators.contrib ? plain : standard;
  return optimize(emit(lowerFor(graph, { passes: switches }), operators), switches);
}

async function prepared({ prepare, sources }: Partition, { labels, values }: Known): Promise<Standalone["weights"]> {
  const carried = values.map((value) => toCarrier(value, target));
  const asIs = sources.every((at) => at !== undefined);
  const engine = getBackend();
  const results = asIs
    ? sources.map((at) => carried[at as number] as HostArray)
    : await Promise.all(
        execute(
          engine,
          prepare,
          carried.map((value) => uploadValue(engine, value)),
        ).map(downloadValue),
      );
  return results.map((value, i) => {
    const at = sources[i];
    return { label: at === undefined ? foldedName(prepare, i, labels) : (labels[at] as string), value };
  });
}

/** After the largest weight in it: a kernel times the factors of a normalisation is `conv/kernel_folded`. */
function foldedName({ inputs, outputs }: Graph, at: number, labels: readonly string[]): string {
  const leaves = leavesOf([outputs[at] as Tensor], (x) => x.source.kind === "input");
  const largest = leaves.reduce((a, b) => (b.size > a.size ? b : a));
  return `${labels[inputs.indexOf(largest)]}_folded`;
}
