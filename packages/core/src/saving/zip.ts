import { ConfigError, complain } from "../errors/index.ts";
import { decodeUtf8, encodeUtf8, showBytes } from "./platform.ts";
import { describeBytes, startsWith } from "./sniff.ts";

// Zip archives as Python's zipfile writes and reads them, as far as .keras files need it: members stored uncompressed when
// we write; stored or deflated when we read. fflate is loaded only for deflated ones.

export interface ZipMember {
  readonly name: string;
  readonly bytes: Uint8Array;
}

const LOCAL = 0x04034b50;
const CENTRAL = 0x02014b50;
const END = 0x06054b50;
const END64 = 0x06064b50;
const LOCATOR64 = 0x07064b50;
const END_SIZE = 22;
const UTF8_NAME = 0x0800;
const ENCRYPTED = 0x0001;
/** 1980-01-01 00:00, the earliest date a zip can say: equal models give equal files. */
const DOS_DATE = 0x0021;
const FOUR_GIB = 0xffff_ffff;
const MAX_MEMBERS = 65_535;
/** Keras' rule: a member above the floor must not unpack to more than a hundred times its size in the archive. */
const EXPANSION_FLOOR = 0x1000_0000;
const MAX_EXPANSION = 100;

function refuse(must: string, got: string, todo = "Download or save the file again"): never {
  throw new ConfigError(complain("zip", { must, got, todo }));
}

const crcTable = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  return crc;
});

/** CRC-32 as zip, gzip and PNG compute it. */
export function crc32(bytes: Uint8Array): number {
  let crc = 0xffff_ffff;
  for (let i = 0; i < bytes.length; i++) {
    crc = (crcTable[(crc ^ (bytes[i] as number)) & 0xff] as number) ^ (crc >>> 8);
  }
  return (crc ^ 0xffff_ffff) >>> 0;
}

/**
 * An archive with `members` in this order, uncompressed.
 * @throws ConfigError for a name that is no plain relative path, a name given twice, or more than 4 GiB.
 */
export function writeZip(members: readonly ZipMember[]): Uint8Array {
  const seen = new Set<string>();
  const prepared = members.map(({ name, bytes }) => {
    checkName(name, seen);
    const label = encodeUtf8(name);
    return { label, bytes, crc: crc32(bytes), flags: label.length === name.length ? 0 : UTF8_NAME };
  });
  const size = prepared.reduce((sum, { label, bytes }) => sum + 30 + 46 + 2 * label.length + bytes.length, END_SIZE);
  if (size > FOUR_GIB || members.length > MAX_MEMBERS) {
    refuse(
      `an archive must have at most ${MAX_MEMBERS} members and 4 GiB`,
      `${members.length} members, ${showBytes(size)}`,
      "Save the weights in shards (max_shard_size in Python)",
    );
  }
  const out = new Uint8Array(size);
  const view = new DataView(out.buffer);
  let at = 0;
  const put = (label: Uint8Array, bytes: Uint8Array | undefined): void => {
    out.set(label, at);
    at += label.length;
    if (bytes === undefined) return;
    out.set(bytes, at);
    at += bytes.length;
  };
  // The part that a local header and its entry in the central directory share.
  const common = ({ label, bytes, crc, flags }: (typeof prepared)[number]): void => {
    view.setUint16(at, 20, true); // needs version 2.0
    view.setUint16(at + 2, flags, true);
    view.setUint16(at + 4, 0, true); // stored
    view.setUint16(at + 6, 0, true);
    view.setUint16(at + 8, DOS_DATE, true);
    view.setUint32(at + 10, crc, true);
    view.setUint32(at + 14, bytes.length, true);
    view.setUint32(at + 18, bytes.length, true);
    view.setUint16(at + 22, label.length, true);
    at += 26; // no extra field
  };
  const offsets = prepared.map((member) => {
    const start = at;
    view.setUint32(at, LOCAL, true);
    at += 4;
    common(member);
    put(member.label, member.bytes);
    return start;
  });
  const directory = at;
  prepared.forEach((member, i) => {
    view.setUint32(at, CENTRAL, true);
    view.setUint16(at + 4, (3 << 8) | 20, true); // made on Unix, so that the permissions below count
    at += 6;
    common(member);
    view.setUint32(at + 6, (0o100600 << 16) >>> 0, true);
    view.setUint32(at + 10, offsets[i] as number, true);
    at += 14;
    put(member.label, undefined);
  });
  view.setUint32(at, END, true);
  view.setUint16(at + 8, members.length, true);
  view.setUint16(at + 10, members.length, true);
  view.setUint32(at + 12, at - directory, true);
  view.setUint32(at + 16, directory, true);
  return out;
}

/** A member's name must be a relative path that stays where it is unpacked, on every operating system. */
function checkName(name: string, seen: Set<string>): void {
  const parts = name.split("/");
  const plain = parts.every(
    (part, i) => part !== ".." && part !== "." && (part !== "" || (i > 0 && i === parts.length - 1)),
  );
  if (!plain || /[\\\0]/.test(name) || /^[A-Za-z]:/.test(name)) {
    refuse("names in an archive must be relative paths without ..", JSON.stringify(name), "Do not trust this file");
  }
  if (seen.has(name)) refuse("an archive must not have two members of one name", JSON.stringify(name));
  seen.add(name);
}

interface Entry {
  readonly name: string;
  readonly flags: number;
  readonly method: number;
  readonly crc: number;
  readonly packed: number;
  readonly size: number;
  readonly offset: number;
}

/**
 * The files in a zip archive, by name, in the archive's order; folders are left out.
 * @throws ConfigError for anything but a whole, unencrypted zip archive with safe names, and for decompression bombs.
 */
export async function readZip(bytes: Uint8Array): Promise<Map<string, Uint8Array>> {
  const entries = readDirectory(bytes);
  const seen = new Set<string>();
  let packed = 0;
  for (const entry of entries) {
    checkName(entry.name, seen);
    packed += entry.packed;
    if (packed > bytes.length) refuse("members must not overlap", `${JSON.stringify(entry.name)} that does`);
    if (entry.size > EXPANSION_FLOOR && entry.size > MAX_EXPANSION * entry.packed) {
      refuse(
        `a member must unpack to at most ${MAX_EXPANSION} times its size in the archive`,
        `${JSON.stringify(entry.name)}: ${showBytes(entry.packed)} that unpack to ${showBytes(entry.size)}`,
        "Do not trust this file",
      );
    }
  }
  const deflated = entries.some(({ method }) => method === 8);
  const inflate = deflated ? (await import("fflate")).inflateSync : undefined;
  const files = new Map<string, Uint8Array>();
  for (const entry of entries) {
    if (entry.name.endsWith("/")) continue;
    files.set(entry.name, unpack(entry, dataOf(bytes, entry), inflate));
  }
  return files;
}

type Inflate = (data: Uint8Array, options: { out: Uint8Array }) => Uint8Array;

function unpack(entry: Entry, data: Uint8Array, inflate: Inflate | undefined): Uint8Array {
  let bytes = data;
  if (entry.method === 8 && inflate !== undefined) {
    try {
      // With a given `out` fflate never grows its output, so a member cannot unpack to more than it declares.
      bytes = inflate(data, { out: new Uint8Array(entry.size) });
    } catch (error) {
      throw new ConfigError(
        complain("zip", {
          must: "compressed members must be whole",
          got: `${JSON.stringify(entry.name)} that cannot be unpacked (${error instanceof Error ? error.message : error})`,
          todo: "Download or save the file again",
        }),
        { cause: error },
      );
    }
  }
  if (bytes.length !== entry.size || crc32(bytes) !== entry.crc) {
    refuse("every member must match its checksum", `${JSON.stringify(entry.name)} that does not: the file is damaged`);
  }
  return bytes;
}

function readDirectory(bytes: Uint8Array): Entry[] {
  if (!startsWith(bytes, "PK\x03\x04") && !startsWith(bytes, "PK\x05\x06")) {
    refuse(
      "a .keras file must be a zip archive",
      describeBytes(bytes),
      startsWith(bytes, "\x89HDF")
        ? 'Give a .keras file (in Python: model.save("model.keras")), or load weights alone from a .weights.h5 file'
        : "Give a file written by model.save",
    );
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = findEnd(view);
  let count = view.getUint16(end + 10, true);
  let size = view.getUint32(end + 12, true);
  let start = view.getUint32(end + 16, true);
  if (count === 0xffff || size === FOUR_GIB || start === FOUR_GIB) {
    const locator = end - 20;
    if (locator < 0 || view.getUint32(locator, true) !== LOCATOR64) cutShort();
    const end64 = Number(view.getBigUint64(locator + 8, true));
    if (end64 + 56 > bytes.length || view.getUint32(end64, true) !== END64) cutShort();
    count = Number(view.getBigUint64(end64 + 32, true));
    size = Number(view.getBigUint64(end64 + 40, true));
    start = Number(view.getBigUint64(end64 + 48, true));
  }
  if (start + size > end || count * 46 > size) cutShort();
  const entries: Entry[] = [];
  let at = start;
  for (let i = 0; i < count; i++) {
    if (at + 46 > end || view.getUint32(at, true) !== CENTRAL) cutShort();
    const nameSize = view.getUint16(at + 28, true);
    const extraSize = view.getUint16(at + 30, true);
    const next = at + 46 + nameSize + extraSize + view.getUint16(at + 32, true);
    if (next > end) cutShort();
    const name = decodeUtf8(bytes.subarray(at + 46, at + 46 + nameSize));
    const entry = {
      name,
      flags: view.getUint16(at + 8, true),
      method: view.getUint16(at + 10, true),
      crc: view.getUint32(at + 16, true),
      packed: view.getUint32(at + 20, true),
      size: view.getUint32(at + 24, true),
      offset: view.getUint32(at + 42, true),
    };
    entries.push(withZip64(entry, view, at + 46 + nameSize, extraSize));
    at = next;
  }
  return entries;
}

/** Sizes and offsets that need 64 bits are in extra field 1, in this order, those that need them only. */
function withZip64(entry: Entry, view: DataView, extra: number, extraSize: number): Entry {
  const wide = { size: entry.size, packed: entry.packed, offset: entry.offset };
  for (let at = extra; at + 4 <= extra + extraSize; at += 4 + view.getUint16(at + 2, true)) {
    if (view.getUint16(at, true) !== 1) continue;
    let value = at + 4;
    const end = Math.min(value + view.getUint16(at + 2, true), extra + extraSize);
    for (const key of ["size", "packed", "offset"] as const) {
      if (wide[key] !== FOUR_GIB) continue;
      if (value + 8 > end) cutShort();
      wide[key] = Number(view.getBigUint64(value, true));
      value += 8;
    }
  }
  return { ...entry, ...wide };
}

/** The end record is last, but for a comment of at most 64 KiB. */
function findEnd(view: DataView): number {
  const last = view.byteLength - END_SIZE;
  for (let at = last; at >= 0 && at >= last - 0xffff; at--) {
    if (view.getUint32(at, true) === END && at + END_SIZE + view.getUint16(at + 20, true) === view.byteLength)
      return at;
  }
  return cutShort();
}

function cutShort(): never {
  return refuse(
    "a zip archive must end with a list of its members",
    "one whose list is missing or broken: the file is cut short",
  );
}

function dataOf(bytes: Uint8Array, { name, flags, method, packed, offset, size }: Entry): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if ((flags & ENCRYPTED) !== 0)
    refuse("members must not be encrypted", JSON.stringify(name), "Unpack it and zip it again");
  if (method !== 0 && method !== 8) {
    refuse("members must be stored or deflated", `${JSON.stringify(name)} with compression method ${method}`);
  }
  if (method === 0 && packed !== size) refuse("a stored member must have one size", `${packed} and ${size}`);
  if (offset + 30 > bytes.length || view.getUint32(offset, true) !== LOCAL) cutShort();
  const nameSize = view.getUint16(offset + 26, true);
  const start = offset + 30 + nameSize + view.getUint16(offset + 28, true);
  if (start + packed > bytes.length) cutShort();
  // Two names for one member are a way to show a checker one thing and the reader another.
  if (decodeUtf8(bytes.subarray(offset + 30, offset + 30 + nameSize)) !== name) {
    refuse(
      "a member must have one name",
      `${JSON.stringify(name)} with another in its own header`,
      "Do not trust this file",
    );
  }
  return bytes.subarray(start, start + packed);
}
