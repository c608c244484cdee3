// The name under which a program is kept: equal only for programs that compute the same thing, compiled in the same way.
import { type Graph, structureOf } from "@keras-ts/core/backend";

const text = new TextEncoder();

interface Hash {
  update(bytes: Uint8Array): Hash;
  digest(): Uint8Array;
}
interface NodeProcess {
  getBuiltinModule?(name: "node:crypto"): { createHash(name: "sha256"): Hash };
}

/**
 * The SHA-256 of bytes. In Node without a turn of the event loop, in which Node waits until V8 has compiled all of the wasm build: seconds,
 * in the middle of a start. @throws Error in pages that are not served over https, which have no cryptography.
 */
export async function digest(bytes: Uint8Array): Promise<Uint8Array> {
  const { process, crypto } = globalThis as { readonly process?: NodeProcess; readonly crypto?: Crypto };
  const node = process?.getBuiltinModule?.("node:crypto");
  if (node !== undefined) return node.createHash("sha256").update(bytes).digest();
  if (crypto?.subtle === undefined) throw new Error("a page that is not served over https, without cryptography");
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes as Uint8Array<ArrayBuffer>));
}

const hexOf = (bytes: Uint8Array): string => Array.from(bytes, (x) => x.toString(16).padStart(2, "0")).join("");

/** What there are one after the other. */
export function joined(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((n, { length }) => n + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/**
 * The hash of all that decides about a program: the graph with its constants, byte by byte, and `stamp`, which tells who compiles it and
 * how. Undefined for a graph that means something in this process only, or has more than `most` bytes of constants.
 */
export async function keyOf(graph: Graph, stamp: string, most: number): Promise<string | undefined> {
  const constants: Uint8Array[] = [];
  let bytes = 0;
  let isLocal = false;
  const structure = structureOf(graph, {
    literal: ({ dtype, shape, data }) => {
      constants.push(new Uint8Array(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength));
      bytes += data.byteLength;
      return `${dtype}[${shape.join()}] of ${data.byteLength}`;
    },
    // The rule of a custom gradient is no part of what the node computes: where it was needed its operations are in the graph.
    local: (name) => {
      isLocal ||= name !== "pullback";
      return name;
    },
  });
  if (isLocal || bytes > most) return undefined;
  const head = text.encode(`${stamp}\n${structure}\n`);
  // The length first: where the text ends and constants begin is part of what is hashed.
  return hexOf(await digest(joined([text.encode(`${head.length}\n`), head, ...constants])));
}
