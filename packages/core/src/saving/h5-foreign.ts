import { sizeOf } from "../aval/index.ts";
import { decodeElements } from "./h5-elements.ts";
import { refuse } from "./h5-read.ts";
import {
  type ElementType,
  EXPANSION_FLOOR,
  type H5Attribute,
  type H5Group,
  type H5Node,
  MAX_EXPANSION,
} from "./h5-tree.ts";
import { showBytes } from "./platform.ts";

// Sound HDF5 files of another make (compressed or chunked arrays, files of newer libraries) are read by h5wasm: 4 MB of
// WebAssembly that is fetched when such a file comes, and never else. Its high-level classes ignore the status of reads and
// know no float16, so we use the module below them.

interface Metadata {
  readonly type: number;
  readonly size: number;
  readonly signed: boolean;
  readonly littleEndian: boolean;
  readonly vlen: boolean;
  readonly shape: readonly number[] | null;
  readonly chunks: readonly number[] | null;
  readonly virtual_sources?: unknown;
  readonly enum_type?: { readonly members: Readonly<Record<string, number>> };
}

interface Module {
  readonly HEAPU8: Uint8Array;
  readonly FS: { writeFile(path: string, bytes: Uint8Array): void; unlink(path: string): void };
  _malloc(size: number): number;
  _free(pointer: number): void;
  open(path: string, mode: number, trackOrder: boolean, low: number, high: number): bigint;
  close_file(file: bigint): number;
  get_names(file: bigint, path: string, recursive: boolean): string[];
  get_type(file: bigint, path: string): number;
  get_symbolic_link(file: bigint, path: string): string | null;
  get_external_link(file: bigint, path: string): { readonly filename?: string };
  get_dataset_metadata(file: bigint, path: string): Metadata;
  get_dataset_data(file: bigint, path: string, count: null, offset: null, strides: null, pointer: bigint): number;
  get_attribute_names(file: bigint, path: string): string[];
  activate_throwing_error_handler(): number;
  deactivate_throwing_error_handler(): number;
}

interface Attributes {
  get_attribute(name: string, json: true): unknown;
}
interface Library {
  readonly ready: Promise<unknown>;
  readonly Group: new (file: bigint, path: string) => Attributes;
}

const classes: Readonly<Record<number, ElementType["class"]>> = { 1: "float", 3: "text", 5: "opaque" };
const GROUP = 0;
const DATASET = 1;
const MAX_OBJECTS = 1_000_000;
let files = 0;

/**
 * The content of an HDF5 file that h5-read.ts leaves to us.
 * @throws ConfigError if h5wasm cannot read it, or if it links elsewhere or unpacks to an absurd size.
 */
export async function readForeignH5(bytes: Uint8Array): Promise<H5Group> {
  const library = (await import("h5wasm")) as unknown as Library;
  const module = (await library.ready) as Module;
  const path = `/keras-${files++}.h5`;
  module.FS.writeFile(path, bytes);
  // Without this HDF5 prints its stack of errors to the console and goes on.
  module.activate_throwing_error_handler();
  let file = -1n;
  try {
    file = module.open(path, 0, false, -1, -1);
    return new ForeignReader(library, module, { file, bytes }).group("/", 0);
  } catch (error) {
    if (error instanceof Error && error.name === "ConfigError") throw error;
    const reason = String(error instanceof Error ? error.message : error).match(/major:|#\d+: .*?: (.*)/)?.[1];
    return refuse("h5", "an HDF5 file must be whole", `one that HDF5 cannot read (${reason ?? "unknown reason"})`);
  } finally {
    module.deactivate_throwing_error_handler();
    if (file >= 0n) module.close_file(file);
    module.FS.unlink(path);
  }
}

class ForeignReader {
  readonly #library: Library;
  readonly #module: Module;
  readonly #file: bigint;
  readonly #bytes: Uint8Array;
  #objects = 0;
  #unpacked = 0;

  constructor(library: Library, module: Module, { file, bytes }: { file: bigint; bytes: Uint8Array }) {
    this.#library = library;
    this.#module = module;
    this.#file = file;
    this.#bytes = bytes;
  }

  group(path: string, depth: number): H5Group {
    if (depth > 64) refuse(path, "groups must nest at most 64 deep", "a deeper one");
    const children = new Map<string, H5Node>();
    for (const name of this.#module.get_names(this.#file, path, false)) {
      const child = path === "/" ? `/${name}` : `${path}/${name}`;
      if (++this.#objects > MAX_OBJECTS) refuse(child, `a file must have at most ${MAX_OBJECTS} members`, "more");
      if (this.#module.get_symbolic_link(this.#file, child) !== null) {
        refuse(child, "weights must lie in the file itself", "a soft link");
      }
      if (this.#module.get_external_link(this.#file, child).filename !== undefined) {
        refuse(child, "weights must lie in the file itself", "a link to another file");
      }
      const type = this.#module.get_type(this.#file, child);
      if (type === GROUP) children.set(name, this.group(child, depth + 1));
      else if (type === DATASET) children.set(name, this.#dataset(child));
    }
    return { kind: "group", attributes: this.#attributes(path), children };
  }

  #attributes(path: string): Map<string, H5Attribute> {
    const attributes = new Map<string, H5Attribute>();
    const object = new this.#library.Group(this.#file, path);
    for (const name of this.#module.get_attribute_names(this.#file, path)) {
      const value = object.get_attribute(name, true);
      if (typeof value === "string" || typeof value === "number") attributes.set(name, value);
      else if (Array.isArray(value)) attributes.set(name, value as readonly string[] | readonly number[]);
    }
    return attributes;
  }

  #dataset(path: string): H5Node {
    const metadata = this.#module.get_dataset_metadata(this.#file, path);
    if (metadata.virtual_sources !== undefined) {
      refuse(path, "weights must lie in the file itself", "a virtual array");
    }
    const { shape } = metadata;
    if (shape === null) return refuse(path, "an array must have a shape", "an empty (null) dataspace");
    const size = sizeOf(shape) * metadata.size;
    this.#unpacked += size;
    if (this.#unpacked > EXPANSION_FLOOR && this.#unpacked > MAX_EXPANSION * this.#bytes.length) {
      refuse(
        path,
        `arrays must unpack to at most ${MAX_EXPANSION} times the file`,
        `[${shape.join(", ")}], ${showBytes(size)}`,
      );
    }
    const raw = this.#read(path, size);
    // HDF5 can keep an unchunked array in a second file and does not tell us. What is not in this file is refused.
    if (metadata.chunks === null && !contains(this.#bytes, raw)) {
      refuse(path, "weights must lie in the file itself", "an array whose values are in another file");
    }
    const attributes = this.#attributes(path);
    const value = decodeElements(path, raw, elementType(metadata), { shape, declared: attributes.get("dtype") });
    return { kind: "dataset", attributes, value };
  }

  #read(path: string, size: number): Uint8Array {
    if (size === 0) return new Uint8Array(0);
    const pointer = this.#module._malloc(size);
    if (pointer === 0)
      refuse(path, "an array must fit into WebAssembly memory", showBytes(size), "Save it uncompressed");
    try {
      const status = this.#module.get_dataset_data(this.#file, path, null, null, null, BigInt(pointer));
      if (status < 0) refuse(path, "an array must be readable", "an error of the HDF5 library");
      return this.#module.HEAPU8.slice(pointer, pointer + size);
    } finally {
      this.#module._free(pointer);
    }
  }
}

function elementType({ type, size, signed, vlen, enum_type }: Metadata): ElementType {
  // h5wasm turns big-endian numbers round while it reads.
  const plain = { size, littleEndian: true };
  if (vlen) return { ...plain, class: "other" };
  if (type === 0) return { ...plain, class: signed ? "int" : "uint" };
  const names = Object.keys(enum_type?.members ?? {});
  if (type === 8 && names.length === 2 && names.includes("TRUE")) return { ...plain, class: "bool" };
  return { ...plain, class: classes[type] ?? "other" };
}

/** Is `part` somewhere in `whole`? Zeros are: they may be an array that was never written. */
function contains(whole: Uint8Array, part: Uint8Array): boolean {
  const probe = part.findIndex((byte) => byte !== 0);
  if (probe < 0) return true;
  for (let at = whole.indexOf(part[probe] as number); at >= 0; at = whole.indexOf(part[probe] as number, at + 1)) {
    const start = at - probe;
    if (start < 0) continue;
    if (start + part.length > whole.length) return false;
    let same = 0;
    while (same < part.length && whole[start + same] === part[same]) same++;
    if (same === part.length) return true;
  }
  return false;
}
