// Operators and descriptions of values of a file from elsewhere, in the names of another program.
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { encodeTensor } from "../proto.ts";
import { type ForeignGraph, type ForeignNode, rewriteAttribute } from "./read-graph.ts";
import { type ReadBeside, readTensor } from "./read-tensor.ts";
import { fieldsOf, fromText, rewrite, toText } from "./wire.ts";

/** How parts of a file are written into another program. */
export interface Scope {
  readonly rename: (name: string) => string;
  /** What an open size is there. */
  readonly size: (name: string) => number | string;
  /** What an operator is called there. */
  readonly title: (name: string, op: string) => string;
  /** Operators that compute the same there. */
  readonly convert: (node: ForeignNode) => readonly ForeignNode[];
  readonly readBeside: ReadBeside;
}

/** The operators as the other program has them, graphs inside of them too. */
export function renamed(nodes: readonly ForeignNode[], scope: Scope): ForeignNode[] {
  return nodes
    .flatMap((node) => scope.convert(node))
    .map((node) => ({
      ...node,
      inputs: node.inputs.map(scope.rename),
      outputs: node.outputs.map(scope.rename),
      name: scope.title(node.name, node.op),
      attributes: new Map(
        [...node.attributes].map(([name, bytes]) => [
          name,
          rewriteAttribute(bytes, (graph) => renamedGraph(graph, scope), scope.readBeside),
        ]),
      ),
    }));
}

function renamedGraph(graph: ForeignGraph, scope: Scope): ForeignGraph {
  const values = (list: readonly Uint8Array[]): Uint8Array[] => list.map((one) => valueIn(one, scope) as Uint8Array);
  return {
    ...graph,
    nodes: renamed(graph.nodes, scope),
    tensors: graph.tensors.map((bytes) => {
      const tensor = readTensor(bytes, scope.readBeside);
      return encodeTensor({ ...tensor, name: scope.rename(tensor.name) });
    }),
    inputs: values(graph.inputs),
    outputs: values(graph.outputs),
    values: values(graph.values),
  };
}

/** A `ValueInfoProto` there; nothing if `isWanted` says no. */
export function valueIn(
  bytes: Uint8Array,
  scope: Scope,
  isWanted: (name: string) => boolean = () => true,
): Uint8Array | undefined {
  let wanted = true;
  const result = rewrite(bytes, (field, part) => {
    if (field === 2) return typeIn(part, scope);
    if (field !== 1) return part;
    const name = toText(part);
    wanted = isWanted(name);
    return wanted ? fromText(scope.rename(name)) : part;
  });
  return wanted ? result : undefined;
}

/** A `TypeProto`: tensors have sizes, sequences, maps and optional values a type inside. */
function typeIn(bytes: Uint8Array, scope: Scope): Uint8Array {
  const inside = (at: number, part: Uint8Array, change: (part: Uint8Array) => Uint8Array): Uint8Array =>
    rewrite(part, (field, one) => (field === at ? change(one) : one));
  return rewrite(bytes, (field, part) => {
    if (field === 1 || field === 8) return inside(2, part, (shape) => inside(1, shape, (size) => sizeIn(size, scope)));
    if (field === 4 || field === 9) return inside(1, part, (type) => typeIn(type, scope));
    if (field === 5) return inside(2, part, (type) => typeIn(type, scope));
    return part;
  });
}

function sizeIn(bytes: Uint8Array, scope: Scope): Uint8Array {
  let name = "";
  fieldsOf(bytes, (field, r) => {
    if (field === 2) name = r.string();
    return field === 2;
  });
  if (name === "") return bytes;
  const size = scope.size(name);
  const w = new BinaryWriter();
  if (typeof size === "number") w.tag(1, WireType.Varint).int64(size);
  else w.tag(2, WireType.LengthDelimited).string(size);
  return w.finish();
}
