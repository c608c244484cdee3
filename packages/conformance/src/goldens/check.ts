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

/**
 * All cases give what Keras gives. They run as one program; if it fails, each runs alone, so that the message names the culprits.
 * @throws Error with a line for each case that fails.
 */
export async function checkCases(cases: readonly GoldenCase[], mode: Mode): Promise<void> {
  const runnable = mode === "traced" ? cases.filter((one) => !one.readsValues) : cases;
  if (runnable.length === 0) return;
  let outputs: HostArray[][];
  try {
    outputs = await runCases(runnable, mode);
  } catch (error) {
    if (runnable.length === 1) throw error;
    await collect(runnable, (one) => checkCases([one], mode)).catch((alone) => {
      throw new Error(messageOf(alone), { cause: error });
    });
    throw new Error(`all cases pass alone, but not in one program: ${messageOf(error)}`, { cause: error });
  }
  await collect(runnable, async (one) => {
    const outs = outputs[runnable.indexOf(one)] as HostArray[];
    if (outs.length !== one.expected.length)
      throw new Error(`must give ${one.expected.length} tensors, got ${outs.length}`);
    for (const [i, { what, value, tolerance }] of one.expected.entries()) {
      expectStored(what, outs[i] as HostArray, value, tolerance);
    }
  });
}

async function collect(cases: readonly GoldenCase[], check: (one: GoldenCase) => Promise<void>): Promise<void> {
  const failures: string[] = [];
  for (const one of cases) await check(one).catch((error) => failures.push(`${one.name}: ${messageOf(error)}`));
  if (failures.length > 0) throw new Error(failures.join("\n"));
}
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
