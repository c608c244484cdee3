import { expect, test } from "vitest";
import { planted } from "../lib/planted.ts";
import { expectValue } from "./expect-value.ts";
import { examples, fromMarkdown, fromSource } from "./extract.ts";
import { exportedNames, exportedTypes, program } from "./program.ts";

const fence = "```";

test("Markdown blocks are found with their line, mode and continuation", () => {
  const text = [
    "# Title",
    `${fence}ts`,
    "const a = 1;",
    fence,
    `${fence}ts continue`,
    "const b = a;",
    fence,
    `${fence}sh`,
    "npm start",
    fence,
    `${fence}ts no-run`,
    "document.title;",
    fence,
    `${fence}ts no-check`,
    "const c: string = 1;",
    fence,
  ].join("\n");
  expect(fromMarkdown(text, "a.md")).toEqual([
    { where: "a.md:2", code: "const a = 1;\n\nconst b = a;\n", mode: "run" },
    { where: "a.md:11", code: "document.title;\n", mode: "no-run" },
    { where: "a.md:14", code: "const c: string = 1;\n", mode: "no-check" },
  ]);
});

test("docstring examples are found, fenced or bare, and end at the next tag", () => {
  const source = [
    "const x = 1;",
    "/**",
    " * One.",
    " * @example",
    ` * ${fence}ts`,
    " * exp(x);",
    ` * ${fence}`,
    " * @throws never",
    " */",
    "/**",
    " * Two.",
    " * @example",
    " * log(x);",
    " * sin(x);",
    " */",
  ].join("\n");
  expect(fromSource(source, "a.ts", "@keras-ts/core")).toEqual([
    { where: "a.ts:4", code: "exp(x);\n", mode: "run", implicit: "@keras-ts/core" },
    { where: "a.ts:12", code: "log(x);\nsin(x);", mode: "run", implicit: "@keras-ts/core" },
  ]);
});

test("examples come from READMEs, docs and packages, not from other pages or tests", () => {
  const block = `${fence}ts\nf();\n${fence}\n`;
  const docstring = "/**\n * @example f();\n */\n";
  const base = planted({
    "README.md": block,
    "CONTRIBUTING.md": block,
    "docs/a.md": block,
    "packages/core/package.json": '{ "name": "@keras-ts/core" }',
    "packages/core/README.md": `${block}${fence}ts no-check\nbad(\n${fence}\n`,
    "packages/core/src/index.ts": docstring,
    "packages/core/src/index.test.ts": docstring,
  });
  expect(examples(base).map(({ where }) => where)).toEqual([
    "README.md:1",
    "docs/a.md:1",
    "packages/core/README.md:1",
    "packages/core/src/index.ts:2",
  ]);
});

test("docstrings get the imports that they left out, and nothing else", () => {
  const names = (): string[] => ["ops", "layers", "tensor", "Model"];
  const made = program(
    {
      where: "a.ts:1",
      code: "const Model = 1; // ops\nawait ops.exp(tensor([1])).array(); x.layers;",
      mode: "run",
      implicit: "@keras-ts/core",
    },
    names,
  );
  expect(made.split("\n")[0]).toBe('import { ops, tensor } from "@keras-ts/core";');
});

test("docstrings of internal functions import them from their own file", () => {
  const names = (from: string): string[] => (from === "packages/core/src/a.ts" ? ["inner"] : []);
  const made = program(
    { where: "packages/core/src/a.ts:9", code: "inner();", mode: "run", implicit: "@keras-ts/core" },
    names,
  );
  expect(made.split("\n")[0]).toBe('import { inner } from "../../../packages/core/src/a.ts";');
});

test("values in comments are checked, prose and declarations are not", () => {
  const made = program({
    where: "a.md:1",
    code: 'f(1); // [1, 2.5]\ng(); // prose\nconst a = 1; // 2\nh(\n  1, // 1\n);\nk() // "int16"',
    mode: "run",
  });
  expect(made.split("\n").slice(1, -2)).toEqual([
    '$shown(f(1), "[1, 2.5]");',
    "g(); // prose",
    "const a = 1; // 2",
    "h(",
    "  1, // 1",
    ");",
    '$shown(k(), "\\"int16\\"");',
  ]);
});

test("shown values agree to the digits shown", () => {
  expectValue(new Float32Array([1, Math.E]), "[1, 2.718]");
  expectValue({ loss: 0.12345 }, '{ "loss": 0.12 }');
  expect(() => expectValue([1, 2.72], "[1, 2.73]")).toThrow("the comment says [1, 2.73], got [1,2.72].");
  expect(() => expectValue([1], "[1, 2]")).toThrow("the comment says");
});

test("exported names are read from an entry point", () => {
  const base = planted({
    "packages/core/package.json": '{ "name": "@keras-ts/core" }',
    "packages/core/src/index.ts": [
      'export { a, b as c, type D } from "./a.ts";',
      'export type { E } from "./e.ts";',
      'export * from "./more.ts";',
      'export * as ops from "./ops/index.ts";',
      "export async function f(): Promise<void> {}",
      "export const g: number = 1;",
    ].join("\n"),
    "packages/core/src/more.ts": "export abstract class H {}\n",
  });
  expect(exportedNames("@keras-ts/core", base).sort()).toEqual(["H", "a", "c", "f", "g", "ops"]);
  expect(exportedTypes("@keras-ts/core", base).sort()).toEqual(["D", "E"]);
});
