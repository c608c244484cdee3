// What a file of onnx.proto says of its inputs and outputs; weights and operators are skipped.
import { BinaryReader } from "@bufbuild/protobuf/wire";
import { fields } from "./wire.ts";

/** A size: a number, the name of one that is open, or unknown. */
export type Size = number | string | null;

/** An input or output of a model, with the number of its element type in onnx.proto; no shape if the file has none. */
export interface ForeignValue {
  readonly name: string;
  readonly type: number;
  readonly shape: readonly Size[] | undefined;
}

/** The outside of a model. */
export interface ForeignSignature {
  readonly inputs: readonly ForeignValue[];
  readonly outputs: readonly ForeignValue[];
}

/** Inputs and outputs of a model. @throws Error for bytes that are no whole model; the message says what they are instead. */
export function readSignature(bytes: Uint8Array): ForeignSignature {
  let signature: ForeignSignature | undefined;
  let version = 0;
  fields(new BinaryReader(bytes), bytes.length, (field, reader) => {
    if (field === 1) version = Number(reader.int64());
    else if (field === 7) signature = readGraph(reader, reader.uint32());
    else return false;
    return true;
  });
  if (signature === undefined || version < 1) throw new Error("no graph");
  if (signature.outputs.length === 0) throw new Error("a graph without outputs");
  return signature;
}

function readGraph(reader: BinaryReader, length: number): ForeignSignature {
  const [inputs, outputs]: [ForeignValue[], ForeignValue[]] = [[], []];
  const constants = new Set<string>();
  fields(reader, length, (field) => {
    if (field === 5) constants.add(readName(reader, reader.uint32()));
    else if (field === 11) inputs.push(readValue(reader, reader.uint32()));
    else if (field === 12) outputs.push(readValue(reader, reader.uint32()));
    else return false;
    return true;
  });
  // Older files list their weights among the inputs.
  return { inputs: inputs.filter(({ name }) => !constants.has(name)), outputs };
}

/** The name of a constant. */
function readName(reader: BinaryReader, length: number): string {
  let name = "";
  fields(reader, length, (field) => {
    if (field !== 8) return false;
    name = reader.string();
    return true;
  });
  return name;
}

function readValue(reader: BinaryReader, length: number): ForeignValue {
  let value: ForeignValue = { name: "", type: 0, shape: undefined };
  fields(reader, length, (field) => {
    if (field === 1) value = { ...value, name: reader.string() };
    else if (field === 2) {
      fields(reader, reader.uint32(), (kind) => {
        if (kind !== 1) return false;
        value = { ...value, ...readTensorType(reader, reader.uint32()) };
        return true;
      });
    } else return false;
    return true;
  });
  return value;
}

function readTensorType(reader: BinaryReader, length: number): Pick<ForeignValue, "type" | "shape"> {
  let type = 0;
  let shape: Size[] | undefined;
  fields(reader, length, (field) => {
    if (field === 1) type = reader.int32();
    else if (field === 2) {
      const sizes: Size[] = [];
      fields(reader, reader.uint32(), (part) => {
        if (part !== 1) return false;
        sizes.push(readSize(reader, reader.uint32()));
        return true;
      });
      shape = sizes;
    } else return false;
    return true;
  });
  return { type, shape };
}

function readSize(reader: BinaryReader, length: number): Size {
  let size: Size = null;
  fields(reader, length, (field) => {
    if (field === 1) size = Number(reader.int64());
    else if (field === 2) size = reader.string() || null;
    else return false;
    return true;
  });
  return typeof size === "number" && size < 0 ? null : size;
}
