// The engine that docs/writing-a-backend.md shows passes the corpus of primitives, as anyone's own must.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describeBackend } from "@keras-ts/conformance";
import type { Backend } from "@keras-ts/core/backend";
import { root } from "../lib/workspace.ts";
import { fromMarkdown } from "./extract.ts";

const page = "docs/writing-a-backend.md";
const code = fromMarkdown(readFileSync(join(root, page), "utf8"), page)[0]?.code ?? "";
const folder = join(root, ".cache", "doctest");
const path = join(folder, "backend-example.ts");
mkdirSync(folder, { recursive: true });
// All of it but its use at the end.
writeFileSync(path, `${code.slice(0, code.indexOf("import { setBackend"))}\nexport { lazy };\n`);
const { lazy } = (await import(/* @vite-ignore */ path)) as { readonly lazy: () => Backend };

describeBackend(`the example of ${page}`, lazy, { goldens: "none", trainingEpochs: 0 });
