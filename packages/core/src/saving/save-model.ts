// Whole models and their weights as files. Source: keras/src/saving/saving_lib.py.
import { ConfigError, complain } from "../errors/index.ts";
import type { Layer } from "../layers/index.ts";
import { serializeKerasObject, withSharedObjects } from "../registry/index.ts";
import { readAll } from "../transforms/index.ts";
import { hasFiles, saveBlob, writeFileAtomic } from "./atomic-file.ts";
import { type WeightGroup, writeWeightsH5 } from "./h5.ts";
import { kerasMetadata, packKerasFile } from "./keras-file.ts";
import { savedObjects } from "./weights-tree.ts";

/** The values of all weights (and of the optimizer) as a file has them. Nothing may train meanwhile. */
export async function weightGroups(model: Layer): Promise<WeightGroup[]> {
  const objects = savedObjects(model);
  const values = await readAll(objects.flatMap(({ weights }) => weights.map((weight) => weight.read())));
  let next = 0;
  return objects.map(({ path, name, weights }) => {
    const vars = values.slice(next, next + weights.length);
    next += weights.length;
    return { path, name, vars };
  });
}

/** The JSON form of a model: class, config, shapes it was built with, how it was compiled. */
export const modelConfig = (model: Layer): unknown => withSharedObjects(() => serializeKerasObject(model));

/**
 * The bytes of a `.keras` file, which Python's Keras reads as well: config, weights, optimizer state.
 * @throws ConfigError if something in the model cannot be written to a config.
 * @example
 * const model = new Sequential([input({ shape: [2] }), new layers.Dense({ units: 1 })]);
 * const bytes = await saving.modelToBytes(model);
 */
export async function modelToBytes(model: Layer): Promise<Uint8Array> {
  const config = modelConfig(model); // first, so that a model that cannot be saved costs no reading
  return packKerasFile({ metadata: kerasMetadata(), config, weights: await weightGroups(model) });
}

/** The bytes of a `.weights.h5` file: the weights of a model, and its optimizer's state. */
export const weightsToBytes = async (model: Layer): Promise<Uint8Array> => writeWeightsH5(await weightGroups(model));

/**
 * Writes a model to a `.keras` file. The path holds the old file or the whole new one, never a part; in a page the file is offered
 * as a download instead.
 * @throws ConfigError for another extension, or a path that cannot be written.
 * @example
 * ```ts no-run
 * const model = new Sequential([input({ shape: [2] }), new layers.Dense({ units: 1 })]);
 * await saving.saveModel(model, "digits.keras");
 * ```
 */
export async function saveModel(model: Layer, path: string): Promise<void> {
  if (typeof path !== "string") return refuse(path, 'Name the file: save("model.keras")');
  if (path.endsWith(".weights.h5")) return refuse(path, 'Use model.saveWeights for weights, or name it "model.keras"');
  if (/\.(h5|hdf5)$/.test(path))
    return refuse(path, 'The legacy format is not written. Name it "model.keras", which Python reads too');
  if (!path.endsWith(".keras")) return refuse(path, 'Name it for example "model.keras"');
  await write(path, await modelToBytes(model));
}

/**
 * Writes the weights of a model, and its optimizer's state, to a `.weights.h5` file.
 * @throws ConfigError for another extension, or a path that cannot be written.
 * @example
 * ```ts no-run
 * const model = new Sequential([input({ shape: [2] }), new layers.Dense({ units: 1 })]);
 * await saving.saveWeights(model, "digits.weights.h5");
 * ```
 */
export async function saveWeights(model: Layer, path: string): Promise<void> {
  if (typeof path !== "string" || !path.endsWith(".weights.h5")) {
    const must = "the name of a file of weights must end in .weights.h5";
    throw new ConfigError(
      complain("saveWeights", { must, got: `"${path}"`, todo: 'Name it for example "model.weights.h5"' }),
    );
  }
  await write(path, await weightsToBytes(model));
}

async function write(path: string, bytes: Uint8Array): Promise<void> {
  if (hasFiles()) await writeFileAtomic(path, bytes);
  else saveBlob(path.slice(path.lastIndexOf("/") + 1), bytes);
}

function refuse(path: string, todo: string): never {
  throw new ConfigError(
    complain("save", { must: "the name of a model's file must end in .keras", got: `"${path}"`, todo }),
  );
}
