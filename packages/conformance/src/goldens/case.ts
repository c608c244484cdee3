// What a golden case is: a computation on tensors, and what real Keras computed.
import { readdirSync, readFileSync } from "node:fs";
import type { Tensor } from "@keras-ts/core";
import type { HostArray } from "@keras-ts/core/backend";
import type { Stored, Tolerance } from "./stored.ts";

/** What one result must be. */
export interface Expectation {
  readonly what: string;
  readonly value: Stored;
  readonly tolerance: Tolerance;
}

/** A computation; one that reads values is a promise, and cannot be traced. */
export type Compute = (inputs: readonly Tensor[]) => readonly Tensor[] | Promise<readonly Tensor[]>;

/** One case of a golden file. */
export interface GoldenCase {
  readonly name: string;
  readonly inputs: readonly HostArray[];
  /** Makes what has state anew, and gives the computation. */
  readonly prepare: () => { readonly eager: Compute; readonly traced: Compute };
  readonly expected: readonly Expectation[];
  /** True if it reads values to know its shapes: it then runs eagerly only. */
  readonly readsValues?: boolean;
  /** True if its traced form assigns variables, which only `jit` can carry. */
  readonly assigns?: boolean;
}

/** Cases that are checked together: one test, and where nothing is limited one program. */
export interface GoldenGroup {
  readonly name: string;
  readonly cases: readonly GoldenCase[];
}

/** A computation without state is the same both ways. */
export const stateless = (compute: Compute): GoldenCase["prepare"] => {
  const both = { eager: compute, traced: compute };
  return () => both;
};

/** A golden file. */
export function readGoldens(family: string): unknown {
  const path = new URL(`../../goldens/${family}.json`, import.meta.url);
  return JSON.parse(readFileSync(path, "utf8"));
}

/** The cases of all golden files whose family starts with `prefix`: `ops-` has a file for each family of ops. */
export function readCases(prefix: string): unknown[] {
  const files = readdirSync(new URL("../../goldens/", import.meta.url)).filter((file) => file.startsWith(prefix));
  return files.sort().flatMap((file) => (readGoldens(file.replace(/\.json$/, "")) as { cases: unknown[] }).cases);
}

/** The items by what `key` says, in order of first appearance. */
export function groupBy<T>(items: readonly T[], key: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(key(item));
    if (group === undefined) groups.set(key(item), [item]);
    else group.push(item);
  }
  return groups;
}
