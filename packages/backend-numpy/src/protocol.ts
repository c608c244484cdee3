// Messages between the engine and its Python worker, the same over a pipe and by function call:
//   header length (uint32) | body length (uint64) | header (JSON, UTF-8) | body (raw arrays), all little-endian.
// A message with `seq` is answered once, in order; the others (upload, define, forget, most runs) need no answer. Any message may carry
// `release`, ids that are freed before it is handled.
import type { DType } from "./core.ts";

/** Where an array stands in a body. */
export interface ArraySpec {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly offset: number;
}

export type Request =
  | ({ readonly kind: "upload"; readonly id: number } & ArraySpec)
  | {
      readonly kind: "define";
      readonly program: number;
      readonly label: string;
      readonly source: string;
      readonly literals: Readonly<Record<string, ArraySpec>>;
      readonly donate: readonly number[];
    }
  | {
      readonly kind: "run";
      readonly program: number;
      readonly inputs: readonly number[];
      readonly outputs: readonly number[];
    }
  | { readonly kind: "download"; readonly id: number }
  | { readonly kind: "forget"; readonly program: number }
  | { readonly kind: "release" }
  | { readonly kind: "settle" }
  | { readonly kind: "memory" }
  | { readonly kind: "hello" }
  | { readonly kind: "exit" };

/** What went wrong in Python; `line` and `text` are of the written program. */
export interface PythonFailure {
  readonly type: string;
  readonly message: string;
  readonly line: number | null;
  readonly text: string | null;
}

/** An answer: which request it answers, an error if there was one, and what was asked for. */
export interface Reply {
  readonly reply: number;
  readonly error?: PythonFailure | null;
  readonly dtype?: DType;
  readonly shape?: readonly number[];
  readonly handles?: number;
  readonly bytes?: number;
  readonly programs?: number;
  readonly numpy?: string;
  readonly python?: string;
}

export interface Message<Header> {
  readonly header: Header;
  readonly body: Uint8Array;
}

const PREFIX = 12;

const encoder = new TextEncoder();

/** One message as bytes, in memory that `allocate` gives; the body is copied, so the caller may change it afterwards. */
export function encode(
  header: object,
  parts: readonly Uint8Array[] = [],
  allocate = (size: number): Uint8Array<ArrayBuffer> => new Uint8Array(size),
): Uint8Array<ArrayBuffer> {
  const json = JSON.stringify(header);
  const size = parts.reduce((total, part) => total + part.byteLength, 0);
  // A byte for each character, unless a label has others.
  let frame = allocate(PREFIX + json.length + size);
  let length = json.length;
  if (encoder.encodeInto(json, frame.subarray(PREFIX, PREFIX + length)).read < length) {
    const text = encoder.encode(json);
    length = text.byteLength;
    frame = allocate(PREFIX + length + size);
    frame.set(text, PREFIX);
  }
  const view = new DataView(frame.buffer, frame.byteOffset, PREFIX);
  view.setUint32(0, length, true);
  view.setBigUint64(4, BigInt(size), true);
  let at = PREFIX + length;
  for (const part of parts) {
    frame.set(part, at);
    at += part.byteLength;
  }
  return frame;
}

/** Cuts a stream of bytes into messages. */
export function decoder<Header>(deliver: (message: Message<Header>) => void): (chunk: Uint8Array) => void {
  let waiting: Uint8Array[] = [];
  let have = 0;
  let need = PREFIX;
  return (chunk) => {
    waiting.push(chunk);
    have += chunk.byteLength;
    while (have >= need) {
      const bytes = waiting.length === 1 ? (waiting[0] as Uint8Array) : join(waiting, have);
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      const text = view.getUint32(0, true);
      const size = Number(view.getBigUint64(4, true));
      need = PREFIX + text + size;
      waiting = [bytes];
      if (have < need) return;
      const header = JSON.parse(new TextDecoder().decode(bytes.subarray(PREFIX, PREFIX + text))) as Header;
      deliver({ header, body: bytes.slice(PREFIX + text, need) });
      have -= need;
      waiting = have > 0 ? [bytes.subarray(need)] : [];
      need = PREFIX;
    }
  };
}

function join(chunks: readonly Uint8Array[], size: number): Uint8Array {
  const whole = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.byteLength;
  }
  return whole;
}
