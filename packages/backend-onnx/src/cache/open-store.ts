// What the option `cache` names.
import { BackendError, complain, hasFiles } from "@keras-ts/core/backend";
import { databaseStore } from "./database.ts";
import { folderStore, userFolder } from "./folder.ts";
import type { ProgramStore } from "./store.ts";

/** Where programs are kept, and how many. */
export interface CacheOptions {
  /** In Node a folder, by default one of the user; in browsers the name of an IndexedDB database, by default `"keras-ts-programs"`. */
  readonly name?: string;
  /** Most bytes of all entries together, by default 2^29 (512 MB). Those used longest ago are removed. */
  readonly limit?: number;
}

/** Undefined for no cache. @throws BackendError for options that name no place, or no number of bytes. */
export function openStore(cache: boolean | string | CacheOptions = false): ProgramStore | undefined {
  if (cache === false) return undefined;
  const given: CacheOptions = cache === true ? {} : typeof cache === "string" ? { name: cache } : cache;
  const { name, limit = 2 ** 29 } = Object(given) as CacheOptions;
  const isName = name === undefined || (typeof name === "string" && name !== "");
  if (typeof given === "object" && given !== null && isName && limit > 0)
    return hasFiles() ? folderStore(name ?? userFolder(), limit) : databaseStore(name ?? "keras-ts-programs", limit);
  const must = "cache must be true, a folder (in browsers a name of a database) or { name, limit }, limit in bytes";
  const todo = "Correct it, or leave it out to keep no programs";
  throw new BackendError(complain("onnx", { must, got: JSON.stringify(cache), todo }));
}
