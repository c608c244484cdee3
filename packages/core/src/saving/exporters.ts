// Formats for inference elsewhere. Packages of engines bring them; core knows only their names.
import { ConfigError, complain } from "../errors/index.ts";
import type { Layer } from "../layers/index.ts";
import type { KerasTensor } from "../ops/index.ts";
import { checkNames } from "../registry/index.ts";
import type { Tree } from "../tree/index.ts";

/** Options of `model.export`. */
export interface ExportOptions {
  /** The name of a format that a package brought; `"onnx"` by default. */
  readonly format?: string;
  /** Whether to tell where the file is; true by default. */
  readonly verbose?: boolean;
  /** Shapes, dtypes and names of the inputs, in their structure; by default those of the model. Only the first size may be `null`. */
  readonly inputSignature?: Tree<KerasTensor>;
  /** ONNX: the operator set, 18 to 21; 21 by default. */
  readonly opsetVersion?: number;
  /** ONNX: weights in a second file, `<name>.data`; by default only if one file would be larger than 2 GB, which is the most it can be. */
  readonly externalData?: boolean;
  /** ONNX: true to let operators in that ONNX Runtime has beside the standard ones, and other runtimes do not. */
  readonly contribOps?: boolean;
}
const known: Readonly<Record<keyof ExportOptions, true>> = {
  format: true,
  verbose: true,
  inputSignature: true,
  opsetVersion: true,
  externalData: true,
  contribOps: true,
};

/** Options of `model.exportTrainingStep`. */
export interface TrainingStepOptions extends Omit<ExportOptions, "inputSignature"> {
  /** Samples in a batch; `null`, any number, by default, which not every step allows. */
  readonly batchSize?: number | null;
  /** Shapes, dtypes and names of the inputs, in their structure; by default those of the model. */
  readonly inputSignature?: Tree<KerasTensor>;
  /** The same of the targets; by default as the outputs are, or integers without the last axis for sparse losses. */
  readonly targetSignature?: Tree<KerasTensor>;
}

/** Writes models, and steps of their training, in one format. */
export interface Exporter {
  model(model: Layer, filepath: string, options: ExportOptions): Promise<void>;
  trainingStep(model: Layer, filepath: string, options: TrainingStepOptions): Promise<void>;
}

const exporters = new Map<string, Exporter>();

/** Makes `model.export(path, { format })` write that format with `exporter`. */
export function registerExporter(format: string, exporter: Exporter): void {
  exporters.set(format, exporter);
}

/** Writes a model for use elsewhere. @throws ConfigError for options or a format that do not exist. */
export async function exportModel(model: Layer, filepath: string, options: ExportOptions): Promise<void> {
  const exporter = exporterFor(`${model.name}.export`, filepath, options, Object.keys(known));
  await exporter.model(model, filepath, options);
  tell(model, filepath, options);
}

/** Writes a training step for use elsewhere. @throws ConfigError for options or a format that do not exist. */
export async function exportTrainingStep(model: Layer, filepath: string, options: TrainingStepOptions): Promise<void> {
  const names = [...Object.keys(known), "batchSize", "targetSignature"];
  const exporter = exporterFor(`${model.name}.exportTrainingStep`, filepath, options, names);
  await exporter.trainingStep(model, filepath, options);
  tell(model, filepath, options);
}

function exporterFor(where: string, filepath: string, options: ExportOptions, names: readonly string[]): Exporter {
  checkNames(where, options, names);
  const { format = "onnx" } = options;
  const exporter = exporters.get(format);
  if (exporter === undefined) {
    const must = `the format must be one that a package has brought (${[...exporters.keys()].join(", ") || "none so far"})`;
    const todo =
      format === "onnx"
        ? 'Create the engine, await onnx(), or call enableOnnxExport() of "@keras-ts/backend-onnx" to stay on another one'
        : 'Use format: "onnx"';
    throw new ConfigError(complain(where, { must, got: `"${format}"`, todo }));
  }
  if (typeof filepath === "string") return exporter;
  const todo = 'Name the file: export("model.onnx")';
  throw new ConfigError(complain(where, { must: "the path must be a string", got: typeof filepath, todo }));
}

function tell(model: Layer, filepath: string, { verbose = true }: ExportOptions): void {
  if (verbose) console.log(`${model.name} is exported to ${filepath}`);
}
