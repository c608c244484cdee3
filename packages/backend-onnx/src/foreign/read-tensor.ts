// Constants of files from elsewhere, in whatever of the format's several fields they are, as plain bytes.
import { WireType } from "@bufbuild/protobuf/wire";
import type { ForeignTensor } from "../proto.ts";
import { fieldsOf, repeated } from "./wire.ts";

/** Bytes of a file beside the model, to its end without a length. @throws Error if there are no files, or not that one. */
export type ReadBeside = (location: string, start: number, length: number | undefined) => Uint8Array;

/** Element types with two bytes and with one, whose numbers may be listed as int32. */
const two: ReadonlySet<number> = new Set([4, 5, 10, 16]);
const one: ReadonlySet<number> = new Set([2, 3, 9, 17, 18, 19, 20, 21, 22, 23, 24]);
const UINT32 = 12;
const STRING = 8;
/** `TensorProto.DataLocation` of data in another file. */
const EXTERNAL = 1;

/** A `TensorProto` with its data, which may be in a file beside the model. @throws Error if that cannot be read. */
export function readTensor(bytes: Uint8Array, readBeside: ReadBeside): ForeignTensor {
  const shape: number[] = [];
  const [floats, doubles]: [number[], number[]] = [[], []];
  const [ints, longs]: [number[], bigint[]] = [[], []];
  const strings: Uint8Array[] = [];
  const place: Record<string, string> = {};
  let [name, type, location] = ["", 0, 0];
  let raw: Uint8Array | undefined;
  fieldsOf(bytes, (field, r, wire) => {
    if (field === 1) repeated(r, wire, shape, () => Number(r.int64()));
    else if (field === 2) type = r.int32();
    else if (field === 4) repeated(r, wire, floats, () => r.float());
    else if (field === 5) repeated(r, wire, ints, () => r.int32());
    else if (field === 6) strings.push(r.bytes());
    else if (field === 7) repeated(r, wire, longs, () => BigInt(r.int64()));
    else if (field === 8) name = r.string();
    else if (field === 9) raw = r.bytes();
    else if (field === 10) repeated(r, wire, doubles, () => r.double());
    else if (field === 11) repeated(r, wire, longs, () => BigInt.asIntN(64, BigInt(r.uint64())));
    else if (field === 13 && wire === WireType.LengthDelimited) {
      const [key, value] = readEntry(r.bytes());
      place[key] = value;
    } else if (field === 14) location = r.int32();
    else return false;
    return true;
  });
  if (type === STRING) return { name, type, shape, data: new Uint8Array(), strings };
  if (location === EXTERNAL) raw = cut(place, readBeside);
  return { name, type, shape, data: raw ?? typed(type, { floats, doubles, ints, longs }) };
}

function typed(
  type: number,
  {
    floats,
    doubles,
    ints,
    longs,
  }: { readonly floats: number[]; readonly doubles: number[]; readonly ints: number[]; readonly longs: bigint[] },
): Uint8Array {
  if (floats.length > 0) return bytesOf(Float32Array.from(floats));
  if (doubles.length > 0) return bytesOf(Float64Array.from(doubles));
  if (longs.length > 0)
    return bytesOf(type === UINT32 ? Uint32Array.from(longs.map(Number)) : BigInt64Array.from(longs));
  if (two.has(type)) return bytesOf(Uint16Array.from(ints));
  return bytesOf(one.has(type) ? Uint8Array.from(ints) : Int32Array.from(ints));
}

const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);

/** The part of a file that entries of external data name. */
const cut = ({ location = "", offset = "0", length }: Record<string, string>, readBeside: ReadBeside): Uint8Array =>
  readBeside(location, Number(offset), length === undefined ? undefined : Number(length));

function readEntry(bytes: Uint8Array): [key: string, value: string] {
  let [key, value] = ["", ""];
  fieldsOf(bytes, (field, r) => {
    if (field === 1) key = r.string();
    else if (field === 2) value = r.string();
    else return false;
    return true;
  });
  return [key, value];
}
