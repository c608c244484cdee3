import { input, layers, Sequential, setBackend, setRandomSeed, type Tensor } from "@keras-ts/core";
import { afterAll, describe, expect, test } from "vitest";
import { onnx } from "./index.ts";

const engines = await Promise.all((["node", "web"] as const).map((engine) => onnx({ engine, threads: 2 })));

describe.each(engines)("$name", (backend) => {
  afterAll(() => backend.dispose?.());

  test("a predictor has weights as constants, gives what predict gives, and leaves nothing behind", async () => {
    setBackend(backend);
    setRandomSeed(2);
    const model = new Sequential([
      input({ shape: [8, 8, 3] }),
      new layers.Conv2D({ filters: 4, kernelSize: 3, biasInitializer: "random_normal" }),
      new layers.BatchNormalization({ betaInitializer: "random_normal", movingMeanInitializer: "random_normal" }),
      new layers.ReLU(),
      new layers.GlobalAveragePooling2D(),
      new layers.Dense({ units: 2 }),
    ]);
    const x = {
      shape: [2, 8, 8, 3],
      dtype: "float32",
      data: Float32Array.from({ length: 384 }, (_, i) => Math.sin(i)),
    };
    const wanted = [...(await (await model.predict(x, { verbose: 0 })).data())].map(Number);
    const handles = backend.memory?.().handles;
    const explained = await backend.explain(async () => {
      const predict = await model.predictor();
      const found = [...(await (await predict(x)).data())].map(Number);
      found.forEach((value, i) => {
        expect(value).toBeCloseTo(wanted[i] as number, 5);
      });
      for (let i = 0; i < 10; i++) await predict(x);
      expect(backend.memory?.().handles).toBe(handles);
      predict.dispose();
      await expect(predict(x)).rejects.toThrow("must not be used after dispose");
    });
    const last = explained.programs.find(({ label }) => label.endsWith(".predictor"))?.steps.at(-1);
    // One input and no normalisation: a convolution with a bias, relu, a mean, a product.
    expect(last?.listing.split("\n")[0]?.match(/float32\[/g)).toHaveLength(1);
    expect(last?.counts).toMatchObject({ Conv: 1, Relu: 1 });
    for (const op of ["Mul", "Sqrt", "Sub", "Reciprocal"]) expect(last?.counts[op]).toBeUndefined();
  });

  test("normalisation goes into the convolution when predicting many samples", async () => {
    setBackend(backend);
    const model = new Sequential([
      input({ shape: [16, 16, 3] }),
      new layers.Conv2D({ filters: 4, kernelSize: 3 }),
      new layers.BatchNormalization({ betaInitializer: "random_normal", movingMeanInitializer: "random_normal" }),
    ]);
    const x = { shape: [4, 16, 16, 3], dtype: "float32", data: new Float32Array(3072).fill(0.3) };
    const { programs } = await backend.explain(async () => (await model.predict<Tensor>(x, { verbose: 0 })).data());
    const written = programs.find(({ label }) => label.endsWith("predictStep"))?.steps.at(-1)?.listing ?? "";
    expect(written).not.toMatch(/float32\[4,.*= Mul/);
    expect(written).toMatch(/= Mul/);
  });
});
