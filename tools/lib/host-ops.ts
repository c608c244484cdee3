// Which public ops visit the host on devices with a memory of their own: seen in the programs of all their cases, gradients included.
import { type GoldenCase, goldenGroups, graphOf } from "@keras-ts/conformance";
import { ops, readAll, setBackend, settle, Tensor, tensor, tree } from "@keras-ts/core";
import {
  type Backend,
  type DType,
  Graph,
  graphPasses,
  type HostArray,
  type Kernel,
  type Kernels,
  type Limitation,
  loopPasses,
  lower,
  type PrimitiveName,
  placeholder,
  reference,
} from "@keras-ts/core/backend";

/** A primitive that ran, and the dtypes that it had to do with. */
type Seen = (primitive: string, dtypes: readonly DType[]) => void;

/** An engine on one device. */
export interface HostDevice {
  readonly device: string;
  readonly dtypes: ReadonlySet<DType>;
  readonly kernels: Backend["kernels"];
  readonly limitations: readonly Limitation[];
}

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

// Ops on tensors that have no cases, since their results have no one order.
const beside: Readonly<Record<string, () => Graph>> = {
  eig: () => graphOn(ops.eig),
  argpartition: () => graphOn((x) => ops.argpartition(x, 1)),
};
function graphOn(f: (x: Tensor) => unknown): Graph {
  const x = placeholder({ shape: [3, 3], dtype: "float32" });
  const outs = tree.flatten(f(x) as tree.Tree<unknown>).filter((y): y is Tensor => y instanceof Tensor);
  return new Graph([x], outs);
}

const passes = Object.fromEntries([...graphPasses, ...loopPasses].map(({ name }) => [name, false]));

/** Public ops by name, each with the primitives that a device leaves to the host for it: of each device in turn. */
export async function hostOps(
  devices: readonly HostDevice[],
): Promise<readonly ReadonlyMap<string, ReadonlySet<string>>[]> {
  const away = devices.map(({ device, limitations }) =>
    limitations.filter((one) => one.onHost === true && one.devices?.includes(device) === true),
  );
  const found = devices.map(() => new Map<string, Set<string>>());
  const seenBy = (op: string): Seen => {
    const own = found.map((ops) => ops.get(op) ?? new Set<string>());
    own.forEach((set, i) => found[i]?.set(op, set));
    return (primitive, used) =>
      away.forEach((limits, i) => {
        const isAway = (one: Limitation): boolean =>
          one.op === primitive && (one.dtype === undefined || used.includes(one.dtype));
        if (limits.some(isAway)) own[i]?.add(primitive);
      });
  };
  const [{ dtypes, kernels }] = devices as readonly [HostDevice];
  const target = { name: "device", dtypes, kernels, passes } as Backend;
  for (const [op, graph] of Object.entries(beside)) look(lower(graph(), target), seenBy(op));
  for (const { name, cases } of goldenGroups()) {
    const op = /^(?:ops|dtypes)\.(.*)|^(random\..*)/.exec(name);
    if (op === null) continue;
    const seen = seenBy((op[1] ?? op[2]) as string);
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
