// Runs golden cases on the engine in use, many in one program, and says which one failed.
import { jit, readAll, settle, type Tensor, tensor } from "@keras-ts/core";
import { Graph, type HostArray, placeholder } from "@keras-ts/core/backend";
import type { GoldenCase } from "./case.ts";
import { expectStored } from "./stored.ts";

/** Plain calls whose results are read, or one compiled function. */
export type Mode = "eager" | "traced";

/** The program of a case, to see what it uses; undefined if it reads values or assigns variables. */
export function graphOf(one: GoldenCase): Graph | undefined {
  if (one.readsValues || one.assigns) return undefined;
  const inputs = one.inputs.map((x) => placeholder(x));
  return new Graph(inputs, one.prepare().traced(inputs) as readonly Tensor[]);
}

const toTensor = ({ data, shape, dtype }: HostArray): Tensor => tensor(data, { shape, dtype });

/** As many go into one program: some engines need the more time for each, the more there are. */
const TOGETHER = 32;

/**
 * All cases give what Keras gives. Many run as one program; if it fails, each runs alone, so that the message names the culprits.
 * @throws Error with a line for each case that fails.
 */
export async function checkCases(cases: readonly GoldenCase[], mode: Mode): Promise<void> {
  const runnable = mode === "traced" ? cases.filter((one) => !one.readsValues) : cases;
  const parts: (readonly GoldenCase[])[] = [];
  for (let i = 0; i < runnable.length; i += TOGETHER) parts.push(runnable.slice(i, i + TOGETHER));
  await collect(parts, (part) => checkTogether(part, mode));
}

async function checkTogether(runnable: readonly GoldenCase[], mode: Mode): Promise<void> {
  let outputs: HostArray[][];
  try {
    outputs = await runCases(runnable, mode);
  } catch (error) {
    if (runnable.length === 1) throw named(runnable[0] as GoldenCase, error);
    await collect(runnable, (one) => checkTogether([one], mode)).catch((alone) => {
      throw new Error(messageOf(alone), { cause: error });
    });
    throw new Error(`all cases pass alone, but not in one program: ${messageOf(error)}`, { cause: error });
  }
  await collect([...runnable.entries()], async ([i, one]) => {
    try {
      compare(outputs[i] as HostArray[], one);
    } catch (error) {
      throw named(one, error);
    }
  });
}

function compare(outs: readonly HostArray[], { expected }: GoldenCase): void {
  if (outs.length !== expected.length) throw new Error(`must give ${expected.length} tensors, got ${outs.length}`);
  for (const [i, { what, value, tolerance }] of expected.entries())
    expectStored(what, outs[i] as HostArray, value, tolerance);
}

/** Checks all, then throws what was thrown: a line each. */
async function collect<T>(items: readonly T[], check: (item: T) => Promise<void>): Promise<void> {
  const failures: Error[] = [];
  for (const item of items) await check(item).catch((error) => failures.push(error));
  if (failures.length > 0) throw new Error(failures.map(messageOf).join("\n"), { cause: failures[0]?.cause });
}
const named = ({ name }: GoldenCase, error: unknown): Error => new Error(`${name}: ${messageOf(error)}`);
const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

async function runCases(cases: readonly GoldenCase[], mode: Mode): Promise<HostArray[][]> {
  const prepared = cases.map((one) => one.prepare()[mode]);
  const inputs = cases.map((one) => one.inputs.map(toTensor));
  let outputs: (readonly Tensor[])[];
  if (mode === "eager") {
    outputs = [];
    for (const [i, compute] of prepared.entries()) outputs.push(await compute(inputs[i] as Tensor[]));
  } else {
    const all = (args: readonly Tensor[][]): (readonly Tensor[])[] =>
      prepared.map((compute, i) => compute(args[i] as Tensor[]) as readonly Tensor[]);
    outputs = jit(all)(inputs);
  }
  const flat = await readAll(outputs.flat());
  for (const x of [...inputs.flat(), ...outputs.flat()]) x[Symbol.dispose]();
  await settle();
  let next = 0;
  return outputs.map((row) => row.map(() => flat[next++] as HostArray));
}
