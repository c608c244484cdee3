import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import type { HostArray } from "../aval/index.ts";
import { readWeightsH5, writeWeightsH5 } from "./h5.ts";
import { packKerasFile, unpackKerasFile } from "./keras-file.ts";

// What we write, opened by the real thing. Needs Python with keras 3.15.1, jax and h5py: CI makes that environment; on
// other machines the test says that it did not run.
const python = process.env.KERAS_TS_PYTHON ?? join(homedir(), ".cache/keras-ts/python/bin/python");
const present = existsSync(python);
if (!present) console.warn(`NOT RUN: files opened by real Keras (no Python at ${python}; set KERAS_TS_PYTHON)`);
const withPython = test.runIf(present);

const folder = mkdtempSync(join(tmpdir(), "keras-ts-python-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const fixture = (name: string): Uint8Array =>
  new Uint8Array(readFileSync(new URL(`fixtures/${name}`, import.meta.url)));

function run(script: string, ...args: string[]): unknown {
  const { status, stdout, stderr } = spawnSync(python, ["-c", script, ...args], {
    encoding: "utf8",
    env: { ...process.env, KERAS_BACKEND: "jax", JAX_PLATFORMS: "cpu" },
  });
  expect(status, stderr).toBe(0);
  return JSON.parse(stdout.trim().split("\n").at(-1) as string);
}

// Everything about a file that h5py can tell, but for the addresses of things.
const INTROSPECT = `
import sys, json, h5py, numpy as np
def look(path):
    raw = open(path, "rb").read(96)
    out = {"superblock": raw[8], "sizes": raw[13:15].hex(), "k": raw[16:20].hex()}
    def attrs(o):
        ids = [(k, o.attrs.get_id(k)) for k in sorted(o.attrs)]
        return [[k, str(o.attrs[k]), i.get_type().encode().hex(), i.get_space().encode().hex()] for k, i in ids]
    def visit(name, o):
        p = o.id.get_create_plist()
        if isinstance(o, h5py.Group):
            out[name] = ["group", attrs(o), p.get_link_creation_order()]
        else:
            out[name] = ["array", attrs(o), o.id.get_type().encode().hex(), o.id.get_space().encode().hex(), p.get_layout(),
                p.get_nfilters(), p.get_alloc_time(), p.get_fill_time(), p.fill_value_defined(), p.get_external_count(), np.array(o).tobytes().hex()]
    with h5py.File(path) as f:
        f.visititems(visit)
    return out
print(json.dumps([look(p) for p in sys.argv[1:]]))
`;

withPython.each(["tiny.weights.h5", "halves.weights.h5"])(
  "%s, written by us, is the file that Keras wrote",
  async (name) => {
    const ours = join(folder, name);
    const theirs = join(folder, `keras-${name}`);
    writeFileSync(theirs, fixture(name));
    writeFileSync(ours, writeWeightsH5(await readWeightsH5(fixture(name))));
    const [us, them] = run(INTROSPECT, ours, theirs) as [Record<string, unknown>, Record<string, unknown>];
    expect(Object.keys(us).length).toBeGreaterThan(6);
    expect(us).toEqual(them);
  },
);

withPython("booleans, 0-d and empty arrays, many groups: h5py reads each", () => {
  const scalar = (value: number): HostArray => ({ shape: [], dtype: "int32", data: Int32Array.of(value) });
  const path = join(folder, "many.weights.h5");
  const layers = Array.from({ length: 700 }, (_, i) => ({ path: `layers/d_${i}`, name: `ü${i}`, vars: [scalar(i)] }));
  const odd: HostArray[] = [
    { shape: [2], dtype: "bool", data: Uint8Array.of(1, 0) },
    { shape: [0, 3], dtype: "uint8", data: new Uint8Array(0) },
  ];
  const adam = { path: "optimizer", name: "adam", vars: Array.from({ length: 2000 }, (_, i) => scalar(i)) };
  writeFileSync(path, writeWeightsH5([...layers, adam, { path: "odd", name: "", vars: odd }]));
  const found = run(
    `
import sys, json, h5py
f = h5py.File(sys.argv[1])
print(json.dumps([
    all(f[f"layers/d_{i}/vars/0"][()] == i and f[f"layers/d_{i}/vars"].attrs["name"] == f"ü{i}" for i in range(700)),
    all(f[f"optimizer/vars/{i}"][()] == i for i in range(2000)), len(f["optimizer/vars"]), len(f["layers"]),
    f["odd/vars/0"][()].tolist(), str(f["odd/vars/0"].dtype), list(f["odd/vars/1"].shape)]))
`,
    path,
  );
  expect(found).toEqual([true, true, 2000, 700, [true, false], "bool", [0, 3]]);
});

withPython(
  "Keras loads our .keras file, optimizer and vocabulary included, and our .weights.h5 file",
  async () => {
    const paths = ["tiny.keras", "assets.keras", "tiny.weights.h5"].map((name) => join(folder, name));
    for (const [i, name] of ["tiny.keras", "assets.keras"].entries()) {
      const file = await unpackKerasFile(fixture(name));
      // Every weight is changed, so that a file which Keras quietly leaves unread is noticed.
      const weights = file.weights.map((group) => ({
        ...group,
        vars: group.vars.map((v) => (v.dtype === "float32" ? { ...v, data: v.data.map((x) => x + 1) } : v)),
      }));
      writeFileSync(paths[i] as string, packKerasFile({ ...file, weights }));
      if (i === 0) writeFileSync(paths[2] as string, writeWeightsH5(weights));
    }
    const found = run(
      `
import sys, json, keras, numpy as np
ours, words, weights = sys.argv[2:]
def values(model): return [v.numpy().tolist() for v in model.weights + model.optimizer.variables]
old = keras.saving.load_model(sys.argv[1])
expected = [(np.array(v) + (np.array(v).dtype.kind == "f")).tolist() for v in values(old)]
new = keras.saving.load_model(ours)
old.load_weights(weights)
vocabulary = keras.saving.load_model(words).layers[0].get_vocabulary()
print(json.dumps([values(new), values(old), expected, vocabulary, new.optimizer.iterations.numpy().tolist()]))
`,
      new URL("fixtures/tiny.keras", import.meta.url).pathname,
      ...paths,
    ) as [number[][], number[][], number[][], string[], number];
    const close = (a: unknown): unknown =>
      JSON.parse(JSON.stringify(a), (_, v) => (typeof v === "number" ? Number(v.toFixed(5)) : v));
    expect(close(found[0])).toEqual(close(found[2]));
    expect(close(found[1])).toEqual(close(found[2]));
    expect(found[3]).toEqual(["[UNK]", "b", "a"]);
    expect(found[4]).toBe(1);
  },
  60_000,
);
