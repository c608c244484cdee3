import { readFileSync } from "node:fs";

/** One import of a file. */
export interface Import {
  readonly specifier: string;
  /** Erased at run time: `import type`, `export type`. */
  readonly typeOnly: boolean;
  /** `import("...")`, which loads later. */
  readonly dynamic: boolean;
  readonly line: number;
}

const STATIC = /^(?:import|export)\s+(type\s+)?(?:[^"';]*?\sfrom\s+)?["']([^"'\n]+)["']/gm;
const DYNAMIC = /\bimport\(\s*["']([^"'\n]+)["']/g;

/**
 * The imports of a TypeScript source. Works on text: the formatter puts every import statement at the start of a line,
 * and comments that show imports start with `*` or `//`.
 */
export function importsOf(source: string): Import[] {
  const found: Import[] = [];
  const lineAt = (index: number): number => source.slice(0, index).split("\n").length;
  for (const match of source.matchAll(STATIC)) {
    // `export const x = "y"` is not an import: only a bare `import "x"` may lack `from`.
    if (match[0].startsWith("export") && !/\sfrom\s+["']/.test(match[0])) continue;
    found.push({ specifier: match[2]!, typeOnly: match[1] !== undefined, dynamic: false, line: lineAt(match.index) });
  }
  for (const match of source.matchAll(DYNAMIC)) {
    const start = source.lastIndexOf("\n", match.index) + 1;
    const before = source.slice(start, match.index);
    if (/^\s*(?:\*|\/\*|\/\/)/.test(before) || /\/\/|`[^`]*$/.test(before)) continue;
    const typeOnly = /typeof\s+$|:\s*$/.test(before);
    found.push({ specifier: match[1]!, typeOnly, dynamic: true, line: lineAt(match.index) });
  }
  return found;
}

/** {@link importsOf} for a file. */
export function importsOfFile(path: string): Import[] {
  return importsOf(readFileSync(path, "utf8"));
}
