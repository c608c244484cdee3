// From what users have to chunks of text.
import { refuse } from "./errors.ts";

/** A path (Node), URL, `File`/`Blob`, `Response`, stream, or chunks of text or bytes. */
export type CsvSource =
  | string
  | URL
  | Blob
  | Response
  | ReadableStream<Uint8Array>
  | AsyncIterable<string | Uint8Array>
  | Iterable<string | Uint8Array>;

/** The source's text in chunks, wherever it comes from. */
export async function* textChunks(where: string, source: CsvSource): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  for await (const chunk of await open(where, source)) {
    yield typeof chunk === "string" ? chunk : decoder.decode(chunk, { stream: true });
  }
  const rest = decoder.decode();
  if (rest !== "") yield rest;
}

type Chunks = AsyncIterable<string | Uint8Array> | Iterable<string | Uint8Array>;

async function open(where: string, source: CsvSource): Promise<Chunks> {
  if (typeof source === "string" || source instanceof URL) return named(where, source);
  if (source instanceof Blob) return bytesOf(source.stream(), source instanceof File && source.name.endsWith(".gz"));
  if (source instanceof Response) return fetched(where, source);
  if (source instanceof ReadableStream) return bytesOf(source, false);
  if (typeof source === "object" && source !== null && (Symbol.asyncIterator in source || Symbol.iterator in source))
    return source;
  const must = "the source must be a path, URL, File, Blob, Response, stream, or chunks of text";
  throw refuse(where, must, source === null ? "null" : typeof source, "Use parseCsv(text) for a text");
}

async function named(where: string, name: string | URL): Promise<Chunks> {
  const text = String(name);
  const isUrl = /^https?:|^blob:|^data:/.test(text) || typeof process === "undefined";
  if (isUrl) return fetched(where, await fetch(name));
  const { createReadStream } = await import("node:fs");
  const { stat } = await import("node:fs/promises");
  const path = text.startsWith("file:") ? new URL(text) : text;
  await stat(path).catch((cause: unknown) => {
    const got = `"${text}" (${cause instanceof Error ? cause.message : String(cause)})`;
    const todo = text.includes("\n") ? "Use parseCsv(text) for a text" : "Check the path";
    throw refuse(where, "the file must exist and be readable", got, todo);
  });
  const bytes = createReadStream(path);
  return text.endsWith(".gz") ? bytesOf(webStream(bytes), true) : bytes;
}

// Node's and the browser's stream types do not know each other.
function webStream(chunks: AsyncIterable<Uint8Array>): ReadableStream<Uint8Array> {
  const iterator = chunks[Symbol.asyncIterator]();
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { done, value } = await iterator.next();
      if (done === true) controller.close();
      else controller.enqueue(new Uint8Array(value));
    },
    async cancel() {
      await iterator.return?.();
    },
  });
}

function fetched(where: string, response: Response): Chunks {
  if (response.ok && response.body !== null) return bytesOf(response.body, response.url.endsWith(".gz"));
  throw refuse(where, "the file must be there", `status ${response.status} for ${response.url}`, "Check the URL");
}

async function* bytesOf(stream: ReadableStream<Uint8Array>, packed: boolean): AsyncGenerator<Uint8Array> {
  const unpacked = packed
    ? stream.pipeThrough(new DecompressionStream("gzip") as unknown as ReadableWritablePair<Uint8Array, Uint8Array>)
    : stream;
  const reader = unpacked.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    await reader.cancel().catch(() => {});
  }
}
