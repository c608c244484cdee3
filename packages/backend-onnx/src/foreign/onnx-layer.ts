import { type KerasTensor, Layer, type layers, type Tensor, tree } from "@keras-ts/core";
import { type Config, ConfigError, complain, describeBytes, isFloat, primitives as p } from "@keras-ts/core/backend";
import { syncFiles } from "./files.ts";
import { callForeign, type ForeignModel, typeOfValue } from "./foreign-model.ts";
import { type ForeignSignature, readSignature } from "./read-model.ts";

/** Options of `OnnxLayer`: one of `filepath` and `model` must be there. */
export interface OnnxLayerConfig extends layers.LayerConfig {
  /** The path of a `.onnx` file, read at once (in Node); a saved model keeps the path. */
  readonly filepath?: string | undefined;
  /** The bytes of the file, or their base64, which a saved model keeps. */
  readonly model?: Uint8Array | string | undefined;
  /** Shapes of outputs by name, where the file does not tell them; `null` for the number of samples. */
  readonly outputShapes?: Readonly<Record<string, readonly (number | null)[]>> | undefined;
}

/**
 * An existing ONNX model as a frozen layer, on the ONNX engine. One input is a tensor, several are an array in the file's order or an
 * object by name; one output is a tensor, several are an object by name. Shapes come from the file. int64 and float64 are int32 and float32
 * outside. It has no weights, and no gradient goes through it: training layers before it is an error.
 * Exported, it is a part of the file.
 * To load a model with it pass `customObjects: { OnnxLayer }`.
 * @throws ConfigError if the file cannot be read or is no ONNX model. @throws BackendError on another engine.
 * Source: keras.layers.TFSMLayer, which does the same for SavedModels.
 * @example
 * ```ts no-run
 * const model = new Sequential([input({ shape: [224, 224, 3] }), new OnnxLayer({ filepath: "backbone.onnx" }), new layers.Dense({ units: 2 })]);
 * ```
 */
export class OnnxLayer extends Layer {
  static override readonly className: string = "OnnxLayer";
  readonly filepath: string | undefined;
  readonly #config: Pick<OnnxLayerConfig, "model" | "outputShapes">;
  readonly #model: () => ForeignModel;

  constructor({ filepath, model, outputShapes, ...config }: OnnxLayerConfig) {
    super({ ...config, trainable: false });
    this.filepath = filepath ?? undefined;
    this.#config = { model, outputShapes };
    const where = `OnnxLayer "${this.name}"`;
    const bytes = bytesOf(where, this.filepath, model);
    const found: ForeignModel = {
      ...signatureOf(where, bytes),
      where,
      label: this.name,
      path: this.filepath,
      bytes,
      outputShapes: outputShapes ?? {},
    };
    for (const value of [...found.inputs, ...found.outputs]) typeOfValue(found, value);
    this.#model = () => found;
    this.buildAtInit();
  }

  /** False: `fit` runs each step by itself, since a model from elsewhere cannot be part of a loop inside of a program. */
  override get runsInLoops(): boolean {
    return false;
  }

  override call(inputs: tree.Tree<Tensor>): unknown {
    const model = this.#model();
    const given = inOrder(model, inputs);
    const ready = given.map((x, i) => {
      const { dtype } = typeOfValue(model, model.inputs[i] as (typeof model.inputs)[number]);
      return x.dtype === dtype ? x : p.cast(x, { dtype });
    });
    const results = callForeign(this.#model, ready).map((y) =>
      isFloat(y.dtype) && y.dtype !== this.computeDtype ? p.cast(y, { dtype: this.computeDtype as "float32" }) : y,
    );
    if (results.length === 1) return results[0];
    return Object.fromEntries(model.outputs.map(({ name }, i) => [name, results[i]]));
  }

  override getConfig(): Config {
    const { model, outputShapes } = this.#config;
    const text = model instanceof Uint8Array ? toBase64(model) : model;
    return {
      ...super.getConfig(),
      ...(this.filepath === undefined ? { model: text } : { filepath: this.filepath }),
      ...(outputShapes === undefined ? {} : { outputShapes }),
    };
  }
}

function inOrder({ where, inputs: wanted }: ForeignModel, inputs: tree.Tree<Tensor | KerasTensor>): Tensor[] {
  const isNamed = tree.isBranch(inputs) && !Array.isArray(inputs);
  const given = isNamed
    ? wanted.map(({ name }) => (inputs as Readonly<Record<string, Tensor>>)[name])
    : tree.flatten(inputs);
  if (given.length === wanted.length && given.every((x) => x !== undefined)) return given as Tensor[];
  const must = `there must be ${wanted.length} inputs: ${wanted.map(({ name }) => name).join(", ")}`;
  const got = isNamed ? Object.keys(inputs).join(", ") : String(given.length);
  throw new ConfigError(complain(where, { must, got, todo: "Pass them by name, or as an array in this order" }));
}

function bytesOf(
  where: string,
  filepath: string | undefined,
  model: Uint8Array | string | null | undefined,
): Uint8Array {
  if (model instanceof Uint8Array) return model;
  if (typeof model === "string") return Uint8Array.from(atob(model), (c) => c.charCodeAt(0));
  const must = "there must be a filepath that can be read, or the bytes of a model";
  if (filepath === undefined) {
    const todo = 'Pass filepath: "model.onnx", or model: bytes';
    throw new ConfigError(complain(where, { must, got: "neither", todo }));
  }
  const files = syncFiles();
  if (files === undefined) {
    const todo = "Fetch the file and pass model: bytes";
    throw new ConfigError(complain(where, { must, got: `"${filepath}" where there are no files`, todo }));
  }
  try {
    return new Uint8Array(files.readFileSync(filepath));
  } catch (cause) {
    const got = `"${filepath}": ${cause instanceof Error ? cause.message : cause}`;
    throw new ConfigError(complain(where, { must, got, todo: "Check the path" }), { cause });
  }
}

function signatureOf(where: string, bytes: Uint8Array): ForeignSignature {
  try {
    return readSignature(bytes);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    const got = `${describeBytes(bytes)}: ${why}`;
    const todo = "Check the file; a download may have been cut short";
    throw new ConfigError(complain(where, { must: "the file must be a whole ONNX model", got, todo }), { cause });
  }
}

function toBase64(bytes: Uint8Array): string {
  let text = "";
  for (let i = 0; i < bytes.length; i += 8192) text += String.fromCharCode(...bytes.subarray(i, i + 8192));
  return btoa(text);
}
