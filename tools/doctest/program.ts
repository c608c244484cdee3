import { readFileSync } from "node:fs";
import { join } from "node:path";
import { packages, root } from "../lib/workspace.ts";
import type { Example } from "./extract.ts";

/** The names that a package's entry exports, read from its sources without running them. */
export function exportedNames(packageName: string, base: string = root): string[] {
  const folder = packages(base).find(({ manifest }) => manifest.name === packageName)?.folder;
  if (!folder) return [];
  const source = readFileSync(join(folder, "src", "index.ts"), "utf8");
  const names: string[] = [];
  for (const [, list = ""] of source.matchAll(/^export\s+\{([^}]*)\}/gm)) {
    for (const item of list.split(",")) {
      const name = /^(?:type\s+)?(?:\w+\s+as\s+)?(\w+)$/.exec(item.trim());
      if (name && !item.trim().startsWith("type ")) names.push(name[1]!);
    }
  }
  for (const [, name = ""] of source.matchAll(/^export\s+\*\s+as\s+(\w+)/gm)) names.push(name);
  for (const [, name = ""] of source.matchAll(/^export\s+(?:const|(?:async\s+)?function|class)\s+(\w+)/gm))
    names.push(name);
  return names;
}

/** A module that runs one example. Docstrings need not import what their own package or core exports. */
export function program(example: Example, namesOf: (packageName: string) => readonly string[] = exportedNames): string {
  const { code, implicit } = example;
  const lines: string[] = [];
  if (implicit) {
    const taken = new Set<string>();
    for (const [name = ""] of code.matchAll(/\b(?:const|let|class|function|import)\b[^=;(]*/g)) {
      for (const [word] of name.matchAll(/\w+/g)) taken.add(word);
    }
    const used = (name: string): boolean => new RegExp(`(?<![.\\w"'])${name}\\b`).test(code.replace(/\/\/.*$/gm, ""));
    for (const source of new Set([implicit, "@keras-ts/core"])) {
      const names = namesOf(source).filter((name) => !taken.has(name) && used(name));
      for (const name of names) taken.add(name);
      if (names.length) lines.push(`import { ${names.join(", ")} } from "${source}";`);
    }
  }
  lines.push(code, "export {};", "");
  return lines.join("\n");
}
