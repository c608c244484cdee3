// First and second derivatives of the smooth ops against differences in double precision on the reference engine.
import { gradients, ops, Tensor, tensor, tree } from "@keras-ts/core";
import { Graph, type HostArray, isFloat, placeholder, reference } from "@keras-ts/core/backend";
import { expect, test } from "vitest";
import { graphInDouble, inDouble, prepareProgram } from "../primitives/run.ts";
import { groupBy, readGoldens } from "./case.ts";
import { argumentsOf, type OpCall } from "./op-call.ts";
import { type Stored, toHost } from "./stored.ts";

interface SmoothCase extends OpCall {
  readonly cotangents: readonly Stored[];
  readonly tangents: readonly Stored[];
}
const STEP = 1e-5;
const { cases } = readGoldens("ops-second") as { readonly cases: readonly SmoothCase[] };

const weighted = (xs: readonly Tensor[], weights: readonly HostArray[]): Tensor =>
  xs.map((x, i) => ops.sum(ops.multiply(x, tensor(weights[i] as HostArray)))).reduce((a, b) => a.add(b));

/** The weighted sum of the outputs, its slope along the tangents, and the slope of that. */
function derivatives(one: SmoothCase): { readonly graph: Graph; readonly inputs: HostArray[] } {
  const { stored, run } = argumentsOf(one);
  const inputs = stored.map(toHost);
  const places = inputs.map((x) => placeholder(x));
  const floats = places.filter((x) => isFloat(x.dtype));
  const outs = tree.flatten(run(places) as tree.Tree<unknown>).filter((x): x is Tensor => x instanceof Tensor);
  const value = weighted(
    outs.filter((x) => isFloat(x.dtype)),
    one.cotangents.map(toHost),
  );
  const along = (y: Tensor): Tensor => weighted(gradients(y, floats), one.tangents.map(toHost));
  const slope = along(value);
  return { graph: new Graph(places, [value, slope, along(slope)]), inputs };
}

// The float inputs moved along the tangents.
function moved(inputs: readonly HostArray[], tangents: readonly Stored[], step: number): HostArray[] {
  let next = 0;
  return inputs.map((x) => {
    if (!isFloat(x.dtype)) return x;
    const along = toHost(tangents[next++] as Stored);
    return { ...x, data: Float64Array.from(x.data, (value, i) => value + step * (along.data[i] as number)) };
  });
}

test.each([...groupBy(cases, ({ op }) => op)])("%s", async (_, group) => {
  for (const one of group) {
    const { graph, inputs } = derivatives(one);
    const program = await prepareProgram(reference(), graphInDouble(graph));
    const wide = inDouble({ inputs }).inputs;
    const at = async (step: number): Promise<number[]> =>
      (await program.run(moved(wide, one.tangents, step))).map(({ data }) => data[0] as number);
    const [low, here, high] = [await at(-STEP), await at(0), await at(STEP)] as [number[], number[], number[]];
    program.dispose();
    for (const order of [1, 2]) {
      const found = here[order] as number;
      const wanted = ((high[order - 1] as number) - (low[order - 1] as number)) / (2 * STEP);
      const what = `derivative ${order}, options ${JSON.stringify(one.kwargs)}: ${found} by rule, ${wanted} by difference`;
      expect(Math.abs(found - wanted), what).toBeLessThan(1e-6 * Math.max(1, Math.abs(wanted)));
    }
  }
});
