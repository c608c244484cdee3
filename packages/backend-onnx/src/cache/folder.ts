// Entries as files of a folder.
import { readFile, writeFileAtomic } from "@keras-ts/core/backend";
import type { ProgramStore } from "./store.ts";

// The part of Node that is used, so that the package needs no types of Node and bundlers see no import of it.
interface Files {
  mkdir(path: string, options: { readonly recursive: true; readonly mode: number }): Promise<unknown>;
  readdir(path: string): Promise<string[]>;
  stat(path: string): Promise<{ readonly size: number; readonly mtimeMs: number }>;
  utimes(path: string, accessed: Date, modified: Date): Promise<void>;
  rm(path: string, options: { readonly recursive: true; readonly force: true }): Promise<void>;
}
interface NodeProcess {
  readonly platform: string;
  readonly arch: string;
  readonly pid: number;
  readonly env: Readonly<Record<string, string | undefined>>;
  getBuiltinModule(name: "node:fs/promises"): Files;
  getBuiltinModule(name: "node:fs"): { readFileSync(path: string): Uint8Array };
  getBuiltinModule(name: "node:os"): { homedir(): string; cpus(): readonly { readonly model: string }[] };
}
const node = (): NodeProcess => (globalThis as unknown as { readonly process: NodeProcess }).process;

/** Where systems want caches of a user. */
export function userFolder(): string {
  const { platform, env } = node();
  const home = node().getBuiltinModule("node:os").homedir();
  if (platform === "win32") return `${env["LOCALAPPDATA"] || `${home}/AppData/Local`}/keras-ts/programs`;
  if (platform === "darwin") return `${home}/Library/Caches/keras-ts/programs`;
  return `${env["XDG_CACHE_HOME"] || `${home}/.cache`}/keras-ts/programs`;
}

/** The processor: what ONNX Runtime optimised for one may be wrong on another. */
export async function processor(): Promise<string> {
  const { platform, arch } = node();
  const model = node().getBuiltinModule("node:os").cpus()[0]?.model ?? "unknown";
  // Virtual machines of one name differ in what they let through.
  const info = platform === "linux" ? await readFile("/proc/cpuinfo").catch(() => undefined) : undefined;
  const features = /^(?:flags|Features)\s*:.*$/m.exec(new TextDecoder().decode(info))?.[0] ?? "";
  return `${platform} ${arch} ${model} ${features}`;
}

const ENTRY = /^[0-9a-f]{64}\.program$/;
const LEFT_BEHIND = /^\.?[0-9a-f]{64}\.program\..*\.tmp$/;
const HOUR = 3_600_000;

const codeOf = (error: unknown): string | undefined => (error as { readonly code?: string }).code;

/** A folder, which is made when something is written. At most `limit` bytes of entries stay in it. */
export function folderStore(folder: string, limit: number): ProgramStore {
  const fs = node().getBuiltinModule("node:fs/promises");
  const { readFileSync } = node().getBuiltinModule("node:fs");
  const pathOf = (key: string): string => `${folder}/${key}.program`;
  const remove = (path: string): Promise<void> => fs.rm(path, { recursive: true, force: true });
  let made: Promise<unknown> | undefined;
  const make = (): Promise<unknown> => {
    made ??= fs.mkdir(folder, { recursive: true, mode: 0o700 });
    return made;
  };
  let scratches = 0;
  /** Bytes of all entries as far as this process knows. */
  let total = Number.POSITIVE_INFINITY;

  async function trim(newest: string): Promise<void> {
    const found: { readonly path: string; readonly size: number; readonly used: number }[] = [];
    for (const name of await fs.readdir(folder)) {
      const path = `${folder}/${name}`;
      if (!ENTRY.test(name) && !LEFT_BEHIND.test(name)) continue;
      const stat = await fs.stat(path).catch(() => undefined); // another process may have removed it
      if (stat === undefined) continue;
      if (ENTRY.test(name)) found.push({ path, size: stat.size, used: stat.mtimeMs });
      else if (stat.mtimeMs < Date.now() - HOUR) await remove(path);
    }
    total = found.reduce((n, { size }) => n + size, 0);
    for (const { path, size } of found.sort((a, b) => a.used - b.used)) {
      if (total <= limit) break;
      if (path === newest) continue;
      await remove(path);
      total -= size;
    }
  }

  return {
    place: `the folder "${folder}"`,
    limit,
    async read(key) {
      const path = pathOf(key);
      try {
        // At once, not in a later turn of the event loop: `digest` says why.
        const bytes = readFileSync(path);
        const now = new Date();
        fs.utimes(path, now, now).catch(() => {}); // in a folder that may only be read, all stay as old as they are
        return bytes;
      } catch (error) {
        if (codeOf(error) === "ENOENT") return undefined;
        if (codeOf(error) === "EISDIR") return new Uint8Array();
        throw error;
      }
    },
    async write(key, bytes) {
      await make();
      await writeFileAtomic(pathOf(key), bytes);
      total += bytes.length;
      if (total > limit) await trim(pathOf(key));
    },
    remove: (key) => remove(pathOf(key)),
    async scratch(key) {
      await make();
      return `${pathOf(key)}.${node().pid}-${scratches++}.tmp`;
    },
    async take(path) {
      const bytes = await readFile(path);
      await remove(path);
      return bytes;
    },
    close() {},
  };
}
