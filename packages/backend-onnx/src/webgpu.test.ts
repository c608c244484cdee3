import { DeviceLostError, Graph, OutOfMemoryError, primitives as p, placeholder } from "@keras-ts/core/backend";
import { describe, expect, test } from "vitest";
import { attempt } from "./attempt.ts";
import { emit } from "./emit.ts";
import { completeGpuBuild, LOST } from "./gpu-build.ts";
import { type InjectedOrt, onnx } from "./index.ts";
import type { OrtSessionOptions } from "./ort.ts";
import { nodesOnHost, onGpu, placesOf } from "./webgpu.ts";

const x = placeholder({ shape: [2, 3], dtype: "float32" });
const program = (y: typeof x): ReturnType<typeof emit> => emit(new Graph([x], [y]));

describe("a program on the graphics card", () => {
  test("names the operators that the CPU computes", () => {
    expect(nodesOnHost(program(p.mul(p.sin(x), 2))).map((name) => name.split("_")[0])).toEqual(["sin/Sin"]);
    expect(onGpu(program(p.tanh(x))).executionProviders).toEqual([{ name: "webgpu" }, "wasm"]);
  });

  test("draws random bits on the CPU, all of it", () => {
    const key = placeholder({ shape: [2], dtype: "uint32" });
    const drawn = emit(new Graph([key], [p.randomBits(key, { shape: [4], words: 1 })]));
    expect(nodesOnHost(drawn)).toEqual(drawn.nodes.filter(({ op }) => !/^Bit/.test(op)).map(({ name }) => name));
    expect(drawn.nodes.some(({ op }) => op === "BitwiseXor")).toBe(true);
  });

  test("that needs float64 is computed by the CPU", () => {
    expect(onGpu(program(p.lgamma(x))).executionProviders).toEqual(["wasm"]);
  });

  test("has short names where the list of them would be too long, and is computed by the CPU where it still is", () => {
    const sines = (count: number): typeof x => Array.from({ length: count }).reduce<typeof x>((y) => p.sin(y), x);
    const namesOf = (count: number): readonly string[] | undefined => {
      const { executionProviders: [first] = [], program: written } = onGpu(program(sines(count)));
      const forced = typeof first === "string" ? undefined : first?.forceCpuNodeNames;
      const named = new Set(written.nodes.map(({ name }) => name));
      expect(forced?.every((name) => named.has(name)) ?? true).toBe(true);
      return forced;
    };
    expect(namesOf(20)?.[0]).toMatch(/^sin\//);
    expect(namesOf(1000)?.length).toBe(1000);
    expect(namesOf(1000)?.join("\n").length).toBeLessThan(8192);
    expect(namesOf(4000)).toBeUndefined();
  });

  test("keeps counters on the host, and what is computed from them alone", () => {
    const count = placeholder({ shape: [], dtype: "int32" });
    const scale = p.tanh(p.cast(count, { dtype: "float32" }));
    const next = p.add(count, 1);
    const written = emit(new Graph([x, count], [p.mul(x, scale), next]));
    const [weights, counter] = written.outputs as readonly [string, string];
    const state = (input: number): Parameters<typeof placesOf>[1] => [[counter, written.inputs[input] ?? null]];
    const places = placesOf(written, state(1));
    expect(Object.keys(places.onCard)).toEqual([weights]);
    expect(places.kept.map((name) => name.split("/")[0]).sort()).toEqual(["add", "cast", "tanh"]);
    // What is no state may be anywhere.
    expect(Object.keys(placesOf(written, []).onCard)).toEqual([weights, counter]);
  });
});

describe("the WebGPU build", () => {
  const gpuOptions: OrtSessionOptions = { executionProviders: [{ name: "webgpu" }, "wasm"] };

  test("fails where the card is lost, and leaves sessions without it to the plain build", async () => {
    let lose = (_: { readonly message: string }): void => {};
    const lost = new Promise<{ readonly message: string }>((resolve) => {
      lose = resolve;
    });
    const build = (name: string): InjectedOrt =>
      ({
        Tensor: class {},
        InferenceSession: {
          create: async () => ({
            run: () => (name === "gpu" ? new Promise(() => {}) : Promise.resolve({})),
            release: async () => {},
          }),
        },
        env: { webgpu: { device: Promise.resolve({ lost }) } },
      }) as unknown as InjectedOrt;
    const { ort } = completeGpuBuild(build("gpu"), async () => build("plain"));
    const onCard = await ort.InferenceSession.create(new Uint8Array(), gpuOptions);
    const beside = await ort.InferenceSession.create(new Uint8Array(), { executionProviders: ["wasm"] });
    const run = onCard.run({}, {});
    lose({ message: "the driver was reset" });
    await expect(run).rejects.toMatchObject({ name: LOST, message: "the driver was reset" });
    await expect(beside.run({}, {})).resolves.toEqual({});
  });

  test("is not there in Node", async () => {
    await expect(onnx({ device: "webgpu" })).rejects.toThrow(
      'onnx: device "webgpu" must exist here, got no WebGPU. Use device "cpu", or another browser.',
    );
  });
});

describe("errors of ONNX Runtime", () => {
  const fails = (error: Error): Promise<unknown> => attempt("onnx", "program", () => Promise.reject(error));

  test("a lost device and missing memory have classes of their own", async () => {
    await expect(fails(Object.assign(new Error("gone."), { name: LOST }))).rejects.toThrow(DeviceLostError);
    await expect(fails(new Error("std::bad_alloc"))).rejects.toThrow(OutOfMemoryError);
    await expect(fails(new RangeError("Array buffer allocation failed"))).rejects.toThrow(OutOfMemoryError);
  });
});
