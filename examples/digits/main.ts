// The main job: a convolutional network learns real handwritten digits, is evaluated, saved, loaded again and drawn.
import { mkdir, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { parseArgs } from "node:util";
import { type Model, saving, setBackend, setRandomSeed, type Tensor } from "@keras-ts/core";
import type { Backend } from "@keras-ts/core/backend";
import { backends } from "./backends.ts";
import { loadDigits, splitDigits } from "./data.ts";
import { digitsModel } from "./model.ts";
import { confusionMatrix, confusionText, curveText, reportSvg, type Series } from "./plots.ts";

const HELP = `npm start -- [options]

Trains a small convolutional network on 1,437 handwritten digits and tests it on 360 others.

  --backend NAME   ${Object.keys(backends).join(" | ")}   (onnx)
  --epochs N       times through the training data   (15)
  --batch N        images per step   (32)
  --seed N         same seed, same weights and batches on every backend   (1)
  --out FOLDER     where digits.keras and digits.svg go   (out)
  --help           this text`;

interface Options {
  readonly backend: string;
  readonly epochs: number;
  readonly batch: number;
  readonly seed: number;
  readonly out: string;
}

function readOptions(args: readonly string[]): Options | string {
  const text = { type: "string" } as const;
  const { values } = parseArgs({
    args: [...args],
    options: {
      backend: { ...text, default: "onnx" },
      epochs: { ...text, default: "15" },
      batch: { ...text, default: "32" },
      seed: { ...text, default: "1" },
      out: { ...text, default: "out" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return HELP;
  if (!(values.backend in backends))
    throw new Error(`--backend must be one of ${Object.keys(backends).join(", ")}, got "${values.backend}".`);
  const whole = (name: "epochs" | "batch" | "seed", least: number): number => {
    const value = Number(values[name]);
    if (Number.isInteger(value) && value >= least) return value;
    throw new Error(`--${name} must be a whole number of at least ${least}, got "${values[name]}".`);
  };
  return {
    backend: values.backend,
    epochs: whole("epochs", 1),
    batch: whole("batch", 1),
    seed: whole("seed", 0),
    out: values.out,
  };
}

/** Most likely digit of each image. */
async function guesses(model: Model, images: unknown): Promise<{ digits: number[]; probabilities: Tensor }> {
  const probabilities = await model.predict(images, { verbose: 0 });
  const rows = (await probabilities.array()) as number[][];
  return { digits: rows.map((row) => row.indexOf(Math.max(...row))), probabilities };
}

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  if (typeof options === "string") return console.log(options);
  const { backend, epochs, batch, seed, out } = options;

  const engine = await (backends[backend] as () => Promise<Backend>)();
  setBackend(engine);
  setRandomSeed(seed);
  const { train, test } = splitDigits(await loadDigits());
  const model = digitsModel();
  model.summary();
  console.log(
    `\nTraining on ${train.labels.shape[0]} digits with ${engine.name}, seed ${seed}. Ctrl+C stops after the current step.\n`,
  );

  const controller = new AbortController();
  process.once("SIGINT", () => controller.abort(new Error("stopped by Ctrl+C")));
  const started = performance.now();
  const { history } = await model.fit(train.images, train.labels, {
    epochs,
    batchSize: batch,
    validationSplit: 0.1,
    signal: controller.signal,
  });
  const seconds = (performance.now() - started) / 1000;

  console.log("\nThe fifth of the digits that it never saw:");
  const scores = await model.evaluate(test.images, test.labels, { returnDict: true });
  const before = await guesses(model, test.images);
  const counts = confusionMatrix(test.labels.data, before.digits);
  const series: Series[] = [
    { name: "loss", values: history.loss ?? [], color: "#1f6fb4" },
    { name: "validation loss", values: history.val_loss ?? [], color: "#d1742a" },
  ];
  console.log(`\n${confusionText(counts)}\n\n${curveText(series)}\n`);

  await mkdir(out, { recursive: true });
  const file = join(out, "digits.keras");
  const picture = join(out, "digits.svg");
  const accuracy = scores.accuracy as number;
  await writeFile(
    picture,
    reportSvg(series, counts, `Digits on ${engine.name}: ${(accuracy * 100).toFixed(1)} % of unseen digits right`),
  );
  await model.save(file);
  const loaded = await saving.loadModel(file);
  const after = await guesses(loaded as Model, test.images);
  const [a, b] = [await before.probabilities.data(), await after.probabilities.data()];
  const apart = Array.from(a).reduce((most, value, i) => Math.max(most, Math.abs(value - (b[i] as number))), 0);
  if (apart !== 0) throw new Error(`The loaded model predicts differently, by up to ${apart}.`);

  console.log(
    `Test accuracy ${(accuracy * 100).toFixed(2)} %, ${epochs} epochs in ${seconds.toFixed(1)} s on ${engine.name}.`,
  );
  console.log(
    `Saved ${relative(".", file)}, loaded it into a new model: all ${a.length} predictions are equal. Picture: ${relative(".", picture)}`,
  );
  console.log(`
Open it in Python (pip install keras jax):
  KERAS_BACKEND=jax python3 -c "import keras; m = keras.saving.load_model('${file}'); m.summary()"`);
  await engine.dispose?.();
}

try {
  await main();
} catch (error) {
  console.error(`\n${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
