// Which public ops visit the host on a device with a memory of its own: seen in the programs of all their cases, gradients included.
import { type GoldenCase, goldenGroups, graphOf } from "@keras-ts/conformance";
import { readAll, setBackend, settle, tensor } from "@keras-ts/core";
import {
  type Backend,
  type DType,
  Graph,
  type HostArray,
  type Kernel,
  type Kernels,
  type Limitation,
  lower,
  type PrimitiveName,
  reference,
} from "@keras-ts/core/backend";
import * as tf from "@tensorflow/tfjs";
import { type Device, engineOn } from "../../packages/backend-tfjs/src/engine.ts";
import { kernelsOn } from "../../packages/backend-tfjs/src/kernels/index.ts";
import { limitations } from "../../packages/backend-tfjs/src/limitations.ts";

/** A primitive that ran, and the dtypes that it had to do with. */
type Seen = (primitive: string, dtypes: readonly DType[]) => void;

function look(graph: Graph, seen: Seen): void {
  for (const { definition, params, inputs, outs } of graph.nodes) {
    seen(
      definition.name,
      [...inputs, ...outs].map(({ dtype }) => dtype),
    );
    for (const value of Object.values(params)) if (value instanceof Graph) look(value, seen);
  }
}

/** The reference engine with the dtypes of another, telling what it runs: for cases that read values, which have no program. */
function watching(dtypes: ReadonlySet<DType>, seen: Seen): Backend<HostArray> {
  const plain = reference();
  const rows = Object.entries(plain.kernels ?? {}).map(([name, kernel]) => {
    const watched: Kernel<PrimitiveName, HostArray> = (inputs, params, avals) => {
      seen(
        name,
        [...avals.ins, ...avals.outs].map(({ dtype }) => dtype),
      );
      return (kernel as Kernel<PrimitiveName, HostArray>)(inputs, params, avals);
    };
    return [name, watched];
  });
  return { ...plain, dtypes, kernels: Object.fromEntries(rows) as unknown as Kernels<HostArray> };
}

/** Public ops with cases, each with the primitives that a device of TensorFlow.js leaves to the host for it. */
export async function hostOps(device: Device, dtypes: ReadonlySet<DType>): Promise<Map<string, ReadonlySet<string>>> {
  const away = limitations.filter((one: Limitation) => one.onHost === true && one.devices?.includes(device));
  const target = { name: `tfjs ${device}`, dtypes, kernels: kernelsOn(engineOn(tf, device)) } as Backend;
  const found = new Map<string, Set<string>>();
  for (const { name, cases } of goldenGroups()) {
    const op = /^(?:ops|dtypes)\.(.*)|^(random\..*)/.exec(name);
    if (op === null) continue;
    const own = found.get((op[1] ?? op[2]) as string) ?? new Set<string>();
    found.set((op[1] ?? op[2]) as string, own);
    const seen: Seen = (primitive, used) => {
      for (const one of away) {
        if (one.op === primitive && (one.dtype === undefined || used.includes(one.dtype))) own.add(primitive);
      }
    };
    for (const one of cases) {
      const graph = graphOf(one);
      if (graph !== undefined) look(lower(graph, target), seen);
      else await run(one, watching(dtypes, seen));
    }
  }
  setBackend(reference());
  return found;
}

async function run(one: GoldenCase, backend: Backend<HostArray>): Promise<void> {
  setBackend(backend);
  const inputs = one.inputs.map(({ data, shape, dtype }) => tensor(data, { shape, dtype }));
  await readAll(await one.prepare().eager(inputs));
  await settle();
}
