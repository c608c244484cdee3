import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { display, packages, root } from "../lib/workspace.ts";
import { shownValue } from "./expect-value.ts";
import type { Example } from "./extract.ts";

/** The names that an entry of a package, or a file, exports: read from its source without running it. */
export function exportedNames(from: string, base: string = root): string[] {
  const folder = packages(base).find(({ manifest }) => manifest.name === from)?.folder;
  const source = readFileSync(folder ? join(folder, "src", "index.ts") : join(base, from), "utf8");
  const names: string[] = [];
  for (const [, list = ""] of source.matchAll(/^export\s+\{([^}]*)\}/gm)) {
    for (const item of list.split(",")) {
      const name = /^(?:\w+\s+as\s+)?(\w+)$/.exec(item.trim())?.[1];
      if (name) names.push(name);
    }
  }
  for (const [, name = ""] of source.matchAll(/^export\s+\*\s+as\s+(\w+)/gm)) names.push(name);
  const declared = /^export\s+(?:const|(?:async\s+)?function\*?|(?:abstract\s+)?class)\s+(\w+)/gm;
  for (const [, name = ""] of source.matchAll(declared)) names.push(name);
  // `export * from "./errors/index.ts"`: what that file exports, by the same reading.
  for (const [, specifier = ""] of source.matchAll(/^export\s+\*\s+from\s+["'](\.[^"']+)["']/gm)) {
    const file = folder ? join(folder, "src", specifier) : join(base, dirname(from), specifier);
    if (existsSync(file)) names.push(...exportedNames(display(file, base), base));
  }
  return names;
}

/** The types that the same reading finds. */
export function exportedTypes(from: string, base: string = root): string[] {
  const folder = packages(base).find(({ manifest }) => manifest.name === from)?.folder;
  const path = folder ? join(folder, "src", "index.ts") : join(base, from);
  const source = existsSync(path) ? readFileSync(path, "utf8") : "";
  const listed = [...source.matchAll(/^export\s+\{([^}]*)\}/gm)].flatMap(([, list = ""]) =>
    [...list.matchAll(/\btype\s+(?:\w+\s+as\s+)?(\w+)/g)].map(([, name = ""]) => name),
  );
  const whole = [...source.matchAll(/^export\s+type\s+\{([^}]*)\}/gm)].flatMap(([, list = ""]) =>
    [...list.matchAll(/(?:\w+\s+as\s+)?(\w+)/g)].map(([, name = ""]) => name),
  );
  const declared = [...source.matchAll(/^export\s+(?:interface|type)\s+(\w+)/gm)].map(([, name = ""]) => name);
  return [...listed, ...whole, ...declared];
}

/**
 * A module that runs one example. Docstrings need not import what their own file, their package or core exports.
 * An expression with a JSON value in the comment behind it, as in `await x.array(); // [1, 2]`, must have that value.
 */
export function program(
  example: Example,
  namesOf: (from: string) => readonly string[] = exportedNames,
  typesOf: (from: string) => readonly string[] = exportedTypes,
): string {
  const { code, implicit, where } = example;
  const lines: string[] = [];
  if (implicit) {
    const taken = new Set<string>();
    const declared = code.replace(/\bextends\s+[\w.]+/g, "").replace(/\b(const|let)\s+(\w+)\s*:[^=;]+=/g, "$1 $2 =");
    for (const [name = ""] of declared.matchAll(/\b(?:const|let|class|function|import)\b[^=;(]*/g)) {
      for (const [word] of name.matchAll(/\w+/g)) taken.add(word);
    }
    const plain = code.replace(/\/\/.*$/gm, "").replace(/"[^"\n]*"|'[^'\n]*'/g, '""');
    const used = (name: string): boolean => new RegExp(`(?<![.\\w])${name}\\b(?!\\s*:)`).test(plain);
    const own = where.replace(/:\d+$/, "");
    for (const from of new Set([implicit, "@keras-ts/core", own])) {
      const names = namesOf(from).filter((name) => !taken.has(name) && used(name));
      for (const name of names) taken.add(name);
      const specifier = from === own ? `../../../${own}` : from;
      if (names.length) lines.push(`import { ${names.join(", ")} } from "${specifier}";`);
      const types = typesOf(from).filter((name) => !taken.has(name) && used(name));
      for (const name of types) taken.add(name);
      if (types.length) lines.push(`import type { ${types.join(", ")} } from "${specifier}";`);
    }
  }
  const checked = withChecks(code);
  if (checked !== code) lines.push('import { expectValue as $shown } from "../../../tools/doctest/expect-value.ts";');
  lines.push(checked, "export {};", "");
  return lines.join("\n");
}

/** Turns `expression; // value` into a check; leaves declarations, prose and the middle of statements alone. */
function withChecks(code: string): string {
  let before = ";";
  return code
    .split("\n")
    .map((line) => {
      const starts = /^\s*$|[;{}]\s*$|^\s*\/\//.test(before);
      const bare = line.replace(/\/\/.*$/, "").trimEnd();
      before = bare === "" ? line : bare;
      const match =
        /^(\s*)(?!const |let |import |export |return |if |for |while |throw |class |function |[})\].])(.+?);?\s*\/\/\s*(.+)$/.exec(
          line,
        );
      const shown = match && starts ? shownValue(match[3]!) : undefined;
      if (!match || shown === undefined) return line;
      before = ";";
      return `${match[1]}$shown(${match[2]}, ${JSON.stringify(shown)});`;
    })
    .join("\n");
}
