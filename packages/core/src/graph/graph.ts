import type { Aval, HostArray } from "../aval/index.ts";
import { type Node, type Params, placeholder, Tensor } from "./tensor.ts";

/** A closed program: every tensor below `outputs` ends in `inputs` or in literals. */
export class Graph {
  readonly inputs: readonly Tensor[];
  readonly outputs: readonly Tensor[];
  #order: readonly Node[] | undefined;
  #key: string | undefined;

  /** `nodes`, if the caller has them in order. */
  constructor(inputs: readonly Tensor[], outputs: readonly Tensor[], nodes?: readonly Node[]) {
    this.inputs = inputs;
    this.outputs = outputs;
    this.#order = nodes;
  }

  /** Nodes in an order in which each comes after what it needs. */
  get nodes(): readonly Node[] {
    if (this.#order === undefined) {
      const inputs = new Set(this.inputs);
      this.#order = below(this.outputs, (x) => inputs.has(x)).nodes;
    }
    return this.#order;
  }

  /** Equal for programs that compute the same thing from equal inputs; literals count by value. */
  get key(): string {
    this.#key ??= structureOf(this);
    return this.#key;
  }

  /** Every tensor of the graph that is neither an input nor computed by a node. */
  get literals(): readonly { readonly tensor: Tensor; readonly value: HostArray }[] {
    const found = new Map<Tensor, HostArray>();
    const inputs = new Set(this.inputs);
    const visit = (tensor: Tensor): void => {
      if (tensor.source.kind === "literal" && !inputs.has(tensor)) found.set(tensor, tensor.source.value);
    };
    for (const node of this.nodes) node.inputs.forEach(visit);
    this.outputs.forEach(visit);
    return [...found].map(([tensor, value]) => ({ tensor, value }));
  }

  /** The outputs of a node, by index, as far as somebody uses them. */
  outputsOf(): ReadonlyMap<Node, readonly (Tensor | undefined)[]> {
    const byNode = new Map<Node, (Tensor | undefined)[]>();
    const visit = (tensor: Tensor): void => {
      if (tensor.source.kind !== "op") return;
      const { node, index } = tensor.source;
      const row = byNode.get(node) ?? new Array<Tensor | undefined>(node.outs.length).fill(undefined);
      row[index] = tensor;
      byNode.set(node, row);
    };
    for (const node of this.nodes) node.inputs.forEach(visit);
    this.outputs.forEach(visit);
    return byNode;
  }

  toString(): string {
    return printGraph(this);
  }
}

/**
 * What stands below `outputs`: leaves in order of first use, and nodes in an order in which each comes after what it needs. Depth-first,
 * without recursion: an unrolled recurrent net is thousands of nodes deep.
 */
export function below(
  outputs: readonly Tensor[],
  isLeaf: (tensor: Tensor) => boolean,
): { readonly leaves: readonly Tensor[]; readonly nodes: readonly Node[] } {
  const leaves = new Set<Tensor>();
  const nodes: Node[] = [];
  const seen = new Set<Node>();
  // Nodes whose inputs are being visited, and how many of them were.
  const open: Node[] = [];
  const visited: number[] = [];
  const visit = (tensor: Tensor): void => {
    if (isLeaf(tensor)) leaves.add(tensor);
    else if (tensor.source.kind === "op" && !seen.has(tensor.source.node)) {
      seen.add(tensor.source.node);
      open.push(tensor.source.node);
      visited.push(0);
    }
  };
  for (const output of outputs) {
    visit(output);
    while (open.length > 0) {
      const top = open.length - 1;
      const node = open[top] as Node;
      const next = visited[top] as number;
      if (next < node.inputs.length) {
        visited[top] = next + 1;
        visit(node.inputs[next] as Tensor);
      } else {
        nodes.push(node);
        open.pop();
        visited.pop();
      }
    }
  }
  return { leaves: [...leaves], nodes };
}

/** Leaves below `outputs`, in order of first use. */
export function leavesOf(outputs: readonly Tensor[], isLeaf: (tensor: Tensor) => boolean): readonly Tensor[] {
  return below(outputs, isLeaf).leaves;
}

/** Rebuilds the nodes of `graph` over new inputs; `visit` may answer with other tensors for a node's outputs. */
export function rebuild(
  graph: Graph,
  inputs: readonly Tensor[],
  visit: (node: Node, inputs: readonly Tensor[]) => readonly Tensor[] = (node, ins) => copyNode(node, ins),
): Tensor[] {
  const renamed = new Map<Tensor, Tensor>(graph.inputs.map((old, i) => [old, inputs[i] as Tensor]));
  const rebuilt = new Map<Node, readonly Tensor[]>();
  // By node and place: several tensors may name the same output (a derivative rule makes one for an output nobody held).
  const lookup = (tensor: Tensor): Tensor => {
    const known = renamed.get(tensor);
    if (known !== undefined || tensor.source.kind !== "op") return known ?? tensor;
    return rebuilt.get(tensor.source.node)?.[tensor.source.index] ?? tensor;
  };
  for (const node of graph.nodes) rebuilt.set(node, visit(node, node.inputs.map(lookup)));
  return graph.outputs.map(lookup);
}

/** The same application over other inputs, without checking again. */
export function copyNode(node: Node, inputs: readonly Tensor[]): Tensor[] {
  if (inputs.every((x, i) => x === node.inputs[i])) inputs = node.inputs;
  const copy: Node = { definition: node.definition, inputs, params: node.params, outs: node.outs };
  return node.outs.map((aval, index) => new Tensor(aval, { kind: "op", node: copy, index }));
}

/** A graph over fresh placeholders that computes what `graph` computes after `visit` replaced nodes. */
export function transform(graph: Graph, visit: (node: Node, inputs: readonly Tensor[]) => readonly Tensor[]): Graph {
  const inputs = graph.inputs.map((x) => placeholder(x));
  return new Graph(inputs, rebuild(graph, inputs, visit));
}

/** Static arguments as text; graphs by structure, functions by identity. */
export function paramsKey(params: Params): string {
  if (isEmpty(params)) return "{}";
  return JSON.stringify(params, (_, value: unknown) => {
    if (value instanceof Graph) return `graph ${value.key}`;
    if (typeof value === "function") return `function ${identityOf(value)}`;
    if (typeof value === "number" && !Number.isFinite(value)) return `number ${value}`;
    return value;
  });
}

function isEmpty(params: Params): boolean {
  for (const _ in params) return false;
  return true;
}

const identities = new WeakMap<object, number>();
let identityCount = 0;
function identityOf(value: object): number {
  const known = identities.get(value);
  if (known !== undefined) return known;
  identities.set(value, identityCount);
  return identityCount++;
}

const avalKey = (aval: Aval): string => `${aval.dtype}[${aval.shape.join(",")}]`;

/** Literals as text: small ones by value, long ones by a 64-bit hash beside their length. */
export function literalKey(value: HostArray): string {
  if (value.data.length <= 16) return `${avalKey(value)}{${Array.from(value.data, showNumber).join(",")}}`;
  const { buffer, byteOffset, byteLength } = value.data;
  const bytes = new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength);
  let low = 0x811c9dc5;
  let high = 0xcbf29ce4;
  for (let i = 0; i < bytes.length; i++) {
    low = Math.imul(low ^ (bytes[i] as number), 0x01000193);
    high = Math.imul(high ^ (bytes[i] as number), 0x01000197) + (low >>> 13);
  }
  return `${avalKey(value)}#${(low >>> 0).toString(16)}${(high >>> 0).toString(16)}`;
}

const showNumber = (value: number): string => (Object.is(value, -0) ? "-0" : String(value));

function structureOf(graph: Graph): string {
  const names = new Map<Tensor, string>();
  const nodeNames = new Map<Node, string>();
  const lines: string[] = [];
  graph.inputs.forEach((x, i) => {
    names.set(x, `i${i}`);
    lines.push(avalKey(x));
  });
  const nameOf = (tensor: Tensor): string => {
    const known = names.get(tensor);
    if (known !== undefined) return known;
    if (tensor.source.kind === "literal") return literalKey(tensor.source.value);
    if (tensor.source.kind === "op") return `${nodeNames.get(tensor.source.node)}.${tensor.source.index}`;
    return `free${tensor.id}`;
  };
  for (const node of graph.nodes) {
    const params = paramsKey(node.params);
    lines.push(`${node.definition.name}(${node.inputs.map(nameOf).join(" ")})${params === "{}" ? "" : params}`);
    nodeNames.set(node, `n${nodeNames.size}`);
  }
  lines.push(`return ${graph.outputs.map(nameOf).join(" ")}`);
  return lines.join("\n");
}

/** The program as text, one line a node. */
export function printGraph(graph: Graph): string {
  const names = new Map<Tensor, string>();
  const lines: string[] = [];
  let count = 0;
  const nodeNames = new Map<Node, string[]>();
  graph.inputs.forEach((x) => names.set(x, `%${count++}`));
  const nameOf = (tensor: Tensor): string => {
    const known = names.get(tensor);
    if (known !== undefined) return known;
    if (tensor.source.kind === "literal") return literalKey(tensor.source.value);
    if (tensor.source.kind === "op") return nodeNames.get(tensor.source.node)?.[tensor.source.index] ?? "?";
    return `%free${tensor.id}`;
  };
  lines.push(`graph(${graph.inputs.map((x) => `${names.get(x)}: ${avalKey(x)}`).join(", ")}) {`);
  for (const node of graph.nodes) {
    const outs = node.outs.map(() => `%${count++}`);
    nodeNames.set(node, outs);
    const params = paramsKey(node.params);
    const left = outs.map((name, i) => `${name}: ${avalKey(node.outs[i] as Aval)}`).join(", ");
    lines.push(
      `  ${left} = ${node.definition.name}(${node.inputs.map(nameOf).join(", ")})${params === "{}" ? "" : ` ${params}`}`,
    );
  }
  lines.push(`  return ${graph.outputs.map(nameOf).join(", ")}`, "}");
  return lines.join("\n");
}
