import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../lib/workspace.ts";
import { type Example, examples } from "./extract.ts";
import { program } from "./program.ts";

/** An example in a file of its own. */
export interface Written extends Example {
  readonly path: string;
}

/**
 * Writes each example to a file below `.cache/` (which git ignores), where the workspace's packages resolve.
 * `purpose` keeps the type check and the test run, which may overlap, out of each other's way.
 */
export function writeExamples(purpose: string): { readonly folder: string; readonly written: readonly Written[] } {
  const folder = join(root, ".cache", "doctest", purpose);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const written = examples().map((example) => {
    const path = join(folder, `${example.where.replace(/[^\w]+/g, "-")}.ts`);
    writeFileSync(path, program(example));
    return { ...example, path };
  });
  return { folder, written };
}

/** True for docstrings of ops and random numbers: they run on every engine, in engines.doctest.ts. */
export const isOfOps = ({ where }: Example): boolean => /^packages\/core\/src\/(ops|random)\//.test(where);
