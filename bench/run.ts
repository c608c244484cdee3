// npm run bench [-- --quick] [-- --python]: whole fit steps of several models, as ratios in one run.
import { execFileSync } from "node:child_process";
import { parseArgs } from "node:util";
import { setBackend, setRandomSeed } from "@keras-ts/core";
import { backends } from "../examples/digits/backends.ts";
import { findPython } from "../tools/python.ts";
import { bundleSizes } from "./bundle.ts";
import { memoryFlat } from "./memory.ts";
import { type BenchModel, convnet, data, mlp, models } from "./models.ts";
import { pythonKeras, type StepTime, stepTime, tensorflowJs } from "./peers.ts";
import { sessionOverhead } from "./session.ts";

const { values: flags } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    python: { type: "boolean", default: false },
    only: { type: "string" },
  },
});
const epochs = flags.quick ? 2 : 5;
const wanted = (part: string): boolean => flags.only === undefined || flags.only.split(",").includes(part);

async function fitSteps(backend: string, model: BenchModel, steps: number, count: number): Promise<StepTime> {
  const engine = await (backends[backend] as () => Promise<Parameters<typeof setBackend>[0]>)();
  setBackend(engine);
  setRandomSeed(1);
  const net = model.build();
  const { x, y } = data(model, steps);
  const times: number[] = [];
  for (let epoch = 0; epoch <= count; epoch++) {
    const start = performance.now();
    await net.fit(x, y, { batchSize: model.batch, epochs: 1, verbose: 0 });
    if (epoch > 0) times.push(performance.now() - start);
  }
  await engine.dispose?.();
  return stepTime(times, steps);
}

const ms = (value: number): string => `${value < 10 ? value.toFixed(2) : value.toFixed(1)} ms`.padStart(10);
function row(name: string, time: StepTime | string, base?: StepTime): void {
  if (typeof time === "string") return console.log(`  ${name.padEnd(34)} ${time}`);
  const ratio = base === undefined ? "" : `   ${(time.best / base.best).toFixed(2)}x`;
  console.log(`  ${name.padEnd(34)} ${ms(time.best)} best ${ms(time.median)} median${ratio}`);
}

const commit = execFileSync("git", ["rev-parse", "--short", "HEAD"], { encoding: "utf8" }).trim();
console.log(
  `keras-ts at ${commit}, Node ${process.versions.node}, ${new Date().toISOString().slice(0, 10)}; ms per fit step, ratios to ours on ONNX\n`,
);

for (const model of models) {
  if (!wanted(model.name)) continue;
  const steps = flags.quick ? 20 : 60;
  console.log(`${model.name}, batch ${model.batch}`);
  const ours = await fitSteps("onnx", model, steps, epochs);
  row("keras-ts on onnxruntime-node", ours);
  row("keras-ts on onnxruntime-web (wasm)", await fitSteps("onnx-web", model, Math.min(steps, 10), 2), ours);
  row("keras-ts on TensorFlow.js (wasm)", await fitSteps("tfjs", model, Math.min(steps, 6), 1), ours);
  row("keras-ts on NumPy (native)", await fitSteps("numpy", model, Math.min(steps, 10), 1).catch(String), ours);
  if (model === mlp) row("TensorFlow.js layers (wasm)", await tensorflowJs(model, Math.min(steps, 10), 2), ours);
  if (model === convnet) row("TensorFlow.js layers (wasm)", "cannot train: no Conv2DBackpropFilter kernel");
  if (flags.python) {
    const python = findPython();
    for (const backend of ["jax", "tensorflow", "torch"]) {
      row(
        `Keras 3 on ${backend}`,
        python === undefined ? "not run: no Python side" : await pythonKeras(python, backend, model, steps, epochs),
        ours,
      );
    }
  }
  if (model === mlp && wanted("session")) {
    const { step, session } = await sessionOverhead(model, flags.quick ? 60 : 300);
    console.log(
      `  one step ${step.toFixed(3)} ms, session.run of the same program ${session.toFixed(3)} ms: ${((step / session - 1) * 100).toFixed(1)} % more`,
    );
  }
  console.log();
}

if (wanted("memory")) {
  console.log("memory of a small training run (RSS, live engine handles)");
  const steps = flags.quick ? 1000 : 5000;
  for (const backend of Object.keys(backends))
    console.log(`  ${backend.padEnd(12)} ${await memoryFlat(backend, steps)}`);
  console.log();
}

if (wanted("bundle")) {
  console.log("bundle of a one-layer model, minified and gzipped");
  for (const [name, bytes] of await bundleSizes()) console.log(`  ${name.padEnd(34)} ${(bytes / 1000).toFixed(1)} kB`);
}
process.exit(0);
