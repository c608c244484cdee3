// Control flow: branches and loop bodies become nested graphs, which see the values around them by name.
import type { Aval, Graph, Node, primitives } from "@keras-ts/core/backend";
import { type Builder, infoOf } from "./builder.ts";
import type { Attribute, ValueInfo } from "./proto.ts";

/** The operators for a control node, or undefined if it is none. */
export function control(b: Builder, node: Node, inputs: readonly string[]): string[] | undefined {
  switch (node.definition.name) {
    case "cond":
      return cond(b, node, inputs);
    case "whileLoop":
      return whileLoop(b, node, inputs);
    case "scan":
      return scan(b, node, inputs);
    default:
      return undefined;
  }
}

const valueInfo = (b: Builder, name: string): ValueInfo => ({ name, ...b.info(name) });

/** A nested graph: `write` gives its results; those that come from outside or are there twice are copied, as each must be made inside once. */
export function nested(
  b: Builder,
  name: string,
  parameters: readonly string[],
  write: (inner: Builder) => readonly string[],
): Attribute {
  const inner = b.nested();
  inner.place = b.place;
  const results = write(inner);
  const made = new Set(inner.nodes.flatMap((node) => node.outputs));
  const outputs = results.map((value) => (made.delete(value) ? value : inner.op("Identity", [value], b.info(value))));
  return {
    kind: "graph",
    value: {
      name,
      nodes: inner.nodes,
      initializers: [],
      inputs: parameters.map((x) => valueInfo(b, x)),
      outputs: outputs.map((x) => valueInfo(b, x)),
    },
  };
}

function cond(b: Builder, { params, outs }: Node, [condition, ...operands]: readonly string[]): string[] {
  const { then, otherwise } = params as unknown as primitives.CondParams;
  const branch = (name: string, graph: Graph): Attribute =>
    nested(b, name, [], (inner) => inner.inline(graph, operands));
  return b.ops("If", [condition as string], outs.map(infoOf), {
    then_branch: branch("then", then),
    else_branch: branch("otherwise", otherwise),
  });
}

function whileLoop(b: Builder, { params, outs }: Node, inputs: readonly string[]): string[] {
  const { condition, body, numConsts } = params as unknown as primitives.WhileParams;
  const [consts, carry] = [inputs.slice(0, numConsts), inputs.slice(numConsts)];
  const first = b.inline(condition, inputs)[0] as string;
  const step = b.name({ type: "int64", shape: [] }, "step");
  const goOn = b.name({ type: "bool", shape: [] }, "on");
  const state = outs.map((out) => b.name(infoOf(out), "state"));
  const loop = nested(b, "body", [step, goOn, ...state], (inner) => {
    const next = inner.inline(body, [...consts, ...state]);
    return [...inner.inline(condition, [...consts, ...next]), ...next];
  });
  return b.ops("Loop", ["", first, ...carry], outs.map(infoOf), { body: loop });
}

// The operator wants at least one sequence to scan over: a counter, if there is none.
function scan(b: Builder, { params, outs }: Node, inputs: readonly string[]): string[] {
  const { body, numConsts, numCarry, length, reverse } = params as unknown as primitives.ScanParams;
  const consts = inputs.slice(0, numConsts);
  const carry = inputs.slice(numConsts, numConsts + numCarry);
  const xs = inputs.slice(numConsts + numCarry);
  if (length === 0) {
    return [...carry, ...outs.slice(numCarry).map((out: Aval) => b.full(infoOf(out), 0))];
  }
  const sequences = xs.length > 0 ? xs : [b.full({ type: "int32", shape: [length] }, 0)];
  const state = carry.map((x) => b.name(b.info(x), "state"));
  const slices = sequences.map((x) => b.name({ type: b.info(x).type, shape: b.shape(x).slice(1) }, "row"));
  const own = xs.length > 0 ? slices : [];
  const loop = nested(b, "body", [...state, ...slices], (inner) => inner.inline(body, [...consts, ...state, ...own]));
  const direction = reverse ? 1 : 0;
  return b.ops("Scan", [...carry, ...sequences], outs.map(infoOf), {
    body: loop,
    num_scan_inputs: sequences.length,
    scan_input_directions: sequences.map(() => direction),
    scan_output_directions: outs.slice(numCarry).map(() => direction),
  });
}
