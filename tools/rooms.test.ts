import { expect, test } from "vitest";
import { planted } from "./lib/planted.ts";
import { checkRooms, ROOMS } from "./rooms.ts";

const core = { "packages/core/package.json": '{ "name": "@keras-ts/core" }' };
const onnx = { "packages/backend-onnx/package.json": '{ "name": "@keras-ts/backend-onnx" }' };
const tfjs = { "packages/backend-tfjs/package.json": '{ "name": "@keras-ts/backend-tfjs" }' };
const conformance = { "packages/conformance/package.json": '{ "name": "@keras-ts/conformance" }' };

test("the order of rooms has no doubles", () => {
  expect(new Set(ROOMS).size).toBe(ROOMS.length);
  expect(ROOMS[0]).toBe("errors");
});

test("this repository keeps the rules", () => {
  expect(checkRooms()).toEqual([]);
});

test("imports of earlier rooms, and anything from entry points and tests, are fine", () => {
  const base = planted({
    ...core,
    "packages/core/src/errors/shape.ts": "export const a = 1;\n",
    "packages/core/src/ops/numpy.ts": 'import { a } from "../errors/shape.ts";\nexport const b = a;\n',
    "packages/core/src/errors/shape.test.ts": 'import { b } from "../ops/numpy.ts";\nexport const c = b;\n',
    "packages/core/src/index.ts": 'export { b } from "./ops/numpy.ts";\n',
  });
  expect(checkRooms(base)).toEqual([]);
});

test.each([
  ["a value", 'import { b } from "../ops/numpy.ts";\nexport const c = b;\n'],
  ["a type", 'import type { B } from "../ops/numpy.ts";\nexport type C = B;\n'],
  ["several lines", 'import {\n  a,\n  b,\n} from "../ops/numpy.ts";\nexport const c = a + b;\n'],
  ["a re-export", 'export * from "../ops/numpy.ts";\n'],
  ["a later load", 'export const load = () => import("../ops/numpy.ts");\n'],
])("an upward import of %s is found", (_, text) => {
  const base = planted({
    ...core,
    "packages/core/src/errors/shape.ts": text,
    "packages/core/src/ops/numpy.ts": "export const a = 1;\nexport const b = 2;\nexport type B = 2;\n",
  });
  const [problem, ...others] = checkRooms(base);
  expect(others).toEqual([]);
  expect(problem).toMatch(/^packages\/core\/src\/errors\/shape\.ts:1: room "errors" must not import from ops/);
});

test("importing the entry point from a room is found", () => {
  const base = planted({
    ...core,
    "packages/core/src/index.ts": "export const a = 1;\n",
    "packages/core/src/layers/dense.ts": 'import { a } from "../index.ts";\nexport const b = a;\n',
  });
  expect(checkRooms(base)).toEqual([expect.stringContaining('room "layers" must not import from the entry points')]);
});

test("a folder that is no room is found", () => {
  const base = planted({ ...core, "packages/core/src/helpers/all.ts": "export const a = 1;\n" });
  expect(checkRooms(base)).toEqual([expect.stringContaining('"helpers" is no room')]);
});

test("a cycle inside a room is found, one of types only is not", () => {
  const cycle = (word: string): Record<string, string> => ({
    ...core,
    "packages/core/src/ops/a.ts": `import ${word}{ b } from "./b.ts";\nexport const a = (): number => 1;\n`,
    "packages/core/src/ops/b.ts": `import ${word}{ c } from "./c.ts";\nexport const b = (): number => 1;\n`,
    "packages/core/src/ops/c.ts": `import ${word}{ a } from "./a.ts";\nexport const c = (): number => 1;\n`,
  });
  const folder = "packages/core/src/ops";
  expect(checkRooms(planted(cycle("")))).toEqual([
    `import cycle: ${folder}/a.ts -> ${folder}/b.ts -> ${folder}/c.ts -> ${folder}/a.ts`,
  ]);
  expect(checkRooms(planted(cycle("type ")))).toEqual([]);
});

test("packages that go sideways, up, or around their names are found", () => {
  const base = planted({
    ...core,
    ...tfjs,
    "packages/backend-onnx/package.json":
      '{ "name": "@keras-ts/backend-onnx", "dependencies": { "@keras-ts/backend-tfjs": "0.1.0" } }',
    "packages/core/src/ops/a.ts": 'import { onnx } from "@keras-ts/backend-onnx";\nexport const a = onnx;\n',
    "packages/backend-onnx/src/index.ts": 'import { a } from "../../core/src/ops/a.ts";\nexport const onnx = a;\n',
    "packages/backend-tfjs/src/index.ts": 'import { onnx } from "@keras-ts/backend-onnx";\nexport const b = onnx;\n',
  });
  expect(checkRooms(base)).toEqual([
    "packages/backend-onnx/package.json: backend-onnx must not have backend-tfjs in dependencies.",
    expect.stringContaining("packages/backend-onnx/src/index.ts:1: ../../core/src/ops/a.ts leaves the package"),
    expect.stringContaining("packages/backend-tfjs/src/index.ts:1: backend-tfjs must not import backend-onnx"),
    expect.stringContaining("packages/core/src/ops/a.ts:1: core must not import backend-onnx"),
  ]);
});

test("only tests import the conformance suite", () => {
  const text = 'import { describeBackend } from "@keras-ts/conformance";\nexport const a = describeBackend;\n';
  const base = planted({
    ...core,
    ...onnx,
    ...conformance,
    "packages/backend-onnx/src/conformance.test.ts": text,
    "packages/backend-onnx/src/index.ts": text,
  });
  expect(checkRooms(base)).toEqual([expect.stringContaining("packages/backend-onnx/src/index.ts:1")]);
});
