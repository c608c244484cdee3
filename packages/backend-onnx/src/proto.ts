// The few messages of onnx.proto that a written model needs, as plain data and their wire form.
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";

/** Element types of ONNX that we use. `int64` carries shapes and positions; the others mirror dtypes of core. */
export type OnnxType = "float32" | "int32" | "uint32" | "bool" | "int64" | "float64" | "uint8" | "uint64";

/** Numbers of `TensorProto.DataType`. */
export const typeNumber: Readonly<Record<OnnxType, number>> = {
  float32: 1,
  uint8: 2,
  int32: 6,
  int64: 7,
  bool: 9,
  float64: 11,
  uint32: 12,
  uint64: 13,
};

export interface ValueInfo {
  readonly name: string;
  readonly type: OnnxType;
  /** A size that is open has a name: those with the same name are equal. */
  readonly shape: readonly (number | string)[];
}

/** A constant: `data` is little-endian, row-major. */
export interface Initializer extends ValueInfo {
  readonly shape: readonly number[];
  readonly data: Uint8Array;
  /** Where the data is, if not in the model: a file beside it, and the place in that. */
  readonly external?: { readonly location: string; readonly offset: number };
}

/** A constant of another file: any element type, by its number in onnx.proto; strings stand beside the data. */
export interface ForeignTensor extends Omit<Initializer, "type"> {
  readonly type: number;
  readonly strings?: readonly Uint8Array[] | undefined;
}

export type Attribute =
  | { readonly kind: "int"; readonly value: number }
  | { readonly kind: "float"; readonly value: number }
  | { readonly kind: "string"; readonly value: string }
  | { readonly kind: "ints"; readonly value: readonly number[] }
  | { readonly kind: "floats"; readonly value: readonly number[] }
  | { readonly kind: "graph"; readonly value: GraphData }
  /** From another file: the bytes of the whole `AttributeProto`. */
  | { readonly kind: "raw"; readonly value: Uint8Array };

/** One operator. An empty input name stands for an optional input left out. */
export interface NodeData {
  readonly op: string;
  readonly domain: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, Attribute>>;
  readonly name: string;
}

export interface GraphData {
  readonly name: string;
  readonly nodes: readonly NodeData[];
  readonly initializers: readonly (Initializer | ForeignTensor)[];
  readonly inputs: readonly ValueInfo[];
  readonly outputs: readonly ValueInfo[];
  /** What another file tells about values inside: the bytes of each `ValueInfoProto`. */
  readonly values?: readonly Uint8Array[];
}

export interface ModelData {
  readonly graph: GraphData;
  /** Versions of the operator sets by domain; `""` is ONNX itself. */
  readonly opsets: Readonly<Record<string, number>>;
  /** The version of this package, for programs that leave the process. */
  readonly producerVersion?: string;
  /** Anything else about the model, by name. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** Functions of other files: the bytes of each `FunctionProto`. */
  readonly functions?: readonly Uint8Array[];
  /** The least version of the format, where parts of other files need one. */
  readonly leastIr?: number;
}

/** The oldest IR version that goes with an operator set: 11 with 23, 10 with 21, 9 with 20 and 19, 8 with 18. */
const irVersion = (opset: number): number => (opset >= 23 ? 11 : opset >= 21 ? 10 : opset >= 19 ? 9 : 8);

/** `TensorProto.DataLocation` of data in another file. */
const EXTERNAL = 1;

/** The bytes of a `.onnx` file. */
export function encodeModel({
  graph,
  opsets,
  producerVersion,
  metadata = {},
  functions = [],
  leastIr = 0,
}: ModelData): Uint8Array {
  const w = new BinaryWriter();
  w.tag(1, WireType.Varint).int64(Math.max(leastIr, irVersion(opsets[""] ?? 21)));
  text(w, 2, "keras-ts");
  if (producerVersion !== undefined) text(w, 3, producerVersion);
  message(w, 7, () => writeGraph(w, graph));
  for (const [domain, version] of Object.entries(opsets)) {
    message(w, 8, () => {
      w.tag(1, WireType.LengthDelimited).string(domain);
      w.tag(2, WireType.Varint).int64(version);
    });
  }
  for (const [key, value] of Object.entries(metadata)) message(w, 14, () => writeEntry(w, key, value));
  for (const one of functions) bytes(w, 25, one);
  return w.finish();
}

function writeEntry(w: BinaryWriter, key: string, value: string): void {
  text(w, 1, key);
  text(w, 2, value);
}

function message(w: BinaryWriter, field: number, body: () => void): void {
  w.tag(field, WireType.LengthDelimited).fork();
  body();
  w.join();
}

function text(w: BinaryWriter, field: number, value: string): void {
  w.tag(field, WireType.LengthDelimited).string(value);
}

function bytes(w: BinaryWriter, field: number, value: Uint8Array): void {
  w.tag(field, WireType.LengthDelimited).bytes(value);
}

function packedInts(w: BinaryWriter, field: number, values: readonly number[]): void {
  message(w, field, () => values.forEach((v) => w.int64(v)));
}

function writeGraph(w: BinaryWriter, graph: GraphData): void {
  for (const node of graph.nodes) message(w, 1, () => writeNode(w, node));
  text(w, 2, graph.name);
  for (const tensor of graph.initializers) message(w, 5, () => writeTensor(w, tensor));
  for (const info of graph.inputs) message(w, 11, () => writeInfo(w, info));
  for (const info of graph.outputs) message(w, 12, () => writeInfo(w, info));
  for (const value of graph.values ?? []) bytes(w, 13, value);
}

function writeNode(w: BinaryWriter, node: NodeData): void {
  for (const name of node.inputs) text(w, 1, name);
  for (const name of node.outputs) text(w, 2, name);
  text(w, 3, node.name);
  text(w, 4, node.op);
  for (const [name, attribute] of Object.entries(node.attributes)) {
    if (attribute.kind === "raw") bytes(w, 5, attribute.value);
    else message(w, 5, () => writeAttribute(w, name, attribute));
  }
  if (node.domain !== "") text(w, 7, node.domain);
}

/** The bytes of an attribute, as `kind: "raw"` has them. */
export function encodeAttribute(name: string, attribute: OwnAttribute): Uint8Array {
  const w = new BinaryWriter();
  writeAttribute(w, name, attribute);
  return w.finish();
}

type OwnAttribute = Exclude<Attribute, { readonly kind: "raw" }>;

function writeAttribute(w: BinaryWriter, name: string, attribute: OwnAttribute): void {
  text(w, 1, name);
  const type = (number: number): void => {
    w.tag(20, WireType.Varint).int32(number);
  };
  switch (attribute.kind) {
    case "float":
      w.tag(2, WireType.Bit32).float(attribute.value);
      return type(1);
    case "int":
      w.tag(3, WireType.Varint).int64(attribute.value);
      return type(2);
    case "string":
      text(w, 4, attribute.value);
      return type(3);
    case "graph":
      message(w, 6, () => writeGraph(w, attribute.value));
      return type(5);
    case "floats":
      message(w, 7, () => attribute.value.forEach((v) => w.float(v)));
      return type(6);
    case "ints":
      packedInts(w, 8, attribute.value);
      return type(7);
    default:
      attribute satisfies never;
  }
}

/** The bytes of a `TensorProto`. */
export function encodeTensor(tensor: Initializer | ForeignTensor): Uint8Array {
  const w = new BinaryWriter();
  writeTensor(w, tensor);
  return w.finish();
}

function writeTensor(w: BinaryWriter, tensor: Initializer | ForeignTensor): void {
  packedInts(w, 1, tensor.shape);
  w.tag(2, WireType.Varint).int32(typeof tensor.type === "number" ? tensor.type : typeNumber[tensor.type]);
  text(w, 8, tensor.name);
  if ("strings" in tensor && tensor.strings !== undefined) {
    for (const one of tensor.strings) bytes(w, 6, one);
    return;
  }
  if (tensor.external === undefined) {
    bytes(w, 9, tensor.data);
    return;
  }
  const { location, offset } = tensor.external;
  const entries = { location, offset: String(offset), length: String(tensor.data.length) };
  for (const [key, value] of Object.entries(entries)) message(w, 13, () => writeEntry(w, key, value));
  w.tag(14, WireType.Varint).int32(EXTERNAL);
}

function writeInfo(w: BinaryWriter, info: ValueInfo): void {
  text(w, 1, info.name);
  message(w, 2, () => {
    message(w, 1, () => {
      w.tag(1, WireType.Varint).int32(typeNumber[info.type]);
      message(w, 2, () => {
        for (const size of info.shape)
          message(w, 1, () => (typeof size === "string" ? text(w, 2, size) : w.tag(1, WireType.Varint).int64(size)));
      });
    });
  });
}
