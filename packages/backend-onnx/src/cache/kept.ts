// What is kept of a program, as bytes with a checksum.
import type { Aval } from "@keras-ts/core/backend";
import type { OrtSessionOptions } from "../ort.ts";
import { digest, joined } from "./key.ts";

/** A program as a session is made of it. */
export interface Kept {
  readonly model: Uint8Array;
  readonly inputs: readonly string[];
  readonly outputs: readonly (Aval & { readonly name: string })[];
  /** Session options that this program needs. */
  readonly session: OrtSessionOptions;
}

/** First bytes of an entry; the last of them is the version of the format, and changes with it. */
const MAGIC = new TextEncoder().encode("keras-ts program 1\n");
const CHECKSUM = 32;

/** Magic, length of the header (32 bits, little-endian), header (JSON), model, SHA-256 of all that. */
export async function encodeEntry(key: string, { model, ...rest }: Kept): Promise<Uint8Array> {
  const header = new TextEncoder().encode(JSON.stringify({ key, ...rest }));
  const length = new Uint8Array(4);
  new DataView(length.buffer).setUint32(0, header.length, true);
  const body = joined([MAGIC, length, header, model]);
  return joined([body, await digest(body)]);
}

/** The program in an entry, or undefined if the bytes are not those that were written under this key. */
export async function decodeEntry(key: string, bytes: Uint8Array): Promise<Kept | undefined> {
  const start = MAGIC.length + 4;
  const end = bytes.length - CHECKSUM;
  if (end < start || !MAGIC.every((x, i) => bytes[i] === x)) return undefined;
  const checksum = await digest(bytes.subarray(0, end));
  if (!checksum.every((x, i) => bytes[end + i] === x)) return undefined;
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(MAGIC.length, true);
  const { key: own, ...rest } = JSON.parse(new TextDecoder().decode(bytes.subarray(start, start + length)));
  if (own !== key) return undefined;
  return { ...(rest as Omit<Kept, "model">), model: bytes.slice(start + length, end) };
}
