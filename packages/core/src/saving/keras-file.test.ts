import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { ConfigError } from "../errors/index.ts";
import { readWeightsH5 } from "./h5.ts";
import { kerasMetadata, packKerasFile, unpackKerasFile } from "./keras-file.ts";
import { parsePythonJson, stringifyPythonJson } from "./python-json.ts";
import { crc32, readZip, writeZip } from "./zip.ts";

const fixture = (name: string): Uint8Array =>
  new Uint8Array(readFileSync(new URL(`fixtures/${name}`, import.meta.url)));
const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const message = async (promise: Promise<unknown>): Promise<string> => {
  const error = await promise.then(
    () => new Error("it was read"),
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(ConfigError);
  return (error as Error).message;
};

test("a .keras file made by Keras is read, stored or deflated", async () => {
  const file = await unpackKerasFile(fixture("tiny.keras"));
  expect(file.metadata.keras_version).toBe("3.15.1");
  expect(file.config).toMatchObject({ class_name: "Sequential", config: { name: "tiny" } });
  expect(file.weights).toEqual(await readWeightsH5(fixture("tiny.weights.h5")));
  expect(await unpackKerasFile(fixture("tiny-deflated.keras"))).toEqual(file);
});

test("assets are found by their path", async () => {
  const { assets } = await unpackKerasFile(fixture("assets.keras"));
  const names = Object.keys(assets);
  expect(names).toEqual(["layers/string_lookup/vocabulary.txt"]);
});

test("pack and unpack are inverses, and equal models give equal bytes", async () => {
  const file = await unpackKerasFile(fixture("assets.keras"));
  const packed = packKerasFile({ ...file, config: { ...(file.config as object), limit: Number.POSITIVE_INFINITY } });
  const again = await unpackKerasFile(packed);
  expect(again).toEqual({ ...file, config: { ...(file.config as object), limit: Number.POSITIVE_INFINITY } });
  expect(packKerasFile(again)).toEqual(packed);
  expect([...(await readZip(packed)).keys()].slice(0, 3)).toEqual(["metadata.json", "config.json", "model.weights.h5"]);
});

test("the date is written as Keras writes it", () => {
  expect(kerasMetadata(new Date(2001, 1, 3, 4, 5, 6)).date_saved).toBe("2001-02-03@04:05:06");
});

test("JSON with Python's numbers", () => {
  const text = '{"a": NaN, "b": [-Infinity, Infinity, 1.5], "c": "NaN \\" Infinity"}';
  const value = parsePythonJson(text);
  expect(value).toEqual({ a: Number.NaN, b: [-Infinity, Infinity, 1.5], c: 'NaN " Infinity' });
  expect(parsePythonJson(stringifyPythonJson(value))).toEqual(value);
  expect(stringifyPythonJson(value)).toBe('{"a":NaN,"b":[-Infinity,Infinity,1.5],"c":"NaN \\" Infinity"}');
  // SGD refuses an integer momentum, Dense a float for units.
  expect(stringifyPythonJson({ momentum: 0, units: 2, rate: -0, epsilon: 1e-7, stddev: 1e21 })).toBe(
    '{"momentum":0.0,"units":2,"rate":-0.0,"epsilon":1e-7,"stddev":1e+21}',
  );
  expect(() => parsePythonJson("{Infinity: 1}")).toThrow(SyntaxError);
});

test("the checksum is CRC-32", () => {
  expect(crc32(bytesOf("123456789"))).toBe(0xcbf43926);
});

test.each([
  ["a legacy .h5 model", fixture("tiny-legacy.h5")],
  ["a PNG image", Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0)],
  ["an HTML page", bytesOf("<!DOCTYPE html><title>404</title>")],
  ["a Git LFS pointer", bytesOf("version https://git-lfs.github.com/spec/v1\n")],
  ["nothing", new Uint8Array(0)],
  ["a truncated file", fixture("tiny.keras").slice(0, 20000)],
  ["another zip archive", writeZip([{ name: "readme.txt", bytes: bytesOf("hi") }])],
  [
    "a model with npz weights",
    writeZip([
      { name: "config.json", bytes: bytesOf("{}") },
      { name: "model.weights.npz", bytes: bytesOf("") },
    ]),
  ],
  [
    "a broken config",
    writeZip([
      { name: "config.json", bytes: bytesOf("{oops") },
      { name: "model.weights.h5", bytes: fixture("tiny.weights.h5") },
    ]),
  ],
])("%s is refused with advice", async (_, bytes) => {
  expect(await message(unpackKerasFile(bytes))).toMatchSnapshot();
});

/** Puts `after` for `before`, of equal length, everywhere in an archive. */
function replaced(bytes: Uint8Array, before: string, after: string): Uint8Array {
  const text = Buffer.from(bytes).toString("latin1").replaceAll(before, after);
  return new Uint8Array(Buffer.from(text, "latin1"));
}

test.each(["../../evil", "/etc/passwd", "a\\..\\evi", "C:/windows/"])(
  "the name %s does not get in or out",
  async (name) => {
    expect(() => writeZip([{ name, bytes: bytesOf("") }])).toThrow(ConfigError);
    const honest = "x".repeat(name.length);
    const archive = replaced(writeZip([{ name: honest, bytes: bytesOf("") }]), honest, name);
    expect(await message(readZip(archive))).toContain("relative paths");
  },
);

test("two members of one name, two names for one member, damage and encryption are refused", async () => {
  const two = writeZip([
    { name: "aa", bytes: bytesOf("1") },
    { name: "bb", bytes: bytesOf("2") },
  ]);
  expect(await message(readZip(replaced(two, "bb", "aa")))).toContain("two members");
  const local = two.slice();
  local[30] = 0x63;
  expect(await message(readZip(local))).toContain("one name");
  const damaged = two.slice();
  damaged[32] = 0x39;
  expect(await message(readZip(damaged))).toContain("checksum");
  const encrypted = two.slice();
  encrypted[encrypted.lastIndexOf(0x50, encrypted.length - 23) + 8] = 1;
  expect(await message(readZip(encrypted))).toContain("encrypted");
});

test("a bomb is refused before it is unpacked", async () => {
  const archive = fixture("tiny-deflated.keras");
  const view = new DataView(archive.buffer);
  const end = archive.length - 22;
  const directory = view.getUint32(end + 16, true);
  view.setUint32(directory + 24, 0x7fffffff, true);
  expect(await message(readZip(archive))).toContain("at most 100 times");
});

test("damage anywhere gives a ConfigError or another text, never an error of another kind", async () => {
  const whole = fixture("tiny-deflated.keras");
  let state = 99;
  for (let round = 0; round < 500; round++) {
    const bytes = whole.slice();
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    bytes[(state >>> 8) % bytes.length] = state >>> 24;
    await unpackKerasFile(bytes).catch((error: unknown) => expect(error).toBeInstanceOf(ConfigError));
  }
});
