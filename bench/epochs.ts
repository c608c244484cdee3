// One contender alone in its process, as Python's are: tsx bench/epochs.ts ENGINE MODEL STEPS EPOCHS prints milliseconds a step, a number an epoch,
// those from the first call of fit to its first step done, and the most memory in megabytes.
import { setBackend, setRandomSeed } from "@keras-ts/core";
import { backends } from "../examples/digits/backends.ts";
import { data, models } from "./models.ts";

const [engineName = "", modelName = "", steps = "", epochs = ""] = process.argv.slice(2);
const make = backends[engineName];
const model = models.find(({ name }) => name === modelName);
if (make === undefined || model === undefined) throw new Error(`no engine "${engineName}" or no model "${modelName}"`);

const engine = await make();
setBackend(engine);
setRandomSeed(1);
const net = model.build();
const { x, y } = data(model, Number(steps));
const one = data(model, 1);
const begin = performance.now();
await net.fit(one.x, one.y, { batchSize: model.batch, epochs: 1, verbose: 0 });
const first = performance.now() - begin;
const times: number[] = [];
for (let epoch = 0; epoch <= Number(epochs); epoch++) {
  const start = performance.now();
  await net.fit(x, y, { batchSize: model.batch, epochs: 1, verbose: 0 });
  if (epoch > 0) times.push((performance.now() - start) / Number(steps));
}
console.log(JSON.stringify({ times, first, peak: process.resourceUsage().maxRSS / 1000 }));
await engine.dispose?.();
process.exit(0);
