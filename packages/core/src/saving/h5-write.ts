import type { DType, HostArray } from "../aval/index.ts";
import { ConfigError, complain } from "../errors/index.ts";
import { encodeElements } from "./h5-elements.ts";
import type { H5Attribute, H5Dataset, H5Group, H5Node } from "./h5-tree.ts";
import { encodeUtf8, showBytes } from "./platform.ts";

// Writes the HDF5 that h5py writes by default, which is what Keras reads and writes: superblock 0, groups as symbol tables
// (a B-tree of nodes plus a heap of names), object headers 1, arrays in one contiguous piece, text of variable length in a
// global heap. We do it ourselves because h5wasm can write neither float16, nor booleans, nor the opaque data that bfloat16
// needs; in return saving loads no WebAssembly. Numbers in comments are section numbers of the HDF5 format specification 3.0.

const UNDEFINED = 0xffff_ffff_ffff_ffffn;
const LEAF_ENTRIES = 8; // twice the "group leaf node K" of the superblock
const TREE_CHILDREN = 32; // twice the "group internal node K"
const HEAP_NULL = 1n; // end of a local heap's list of free blocks
const MAX_OBJECTS_IN_HEAP = 0xfff0;

/** Grows as it is written; all numbers little-endian, padding as HDF5 wants it. */
class Record {
  #bytes = new Uint8Array(128);
  #view = new DataView(this.#bytes.buffer);
  length = 0;

  #room(count: number): number {
    const at = this.length;
    this.length += count;
    if (this.length > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(this.length, this.#bytes.length * 2));
      grown.set(this.#bytes);
      this.#bytes = grown;
      this.#view = new DataView(grown.buffer);
    }
    return at;
  }
  u8(...values: readonly number[]): this {
    const at = this.#room(values.length);
    this.#bytes.set(values, at);
    return this;
  }
  u16(value: number): this {
    const at = this.#room(2); // before #view is read: it may be a new one
    this.#view.setUint16(at, value, true);
    return this;
  }
  u32(value: number): this {
    const at = this.#room(4);
    this.#view.setUint32(at, value, true);
    return this;
  }
  u64(value: number | bigint): this {
    const at = this.#room(8);
    this.#view.setBigUint64(at, BigInt(value), true);
    return this;
  }
  raw(bytes: Uint8Array): this {
    const at = this.#room(bytes.length);
    this.#bytes.set(bytes, at);
    return this;
  }
  ascii(text: string): this {
    for (let i = 0; i < text.length; i++) this.u8(text.charCodeAt(i));
    return this;
  }
  /** Zeros up to `length`. */
  fillTo(length: number): this {
    this.#room(Math.max(0, length - this.length));
    return this;
  }
  pad8(): this {
    return this.fillTo(align8(this.length));
  }
  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.length);
  }
}

const align8 = (size: number): number => Math.ceil(size / 8) * 8;

/** The pieces of the file in order, each at a multiple of 8. */
class Layout {
  readonly #pieces: { readonly address: number; readonly bytes: Uint8Array }[] = [];
  end: number;

  constructor(start: number) {
    this.end = start;
  }
  reserve(size: number): number {
    const address = this.end;
    this.end += align8(size);
    return address;
  }
  put(address: number, bytes: Uint8Array): void {
    this.#pieces.push({ address, bytes });
  }
  add(bytes: Uint8Array): number {
    const address = this.reserve(bytes.length);
    this.put(address, bytes);
    return address;
  }
  assemble(): Uint8Array {
    const file = new Uint8Array(this.end);
    for (const { address, bytes } of this.#pieces) file.set(bytes, address);
    return file;
  }
}

/** Global heap collections (III.E): one object per text. */
class TextHeap {
  readonly #layout: Layout;
  #objects: Uint8Array[] = [];
  #address = 0;
  #capacity = 0;
  #used = 0;

  constructor(layout: Layout) {
    this.#layout = layout;
  }

  /** Room for `text`; a collection is opened when the last one is full, and written when it is closed. */
  place(text: string): { address: number; index: number; size: number } {
    const bytes = encodeUtf8(text);
    if (this.#objects.length === 0 || this.#objects.length >= MAX_OBJECTS_IN_HEAP || !this.#fits(bytes.length)) {
      this.flush();
      this.#capacity = Math.max(4096, 16 + 16 + align8(bytes.length) + 16);
      this.#used = 16;
      this.#address = this.#layout.reserve(this.#capacity);
    }
    this.#objects.push(bytes);
    this.#used += 16 + align8(bytes.length);
    return { address: this.#address, index: this.#objects.length, size: bytes.length };
  }

  #fits(size: number): boolean {
    return this.#used + 16 + align8(size) + 16 <= this.#capacity;
  }

  flush(): void {
    if (this.#objects.length === 0) return;
    const record = new Record().ascii("GCOL").u8(1, 0, 0, 0).u64(this.#capacity);
    this.#objects.forEach((bytes, i) => {
      record
        .u16(i + 1)
        .u16(0)
        .u32(0)
        .u64(bytes.length)
        .raw(bytes)
        .pad8();
    });
    const free = this.#capacity - record.length;
    record.u16(0).u16(0).u32(0).u64(free).fillTo(this.#capacity);
    this.#layout.put(this.#address, record.bytes);
    this.#objects = [];
  }
}

const integer = (size: number, signed: boolean): Record =>
  new Record()
    .u8(0x10, signed ? 8 : 0, 0, 0)
    .u32(size)
    .u16(0)
    .u16(size * 8);
const float = (size: number, bits: readonly [sign: number, exponent: number, fraction: number, bias: number]): Record =>
  new Record()
    .u8(0x11, 0x20, bits[0], 0)
    .u32(size)
    .u16(0)
    .u16(size * 8)
    .u8(bits[2], bits[1], 0, bits[2])
    .u32(bits[3]);
// One byte, FALSE = 0 and TRUE = 1: what h5py makes of NumPy booleans.
const boolean = (): Record =>
  new Record().u8(0x18, 2, 0, 0).u32(1).raw(integer(1, true).bytes).ascii("FALSE\0\0\0TRUE\0\0\0\0").u8(0, 1);
const text = (): Record => new Record().u8(0x19, 1, 1, 0).u32(16).raw(integer(1, false).bytes);

/** Datatype messages (IV.A.2.d), version 1. */
function datatypeOf(where: string, dtype: DType): Uint8Array {
  switch (dtype) {
    case "bool":
      return boolean().bytes;
    case "uint8":
    case "uint16":
    case "uint32":
      return integer(Number(dtype.slice(4)) / 8, false).bytes;
    case "int8":
    case "int16":
    case "int32":
      return integer(Number(dtype.slice(3)) / 8, true).bytes;
    case "float16":
      return float(2, [15, 5, 10, 15]).bytes;
    case "float32":
      return float(4, [31, 8, 23, 127]).bytes;
    case "float64":
      return float(8, [63, 11, 52, 1023]).bytes;
    case "bfloat16":
      return new Record().u8(0x15, 0, 0, 0).u32(2).bytes;
    case "complex64":
      throw new ConfigError(
        complain(where, {
          must: "a weight file must hold booleans, integers or floats",
          got: "complex64",
          todo: "Save the real and imaginary parts as two weights",
        }),
      );
    default:
      return dtype satisfies never;
  }
}

/** Dataspace messages (IV.A.2.b), version 1. */
function dataspaceOf(shape: readonly number[]): Uint8Array {
  const record = new Record().u8(1, shape.length, shape.length > 0 ? 1 : 0, 0).u32(0);
  for (const size of shape) record.u64(size);
  for (const size of shape) record.u64(size); // the maximal sizes
  return record.bytes;
}

interface Message {
  readonly type: number;
  readonly constant?: boolean;
  readonly bytes: Uint8Array;
}

/** Object headers (IV.A.1.a), version 1. */
function objectHeader(messages: readonly Message[]): Uint8Array {
  const body = new Record();
  for (const { type, constant, bytes } of messages) {
    body
      .u16(type)
      .u16(align8(bytes.length))
      .u8(constant ? 1 : 0, 0, 0, 0)
      .raw(bytes)
      .pad8();
  }
  return new Record().u8(1, 0).u16(messages.length).u32(1).u32(body.length).u32(0).raw(body.bytes).bytes;
}

class Writer {
  readonly layout: Layout = new Layout(96);
  readonly heap: TextHeap = new TextHeap(this.layout);

  /** Attribute messages (IV.A.2.m), version 1. */
  attributes(where: string, attributes: ReadonlyMap<string, H5Attribute>): Message[] {
    return Array.from(attributes, ([name, value]) => {
      const values = typeof value === "object" ? value : [value];
      const shape = typeof value === "object" ? [value.length] : [];
      const data = new Record();
      let datatype: Uint8Array;
      if (values.every((item): item is number => typeof item === "number")) {
        datatype = float(8, [63, 11, 52, 1023]).bytes;
        data.raw(new Uint8Array(Float64Array.from(values).buffer));
      } else {
        datatype = text().bytes;
        for (const item of values) {
          const { address, index, size } = this.heap.place(String(item));
          data.u32(size).u64(address).u32(index);
        }
      }
      const label = new Record().raw(encodeUtf8(name)).u8(0);
      const space = dataspaceOf(shape);
      const bytes = new Record().u8(1, 0).u16(label.length).u16(datatype.length).u16(space.length);
      for (const part of [label.bytes, datatype, space]) bytes.raw(part).pad8();
      bytes.raw(data.bytes);
      if (align8(bytes.length) > 0xffff) {
        throw new ConfigError(
          complain(where, {
            must: "an attribute must have at most 64 KiB",
            got: `"${name}" with ${showBytes(bytes.length)}`,
            todo: "Split it into several attributes",
          }),
        );
      }
      return { type: 0x0c, bytes: bytes.bytes };
    });
  }

  dataset(where: string, { value, attributes }: H5Dataset): number {
    datatypeOf(where, value.dtype); // refuses what has no place in the dialect, before its values are looked at
    const data = encodeElements(where, value);
    const header = this.layout.reserve(this.#datasetHeader(where, value, attributes, 0n).length);
    // An array of no elements has no place in the file.
    const address = data.length === 0 ? UNDEFINED : BigInt(this.layout.add(data));
    this.layout.put(header, this.#datasetHeader(where, value, attributes, address));
    return header;
  }

  readonly #attributeCache = new Map<ReadonlyMap<string, H5Attribute>, Message[]>();
  #datasetHeader(
    where: string,
    value: HostArray,
    attributes: ReadonlyMap<string, H5Attribute>,
    address: bigint,
  ): Uint8Array {
    const size = encodedSize(value);
    let attributeMessages = this.#attributeCache.get(attributes);
    if (attributeMessages === undefined) {
      attributeMessages = this.attributes(where, attributes);
      this.#attributeCache.set(attributes, attributeMessages);
    }
    return objectHeader([
      { type: 0x01, bytes: dataspaceOf(value.shape) },
      { type: 0x03, constant: true, bytes: datatypeOf(where, value.dtype) },
      { type: 0x05, constant: true, bytes: new Record().u8(2, 2, 2, 1).u32(0).bytes }, // allocate late, no fill value
      { type: 0x08, bytes: new Record().u8(3, 1).u64(address).u64(size).bytes }, // contiguous
      ...attributeMessages,
    ]);
  }

  group(where: string, { attributes, children }: H5Group): GroupPlace {
    // HDF5 finds names by binary search, in the order of their bytes.
    const entries = Array.from(children, ([name, node]) => ({
      name: encodeUtf8(name),
      node,
      path: `${where}/${name}`,
    }));
    entries.sort((a, b) => compareBytes(a.name, b.name));

    // Local heap (III.D): the empty name first, then every name on a multiple of 8.
    const names = new Record().u64(0);
    const offsets = entries.map(({ name }) => {
      const offset = names.length;
      names.raw(name).u8(0).pad8();
      return offset;
    });
    const attributeMessages = this.attributes(where, attributes);
    const header = this.layout.reserve(objectHeader([groupMessage(0, 0), ...attributeMessages]).length);
    const nameHeap = this.layout.reserve(32 + names.length);
    this.layout.put(
      nameHeap,
      new Record()
        .ascii("HEAP")
        .u32(0)
        .u64(names.length)
        .u64(HEAP_NULL)
        .u64(nameHeap + 32)
        .raw(names.bytes).bytes,
    );

    const leaves: TreeChild[] = [];
    for (let start = 0; start < entries.length; start += LEAF_ENTRIES) {
      const some = entries.slice(start, start + LEAF_ENTRIES);
      const leaf = new Record().ascii("SNOD").u8(1, 0).u16(some.length);
      some.forEach(({ node, path }, i) => {
        symbolEntry(leaf, offsets[start + i] as number, this.node(path, node));
      });
      const address = this.layout.add(leaf.fillTo(8 + LEAF_ENTRIES * 40).bytes);
      leaves.push({ address, lastName: offsets[start + some.length - 1] as number });
    }
    const tree = this.#tree(leaves);
    this.layout.put(header, objectHeader([groupMessage(tree, nameHeap), ...attributeMessages]));
    return { header, tree, nameHeap };
  }

  /** B-trees of version 1 (III.A.1), built from the bottom; keys are offsets into the heap of names. */
  #tree(leaves: readonly TreeChild[]): number {
    let children = leaves;
    for (let level = 0; ; level++) {
      const count = Math.max(1, Math.ceil(children.length / TREE_CHILDREN));
      const size = 24 + TREE_CHILDREN * 16 + 8;
      const first = this.layout.reserve(size * count);
      const nodes: TreeChild[] = [];
      let previousName = 0;
      for (let i = 0; i < count; i++) {
        const some = children.slice(i * TREE_CHILDREN, (i + 1) * TREE_CHILDREN);
        const node = new Record().ascii("TREE").u8(0, level).u16(some.length);
        node
          .u64(i === 0 ? UNDEFINED : first + (i - 1) * size)
          .u64(i === count - 1 ? UNDEFINED : first + (i + 1) * size);
        node.u64(previousName);
        for (const child of some) node.u64(child.address).u64(child.lastName);
        previousName = some.at(-1)?.lastName ?? 0;
        this.layout.put(first + i * size, node.fillTo(size).bytes);
        nodes.push({ address: first + i * size, lastName: previousName });
      }
      if (count === 1) return first;
      children = nodes;
    }
  }

  node(where: string, node: H5Node): GroupPlace | number {
    return node.kind === "group" ? this.group(where, node) : this.dataset(where, node);
  }
}

interface GroupPlace {
  readonly header: number;
  readonly tree: number;
  readonly nameHeap: number;
}
interface TreeChild {
  readonly address: number;
  readonly lastName: number;
}

const groupMessage = (tree: number, nameHeap: number): Message => ({
  type: 0x11,
  bytes: new Record().u64(tree).u64(nameHeap).bytes,
});

/** Symbol table entries (III.C); a group's entry repeats where its tree and heap are. */
function symbolEntry(record: Record, nameOffset: number, place: GroupPlace | number): void {
  if (typeof place === "number") record.u64(nameOffset).u64(place).u32(0).u32(0).u64(0).u64(0);
  else record.u64(nameOffset).u64(place.header).u32(1).u32(0).u64(place.tree).u64(place.nameHeap);
}

const encodedSize = ({ dtype, data }: HostArray): number =>
  data.length * (dtype === "float16" || dtype === "bfloat16" ? 2 : data.BYTES_PER_ELEMENT);

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const difference = (a[i] as number) - (b[i] as number);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

/**
 * The bytes of an HDF5 file with this content, in the dialect of h5py and Keras.
 * @throws ConfigError for complex numbers, or attributes above 64 KiB.
 */
export function writeH5(root: H5Group): Uint8Array {
  const writer = new Writer();
  const place = writer.group("h5", root);
  writer.heap.flush();
  const superblock = new Record().raw(Uint8Array.of(0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a)); // II.A
  superblock
    .u8(0, 0, 0, 0, 0, 8, 8, 0)
    .u16(LEAF_ENTRIES / 2)
    .u16(TREE_CHILDREN / 2)
    .u32(0);
  superblock.u64(0).u64(UNDEFINED).u64(writer.layout.end).u64(UNDEFINED);
  symbolEntry(superblock, 0, place);
  writer.layout.put(0, superblock.bytes);
  return writer.layout.assemble();
}
