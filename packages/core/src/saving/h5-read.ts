import { sizeOf } from "../aval/index.ts";
import { ConfigError, complain } from "../errors/index.ts";
import { decodeElements } from "./h5-elements.ts";
import type { ElementType, H5Attribute, H5Dataset, H5Group, H5Node } from "./h5-tree.ts";
import { decodeUtf8, showBytes } from "./platform.ts";
import { describeBytes, startsWith } from "./sniff.ts";

// Reads the HDF5 dialect that h5-write.ts describes, with no WebAssembly. A file is hostile until proved otherwise: every
// address is checked against the file's end, every group is visited once, and arrays together may not exceed the file.

/** Thrown where a valid file leaves the dialect; h5-foreign.ts reads those. */
export class BeyondDialect extends Error {
  readonly feature: string;
  constructor(feature: string) {
    super(feature);
    this.feature = feature;
  }
}

const MAX_DEPTH = 64;
const MAX_RANK = 32;
const SIGNATURE = "\x89HDF\r\n\x1a\n";
const WHERE = "h5";
const AGAIN = "Save the weights again with Keras 3 and copy the file again";

export function refuse(where: string, must: string, got: string, todo: string = AGAIN): never {
  throw new ConfigError(complain(where, { must, got, todo }));
}

const damaged = (what: string): never =>
  refuse(
    WHERE,
    "the parts of an HDF5 file must fit together",
    `${what} (the file is damaged)`,
    "Copy or download it again",
  );

/** Checked reads; HDF5 is little-endian. */
class Source {
  readonly bytes: Uint8Array;
  readonly #view: DataView;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }
  /** A piece of the file. Its length is checked before anything is made of it. */
  piece(at: number, length: number): Uint8Array {
    if (!(at >= 0 && length >= 0 && at + length <= this.bytes.length)) {
      damaged(`bytes ${at} to ${at + length} of ${this.bytes.length}`);
    }
    return this.bytes.subarray(at, at + length);
  }
  u8(at: number): number {
    return this.piece(at, 1)[0] as number;
  }
  u16(at: number): number {
    this.piece(at, 2);
    return this.#view.getUint16(at, true);
  }
  u32(at: number): number {
    this.piece(at, 4);
    return this.#view.getUint32(at, true);
  }
  /** A size or address; the "undefined" address and anything else no file can hold become infinity. */
  u64(at: number): number {
    this.piece(at, 8);
    const value = this.#view.getBigUint64(at, true);
    return value > BigInt(Number.MAX_SAFE_INTEGER) ? Number.POSITIVE_INFINITY : Number(value);
  }
  f64(at: number): number {
    this.piece(at, 8);
    return this.#view.getFloat64(at, true);
  }
  expect(at: number, signature: string, what: string): void {
    if (!startsWith(this.piece(at, signature.length), signature)) damaged(`no ${what} at byte ${at}`);
  }
}

interface Message {
  readonly type: number;
  readonly at: number;
  readonly length: number;
}

interface Datatype extends ElementType {
  readonly variable: boolean;
}

class Reader {
  readonly #source: Source;
  readonly #visited = new Set<number>();
  #arrayBytes = 0;

  constructor(source: Source) {
    this.#source = source;
  }

  /** Object headers of version 1, continuations included. */
  #messages(header: number): Message[] {
    const s = this.#source;
    if (startsWith(s.piece(header, 4), "OHDR")) throw new BeyondDialect("object headers of version 2");
    if (s.u8(header) !== 1) damaged(`no object header at byte ${header}`);
    const total = s.u16(header + 2);
    const blocks: { at: number; length: number }[] = [{ at: header + 16, length: s.u32(header + 8) }];
    const messages: Message[] = [];
    for (let block = blocks.shift(); block !== undefined; block = blocks.shift()) {
      const end = block.at + block.length;
      s.piece(block.at, block.length);
      for (let at = block.at; at + 8 <= end && messages.length < total; ) {
        const message = { type: s.u16(at), at: at + 8, length: s.u16(at + 2) };
        if (message.at + message.length > end) damaged(`a message of ${message.length} bytes at byte ${at}`);
        if ((s.u8(at + 4) & 2) !== 0) throw new BeyondDialect("shared header messages");
        if (message.type === 0x10) blocks.push({ at: s.u64(message.at), length: s.u64(message.at + 8) });
        messages.push(message);
        at = message.at + message.length;
      }
    }
    return messages;
  }

  object(where: string, header: number, depth: number): H5Node {
    const messages = this.#messages(header);
    const symbols = messages.find(({ type }) => type === 0x11);
    if (symbols !== undefined) return this.#group(where, header, messages, depth);
    if (messages.some(({ type }) => type === 0x02 || type === 0x06)) throw new BeyondDialect("new-style groups");
    return this.#dataset(where, messages);
  }

  #group(where: string, header: number, messages: readonly Message[], depth: number): H5Group {
    const s = this.#source;
    // Keras makes a tree. Hard links could make a loop, or a small file that unfolds without end.
    if (this.#visited.has(header)) refuse(where, "a group must have one place", "one that is linked twice");
    this.#visited.add(header);
    if (depth > MAX_DEPTH) refuse(where, `groups must nest at most ${MAX_DEPTH} deep`, "a deeper one");
    const symbols = messages.find(({ type }) => type === 0x11) as Message;
    const heap = s.u64(symbols.at + 8);
    s.expect(heap, "HEAP", "heap of names");
    const names = s.piece(s.u64(heap + 24), s.u64(heap + 8));
    const children = new Map<string, H5Node>();
    for (const leaf of this.#leaves(s.u64(symbols.at))) {
      s.expect(leaf, "SNOD", "symbol table");
      const count = s.u16(leaf + 6);
      for (let i = 0; i < count; i++) {
        const entry = leaf + 8 + i * 40;
        const name = this.#text(names, s.u64(entry));
        const path = `${where}/${name}`;
        if (s.u32(entry + 16) === 2) refuse(path, "weights must lie in the file itself", "a soft link");
        if (name === "" || children.has(name)) damaged(`two members named "${name}"`);
        children.set(name, this.object(path, s.u64(entry + 8), depth + 1));
      }
    }
    return { kind: "group", attributes: this.#attributes(where, messages), children };
  }

  /** Addresses of the symbol table nodes below a B-tree, left to right. */
  #leaves(root: number): number[] {
    const s = this.#source;
    let level: number[] = [root];
    for (let depth = 0; depth < 16; depth++) {
      const below: number[] = [];
      let leavesNext = false;
      for (const node of level) {
        if (this.#visited.has(node)) damaged(`a tree that uses the node at byte ${node} twice`);
        this.#visited.add(node);
        s.expect(node, "TREE", "B-tree");
        leavesNext = s.u8(node + 5) === 0;
        const used = s.u16(node + 6);
        for (let i = 0; i < used; i++) below.push(s.u64(node + 32 + i * 16));
      }
      if (leavesNext || below.length === 0) return below;
      level = below;
    }
    return damaged("a B-tree without end");
  }

  #text(heap: Uint8Array, offset: number): string {
    const end = heap.indexOf(0, offset);
    if (!(offset < heap.length) || end < 0) damaged("a name outside its heap");
    return decodeUtf8(heap.subarray(offset, end));
  }

  #dataset(where: string, messages: readonly Message[]): H5Dataset {
    const s = this.#source;
    const find = (type: number): Message =>
      messages.find((message) => message.type === type) ?? damaged(`${where} is neither a group nor an array`);
    const space = find(0x01);
    const datatype = this.#datatype(find(0x03).at);
    const layout = find(0x08);
    if (messages.some(({ type }) => type === 0x07)) {
      refuse(where, "weights must lie in the file itself", "an array whose values are in another file");
    }
    const shape = this.#shape(where, space.at);
    const size = sizeOf(shape) * datatype.size;
    const attributes = this.#attributes(where, messages);
    const version = s.u8(layout.at);
    const kind = s.u8(layout.at + 1);
    if (version === 4 && kind === 3) refuse(where, "weights must lie in the file itself", "a virtual array");
    if (version < 3 || version > 4) throw new BeyondDialect("array layouts of another version");
    if (kind === 2) throw new BeyondDialect("chunked arrays");
    const address = kind === 0 ? layout.at + 4 : s.u64(layout.at + 2);
    const stored = kind === 0 ? s.u16(layout.at + 2) : s.u64(layout.at + 10);
    if (kind > 2) damaged(`an array layout ${kind}`);
    if (size > 0 && address === Number.POSITIVE_INFINITY) {
      refuse(where, "an array must have its values in the file", `shape [${shape.join(", ")}] and no values`);
    }
    this.#arrayBytes += size;
    if (size > stored || this.#arrayBytes > s.bytes.length) {
      refuse(
        where,
        "arrays must not be larger than the file that holds them",
        `shape [${shape.join(", ")}], ${showBytes(size)}, in a file of ${showBytes(s.bytes.length)}`,
      );
    }
    const raw = size === 0 ? new Uint8Array(0) : s.piece(address, size);
    return {
      kind: "dataset",
      attributes,
      value: decodeElements(where, raw, datatype, { shape, declared: attributes.get("dtype") }),
    };
  }

  #shape(where: string, at: number): number[] {
    const s = this.#source;
    const version = s.u8(at);
    const rank = s.u8(at + 1);
    if (version !== 1 && version !== 2) damaged(`a dataspace of version ${version}`);
    if (version === 2 && s.u8(at + 3) === 2) refuse(where, "an array must have a shape", "an empty (null) dataspace");
    if (rank > MAX_RANK) damaged(`an array of rank ${rank}`);
    const first = at + (version === 1 ? 8 : 4);
    return Array.from({ length: rank }, (_, i) => {
      const size = s.u64(first + i * 8);
      return Number.isFinite(size) ? size : damaged("an array of endless size");
    });
  }

  #datatype(at: number): Datatype {
    const s = this.#source;
    const kind = s.u8(at) & 0x0f;
    const bits = s.u8(at + 1);
    const size = s.u32(at + 4);
    const plain = { size, littleEndian: (bits & 1) === 0, variable: false };
    if (kind === 0) return { ...plain, class: (bits & 8) !== 0 ? "int" : "uint" };
    // A 16-bit float with an 8-bit exponent would be bfloat16, which HDF5 2.0 knows and Keras does not write.
    if (kind === 1) return { ...plain, class: size === 2 && s.u8(at + 13) !== 5 ? "other" : "float" };
    if (kind === 3) return { ...plain, class: "text" };
    if (kind === 5) return { ...plain, class: "opaque" };
    if (kind === 8) return { ...plain, class: size === 1 && (s.u16(at + 1) & 0xffff) === 2 ? "bool" : "other" };
    if (kind === 9 && (bits & 0x0f) === 1) return { ...plain, class: "text", variable: true };
    return { ...plain, class: "other" };
  }

  #attributes(where: string, messages: readonly Message[]): Map<string, H5Attribute> {
    const s = this.#source;
    const attributes = new Map<string, H5Attribute>();
    for (const { type, at, length } of messages) {
      if (type === 0x15) throw new BeyondDialect("attribute tables"); // "attribute info": only in files of newer libraries
      if (type !== 0x0c) continue;
      const version = s.u8(at);
      if (version < 1 || version > 3) damaged(`an attribute of version ${version}`);
      const padded = (size: number): number => (version === 1 ? Math.ceil(size / 8) * 8 : size);
      const [nameSize, typeSize, spaceSize] = [s.u16(at + 2), s.u16(at + 4), s.u16(at + 6)];
      const nameAt = at + (version === 3 ? 9 : 8);
      const typeAt = nameAt + padded(nameSize);
      const spaceAt = typeAt + padded(typeSize);
      const dataAt = spaceAt + padded(spaceSize);
      if (dataAt > at + length) damaged(`an attribute of ${where} that leaves its message`);
      const name = decodeUtf8(s.piece(nameAt, nameSize)).replace(/\0.*$/s, "");
      const isNull = s.u8(spaceAt) === 2 && s.u8(spaceAt + 3) === 2;
      const value = isNull
        ? undefined
        : this.#attributeValue(this.#datatype(typeAt), this.#shape(where, spaceAt), dataAt);
      if (value !== undefined) attributes.set(name, value);
    }
    return attributes;
  }

  /** Texts and numbers; attributes of other types mean nothing to Keras and are left out. */
  #attributeValue(type: Datatype, shape: readonly number[], at: number): H5Attribute | undefined {
    const s = this.#source;
    const count = sizeOf(shape);
    s.piece(at, count * type.size);
    let values: string[] | number[];
    if (type.class === "text") {
      values = Array.from({ length: count }, (_, i) => {
        const place = at + i * type.size;
        const bytes = type.variable ? this.#heapObject(place) : s.piece(place, type.size);
        return decodeUtf8(bytes).replace(/\0.*$/s, "");
      });
    } else if (type.class === "opaque" || type.class === "other") {
      return undefined;
    } else {
      values = Array.from(decodeElements("h5 attribute", s.piece(at, count * type.size), type, { shape }).data);
    }
    return shape.length === 0 ? values[0] : values;
  }

  /** An object of a global heap, named by its length, the heap's address and its index there. */
  #heapObject(reference: number): Uint8Array {
    const s = this.#source;
    const length = s.u32(reference);
    const heap = s.u64(reference + 4);
    const wanted = s.u32(reference + 12);
    if (length === 0 && (heap === 0 || !Number.isFinite(heap))) return new Uint8Array(0);
    s.expect(heap, "GCOL", "heap of texts");
    let objects = this.#heaps.get(heap);
    if (objects === undefined) {
      objects = new Map();
      const end = heap + s.u64(heap + 8);
      for (let at = heap + 16; at + 16 <= end; ) {
        const index = s.u16(at);
        const size = s.u64(at + 8);
        if (index === 0) break;
        objects.set(index, s.piece(at + 16, size));
        at += 16 + Math.ceil(size / 8) * 8;
      }
      this.#heaps.set(heap, objects);
    }
    const bytes = objects.get(wanted);
    return bytes === undefined || bytes.length < length
      ? damaged("a text that is not in its heap")
      : bytes.subarray(0, length);
  }
  readonly #heaps = new Map<number, Map<number, Uint8Array>>();
}

/**
 * The content of an HDF5 file in Keras' dialect.
 * @throws BeyondDialect for a sound file of another make.
 * @throws ConfigError for a file that is not HDF5, is cut short or damaged, or has its values elsewhere.
 */
export function readH5Dialect(bytes: Uint8Array): H5Group {
  if (!startsWith(bytes, SIGNATURE)) {
    refuse(
      WHERE,
      "a weights file must be HDF5",
      describeBytes(bytes),
      "Give a .weights.h5 or .keras file written by Keras 3",
    );
  }
  const s = new Source(bytes);
  const version = s.u8(8);
  const modern = version >= 2;
  if (version > 3) refuse(WHERE, "the HDF5 superblock must have version 0 to 3", `${version}`);
  if (s.u8(modern ? 9 : 13) !== 8 || s.u8(modern ? 10 : 14) !== 8) {
    refuse(
      WHERE,
      "HDF5 addresses and sizes must have 8 bytes",
      `${s.u8(modern ? 9 : 13)} and ${s.u8(modern ? 10 : 14)}`,
    );
  }
  const end = s.u64(modern ? 28 : version === 1 ? 44 : 40);
  if (end > bytes.length) {
    refuse(
      WHERE,
      `this HDF5 file must have ${Number.isFinite(end) ? showBytes(end) : "a length"}`,
      `${showBytes(bytes.length)}: the file is cut short`,
      "Copy or download it again",
    );
  }
  if (version !== 0) throw new BeyondDialect(`superblock ${version}`);
  const root = new Reader(s).object(WHERE, s.u64(64), 0);
  return root.kind === "group" ? root : damaged("a root that is not a group");
}
