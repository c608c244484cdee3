import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { input, layers, optimizers, Sequential, setRandomSeed } from "@keras-ts/core";
import { expect, test } from "vitest";
import { Dataset, parseCsv, readCsv, streamCsv } from "./index.ts";

const iris = new URL("./fixtures/iris.csv", import.meta.url);
const header = ["sepalLength", "sepalWidth", "petalLength", "petalWidth", "species"];

test("types are inferred, or as given", async () => {
  const table = await parseCsv('a,b,c,d,e\n1,1.5,true,x,\n-2,2e3,FALSE,"y, ""z""",4\n');
  expect(table.types).toEqual({ a: "int32", b: "float32", c: "bool", d: "string", e: "float32" });
  expect(table.row(1)).toEqual({ a: -2, b: 2000, c: false, d: 'y, "z"', e: 4 });
  expect(table.column("e").values[0]).toBeNaN();
  expect(table.dropMissing().numRows).toBe(1);
  const given = await parseCsv("a,b\n1,2\n", { types: { a: "float32", b: "string" }, columns: ["b", "a"] });
  expect(String(given)).toBe("Table(1 rows: b string, a float32)");
});

test("missing values, comments, delimiters, line ends, marks, no header", async () => {
  const table = await parseCsv("\uFEFF# made by hand\r\na;b\r\n1;?\r\n\r\n?;2.5", {
    skipLines: 1,
    delimiter: ";",
    missingValues: ["?"],
    missing: 0,
  });
  expect([...table]).toEqual([
    { a: 1, b: 0 },
    { a: 0, b: 2.5 },
  ]);
  const bare = await parseCsv("1,2\n//no\n3,4", { header: false, comment: "//" });
  expect(bare.columnNames).toEqual(["column0", "column1"]);
  expect(bare.numRows).toBe(2);
});

test("chunks may end anywhere, also inside quotes", async () => {
  const text = `a,b\n${Array.from({ length: 30_000 }, (_, i) => `${i},"line ${i}\nand ""more"", 数"`).join("\n")}\n`;
  const bytes = new TextEncoder().encode(text);
  const chunks = Array.from({ length: Math.ceil(bytes.length / 1013) }, (_, i) =>
    bytes.subarray(i * 1013, (i + 1) * 1013),
  );
  const table = await readCsv(chunks);
  expect(table.numRows).toBe(30_000);
  expect(table.row(29_999)).toEqual({ a: 29_999, b: 'line 29999\nand "more", 数' });
});

test("files, packed files, blobs and responses", async () => {
  const folder = mkdtempSync(join(tmpdir(), "keras-ts-csv-"));
  const packed = join(folder, "iris.csv.gz");
  writeFileSync(packed, gzipSync(readFileSync(iris)));
  const blob = new Blob([readFileSync(iris)]);
  for (const source of [iris, packed, blob, new Response(blob)]) {
    expect((await readCsv(source, { header, skipLines: 1 })).numRows).toBe(150);
  }
});

test("a table is selected, split, encoded and made arrays", async () => {
  const table = await readCsv(iris, { header, skipLines: 1 });
  const { x, y } = table.toArrays({ target: "species" });
  expect([x.shape, x.dtype, y?.shape, y?.dtype]).toEqual([[150, 4], "float32", [150], "int32"]);
  expect(table.toArrays({ features: ["petalWidth"], target: ["sepalWidth", "species"] }).y?.shape).toEqual([150, 2]);
  const [train, rest] = table.split(0.8, { seed: 1 });
  expect([train.numRows, rest.numRows]).toEqual([120, 30]);
  expect([...train, ...rest].map((row) => JSON.stringify(row)).sort()).toEqual(
    [...table].map((row) => JSON.stringify(row)).sort(),
  );
  const [encoded, names] = (await parseCsv("k\ndog\ncat\ndog")).encode("k");
  expect([names, [...encoded.column("k").values]]).toEqual([
    ["cat", "dog"],
    [1, 0, 1],
  ]);
  expect(table.drop(["species"]).select(["petalWidth"]).slice(148).numRows).toBe(2);
});

test("streams rows, again for each epoch", async () => {
  const rows = streamCsv(iris, { header, skipLines: 1, inferFrom: 10 });
  expect(await rows.take(1).toArray()).toEqual([
    { sepalLength: 5.1, sepalWidth: 3.5, petalLength: 1.4, petalWidth: 0.2, species: 0 },
  ]);
  expect(await rows.toArray()).toHaveLength(150);
});

test("iris is learnt from a table", async () => {
  setRandomSeed(1);
  const table = await readCsv(iris, { header, skipLines: 1 });
  const [train, rest] = table.split(0.8, { seed: 1 });
  const model = new Sequential([
    input({ shape: [4] }),
    new layers.Dense({ units: 16, activation: "relu" }),
    new layers.Dense({ units: 3, activation: "softmax" }),
  ]);
  model.compile({
    optimizer: new optimizers.Adam({ learningRate: 0.01 }),
    loss: "sparse_categorical_crossentropy",
    metrics: ["accuracy"],
  });
  const batches = (await Dataset.fromTable(train, { target: "species" })).shuffle(120, { seed: 1 }).batch(8);
  await model.fit(batches, undefined, { epochs: 20, verbose: 0 });
  const { x, y } = rest.toArrays({ target: "species" });
  const { accuracy } = await model.evaluate(x, y, { verbose: 0, returnDict: true });
  expect(accuracy).toBeGreaterThan(0.85);
});

test("errors say what to do", async () => {
  const fails = (text: string, options: object, name: string): Promise<void> =>
    expect(parseCsv(text, options)).rejects.toThrowErrorMatchingSnapshot(name);
  await fails("a,b\n1,2\n3\n", {}, "ragged");
  await fails("", {}, "empty");
  await fails("a,b\n", {}, "header only");
  await fails("a,b\n1,2\n3,x\n", { types: { b: "float32" } }, "not a number");
  await fails("a\n1\n\n2.5\n", { types: { a: "int32" } }, "not whole");
  await fails("a\n3000000000\n", { types: { a: "int32" } }, "too large");
  await fails("a\nmaybe\n", { types: { a: "bool" } }, "not bool");
  await fails("a,a\n1,2\n", {}, "name twice");
  await fails("a,b\n1,2\n", { columns: ["c"] }, "no such column");
  await fails("a,b\n1,\n", { missing: "error" }, "missing refused");
  await fails("a,b\n1,\n", { types: { b: "int32" } }, "missing integer");
  await fails('a,b\n1,"2\n3,4\n', {}, "open quote");
  const table = await parseCsv("width,kind\n1,cat\n2,dog\n");
  expect(() => table.column("with")).toThrowErrorMatchingSnapshot("near name");
  expect(() => table.toArrays()).toThrowErrorMatchingSnapshot("text as numbers");
  expect(() => table.split(1.5)).toThrowErrorMatchingSnapshot("bad fraction");
  expect(() => table.encode("kind", ["cat"])).toThrowErrorMatchingSnapshot("vocabulary");
  await expect(readCsv("a,b\n1,2")).rejects.toThrow("Use parseCsv(text) for a text");
  await expect(readCsv(5 as never)).rejects.toThrowErrorMatchingSnapshot("no source");
});
