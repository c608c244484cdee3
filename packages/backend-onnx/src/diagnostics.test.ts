import { ops, setBackend, tensor } from "@keras-ts/core";
import { BackendError } from "@keras-ts/core/backend";
import { expect, test } from "vitest";
import { onnx } from "./index.ts";

test("explain: every step of the compiler, for the programs that an action runs", async () => {
  const backend = await onnx({ threads: 1, passes: { fold: false } });
  setBackend(backend);
  const x = tensor([
    [-1, 2],
    [3, -4],
  ]);
  const explained = await backend.explain(() =>
    ops.relu(ops.add(ops.transpose(ops.transpose(x)), ops.broadcastTo(1, [2, 2]))),
  );
  expect(explained.programs.length).toBe(1);
  const steps = explained.programs[0]?.steps ?? [];
  expect(steps.map(({ kind, name }) => `${kind} ${name}`)).toEqual([
    ..."recorded inline joinPads mergeScans hoistScans unroll broadcasts algebra factors scales pools common poolPhases layout draws"
      .split(" ")
      .map((name) => `graph ${name}`),
    ..."emit dropPlaces dropExpands normScales reluMasks nanRows transposedProducts productScales productBiases moveTransposes convBiases leadingSums splitTransposes"
      .split(" ")
      .map((name) => `onnx ${name}`),
  ]);
  expect(steps[0]?.counts).toMatchObject({ transpose: 2, relu: 1 });
  expect(steps.at(-1)?.counts).toEqual({ Add: 1, Relu: 1 });
  expect(`${explained}`).toMatch(/graph algebra .* -2 transpose/);
  expect(`${explained}`).toMatch(/runs: Add 1, Relu 1$/);
  expect(steps.at(-1)?.listing).toMatch(/= Relu\(.*\) {2}# relu/);
  await expect(backend.explain(() => 1)).rejects.toThrow(/explain: a program must run on this backend, got none/);
  await backend.dispose?.();
});

test("profile: a table by primitive, a trace and a picture", async () => {
  const backend = await onnx({ threads: 1, engine: "node", profile: true });
  setBackend(backend);
  const x = ops.reshape(ops.arange(40000, { dtype: "float32" }), [200, 200]);
  for (let i = 0; i < 3; i++) await ops.sum(ops.tanh(ops.matmul(x, x))).item();
  const profile = await backend.profile();
  const [program] = profile.programs.filter(({ runs }) => runs === 3);
  expect(program?.rows.map(({ primitive }) => primitive)).toEqual(
    expect.arrayContaining(["dotGeneral", "tanh", "reduceSum"]),
  );
  expect(program?.rows.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 5);
  expect(`${profile}`).toMatch(/dotGeneral +\d+\.\d\d +\d+\.\d % {2}MatMul/);
  const { traceEvents } = JSON.parse(profile.chromeTrace()) as { traceEvents: { name: string; ph: string }[] };
  expect(traceEvents.filter(({ name, ph }) => name === "tanh" && ph === "X").length).toBe(3);
  expect(profile.svg()).toMatch(/^<svg .*<text[^>]*>dotGeneral<\/text>.*<\/svg>\n$/s);
  await backend.dispose?.();
});

test("profile: only where it can be read", async () => {
  const backend = await onnx({ threads: 1 });
  await expect(backend.profile()).rejects.toThrow(BackendError);
  await backend.dispose?.();
  await expect(onnx({ engine: "web", profile: true })).rejects.toThrow(
    /profile needs onnxruntime-node, got engine "web"/,
  );
});
