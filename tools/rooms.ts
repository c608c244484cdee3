import { existsSync } from "node:fs";
import { dirname, join, resolve, sep } from "node:path";
import { importsOfFile } from "./lib/imports.ts";
import { isMain } from "./lib/process.ts";
import { close, fromProblems } from "./lib/sections.ts";
import { display, files, isTest, packages, root, type WorkspacePackage } from "./lib/workspace.ts";

/** The rooms of `packages/core/src`, lowest first. A room imports only from rooms before it. */
export const ROOMS: readonly string[] = [
  "errors",
  "tree",
  "aval",
  "graph",
  "primitives",
  "backend",
  "transforms",
  "ops",
  "random",
  "registry",
  "weights",
  "layers",
  "losses",
  "metrics",
  "optimizers",
  "saving",
  "training",
  "models",
  "distribution",
];

/** Everything that breaks the order of rooms, the direction of packages, or the ban on import cycles. */
export function checkRooms(base: string = root): string[] {
  const all = packages(base);
  return [...roomProblems(base), ...all.flatMap((item) => packageProblems(item, all, base)), ...cycleProblems(base)];
}

/** Upward imports inside core. */
function roomProblems(base: string): string[] {
  const source = join(base, "packages", "core", "src");
  const problems: string[] = [];
  for (const file of files(source, (path) => path.endsWith(".ts"))) {
    const room = roomOf(file, source);
    if (room === undefined || isTest(file)) continue; // entry points and tests may import any room
    if (!ROOMS.includes(room)) {
      problems.push(`${display(file, base)}: "${room}" is no room. Put the file into one of: ${ROOMS.join(", ")}.`);
      continue;
    }
    for (const { specifier, line } of importsOfFile(file)) {
      if (!specifier.startsWith(".")) continue;
      const target = resolve(dirname(file), specifier);
      if (!target.startsWith(source + sep)) continue; // leaving the package is reported by packageProblems
      const targetRoom = roomOf(target, source);
      if (targetRoom === undefined || ROOMS.indexOf(targetRoom) > ROOMS.indexOf(room)) {
        const to = targetRoom ?? "the entry points";
        problems.push(
          `${display(file, base)}:${line}: room "${room}" must not import from ${to}, which comes later in the order (${specifier}).`,
        );
      }
    }
  }
  return problems;
}

function roomOf(file: string, source: string): string | undefined {
  const parts = display(file, source).split("/");
  return parts.length > 1 ? parts[0] : undefined;
}

/** What a package may stand on: core stands on nothing, everything else on core only. */
function allowed(from: string, to: string, test: boolean): boolean {
  if (from === to) return true;
  if (from === "core") return false;
  if (to === "core") return true;
  // Tests prove a package on real engines with the shared corpus; nothing of it is shipped.
  return test && (to === "conformance" || to.startsWith("backend-"));
}

/** Imports and dependencies that go sideways or up between packages. */
function packageProblems(item: WorkspacePackage, all: readonly WorkspacePackage[], base: string): string[] {
  const problems: string[] = [];
  const ids = new Map(all.map(({ id, manifest }) => [manifest.name, id]));
  for (const [field, test] of [
    ["dependencies", false],
    ["peerDependencies", false],
    ["optionalDependencies", false],
    ["devDependencies", true],
  ] as const) {
    for (const name of Object.keys(item.manifest[field] ?? {})) {
      const to = ids.get(name);
      if (to !== undefined && !allowed(item.id, to, test)) {
        problems.push(`packages/${item.id}/package.json: ${item.id} must not have ${to} in ${field}.`);
      }
    }
  }
  for (const file of files(item.folder, (path) => path.endsWith(".ts"))) {
    for (const { specifier, line } of importsOfFile(file)) {
      const where = `${display(file, base)}:${line}`;
      if (specifier.startsWith(".")) {
        const target = resolve(dirname(file), specifier);
        const shared = isTest(file) && target.startsWith(join(base, "tools") + sep);
        if (!target.startsWith(item.folder + sep) && !shared) {
          problems.push(`${where}: ${specifier} leaves the package. Import it by the other package's name.`);
        }
        continue;
      }
      const name = specifier.split("/").slice(0, 2).join("/");
      const to = ids.get(name);
      if (to !== undefined && !allowed(item.id, to, isTest(file))) {
        problems.push(`${where}: ${item.id} must not import ${to} (${specifier}).`);
      }
    }
  }
  return problems;
}

/** Import cycles between files, by the imports that exist at run time. */
function cycleProblems(base: string): string[] {
  const all = files(join(base, "packages"), (path) => path.endsWith(".ts") && !path.endsWith(".d.ts"));
  const edges = new Map<string, string[]>();
  for (const file of all) {
    const targets = importsOfFile(file)
      .filter(({ specifier, typeOnly }) => specifier.startsWith(".") && !typeOnly)
      .map(({ specifier }) => resolve(dirname(file), specifier))
      .filter((target) => existsSync(target));
    edges.set(file, targets);
  }
  const problems: string[] = [];
  const state = new Map<string, "open" | "done">();
  const path: string[] = [];
  const visit = (file: string): void => {
    state.set(file, "open");
    path.push(file);
    for (const target of edges.get(file) ?? []) {
      if (state.get(target) === "open") {
        const cycle = [...path.slice(path.indexOf(target)), target];
        problems.push(`import cycle: ${cycle.map((name) => display(name, base)).join(" -> ")}`);
      } else if (!state.has(target)) visit(target);
    }
    path.pop();
    state.set(file, "done");
  };
  for (const file of all) if (!state.has(file)) visit(file);
  return problems;
}

if (isMain(import.meta)) close([{ name: "rooms", seconds: 0, ...fromProblems("rooms", checkRooms()) }]);
