import { Layer } from "../layers/index.ts";
import { serializeKerasObject, withSharedObjects } from "../registry/index.ts";
import { type ExportOptions, exportModel, exportTrainingStep, type TrainingStepOptions } from "../saving/exporters.ts";
import type { FileSource, LoadWeightsOptions } from "../saving/index.ts";

// File formats are loaded when the first file is written or read, so that pages that never do so do not carry them.
const files = (): Promise<typeof import("../saving/index.ts")> => import("../saving/index.ts");

/** The file half of a model. */
export abstract class SavedLayer extends Layer {
  /** The JSON text of the architecture, as Keras' `to_json`. */
  async toJSON(): Promise<string> {
    const { stringifyPythonJson } = await files();
    return stringifyPythonJson(withSharedObjects(() => serializeKerasObject(this)));
  }
  /**
   * Writes architecture, weights and optimizer state to a `.keras` file, which Python's Keras loads as well. The path holds the old
   * file or the whole new one at every moment. In a page the file is offered as a download.
   * @throws ConfigError for another extension, or a part that cannot be saved.
   * @example
   * ```ts no-run
   * const model = new Sequential([input({ shape: [2] }), new layers.Dense({ units: 1 })]);
   * await model.save("digits.keras");
   * ```
   */
  async save(path: string): Promise<void> {
    const { saveModel } = await files();
    await saveModel(this, path);
  }
  /**
   * Writes what `predict` computes, weights and all, as a program for other runtimes. Any number of samples goes in at once.
   * @throws ConfigError for a format that no package brought (`onnx()` of "@keras-ts/backend-onnx" brings "onnx"), for a model without
   * known input shapes, or if the number of samples cannot be left open.
   * Source: keras.Model.export.
   * @example
   * ```ts no-run
   * const model = new Sequential([input({ shape: [2] }), new layers.Dense({ units: 1 })]);
   * await model.export("digits.onnx", { format: "onnx" });
   * ```
   */
  async export(filepath: string, options: ExportOptions = {}): Promise<void> {
    await exportModel(this, filepath, options);
  }
  /**
   * Writes one step of `fit` as a program for other runtimes: a batch and state in, logs and new state out. A second program,
   * `step.start.onnx` beside `step.onnx`, gives the state to start from: weights, slots of the optimizer and seeds as they are now,
   * metrics as at the start of an epoch. docs/export.md tells what is in the files, and how to train with them in Python.
   * @throws StateError before `compile`. @throws ConfigError as `export` does.
   * @example
   * ```ts no-run
   * const model = new Sequential([input({ shape: [2] }), new layers.Dense({ units: 1 })]);
   * model.compile({ optimizer: "adam", loss: "mse" });
   * await model.exportTrainingStep("step.onnx", { batchSize: 16 });
   * ```
   */
  async exportTrainingStep(filepath: string, options: TrainingStepOptions = {}): Promise<void> {
    await exportTrainingStep(this, filepath, options);
  }
  /** Writes the weights, and the optimizer's state, to a `.weights.h5` file. */
  async saveWeights(path: string): Promise<void> {
    const { saveWeights } = await files();
    await saveWeights(this, path);
  }
  /** Loads weights from a `.weights.h5` or `.keras` file (a path, bytes or a Blob). Files that do not fit change nothing. */
  async loadWeights(source: FileSource, options: LoadWeightsOptions = {}): Promise<void> {
    const { loadWeights } = await files();
    await loadWeights(this, source, options);
  }
}
