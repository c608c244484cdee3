// From a graph to the text of a Python program.
import {
  type Aval,
  BackendError,
  type CompositeName,
  complain,
  copyNode,
  Graph,
  type HostArray,
  type KernelAvals,
  literalKey,
  type Node,
  placeholder,
  rebuild,
  sizeOf,
  type Tensor,
} from "./core.ts";
import { overwritten } from "./in-place.ts";
import { composites } from "./kernels/composites.ts";
import { callInto } from "./kernels/in-place.ts";
import { kernels } from "./kernels/index.ts";
import { bool, constant, dtypeName, tuple } from "./kernels/text.ts";
import { turnProducts } from "./turned-products.ts";

/** A Python program: its text defines `program(inputs)`, and takes the named arrays as globals. */
export interface Program {
  readonly source: string;
  readonly literals: ReadonlyMap<string, HostArray>;
}

/** Composites that have a row of their own. */
export const wholeComposites: ReadonlySet<CompositeName> = new Set(Object.keys(composites) as CompositeName[]);

type AnyKernel = (inputs: readonly string[], params: unknown, avals: KernelAvals) => string | readonly string[];
const table = new Map(Object.entries(kernels) as unknown as readonly (readonly [string, AnyKernel])[]);
const controlNames: ReadonlySet<string> = new Set(["cond", "whileLoop", "scan"]);
const isWritable = (node: Node): boolean => table.has(node.definition.name) || controlNames.has(node.definition.name);

const SMALL = 8;

/**
 * Writes `graph` as a Python function over NumPy arrays, with `del` after the last use of every variable. Control flow becomes
 * functions of its own.
 * @throws BackendError for a primitive without a kernel and body.
 */
export function emit(graph: Graph): Program {
  const functions: string[] = [];
  const known = new Map<string, string>();
  const literals = new Map<string, HostArray>();
  const constants = new Map<string, string>();
  const constantLines: string[] = [];

  const nameLiteral = (value: HostArray): string => {
    const key = literalKey(value);
    const found = constants.get(key);
    if (found !== undefined) return found;
    const name = `c${constants.size}`;
    constants.set(key, name);
    if (value.shape.length === 0) constantLines.push(`${name} = ${constant(value.data[0] as number, value.dtype)}`);
    else if (value.data.length > 0 && value.data.length <= SMALL && value.shape.length === 1) {
      const items = Array.from(value.data, (n) => constant(n, value.dtype)).join(", ");
      constantLines.push(`${name} = np.array([${items}], ${dtypeName(value.dtype)})`);
    } else literals.set(name, value);
    return name;
  };

  const callable = (stem: string, inner: Graph): string => {
    const found = known.get(inner.key);
    if (found !== undefined) return found;
    const name = `${stem}_${known.size}`;
    known.set(inner.key, name);
    functions.push(writeFunction(inner, name, false));
    return name;
  };

  const control = (node: Node, inputs: readonly string[]): string => {
    const params = node.params;
    if (node.definition.name === "cond") {
      const then = callable("then", params.then as Graph);
      const otherwise = callable("otherwise", params.otherwise as Graph);
      const operands = inputs.slice(1).join(", ");
      return `${then}(${operands}) if ${inputs[0]} else ${otherwise}(${operands})`;
    }
    const numConsts = params.numConsts as number;
    const consts = tuple(inputs.slice(0, numConsts));
    if (node.definition.name === "whileLoop") {
      const condition = callable("condition", params.condition as Graph);
      const body = callable("body", params.body as Graph);
      return `kt.while_loop(${condition}, ${body}, ${consts}, ${tuple(inputs.slice(numConsts))})`;
    }
    const numCarry = params.numCarry as number;
    const body = callable("step", params.body as Graph);
    const carry = tuple(inputs.slice(numConsts, numConsts + numCarry));
    const xs = tuple(inputs.slice(numConsts + numCarry));
    const ys = tuple(node.outs.slice(numCarry).map((y) => `(${tuple(y.shape)}, ${dtypeName(y.dtype)})`));
    return `kt.scan(${body}, ${consts}, ${carry}, ${xs}, ${params.length}, ${bool(params.reverse === true)}, ${ys})`;
  };

  const writeFunction = (closed: Graph, name: string, isMain: boolean): string => {
    const program = turnProducts(expand(closed));
    const variables = nameVariables(program);
    const parameters = program.inputs.map((_, i) => `x${i}`);
    const nameOf = (tensor: Tensor): string => {
      const found = variables.of(tensor);
      if (found !== undefined) return found;
      if (tensor.source.kind === "literal") return nameLiteral(tensor.source.value);
      const must = "every tensor of a program must come from its inputs";
      throw new BackendError(
        complain("numpy", { must, got: `tensor ${tensor.id} of another trace`, todo: "Pass it as an input" }),
      );
    };
    const lines: string[] = [];
    const drop = (names: readonly string[]): void => {
      if (names.length > 0) lines.push(`del ${names.join(", ")}`);
    };
    if (isMain && parameters.length > 0) lines.push(`${targets(parameters)} = inputs`, "inputs.clear()");
    const lastUse = variables.lastUses;
    const places = overwritten(program);
    drop(parameters.filter((x) => lastUse.get(x) === undefined && !variables.kept.has(x)));
    for (const node of program.nodes) {
      const inputs = node.inputs.map(nameOf);
      const left = variables.made(node);
      const several = controlNames.has(node.definition.name) || left.length > 1;
      lines.push(`${several ? targets(left) : left[0]} = ${expression(node, inputs, places.get(node))}`);
      drop([...new Set([...inputs, ...left])].filter((x) => x === "_" || lastUse.get(x) === node));
    }
    lines.push(`return ${tuple(program.outputs.map(nameOf))}`);
    const head = `def ${name}(${isMain ? "inputs" : parameters.join(", ")}):`;
    return [head, ...lines.map((line) => `    ${line}`)].join("\n");
  };

  const expression = (node: Node, inputs: readonly string[], over: number | undefined): string => {
    const [out] = node.outs;
    if (over !== undefined && out !== undefined)
      return callInto(node.definition.name, out.dtype, inputs, inputs[over] as string) as string;
    if (controlNames.has(node.definition.name)) return control(node, inputs);
    const kernel = table.get(node.definition.name) as AnyKernel;
    const ins = node.inputs.map(({ shape, dtype }): Aval => ({ shape, dtype }));
    const result = kernel(inputs, node.params, { ins, outs: node.outs });
    return typeof result === "string" ? result : (result[0] as string);
  };

  const main = writeFunction(graph, "program", true);
  const head = constantLines.length > 0 ? [constantLines.join("\n")] : [];
  return { source: `${[...head, ...functions, main].join("\n\n")}\n`, literals };
}

// The left side of an assignment that takes a tuple apart.
const targets = (names: readonly string[]): string => (names.length === 1 ? `${names[0]},` : names.join(", "));

interface Variables {
  /** The variable of an input or of a node's output; undefined for literals. */
  of(tensor: Tensor): string | undefined;
  /** The variables that a node assigns, "_" for outputs that nobody uses. */
  made(node: Node): readonly string[];
  /** After which node nobody needs the variable any more. */
  readonly lastUses: ReadonlyMap<string, Node>;
  /** Variables that are returned. */
  readonly kept: ReadonlySet<string>;
}

function nameVariables(graph: Graph): Variables {
  const inputs = new Map<Tensor, string>(graph.inputs.map((x, i) => [x, `x${i}`]));
  const used = graph.outputsOf();
  const made = new Map<Node, readonly string[]>();
  let count = 0;
  for (const node of graph.nodes) {
    const row = used.get(node) ?? [];
    made.set(
      node,
      node.outs.map((_, i) => (row[i] === undefined ? "_" : `v${count++}`)),
    );
  }
  const of = (tensor: Tensor): string | undefined => {
    const input = inputs.get(tensor);
    if (input !== undefined || tensor.source.kind !== "op") return input;
    return made.get(tensor.source.node)?.[tensor.source.index];
  };
  const kept = new Set(graph.outputs.map(of).filter((name) => name !== undefined));
  const lastUses = new Map<string, Node>();
  for (const node of graph.nodes) {
    for (const name of node.inputs.map(of)) if (name !== undefined && !kept.has(name)) lastUses.set(name, node);
  }
  return { of, made: (node) => made.get(node) as readonly string[], lastUses, kept };
}

// Composites and custom gradients without a row of their own become their bodies.
function expand(graph: Graph): Graph {
  let current = graph;
  while (!current.nodes.every(isWritable)) {
    const inputs = current.inputs.map((x) => placeholder(x));
    const outputs = rebuild(current, inputs, (node, ins) => {
      if (isWritable(node)) return copyNode(node, ins);
      const { body, name } = node.definition;
      if (body !== undefined) return body(ins, node.params);
      const todo = "Use a version of this engine that fits your core";
      throw new BackendError(complain("numpy", { must: "every primitive must have a kernel", got: `"${name}"`, todo }));
    });
    current = new Graph(inputs, outputs);
  }
  return current;
}

/** Number of bytes that a literal takes on the wire, rounded up so that the next one is aligned. */
export const alignedBytes = (value: HostArray): number =>
  Math.ceil((sizeOf(value.shape) * value.data.BYTES_PER_ELEMENT) / 8) * 8;
