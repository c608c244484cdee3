import { existsSync, readFileSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { display, files, root } from "./lib/workspace.ts";

/** Links of Markdown files to files or headings that do not exist. Links to the web are not followed. */
export function checkDocLinks(base: string = root): string[] {
  const problems: string[] = [];
  for (const path of files(base, (name) => name.endsWith(".md"))) {
    const text = withoutCode(readFileSync(path, "utf8"));
    for (const match of text.matchAll(/!?\[[^\]]*\]\(<?([^)\s>]+)>?(?:\s+"[^"]*")?\)|^\[[^\]]+\]:\s+(\S+)/gm)) {
      const link = match[1] ?? match[2] ?? "";
      if (/^[a-z][a-z0-9+.-]*:/i.test(link)) continue;
      const line = text.slice(0, match.index).split("\n").length;
      const [file = "", anchor] = link.split("#");
      const target = file === "" ? path : file.startsWith("/") ? join(base, file) : resolve(dirname(path), file);
      if (!existsSync(target)) problems.push(`${display(path, base)}:${line}: ${link} does not exist.`);
      else if (
        anchor &&
        statSync(target).isFile() &&
        target.endsWith(".md") &&
        !anchors(target).has(anchor.toLowerCase())
      ) {
        problems.push(`${display(path, base)}:${line}: ${file || "this page"} has no heading #${anchor}.`);
      }
    }
  }
  return problems;
}

/** The text with code blanked out, so that lines keep their numbers. */
function withoutCode(text: string): string {
  const blank = (code: string): string => code.replace(/[^\n]/g, " ");
  return text.replace(/^( *)(```+|~~~+)[^\n]*\n[\s\S]*?^\1\2 *$/gm, blank).replace(/`[^`\n]+`/g, blank);
}

/** Anchors of a page's headings, made as GitHub makes them. */
function anchors(path: string): Set<string> {
  const found = new Set<string>();
  const fenced = readFileSync(path, "utf8").replace(/^( *)(```+|~~~+)[^\n]*\n[\s\S]*?^\1\2 *$/gm, "");
  for (const [, title = ""] of fenced.matchAll(/^#{1,6}\s+(.+?)\s*#*$/gm)) {
    const plain = title.replace(/\[([^\]]*)\]\([^)]*\)/g, "$1").toLowerCase();
    const slug = plain.replace(/[^\p{L}\p{N}\s_-]/gu, "").replace(/\s/g, "-");
    let name = slug;
    for (let copy = 1; found.has(name); copy++) name = `${slug}-${copy}`;
    found.add(name);
  }
  for (const [, id = ""] of fenced.matchAll(/<a\s+(?:id|name)="([^"]+)"/g)) found.add(id.toLowerCase());
  return found;
}
