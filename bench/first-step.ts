// One start in a process of its own: tsx bench/first-step.ts ENGINE MODEL [FOLDER] prints milliseconds from building the model until the
// first step of fit is done, with a cache of programs in the folder if there is one, and where the programs came from.

import { onnx } from "@keras-ts/backend-onnx";
import { setBackend, setRandomSeed } from "@keras-ts/core";
import { data, models } from "./models.ts";

const [engine = "", modelName = "", cache] = process.argv.slice(2);
const model = models.find(({ name }) => name === modelName);
if (model === undefined || (engine !== "node" && engine !== "web"))
  throw new Error(`no "${modelName}" or no "${engine}"`);

const backend = await onnx({ engine, ...(cache === undefined ? {} : { cache }) });
setBackend(backend);
setRandomSeed(1);
const { x, y } = data(model, 1);
const begin = performance.now();
await model.build().fit(x, y, { batchSize: model.batch, epochs: 1, verbose: 0 });
const first = performance.now() - begin;
const { compiled, fromCache } = backend.memory();
await backend.dispose?.();
console.log(JSON.stringify({ first, compiled, fromCache }));
process.exit(0);
