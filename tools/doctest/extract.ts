import { readFileSync } from "node:fs";
import { join } from "node:path";
import { display, files, isTest, packages, root } from "../lib/workspace.ts";

/** One example of the documentation. */
export interface Example {
  /** Where it stands, such as `README.md:12`. */
  readonly where: string;
  readonly code: string;
  /** `no-run`: only its types are checked. `no-check`: shown as wrong code, left alone by us. */
  readonly mode: "run" | "no-run" | "no-check";
  /** For docstrings: the package whose exports the example may use without importing them. */
  readonly implicit?: string;
}

/**
 * The ```ts blocks of a Markdown text. The info string may add `no-run` (types only, such as code for a browser),
 * `no-check` (wrong on purpose) or `continue` (goes on where the block before stopped).
 */
export function fromMarkdown(text: string, name: string): Example[] {
  const found: Example[] = [];
  for (const match of text.matchAll(/^( *)```(?:ts|typescript)\b([^\n]*)\n([\s\S]*?)^\1```/gm)) {
    const [, indent = "", info = "", body = ""] = match;
    const words = info.trim().split(/\s+/);
    const code = body.replace(new RegExp(`^${indent}`, "gm"), "");
    const line = text.slice(0, match.index).split("\n").length;
    const mode = words.includes("no-check") ? "no-check" : words.includes("no-run") ? "no-run" : "run";
    const previous = found.at(-1);
    if (words.includes("continue") && previous)
      found[found.length - 1] = { ...previous, code: `${previous.code}\n${code}` };
    else found.push({ where: `${name}:${line}`, code, mode });
  }
  return found;
}

/** The `@example` blocks of a source's docstrings, fenced or bare. */
export function fromSource(source: string, name: string, implicit: string): Example[] {
  const found: Example[] = [];
  for (const comment of source.matchAll(/\/\*\*[\s\S]*?\*\//g)) {
    const first = source.slice(0, comment.index).split("\n").length;
    const text = comment[0]
      .replace(/^\/\*\*/, "")
      .replace(/\s*\*\/$/, "")
      .replace(/^[ \t]*\*[ ]?/gm, "");
    for (const match of text.matchAll(/^[ \t]*@example\b([\s\S]*?)(?=^[ \t]*@\w|$(?![\s\S]))/gm)) {
      const line = first + text.slice(0, match.index).split("\n").length - 1;
      const body = match[1] ?? "";
      const fenced = fromMarkdown(body, name);
      const where = `${name}:${line}`;
      if (fenced.length) found.push(...fenced.map((example) => ({ ...example, where, implicit })));
      else if (body.trim()) found.push({ where, code: body.trim(), mode: "run", implicit });
    }
  }
  return found;
}

/** Every example of the READMEs, of `docs/` and of the packages' docstrings. */
export function examples(base: string = root): Example[] {
  const pages = files(base, (path) => path.endsWith(".md")).filter((path) =>
    /(^|\/)README\.md$|^docs\//.test(display(path, base)),
  );
  const found = pages.flatMap((path) => fromMarkdown(readFileSync(path, "utf8"), display(path, base)));
  for (const { folder, manifest } of packages(base)) {
    for (const path of files(join(folder, "src"), (file) => file.endsWith(".ts") && !isTest(file))) {
      found.push(...fromSource(readFileSync(path, "utf8"), display(path, base), manifest.name));
    }
  }
  return found.filter(({ mode }) => mode !== "no-check");
}
