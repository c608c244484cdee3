// Files in Node, read at once; in a page there are none.

interface SyncFiles {
  readFileSync(path: string): Uint8Array;
  openSync(path: string, flags: "r"): number;
  fstatSync(file: number): { readonly size: number };
  readSync(file: number, into: Uint8Array, offset: number, length: number, position: number): number;
  closeSync(file: number): void;
}

/** Node's files; nothing in a page. */
export function syncFiles(): SyncFiles | undefined {
  const { process } = globalThis as { process?: { getBuiltinModule?(name: "node:fs"): SyncFiles } };
  return process?.getBuiltinModule?.("node:fs");
}

/** The most that one call reads. */
const PIECE = 2 ** 30;

/** Bytes from `start`, as many as `length` says or all after it. @throws Error if there are not so many. */
export function readPart(files: SyncFiles, path: string, start: number, length: number | undefined): Uint8Array {
  const file = files.openSync(path, "r");
  try {
    const { size } = files.fstatSync(file);
    const end = length === undefined ? size : start + length;
    if (!(start >= 0 && start <= end && end <= size))
      throw new Error(`bytes ${start} to ${end} of "${path}", which has ${size}`);
    const bytes = new Uint8Array(end - start);
    let at = 0;
    while (at < bytes.length) {
      const read = files.readSync(file, bytes, at, Math.min(PIECE, bytes.length - at), start + at);
      if (read === 0) throw new Error(`"${path}", which became shorter`);
      at += read;
    }
    return bytes;
  } finally {
    files.closeSync(file);
  }
}
