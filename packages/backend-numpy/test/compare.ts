import { expect } from "vitest";
import { type Backend, compileGraph, type Graph, type HostArray } from "../src/core.ts";

/** Runs a graph once on an engine. */
export async function evaluate<H>(
  backend: Backend<H>,
  graph: Graph,
  inputs: readonly HostArray[],
): Promise<HostArray[]> {
  const program = await compileGraph(graph, backend);
  const handles = inputs.map((x) => backend.upload(x));
  const outputs = await program.run(handles);
  const values = await Promise.all(outputs.map((x) => backend.download(x)));
  for (const handle of [...handles, ...outputs]) backend.release(handle);
  program.dispose();
  return values;
}

/** Equal shapes and dtypes, and values equal or close (nan equals nan). */
export function expectClose(got: HostArray, want: HostArray, tolerance: number): void {
  expect(`${got.dtype} [${got.shape}]`).toBe(`${want.dtype} [${want.shape}]`);
  const exact = !want.dtype.startsWith("float");
  const bad = Array.from(want.data, (w, i) => {
    const g = got.data[i] as number;
    if (Object.is(g, w) || g === w) return undefined;
    if (!exact && Math.abs(g - w) <= tolerance * Math.max(1, Math.abs(w))) return undefined;
    return `[${i}] ${g} for ${w}`;
  }).filter((text) => text !== undefined);
  expect(bad).toEqual([]);
}
