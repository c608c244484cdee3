import type { DType, HostArray } from "../aval/index.ts";
import { sizeOf } from "../aval/index.ts";
import { ConfigError, complain } from "../errors/index.ts";
import { decodeElements, encodeElements } from "./h5-elements.ts";
import type { ElementType } from "./h5-tree.ts";
import { decodeUtf8Strict, encodeUtf8, showBytes } from "./platform.ts";
import { describeBytes } from "./sniff.ts";

// safetensors: the length of a JSON header in 8 bytes, the header, then the values of all arrays, little-endian.

/** Arrays by name, and free text about them. */
export interface Safetensors {
  readonly tensors: Readonly<Record<string, HostArray>>;
  readonly metadata?: Readonly<Record<string, string>>;
}

/** The format's own limit. */
const MAX_HEADER = 100_000_000;

const names: Readonly<Record<Exclude<DType, "complex64">, string>> = {
  bool: "BOOL",
  uint8: "U8",
  uint16: "U16",
  uint32: "U32",
  int8: "I8",
  int16: "I16",
  int32: "I32",
  float16: "F16",
  bfloat16: "BF16",
  float32: "F32",
  float64: "F64",
};

const element = (kind: ElementType["class"], size: number): ElementType => ({ class: kind, size, littleEndian: true });
const elements: Readonly<Record<string, ElementType>> = {
  BOOL: element("bool", 1),
  U8: element("uint", 1),
  U16: element("uint", 2),
  U32: element("uint", 4),
  U64: element("uint", 8),
  I8: element("int", 1),
  I16: element("int", 2),
  I32: element("int", 4),
  I64: element("int", 8),
  F16: element("float", 2),
  BF16: element("opaque", 2),
  F32: element("float", 4),
  F64: element("float", 8),
};

function refuse(must: string, got: string, todo = "Download or save the file again"): never {
  throw new ConfigError(complain("safetensors", { must, got, todo }));
}

/**
 * The bytes of a safetensors file; larger element types come first, so that every array is aligned.
 * @throws ConfigError for complex numbers, or an array whose shape and values do not agree.
 * @example
 * const kernel: HostArray = { shape: [2], dtype: "float32", data: new Float32Array([1, 2]) };
 * writeSafetensors({ tensors: { "dense.kernel": kernel } });
 */
export function writeSafetensors({ tensors, metadata }: Safetensors): Uint8Array {
  const entries = Object.entries(tensors).map(([name, array]) => {
    const { dtype } = array;
    if (name === "__metadata__") refuse('the name "__metadata__" is taken by the format', name, "Rename this array");
    if (dtype === "complex64") return refuse("arrays must be real", `"${name}" of complex64`, "Save two real arrays");
    const type = names[dtype];
    return { name, type, shape: array.shape, bytes: encodeElements(`safetensors "${name}"`, array) };
  });
  const width = (type: string): number => elements[type]?.size ?? 1;
  entries.sort((a, b) => width(b.type) - width(a.type) || (a.name < b.name ? -1 : 1));
  let end = 0;
  const header = Object.fromEntries(
    entries.map(({ name, type, shape, bytes }) => {
      const start = end;
      end += bytes.length;
      return [name, { dtype: type, shape, data_offsets: [start, end] }];
    }),
  );
  const text = JSON.stringify(metadata === undefined ? header : { __metadata__: metadata, ...header });
  const encoded = encodeUtf8(text);
  const length = Math.ceil(encoded.length / 8) * 8;
  const file = new Uint8Array(8 + length + end).fill(0x20, 8, 8 + length); // padded with spaces, which JSON allows
  new DataView(file.buffer).setBigUint64(0, BigInt(length), true);
  file.set(encoded, 8);
  let at = 8 + length;
  for (const { bytes } of entries) {
    file.set(bytes, at);
    at += bytes.length;
  }
  return file;
}

/**
 * What is in a safetensors file; 64-bit integers become 32-bit ones.
 * @throws ConfigError for anything but a whole file whose arrays fill it without gaps or overlaps.
 */
export function readSafetensors(bytes: Uint8Array): Required<Safetensors> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = bytes.length < 8 ? Number.POSITIVE_INFINITY : Number(view.getBigUint64(0, true));
  if (length > MAX_HEADER || bytes[8] !== 0x7b) {
    refuse("it must begin with a length and a JSON header", describeBytes(bytes), "Give a .safetensors file");
  }
  if (8 + length > bytes.length) {
    refuse(`the header must have ${showBytes(length)}`, `${showBytes(bytes.length)}: the file is cut short`);
  }
  const header = parseHeader(bytes.subarray(8, 8 + length));
  const data = bytes.subarray(8 + length);
  const tensors = Object.create(null) as Record<string, HostArray>;
  let metadata: Record<string, string> = {};
  const spans: { name: string; start: number; end: number }[] = [];
  for (const [name, entry] of Object.entries(header)) {
    if (name === "__metadata__") {
      const texts = Object.entries((entry ?? {}) as Record<string, unknown>).map(([key, value]) => [
        key,
        String(value),
      ]);
      metadata = Object.fromEntries(texts) as Record<string, string>;
      continue;
    }
    const { dtype, shape, start, end } = checkEntry(name, entry);
    const type = elements[dtype];
    if (type === undefined) {
      return refuse(`dtypes must be one of ${Object.keys(elements).join(", ")}`, `"${name}" of ${dtype}`, "Convert it");
    }
    if (end - start !== sizeOf(shape) * type.size || end > data.length) {
      const cut = end > data.length ? ": the file is cut short" : "";
      refuse(
        `"${name}" [${shape.join(", ")}] of ${dtype} must have its values`,
        `bytes ${start} to ${end} of ${data.length}${cut}`,
      );
    }
    spans.push({ name, start, end });
    const raw = data.subarray(start, end);
    tensors[name] = decodeElements(`safetensors "${name}"`, raw, type, { shape, declared: "bfloat16" });
  }
  spans.sort((a, b) => a.start - b.start || a.end - b.end);
  let expected = 0;
  for (const { name, start, end } of spans) {
    if (start !== expected) refuse("arrays must follow one another", `"${name}" at ${start} where ${expected} was due`);
    expected = end;
  }
  if (expected !== data.length) refuse(`the arrays must fill the file`, `${data.length - expected} bytes more`);
  return { tensors, metadata };
}

function parseHeader(bytes: Uint8Array): Record<string, unknown> {
  try {
    return JSON.parse(decodeUtf8Strict(bytes)) as Record<string, unknown>;
  } catch (cause) {
    throw new ConfigError(
      complain("safetensors", {
        must: "the header must be JSON",
        got: "text that is not",
        todo: "Download or save the file again",
      }),
      { cause },
    );
  }
}

function checkEntry(name: string, entry: unknown): { dtype: string; shape: number[]; start: number; end: number } {
  const { dtype, shape, data_offsets } = (entry ?? {}) as { dtype?: unknown; shape?: unknown; data_offsets?: unknown };
  const sizes = (value: unknown): value is number[] =>
    Array.isArray(value) && value.every((item) => Number.isSafeInteger(item) && item >= 0);
  if (typeof dtype !== "string" || !sizes(shape) || !sizes(data_offsets) || data_offsets.length !== 2) {
    return refuse("every array must have a dtype, a shape and two offsets", `"${name}": ${JSON.stringify(entry)}`);
  }
  const [start, end] = data_offsets as [number, number];
  if (end < start) refuse("offsets must ascend", `"${name}": ${start} to ${end}`);
  return { dtype, shape, start, end };
}
