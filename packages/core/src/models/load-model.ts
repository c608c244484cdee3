// Models from files. Source: keras/src/saving/saving_lib.py, `load_model`.
import { ConfigError, complain } from "../errors/index.ts";
import {
  type CustomObjects,
  deserializeKerasObject,
  isSerialized,
  type LoadContext,
  type SerializedObject,
  serializeKerasObject,
  withLoadContext,
  withSharedObjects,
} from "../registry/index.ts";
import {
  assignWeights,
  bytesOf,
  describeBytes,
  type FileSource,
  parsePythonJson,
  startsWith,
  unpackKerasFile,
} from "../saving/index.ts";
import { registerAll } from "./builtins.ts";
import { Model } from "./model.ts";

export interface LoadModelOptions {
  /** Classes and functions of your own, by the names in the file. */
  readonly customObjects?: CustomObjects;
  /** False to leave the model uncompiled; the file's optimizer state is then left out. */
  readonly compile?: boolean;
  /** As in Keras. Python code inside a file is never run here, so it makes no difference. */
  readonly safeMode?: boolean;
}

/**
 * The model in a `.keras` file, of this package or of Python's Keras 3: architecture, weights, and (if it was compiled) loss, metrics
 * and optimizer with its state, so that training goes on where it stopped.
 * @param source a path (where there are files), bytes, or a Blob
 * @throws ConfigError for another kind of file, a damaged one, or a class that is not known.
 * @example
 * const model = new Sequential([input({ shape: [2] }), new layers.Dense({ units: 1 })]);
 * const same = await saving.loadModel(await saving.modelToBytes(model));
 * same.countParams(); // 3
 */
export async function loadModel(source: FileSource, options: LoadModelOptions = {}): Promise<Model> {
  const bytes = await bytesOf("loadModel", source);
  requireKeras(bytes);
  const { config, weights } = await unpackKerasFile(bytes);
  const model = revive("loadModel", config, options);
  assignWeights(model, weights);
  return model;
}

/**
 * The model that a JSON text of `toJSON` (Keras' `to_json`) describes, with fresh weights.
 * @throws ConfigError if the text describes no model.
 */
export function modelFromJSON(json: string, options: LoadModelOptions = {}): Model {
  let config: unknown;
  try {
    config = parsePythonJson(json);
  } catch (cause) {
    const must = "the text must be JSON";
    throw new ConfigError(
      complain("modelFromJSON", { must, got: JSON.stringify(json.slice(0, 40)), todo: "Pass what toJSON gave" }),
      { cause },
    );
  }
  return revive("modelFromJSON", config, options);
}

/** A model of the same architecture with fresh weights, not compiled. Source: keras.models.clone_model. */
export function cloneModel(model: Model): Model {
  return revive(
    "cloneModel",
    withSharedObjects(() => serializeKerasObject(model)),
    { compile: false },
  );
}

function revive(where: string, config: unknown, { customObjects = {}, compile = true }: LoadModelOptions): Model {
  if (!isSerialized(config)) {
    const must = "it must describe a model: class_name and config";
    throw new ConfigError(complain(where, { must, got: describeJson(config), todo: "Save the model again" }));
  }
  registerAll();
  const context: LoadContext = { customObjects, compile, shared: new Map() };
  const serialized: SerializedObject = compile ? config : { ...config, compile_config: undefined };
  const model = withLoadContext(context, () => deserializeKerasObject(serialized, context));
  if (model instanceof Model) return model;
  const got = `an object of class ${serialized.class_name}`;
  throw new ConfigError(
    complain(where, {
      must: "it must describe a model",
      got,
      todo: "Load objects that are no models with deserializeKerasObject",
    }),
  );
}

const describeJson = (value: unknown): string =>
  typeof value === "object" && value !== null
    ? `an object with ${Object.keys(value).slice(0, 6).join(", ") || "no keys"}`
    : JSON.stringify(value);

function requireKeras(bytes: Uint8Array): void {
  if (startsWith(bytes, "PK")) return;
  const h5 = startsWith(bytes, "\x89HDF");
  const must = "it must be a .keras file";
  const todo = h5
    ? 'Whole models in the legacy format: load it in Python and save it with model.save("model.keras"). Weights alone: model.loadWeights'
    : "Give a file written by model.save";
  throw new ConfigError(complain("loadModel", { must, got: describeBytes(bytes), todo }));
}
