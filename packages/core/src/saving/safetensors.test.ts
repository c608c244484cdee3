import { expect, test } from "vitest";
import { arrayTypeOf, dtypes, type HostArray } from "../aval/index.ts";
import { ConfigError } from "../errors/index.ts";
import { readSafetensors, writeSafetensors } from "./safetensors.ts";

const kinds = dtypes.filter((dtype) => dtype !== "complex64");
const samples = Object.fromEntries(
  kinds.map((dtype): [string, HostArray] => [
    `a.${dtype}`,
    { shape: [1, 3], dtype, data: new (arrayTypeOf(dtype))([1, 0, 1]) },
  ]),
);

test("what is written is read back, and every array is aligned", () => {
  const bytes = writeSafetensors({ tensors: samples, metadata: { format: "keras-ts" } });
  const { tensors, metadata } = readSafetensors(bytes);
  expect({ ...tensors }).toEqual(samples);
  expect(metadata).toEqual({ format: "keras-ts" });
});

// Written out by hand from the format's description.
test("a file of another writer is read", () => {
  const header =
    '{"b":{"dtype":"BF16","shape":[1],"data_offsets":[8,10]},"i":{"dtype":"I64","shape":[],"data_offsets":[0,8]}}';
  const bytes = new Uint8Array([
    header.length,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    ...Buffer.from(header),
    7,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0x80,
    0x3f,
  ]);
  expect({ ...readSafetensors(bytes).tensors }).toEqual({
    i: { shape: [], dtype: "int32", data: Int32Array.of(7) },
    b: { shape: [1], dtype: "bfloat16", data: Float32Array.of(1) },
  });
});

const file = (header: unknown, data = 0): Uint8Array => {
  const text = Buffer.from(typeof header === "string" ? header : JSON.stringify(header));
  return new Uint8Array([text.length, 0, 0, 0, 0, 0, 0, 0, ...text, ...new Uint8Array(data)]);
};
const entry = (dtype: string, shape: unknown, start: number, end: number): unknown => ({
  dtype,
  shape,
  data_offsets: [start, end],
});

test.each([
  ["nothing", new Uint8Array(0)],
  ["another file", Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0)],
  ["a truncated header", file({ a: entry("F32", [1], 0, 4) }, 4).slice(0, 20)],
  ["truncated values", file({ a: entry("F32", [1], 0, 4) }, 2)],
  ["too many values", file({ a: entry("F32", [1], 0, 4) }, 6)],
  ["overlap", file({ a: entry("F32", [1], 0, 4), b: entry("F32", [1], 2, 6) }, 6)],
  ["a wrong size", file({ a: entry("F32", [2], 0, 4) }, 4)],
  ["an unknown dtype", file({ a: entry("F4", [2], 0, 1) }, 1)],
  ["a negative size", file({ a: entry("F32", [-1], 0, 4) }, 4)],
  ["no JSON", file("{oops")],
])("%s is refused with advice", (_, bytes) => {
  expect(() => readSafetensors(bytes)).toThrow(ConfigError);
  expect(() => readSafetensors(bytes)).toThrowErrorMatchingSnapshot();
});
