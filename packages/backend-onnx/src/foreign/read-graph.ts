// A whole file of onnx.proto in parts: operators as lists, and what they are made of as bytes.
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { encodeTensor } from "../proto.ts";
import { type ReadBeside, readTensor } from "./read-tensor.ts";
import { fieldsOf, fromText, repeated, rewrite, toText } from "./wire.ts";

/** An operator; attributes are the bytes of each `AttributeProto`. */
export interface ForeignNode {
  readonly op: string;
  readonly domain: string;
  readonly overload: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly name: string;
  readonly attributes: ReadonlyMap<string, Uint8Array>;
}

/** A model's graph, or one inside of an operator; everything but operators as bytes. */
export interface ForeignGraph {
  readonly name: Uint8Array;
  readonly nodes: readonly ForeignNode[];
  readonly tensors: readonly Uint8Array[];
  readonly inputs: readonly Uint8Array[];
  readonly outputs: readonly Uint8Array[];
  /** What is told about values inside. */
  readonly values: readonly Uint8Array[];
}

export interface ForeignFunction {
  readonly name: string;
  readonly domain: string;
  readonly overload: string;
  readonly nodes: readonly ForeignNode[];
  readonly opsets: ReadonlyMap<string, number>;
  /** The whole `FunctionProto`. */
  readonly bytes: Uint8Array;
}

export interface ForeignProgram {
  readonly irVersion: number;
  /** Versions of operator sets by domain; ONNX' own is `""`. */
  readonly opsets: ReadonlyMap<string, number>;
  readonly functions: readonly ForeignFunction[];
  readonly graph: ForeignGraph;
}

/** @throws Error for what a part of another model cannot have. */
export function readProgram(bytes: Uint8Array): ForeignProgram {
  let irVersion = 0;
  let graph: ForeignGraph | undefined;
  const opsets = new Map<string, number>();
  const functions: ForeignFunction[] = [];
  fieldsOf(bytes, (field, r) => {
    if (field === 1) irVersion = Number(r.int64());
    else if (field === 7) graph = readGraph(r.bytes());
    else if (field === 8) addOpset(opsets, r.bytes());
    else if (field === 25) functions.push(readFunction(r.bytes()));
    else return false;
    return true;
  });
  return { irVersion, opsets, functions, graph: graph as ForeignGraph };
}

export function readGraph(bytes: Uint8Array): ForeignGraph {
  let name: Uint8Array = new Uint8Array();
  const nodes: ForeignNode[] = [];
  const [tensors, inputs, outputs, values]: [Uint8Array[], Uint8Array[], Uint8Array[], Uint8Array[]] = [[], [], [], []];
  fieldsOf(bytes, (field, r) => {
    if (field === 1) nodes.push(readNode(r.bytes()));
    else if (field === 2) name = r.bytes();
    else if (field === 5) tensors.push(r.bytes());
    else if (field === 11) inputs.push(r.bytes());
    else if (field === 12) outputs.push(r.bytes());
    else if (field === 13) values.push(r.bytes());
    else if (field === 15) throw new Error("sparse weights");
    else return false;
    return true;
  });
  return { name, nodes, tensors, inputs, outputs, values };
}

function readNode(bytes: Uint8Array): ForeignNode {
  const [inputs, outputs]: [string[], string[]] = [[], []];
  const attributes = new Map<string, Uint8Array>();
  let [name, op, domain, overload] = ["", "", "", ""];
  fieldsOf(bytes, (field, r) => {
    if (field === 1) inputs.push(r.string());
    else if (field === 2) outputs.push(r.string());
    else if (field === 3) name = r.string();
    else if (field === 4) op = r.string();
    else if (field === 5) {
      const attribute = r.bytes();
      attributes.set(readAttribute(attribute).name, attribute);
    } else if (field === 7) domain = domainOf(r.string());
    else if (field === 8) overload = r.string();
    else return false;
    return true;
  });
  return { op, domain, overload, inputs, outputs, name, attributes };
}

function readFunction(bytes: Uint8Array): ForeignFunction {
  const nodes: ForeignNode[] = [];
  const opsets = new Map<string, number>();
  let [name, domain, overload] = ["", "", ""];
  fieldsOf(bytes, (field, r) => {
    if (field === 1) name = r.string();
    else if (field === 7) nodes.push(readNode(r.bytes()));
    else if (field === 9) addOpset(opsets, r.bytes());
    else if (field === 10) domain = domainOf(r.string());
    else if (field === 13) overload = r.string();
    else return false;
    return true;
  });
  return { name, domain, overload, nodes, opsets, bytes };
}

/** ONNX' own operators have two names for their domain. */
const domainOf = (domain: string): string => (domain === "ai.onnx" ? "" : domain);

function addOpset(opsets: Map<string, number>, bytes: Uint8Array): void {
  let [domain, version] = ["", 0];
  fieldsOf(bytes, (field, r) => {
    if (field === 1) domain = domainOf(r.string());
    else if (field === 2) version = Number(r.int64());
    else return false;
    return true;
  });
  opsets.set(domain, version);
}

/** What an attribute has, as far as converting operators asks. */
export interface AttributeValue {
  readonly name: string;
  readonly int: number | undefined;
  readonly float: number | undefined;
  readonly text: string | undefined;
  readonly ints: readonly number[];
  readonly floats: readonly number[];
  /** True if a function's caller gives the value. */
  readonly isReference: boolean;
}

/** Whole numbers beyond 2^53, which only stand for "to the end", are brought to that. */
export function readAttribute(bytes: Uint8Array): AttributeValue {
  let name = "";
  let [int, float]: [number | undefined, number | undefined] = [undefined, undefined];
  let text: string | undefined;
  let isReference = false;
  const [ints, floats]: [number[], number[]] = [[], []];
  fieldsOf(bytes, (field, r, wire) => {
    if (field === 1) name = r.string();
    else if (field === 2) float = r.float();
    else if (field === 3) int = safe(r.int64());
    else if (field === 4) text = toText(r.bytes());
    else if (field === 7) repeated(r, wire, floats, () => r.float());
    else if (field === 8) repeated(r, wire, ints, () => safe(r.int64()));
    else if (field === 11) throw new Error("an operator with a list of graphs");
    else if (field === 21) isReference = r.string() !== "";
    else return false;
    return true;
  });
  return { name, int, float, text, ints, floats, isReference };
}

const safe = (value: bigint | string): number =>
  Math.max(-Number.MAX_SAFE_INTEGER, Math.min(Number.MAX_SAFE_INTEGER, Number(value)));

/** The attribute with its graph changed, and its constant, if there is one, with its data inside. */
export function rewriteAttribute(
  bytes: Uint8Array,
  graph: (graph: ForeignGraph) => ForeignGraph,
  readBeside: ReadBeside,
): Uint8Array {
  return rewrite(bytes, (field, part) => {
    if (field === 6) return encodeGraph(graph(readGraph(part)));
    if (field === 5) return encodeTensor(readTensor(part, readBeside));
    return part;
  });
}

export function encodeGraph({ name, nodes, tensors, inputs, outputs, values }: ForeignGraph): Uint8Array {
  const w = new BinaryWriter();
  for (const node of nodes) part(w, 1, encodeNode(node));
  part(w, 2, name);
  for (const bytes of tensors) part(w, 5, bytes);
  for (const bytes of inputs) part(w, 11, bytes);
  for (const bytes of outputs) part(w, 12, bytes);
  for (const bytes of values) part(w, 13, bytes);
  return w.finish();
}

function encodeNode({ op, domain, inputs, outputs, name, attributes }: ForeignNode): Uint8Array {
  const w = new BinaryWriter();
  for (const x of inputs) part(w, 1, fromText(x));
  for (const x of outputs) part(w, 2, fromText(x));
  part(w, 3, fromText(name));
  part(w, 4, fromText(op));
  for (const bytes of attributes.values()) part(w, 5, bytes);
  if (domain !== "") part(w, 7, fromText(domain));
  return w.finish();
}

/** A function with other operators, under another name, and the versions of operator sets that those need. */
export function encodeFunction(
  { bytes }: ForeignFunction,
  {
    name,
    domain,
    nodes,
    opsets,
  }: {
    readonly name: string;
    readonly domain: string;
    readonly nodes: readonly ForeignNode[];
    readonly opsets: ReadonlyMap<string, number>;
  },
): Uint8Array {
  // Names, operators, versions and overloads are written anew; what is told about values inside is left out.
  const replaced: ReadonlySet<number> = new Set([1, 7, 9, 10, 12, 13]);
  const w = new BinaryWriter();
  w.raw(rewrite(bytes, (field, value) => (replaced.has(field) ? undefined : value)));
  part(w, 1, fromText(name));
  for (const node of nodes) part(w, 7, encodeNode(node));
  for (const [set, version] of opsets) {
    w.tag(9, WireType.LengthDelimited).fork();
    part(w, 1, fromText(set));
    w.tag(2, WireType.Varint).int64(version).join();
  }
  part(w, 10, fromText(domain));
  return w.finish();
}

const part = (w: BinaryWriter, field: number, bytes: Uint8Array): void => {
  w.tag(field, WireType.LengthDelimited).bytes(bytes);
};

/** Graphs inside of an operator: bodies of loops and branches. */
export function graphsOf({ attributes }: ForeignNode): ForeignGraph[] {
  return [...attributes.values()].flatMap((bytes) => {
    const found: ForeignGraph[] = [];
    fieldsOf(bytes, (field, r) => {
      if (field === 6) found.push(readGraph(r.bytes()));
      return field === 6;
    });
    return found;
  });
}
