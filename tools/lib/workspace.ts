import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";

/** The repository's root folder. */
export const root: string = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

const SKIPPED = new Set(["node_modules", "dist", ".git", ".nx", ".cache", "coverage", "fixtures", "out"]);

/** A path as we print it: relative to `base`, with forward slashes on every system. */
export function display(path: string, base: string = root): string {
  return relative(base, path).split(sep).join("/");
}

/** All files below `folder` that `accept` takes, without what is installed, built or planted for tests. */
export function files(folder: string, accept: (path: string) => boolean): string[] {
  if (!existsSync(folder)) return [];
  const found: string[] = [];
  for (const entry of readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      if (!SKIPPED.has(entry.name)) found.push(...files(path, accept));
    } else if (accept(path)) found.push(path);
  }
  return found;
}

/** The fields of a package.json that our tools read. */
export interface Manifest {
  readonly name: string;
  readonly private?: boolean;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

/** One package of the workspace. */
export interface WorkspacePackage {
  /** Folder name, such as `backend-onnx`. */
  readonly id: string;
  readonly folder: string;
  readonly manifest: Manifest;
}

/** The packages below `packages/`, sorted by name. */
export function packages(base: string = root): WorkspacePackage[] {
  const folder = join(base, "packages");
  return readdirSync(folder)
    .sort()
    .filter((id) => existsSync(join(folder, id, "package.json")))
    .map((id) => ({
      id,
      folder: join(folder, id),
      manifest: JSON.parse(readFileSync(join(folder, id, "package.json"), "utf8")) as Manifest,
    }));
}

/** True for files that hold tests, which may import more than sources may. */
export function isTest(path: string): boolean {
  return /\.(test|test-d|bench)\.ts$/.test(path);
}
