// Protobuf messages of files from elsewhere, read and rewritten part by part; whatever is not named stays as it is.
import { BinaryReader, BinaryWriter, WireType } from "@bufbuild/protobuf/wire";

/** Reads one field, or says that it does not. */
export type Take = (field: number, reader: BinaryReader, wireType: WireType) => boolean;

/** Reads the fields of a message of `length` bytes; those that `take` does not read are skipped. */
export function fields(reader: BinaryReader, length: number, take: Take): void {
  const end = reader.pos + length;
  if (end > reader.len) throw new Error("a file that ends too early");
  while (reader.pos < end) {
    const [field, wireType] = reader.tag();
    if (!take(field, reader, wireType)) skip(reader, wireType, field, end);
  }
  if (reader.pos !== end) throw new Error("parts that overlap");
}

/** The same for a message that stands alone. */
export const fieldsOf = (bytes: Uint8Array, take: Take): void => fields(new BinaryReader(bytes), bytes.length, take);

function skip(reader: BinaryReader, wireType: WireType, field: number, end: number): void {
  if (wireType === WireType.LengthDelimited) {
    const size = reader.uint32();
    if (reader.pos + size > end) throw new Error("a file that ends too early");
    reader.pos += size;
  } else reader.skip(wireType, field);
}

/** The values of a repeated number, packed or one of them. */
export function repeated<T>(reader: BinaryReader, wireType: WireType, into: T[], read: () => T): void {
  if (wireType !== WireType.LengthDelimited) {
    into.push(read());
    return;
  }
  const size = reader.uint32();
  const end = reader.pos + size;
  while (reader.pos < end) into.push(read());
}

/** The message with its strings and messages replaced by what `edit` gives for them; `undefined` leaves one out. */
export function rewrite(
  bytes: Uint8Array,
  edit: (field: number, part: Uint8Array) => Uint8Array | undefined,
): Uint8Array {
  const [reader, writer] = [new BinaryReader(bytes), new BinaryWriter()];
  while (reader.pos < reader.len) {
    const start = reader.pos;
    const [field, wireType] = reader.tag();
    if (wireType === WireType.LengthDelimited) {
      const part = edit(field, reader.bytes());
      if (part !== undefined) writer.tag(field, wireType).bytes(part);
    } else {
      reader.skip(wireType, field);
      writer.raw(bytes.subarray(start, reader.pos));
    }
  }
  return writer.finish();
}

const [encoder, decoder] = [new TextEncoder(), new TextDecoder()];
export const toText = (bytes: Uint8Array): string => decoder.decode(bytes);
export const fromText = (text: string): Uint8Array => encoder.encode(text);
