// Models from elsewhere as part of a program: their operators and weights among those of the program, under the layer's name.
import { BackendError, complain } from "@keras-ts/core/backend";
import type { Operators } from "../builder.ts";
import { convert, newerThan } from "../foreign/convert.ts";
import { readPart, syncFiles } from "../foreign/files.ts";
import { type ForeignModel, typeOfValue } from "../foreign/foreign-model.ts";
import { modelAt } from "../foreign/in-programs.ts";
import { NotAPart } from "../foreign/not-a-part.ts";
import {
  encodeFunction,
  type ForeignFunction,
  type ForeignNode,
  type ForeignProgram,
  graphsOf,
  readProgram,
} from "../foreign/read-graph.ts";
import { type ReadBeside, readTensor } from "../foreign/read-tensor.ts";
import { renamed, type Scope, valueIn } from "../foreign/rename-parts.ts";
import {
  type Attribute,
  type ForeignTensor,
  type GraphData,
  type ModelData,
  type NodeData,
  typeNumber,
  type ValueInfo,
} from "../proto.ts";
import { type NamedProgram, Names } from "./rename.ts";

/** A program as it is written, with what it needs beside its operators. */
export interface Merged extends Pick<ModelData, "opsets" | "functions" | "leastIr"> {
  readonly program: NamedProgram;
}

/**
 * The program with each model in its place. Names go under that of the layer; inputs and outputs are those of the program, cast where the
 * model has other types, and its open sizes those that the program has there. Operators are converted to the program's version.
 * @param infoOf what is known of a value by its name in the file
 * @throws BackendError for a model that cannot be a part of another; the message says what in it.
 */
export function inlineModels(
  program: NamedProgram,
  operators: Operators,
  names: Names,
  infoOf: (name: string) => ValueInfo,
): Merged {
  const opsets = { "": operators.opset, ...(operators.contrib ? { "com.microsoft": 1 } : {}) };
  const models = operators.models ?? [];
  const present = new Set<ForeignModel>();
  eachNode(program.nodes, (node) => {
    const model = modelAt(node, models);
    if (model !== undefined) present.add(model);
  });
  if (present.size === 0) return { program, opsets };
  const labels = new Names();
  const parts = [...present].map((model) =>
    attempt(model, () => new Part(model, labels.give(model.where, model.label), names)),
  );
  const opset = operators.mayRaise === true ? Math.max(...parts.map((part) => part.least(opsets[""]))) : opsets[""];
  const merger = new Merger({ ...opsets, "": opset }, parts, names, infoOf);
  const nodes = merger.expand(program.nodes, models);
  return {
    program: {
      ...program,
      nodes,
      initializers: [...program.initializers, ...parts.flatMap((part) => part.tensors)],
      values: merger.values,
    },
    opsets: merger.opsets,
    functions: merger.functions,
    leastIr: Math.max(...parts.map((part) => part.leastIr)),
  };
}

function eachNode(nodes: readonly NodeData[], visit: (node: NodeData) => void): void {
  for (const node of nodes) {
    visit(node);
    for (const value of Object.values(node.attributes)) if (value.kind === "graph") eachNode(value.value.nodes, visit);
  }
}

function attempt<T>({ where }: ForeignModel, action: () => T): T {
  try {
    return action();
  } catch (cause) {
    const got = cause instanceof Error ? cause.message : String(cause);
    const todo =
      "Export what stands before and after it by themselves, or convert it with Python's onnx.version_converter";
    throw new BackendError(complain(where, { must: "the model must go into a program with others", got, todo }), {
      cause,
    });
  }
}

/** The oldest version of the format that has an element type, if that is newer than what operators ask for. */
const irOf = (type: number): number =>
  type >= 25 ? 13 : type === 24 ? 12 : type === 23 ? 11 : type >= 21 ? 10 : type >= 17 ? 9 : 0;

/** A model with its weights, which all its places share. */
class Part {
  readonly model: ForeignModel;
  readonly program: ForeignProgram;
  /** The layer's name, or that with a number where another layer has it. */
  readonly label: string;
  readonly tensors: readonly ForeignTensor[];
  /** Names of weights by those in the model's file. */
  readonly constants: ReadonlyMap<string, string>;
  readonly leastIr: number;
  readonly readBeside: ReadBeside;
  readonly #functions: ReadonlySet<string>;

  constructor(model: ForeignModel, label: string, names: Names) {
    this.model = model;
    this.label = label;
    this.program = readProgram(model.bytes);
    this.readBeside = (location, start, length) => readBeside(model, location, start, length);
    const found = this.program.graph.tensors.map((bytes) => readTensor(bytes, this.readBeside));
    this.constants = new Map(
      found.map(({ name }) => [name, names.give(`weight ${this.label}/${name}`, `${this.label}/${name}`)]),
    );
    this.tensors = found.map((x) => ({ ...x, name: this.constants.get(x.name) as string }));
    this.leastIr = Math.max(0, ...found.map(({ type }) => irOf(type)));
    this.#functions = new Set(this.program.functions.map(keyOf));
  }
  /** True if an operator calls a function of the file. */
  hasFunction(node: ForeignNode): boolean {
    return this.#functions.has(keyOf({ ...node, name: node.op }));
  }
  /** The least version from `opset` on that has all operators. */
  least(opset: number): number {
    const { graph, functions, opsets } = this.program;
    const lists = [{ nodes: graph.nodes, opsets }, ...functions];
    let least = opset;
    const visit = (node: ForeignNode, from: number): void => {
      if (node.domain === "") least = Math.max(least, newerThan(node.op, from, opset) ?? 0);
      for (const inner of graphsOf(node)) for (const one of inner.nodes) visit(one, from);
    };
    for (const list of lists) for (const node of list.nodes) visit(node, list.opsets.get("") ?? 1);
    return least;
  }
}

const keyOf = ({ domain, name, overload }: Pick<ForeignFunction, "domain" | "name" | "overload">): string =>
  JSON.stringify([domain, name, overload]);

/** @throws Error if the model came without its path, or there is no such file. */
function readBeside({ path }: ForeignModel, location: string, start: number, length: number | undefined): Uint8Array {
  const files = syncFiles();
  if (path === undefined || files === undefined)
    throw new NotAPart(`weights in a file beside it, "${location}", where only its bytes are known`, "Pass filepath");
  if (location === "" || /^([/\\]|[A-Za-z]:)|(^|[/\\])\.\.([/\\]|$)/.test(location))
    throw new NotAPart(`weights in "${location}", which is not beside it`, "Put the file beside the model");
  const folder = path.slice(0, Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\")) + 1);
  try {
    return readPart(files, folder + location, start, length);
  } catch (cause) {
    throw new NotAPart(cause instanceof Error ? cause.message : String(cause), "Check the file of weights beside it");
  }
}

class Merger {
  readonly opsets: Record<string, number>;
  readonly functions: Uint8Array[] = [];
  readonly values: Uint8Array[] = [];
  readonly #parts: ReadonlyMap<ForeignModel, Part>;
  readonly #names: Names;
  readonly #infoOf: (name: string) => ValueInfo;
  readonly #sources = new Map<string, string>();
  readonly #titles = new Names();
  #count = 0;

  constructor(
    opsets: Record<string, number>,
    parts: readonly Part[],
    names: Names,
    infoOf: (name: string) => ValueInfo,
  ) {
    this.opsets = opsets;
    this.#parts = new Map(parts.map((part) => [part.model, part]));
    this.#names = names;
    this.#infoOf = infoOf;
    for (const part of parts) attempt(part.model, () => this.#addFunctions(part));
  }

  /** Operators with each model in its place, in loops and branches too. */
  expand(nodes: readonly NodeData[], models: readonly ForeignModel[]): NodeData[] {
    return nodes.flatMap((node) => {
      const part = this.#parts.get(modelAt(node, models) as ForeignModel);
      if (part !== undefined) return attempt(part.model, () => this.#place(node, part));
      const inside = (graph: GraphData): GraphData => ({ ...graph, nodes: this.expand(graph.nodes, models) });
      const attributes = Object.entries(node.attributes).map(([name, value]): [string, Attribute] => [
        name,
        value.kind === "graph" ? { ...value, value: inside(value.value) } : value,
      ]);
      return [{ ...node, attributes: Object.fromEntries(attributes) }];
    });
  }

  /** The operators of a model where it is called. */
  #place(node: NodeData, part: Part): NodeData[] {
    const { model, program } = part;
    const call = `${part.label} ${this.#count++}`;
    const [given, sizes] = [new Map(part.constants), new Map<string, number | string>()];
    const [before, after]: [NodeData[], NodeData[]] = [[], []];
    const fresh = (name: string): string => this.#names.give(`${call}/${name}`, `${part.label}/${name}`);
    const copy = (from: string, to: string, type: number | undefined): NodeData => ({
      op: type === undefined ? "Identity" : "Cast",
      domain: "",
      inputs: [from],
      outputs: [to],
      attributes: type === undefined ? {} : { to: { kind: "int", value: type } },
      name: `${part.label}/${to}`,
    });
    model.inputs.forEach((value, i) => {
      const { name, shape } = this.#infoOf(node.inputs[i] as string);
      value.shape?.forEach((size, axis) => {
        if (typeof size === "string" && !sizes.has(size)) sizes.set(size, shape[axis] as number | string);
      });
      const own = typeNumber[typeOfValue(model, value).dtype as "float32"];
      const to = own === value.type ? name : fresh(value.name);
      if (to !== name) before.push(copy(name, to, value.type));
      given.set(value.name, to);
    });
    const made = new Set(program.graph.nodes.flatMap((one) => one.outputs));
    model.outputs.forEach((value, i) => {
      const to = node.outputs[i] as string;
      const own = typeNumber[typeOfValue(model, value).dtype as "float32"];
      if (own === value.type && made.has(value.name)) {
        given.set(value.name, to);
        return;
      }
      const from = given.get(value.name) ?? fresh(value.name);
      given.set(value.name, from);
      after.push(copy(from, to, own === value.type ? undefined : own));
    });
    const scope: Scope = {
      ...this.#conversion(part, program.opsets),
      rename: (name) => {
        const known = name === "" ? "" : given.get(name);
        if (known !== undefined) return known;
        given.set(name, fresh(name));
        return given.get(name) as string;
      },
      size: (name) => sizes.get(name) ?? `${part.label}/${name}`,
      title: (name, op) => this.#titles.give(`${this.#count++}`, `${part.label}/${name === "" ? op : name}`),
    };
    const nodes = renamed(program.graph.nodes, scope);
    for (const value of program.graph.values) {
      const rewritten = valueIn(value, scope, (name) => made.has(name));
      if (rewritten !== undefined) this.values.push(rewritten);
    }
    return [...before, ...nodes.map(toNode), ...after];
  }

  /** Functions get a domain of their own, so that those of several models do not meet. */
  #addFunctions(part: Part): void {
    for (const one of part.program.functions) {
      const used = new Map<string, number>();
      const scope: Scope = {
        ...this.#conversion(part, one.opsets, used),
        rename: (name) => name,
        size: (name) => name,
        title: (name) => name,
      };
      const nodes = renamed(one.nodes, scope);
      const { op: name, domain } = functionName(part, { ...one, op: one.name });
      this.functions.push(encodeFunction(one, { name, domain, nodes, opsets: used }));
      this.opsets[domain] = 1;
    }
  }

  #conversion(
    part: Part,
    opsets: ReadonlyMap<string, number>,
    used: Map<string, number> = new Map(),
  ): Pick<Scope, "convert" | "readBeside"> {
    const versions = { from: opsets.get("") ?? 1, to: this.opsets[""] as number };
    const newName = (): string => `converted:${this.#count++}`;
    return {
      readBeside: part.readBeside,
      convert: (node) => {
        if (part.hasFunction(node)) {
          const { op, domain } = functionName(part, node);
          used.set(domain, 1);
          return [{ ...node, op, domain, overload: "" }];
        }
        used.set(node.domain, this.#import(part, node.domain, opsets));
        return convert(node, versions, newName);
      },
    };
  }

  /** The version of a domain. @throws Error if two models want different ones. */
  #import(part: Part, domain: string, opsets: ReadonlyMap<string, number>): number {
    if (domain === "") return this.opsets[""] as number;
    const version = opsets.get(domain) ?? 1;
    const known = (this.opsets[domain] ??= version);
    if (known === version) {
      this.#sources.set(domain, part.model.where);
      return version;
    }
    const other = this.#sources.get(domain) ?? "the rest of the program";
    throw new Error(`operators of "${domain}" in version ${version}, where ${other} has them in version ${known}`);
  }
}

/** A function's name among those of other models. Overloads are names of their own. */
function functionName(
  { label }: Part,
  { op, domain, overload }: Pick<ForeignNode, "op" | "domain" | "overload">,
): { readonly op: string; readonly domain: string } {
  return { op: overload === "" ? op : `${op}.${overload}`, domain: `${label}.${domain === "" ? "onnx" : domain}` };
}

const toNode = ({ op, domain, inputs, outputs, name, attributes }: ForeignNode): NodeData => ({
  op,
  domain,
  inputs,
  outputs,
  name,
  attributes: Object.fromEntries([...attributes].map(([key, value]) => [key, { kind: "raw", value }])),
});
