import { liveNodes, type Program, readsOf } from "../program.ts";
import type { NodeData } from "../proto.ts";
import { producers, Rewriter } from "./rewriter.ts";

const layouts: ReadonlySet<string> = new Set(["Transpose", "Reshape", "Pad"]);
/** Equal for equal pools, also where each has brought the input into its layout by itself. */
function identityOf(program: Program): (pool: NodeData) => string {
  const made = producers(program.nodes);
  const valueOf = (name: string): unknown => {
    const node = made.get(name);
    const constant = program.initializers.get(name);
    if (constant !== undefined) return [constant.type, constant.shape, Array.from(constant.data.subarray(0, 256))];
    return node !== undefined && layouts.has(node.op) ? describe(node) : name;
  };
  const describe = ({ op, inputs, attributes }: NodeData): unknown => [op, inputs.map(valueOf), attributes];
  return (pool) => JSON.stringify(describe(pool));
}

/**
 * A max pool whose places nobody reads does not give them: the runtime's kernel for values alone is ten times faster. If the same pool
 * is there once more for its places (its gradient does that), the two stay equal, for the runtime to make them one.
 */
export function dropPlaces(program: Program): Program {
  const r = new Rewriter(program);
  const live = liveNodes(program);
  const read = new Set([...live.flatMap(readsOf), ...program.outputs]);
  const sameAs = identityOf(program);
  const pools = live.filter(({ op }) => op === "MaxPool");
  const placed = new Set(pools.filter(({ outputs }) => read.has(outputs[1] as string)).map(sameAs));
  for (const node of program.nodes) {
    const alone = node.op === "MaxPool" && node.outputs.length === 2 && !placed.has(sameAs(node));
    r.add(alone ? { ...node, outputs: node.outputs.slice(0, 1) } : node);
  }
  return r.finish();
}
