// From a CSV file to a trained model. Run: npx tsx --conditions=@keras-ts/source examples/csv-iris.ts
import { pathToFileURL } from "node:url";
import { input, layers, optimizers, Sequential, setRandomSeed } from "@keras-ts/core";
import { Dataset, readCsv } from "@keras-ts/data";

const file = new URL("../packages/data/src/fixtures/iris.csv", import.meta.url); // credit: see the README beside it
const header = ["sepalLength", "sepalWidth", "petalLength", "petalWidth", "species"];

/** Trains on four fifths of the flowers; gives the accuracy on the rest. */
export async function train(epochs: number, verbose: 0 | 1): Promise<number> {
  setRandomSeed(3);
  const table = await readCsv(file, { header, skipLines: 1 }); // the first line holds counts, not names
  const [known, unseen] = table.split(0.8, { seed: 3 });
  const batches = (await Dataset.fromTable(known, { target: "species" }))
    .shuffle(known.numRows, { seed: 3 })
    .batch(16)
    .prefetch();

  const model = new Sequential([
    input({ shape: [4] }),
    new layers.Dense({ units: 16, activation: "relu" }),
    new layers.Dense({ units: 3, activation: "softmax" }),
  ]);
  const optimizer = new optimizers.Adam({ learningRate: 0.01 });
  model.compile({ optimizer, loss: "sparse_categorical_crossentropy", metrics: ["accuracy"] });
  await model.fit(batches, undefined, { epochs, verbose });
  const { x, y } = unseen.toArrays({ target: "species" });
  const { accuracy = 0 } = await model.evaluate(x, y, { verbose: 0, returnDict: true });
  return accuracy;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  console.log(`accuracy on unseen flowers: ${(100 * (await train(30, 1))).toFixed(1)} %`);
}
