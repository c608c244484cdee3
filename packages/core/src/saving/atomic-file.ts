import { ConfigError, complain, StateError } from "../errors/index.ts";

// Node's modules are asked of the process, never imported: a bundler for browsers then has nothing to resolve.

interface FileHandle {
  writeFile(bytes: Uint8Array | Iterable<Uint8Array>): Promise<void>;
  sync(): Promise<void>;
  chmod(mode: number): Promise<void>;
  close(): Promise<void>;
}
interface Files {
  open(path: string, flags: string, mode?: number): Promise<FileHandle>;
  rename(from: string, to: string): Promise<void>;
  rm(path: string, options: { force: boolean }): Promise<void>;
  realpath(path: string): Promise<string>;
  stat(path: string): Promise<{ readonly mode: number; isDirectory(): boolean }>;
  readFile(path: string): Promise<Uint8Array>;
}
interface Paths {
  dirname(path: string): string;
  basename(path: string): string;
  join(...parts: string[]): string;
}
interface NodeProcess {
  readonly pid: number;
  getBuiltinModule?(name: "node:fs/promises"): Files;
  getBuiltinModule?(name: "node:path"): Paths;
}
interface Page {
  readonly document?: { createElement(tag: "a"): { href: string; download: string; click(): void } };
  readonly Blob: new (parts: readonly Uint8Array[], options: { type: string }) => object;
  readonly URL: { createObjectURL(blob: object): string; revokeObjectURL(url: string): void };
  setTimeout(run: () => void, milliseconds: number): unknown;
}

const node = (): NodeProcess | undefined => (globalThis as { process?: NodeProcess }).process;

/** Can this process read and write files by path? */
export const hasFiles = (): boolean => node()?.getBuiltinModule !== undefined;

function modules(where: string): { fs: Files; path: Paths; pid: number } {
  const host = node();
  if (host?.getBuiltinModule === undefined) {
    throw new StateError(
      complain(where, {
        must: "paths can be used only where there are files (Node 20.19 or newer)",
        got: "an environment without them",
        todo: "In a browser give or take the bytes of the file instead",
      }),
    );
  }
  return { fs: host.getBuiltinModule("node:fs/promises"), path: host.getBuiltinModule("node:path"), pid: host.pid };
}

let written = 0;

/**
 * Writes a file so that at every moment its path holds either the whole old content or the whole new: a temporary file in
 * the same folder, forced to disk, then renamed. Links are followed and permissions kept. Large content may come in parts.
 * @throws ConfigError if the folder does not exist or cannot be written to, or the disk is full.
 */
export async function writeFileAtomic(path: string, bytes: Uint8Array | Iterable<Uint8Array>): Promise<void> {
  const { fs, path: paths, pid } = modules("save");
  const target = await fs.realpath(path).catch(() => path);
  const old = await fs.stat(target).catch(() => undefined);
  if (old?.isDirectory()) throw failure("save", path, { code: "EISDIR" });
  const temporary = paths.join(paths.dirname(target), `.${paths.basename(target)}.${pid}-${written++}.tmp`);
  try {
    const file = await fs.open(temporary, "w");
    try {
      if (old !== undefined) await file.chmod(old.mode & 0o7777);
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    await fs.rename(temporary, target);
  } catch (error) {
    await fs.rm(temporary, { force: true }).catch(() => undefined);
    throw failure("save", path, error);
  }
  // The rename itself survives a power cut only once the folder is on disk; not every system can sync folders.
  const folder = await fs.open(paths.dirname(target), "r").catch(() => undefined);
  await folder?.sync().catch(() => undefined);
  await folder?.close().catch(() => undefined);
}

/** The bytes of a file. @throws ConfigError if there is none or it cannot be read. */
export async function readFile(path: string): Promise<Uint8Array> {
  const { fs } = modules("load");
  try {
    const bytes = await fs.readFile(path);
    return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength); // not a Buffer, whose slice() shares memory
  } catch (error) {
    throw failure("load", path, error);
  }
}

const reasons: Readonly<Record<string, readonly [got: string, todo: string]>> = {
  ENOENT: ["a path that does not exist", "Check the spelling, and make the folder first"],
  ENOTDIR: ["a path through something that is not a folder", "Check the spelling"],
  EISDIR: ["a folder", "Name a file in it"],
  EACCES: ["a path without permission", "Change its permissions or choose another place"],
  EPERM: ["a path without permission", "Change its permissions or choose another place"],
  EROFS: ["a read-only file system", "Choose another place"],
  ENOSPC: ["a full disk", "Make room; an old file of this name is still whole"],
};

function failure(where: "save" | "load", path: string, error: unknown): ConfigError {
  const code = (error as { code?: string }).code ?? "";
  const [got, todo] = reasons[code] ?? [String(error instanceof Error ? error.message : error), "Choose another place"];
  const must = `"${path}" must be a file that can be ${where === "save" ? "written" : "read"}`;
  return new ConfigError(complain(where, { must, got, todo }), { cause: error });
}

/**
 * Offers `bytes` to the user of a page as a download called `name`.
 * @throws StateError where there is no page (Node, workers).
 */
export function saveBlob(name: string, bytes: Uint8Array): void {
  const page = globalThis as unknown as Page;
  if (page.document === undefined) {
    throw new StateError(
      complain("save", {
        must: "a download needs a page",
        got: "an environment without one",
        todo: "In Node save to a path; in a worker send the bytes to the page",
      }),
    );
  }
  const url = page.URL.createObjectURL(new page.Blob([bytes], { type: "application/octet-stream" }));
  const link = page.document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  page.setTimeout(() => page.URL.revokeObjectURL(url), 60_000); // the browser may still be copying
}
