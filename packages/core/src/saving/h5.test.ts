import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import type { DType, HostArray, TypedArray } from "../aval/index.ts";
import { arrayTypeOf, dtypes } from "../aval/index.ts";
import { ConfigError } from "../errors/index.ts";
import { readWeightsH5, type WeightGroup, writeWeightsH5 } from "./h5.ts";

const fixture = (name: string): Uint8Array =>
  new Uint8Array(readFileSync(new URL(`fixtures/${name}`, import.meta.url)));
const f32 = (shape: number[], ...values: number[]): HostArray => ({
  shape,
  dtype: "float32",
  data: Float32Array.from(values),
});

type Expected = Record<string, { name?: string; shape?: number[]; dtype?: string; values?: number[] }>;
const expected = JSON.parse(readFileSync(new URL("fixtures/expected.json", import.meta.url), "utf8")) as Record<
  string,
  Expected
>;

function flat(groups: readonly WeightGroup[]): Expected {
  const out: Expected = {};
  for (const { path, name, vars } of groups) {
    const base = path === "" ? "vars" : `${path}/vars`;
    out[base] = { name };
    vars.forEach((v, i) => {
      out[`${base}/${i}`] = { shape: [...v.shape], dtype: v.dtype, values: Array.from(v.data) };
    });
  }
  return out;
}

test.each(["tiny.weights.h5", "halves.weights.h5"])("%s, made by Keras, is read as h5py reads it", async (name) => {
  const groups = await readWeightsH5(fixture(name));
  expect(flat(groups)).toEqual(expected[name]);
});

test("what is written is read back: every dtype, scalars, empty arrays, empty groups, names of any script", async () => {
  const sample = (dtype: DType): TypedArray => {
    const values = dtype === "bool" ? [0, 1, 1] : [0, 1, 100];
    return new (arrayTypeOf(dtype))(values);
  };
  const kinds = dtypes.filter((dtype) => dtype !== "complex64");
  const groups: WeightGroup[] = [
    { path: "", name: "root", vars: [] },
    { path: "layers/all", name: "größe 层", vars: kinds.map((dtype) => ({ shape: [3], dtype, data: sample(dtype) })) },
    { path: "layers/nothing", name: "", vars: [f32([0, 4])] },
    { path: "optimizer", name: "adam", vars: [f32([], 0.5)], named: { extra: f32([1, 1], -0) } },
  ];
  expect(await readWeightsH5(writeWeightsH5(groups))).toEqual(groups);
});

test("groups of any size: more members than one level of the B-tree holds", async () => {
  const vars = Array.from({ length: 9000 }, (_, i) => f32([], i));
  const [group] = await readWeightsH5(writeWeightsH5([{ path: "optimizer", name: "adam", vars }]));
  expect(group?.vars.map((v) => v.data[0])).toEqual(vars.map((v) => v.data[0]));
});

test("thousands of names fill several heaps of texts", async () => {
  const groups = Array.from({ length: 3000 }, (_, i) => ({
    path: `layers/l${String(i).padStart(4, "0")}`,
    name: i === 0 ? "x".repeat(9000) : `layer number ${i}`,
    vars: [],
  }));
  expect(await readWeightsH5(writeWeightsH5(groups))).toEqual(groups);
});

test("halves keep their exact bits", async () => {
  const halves = Float32Array.of(0, -0, 2 ** -24, 2 ** -14, 65504, Infinity, -Infinity, NaN, 1 / 3);
  for (const dtype of ["float16", "bfloat16"] as const) {
    const once = await readWeightsH5(
      writeWeightsH5([{ path: "", name: "m", vars: [{ shape: [9], dtype, data: halves }] }]),
    );
    const again = await readWeightsH5(writeWeightsH5(once));
    expect(again).toEqual(once);
    expect(once[0]?.vars[0]?.data.slice(0, 2)).toEqual(Float32Array.of(0, -0));
  }
});

test.each(["compressed.weights.h5", "latest.weights.h5"])(
  "%s, of another make, is read through h5wasm",
  async (name) => {
    const groups = await readWeightsH5(fixture(name));
    expect(groups).toEqual([{ path: "layers/dense", name: "dense", vars: [f32([2, 3], 0, 1, 2, 3, 4, 5)] }]);
  },
);

test("64-bit integers are narrowed, big-endian numbers turned round", async () => {
  const [group] = await readWeightsH5(fixture("wide.weights.h5"));
  expect(group?.vars[0]).toEqual({ shape: [2], dtype: "int32", data: Int32Array.of(1, -2) });
  expect(group?.vars[1]).toEqual(f32([2, 3], 0, 1, 2, 3, 4, 5));
});

const message = async (bytes: Uint8Array): Promise<string> => {
  try {
    await readWeightsH5(bytes);
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return (error as Error).message;
  }
  throw new Error("it was read");
};

test.each([
  ["soft-link.weights.h5", "soft link"],
  ["external-link.weights.h5", "a link to another file"],
  ["external-data.weights.h5", "an array whose values are in another file"],
  ["virtual.weights.h5", "a virtual array"],
  ["loop.weights.h5", "linked twice"],
  ["bomb.weights.h5", "4 TiB"],
  ["unwritten.weights.h5", "no values"],
  ["too-wide.weights.h5", "2147483648"],
  ["tiny-legacy.h5", "legacy .h5 format"],
])("%s is refused: %s", async (name, reason) => {
  const text = await message(fixture(name));
  expect(text).toContain(reason);
  expect(text).toMatchSnapshot();
});

test.each([
  ["nothing", new Uint8Array(0)],
  ["a PNG image", Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0)],
  ["a .keras file", fixture("tiny.keras").slice(0, 64)],
  ["text", new TextEncoder().encode("hello, this is no weights file at all")],
  ["a truncated file", fixture("tiny.weights.h5").slice(0, 15000)],
])("%s is refused with advice", async (_, bytes) => {
  expect(await message(bytes)).toMatchSnapshot();
});

test("a reader of a failed foreign file still reads the next one", async () => {
  const broken = fixture("compressed.weights.h5");
  broken.fill(0xff, 5000);
  await expect(readWeightsH5(broken)).rejects.toBeInstanceOf(ConfigError);
  expect(await readWeightsH5(fixture("latest.weights.h5"))).toHaveLength(1);
});

test("damage anywhere gives a ConfigError or other values, never a crash, a hang or an error of another kind", async () => {
  const whole = fixture("tiny.weights.h5");
  let state = 12345;
  for (let round = 0; round < 1500; round++) {
    const bytes = whole.slice();
    for (let flips = 0; flips < 3; flips++) {
      state = (Math.imul(state, 1103515245) + 12345) >>> 0;
      const at = state % bytes.length;
      state = (Math.imul(state, 1103515245) + 12345) >>> 0;
      bytes[at] = state >>> 24;
    }
    try {
      await readWeightsH5(bytes);
    } catch (error) {
      expect(error).toBeInstanceOf(ConfigError);
    }
  }
});

test("what cannot be written is refused", () => {
  const bad = (groups: WeightGroup[]) => () => writeWeightsH5(groups);
  expect(
    bad([
      { path: "a", name: "", vars: [] },
      { path: "a", name: "", vars: [] },
    ]),
  ).toThrowErrorMatchingInlineSnapshot(
    `[ConfigError: weights "a": every object must have its own path, got two with this one. Save each object once. [docs/errors.md#configerror]]`,
  );
  expect(bad([{ path: "a//b", name: "", vars: [] }])).toThrowErrorMatchingInlineSnapshot(
    `[ConfigError: weights "a//b": a path must be names joined by /, got "a//b". Name the parts of the model plainly. [docs/errors.md#configerror]]`,
  );
  expect(bad([{ path: "a", name: "", vars: [f32([2], 1)] }])).toThrowErrorMatchingInlineSnapshot(
    `[ConfigError: h5/a/vars/0: an array of shape [2] must have 2 values, got 1. Check the shape of this weight. [docs/errors.md#configerror]]`,
  );
  const complex: HostArray = { shape: [1], dtype: "complex64", data: new Float32Array(2) };
  expect(bad([{ path: "a", name: "", vars: [complex] }])).toThrowErrorMatchingInlineSnapshot(
    `[ConfigError: h5/a/vars/0: a weight file must hold booleans, integers or floats, got complex64. Save the real and imaginary parts as two weights. [docs/errors.md#configerror]]`,
  );
});
