// The name under which a program is kept: equal only for programs that compute the same thing, compiled in the same way.
import { type Graph, structureOf } from "@keras-ts/core/backend";

const text = new TextEncoder();

/** The SHA-256 of bytes. */
export const digest = async (bytes: Uint8Array): Promise<Uint8Array> =>
  new Uint8Array(await crypto.subtle.digest("SHA-256", bytes as Uint8Array<ArrayBuffer>));

export const hexOf = (bytes: Uint8Array): string => Array.from(bytes, (x) => x.toString(16).padStart(2, "0")).join("");

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
