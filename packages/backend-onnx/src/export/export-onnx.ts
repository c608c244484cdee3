// Models as ONNX files for other runtimes.
import type { Model } from "@keras-ts/core";
import {
  ConfigError,
  complain,
  type ExportOptions,
  type HostArray,
  kerasVersion,
  readAll,
  type StateCell,
  type Tensor,
  type Traced,
  warnOnce,
} from "@keras-ts/core/backend";
import type { Operators } from "../builder.ts";
import type { ValueInfo } from "../proto.ts";
import { type Known, type Standalone, standalone } from "./compile-open.ts";
import { inlineModels } from "./inline-models.ts";
import { samples } from "./open-batch.ts";
import { Names } from "./rename.ts";
import { isOpen, type Signature, signatureOf, tracePrediction, withoutWrites } from "./signature.ts";
import { moveWeights } from "./weights.ts";
import { type Artifact, encode, writeArtifact } from "./write-model.ts";

/** Options of `exportOnnx`. */
export type OnnxExportOptions = Omit<ExportOptions, "format" | "verbose">;

/**
 * Writes what `model.predict` computes as a `.onnx` file: weights inside, inputs and outputs by their names, any number of samples.
 * Works whatever engine is in use. `model.export(path)` does the same.
 * @throws ConfigError if the model is not built, or a size other than the number of samples is open.
 * @throws BackendError if the number of samples cannot stay open.
 * @example
 * ```ts no-run
 * const model = new Sequential([input({ shape: [2] }), new layers.Dense({ units: 1 })]);
 * await exportOnnx(model, "model.onnx");
 * ```
 */
export async function exportOnnx(model: Model, path: string, options: OnnxExportOptions = {}): Promise<void> {
  const where = `${model.name}.export`;
  await writeArtifact(where, path, await artifactOf(where, model, options), options.externalData);
}

/** The bytes of the file that `exportOnnx` writes. @throws BackendError for weights of more than 2 GB. */
export async function onnxBytes(
  model: Model,
  options: Omit<OnnxExportOptions, "externalData"> = {},
): Promise<Uint8Array> {
  const where = "onnxBytes";
  const artifact = await artifactOf(where, model, options);
  return encode(where, artifact, { externalData: false, location: undefined }).model;
}

const OLDEST = 18;
const NEWEST = 21;

/** @throws ConfigError for a version that does not exist. */
export function operatorsOf(
  where: string,
  { opsetVersion, contribOps = false }: Pick<OnnxExportOptions, "opsetVersion" | "contribOps">,
): Operators {
  const version = opsetVersion ?? NEWEST;
  if (Number.isInteger(version) && version >= OLDEST && version <= NEWEST)
    return { opset: version, contrib: contribOps, models: [], mayRaise: opsetVersion === undefined };
  const must = `opsetVersion must be a whole number from ${OLDEST} to ${NEWEST}`;
  throw new ConfigError(complain(where, { must, got: String(version), todo: "Leave it out for the newest" }));
}

async function artifactOf(where: string, model: Model, options: OnnxExportOptions): Promise<Artifact> {
  const operators = operatorsOf(where, options);
  const signature = signatureOf(where, model, options.inputSignature);
  const sizes = isOpen(signature) ? samples : [1];
  const traces = sizes.map((n) => tracePrediction(model, signature, n));
  const first = traces[0] as Traced;
  if (carriesState(first))
    warnOnce(`"${model.name}" carries state from batch to batch: exported, it starts each time from the state of now.`);
  const known = await knownOf(first);
  const made = await standalone(where, traces.map(withoutWrites), first.numArguments, known, {
    operators,
    todo: "Fix the number: inputSignature: new KerasTensor([1, ...], { name })",
  });
  return { ...named(model.name, signature, made, operators), metadata: await metadataOf(model) };
}

/** True if results hang on something that a run changes. */
function carriesState(traced: Traced): boolean {
  const { graph } = traced;
  const used = new Set(withoutWrites(traced).nodes.flatMap((node) => node.inputs));
  const input = (cell: StateCell): number => traced.numArguments + traced.reads.indexOf(cell);
  return traced.writes.some((cell) => used.has(graph.inputs[input(cell)] as Tensor));
}

/** Values of what a traced function reads beside its arguments. */
async function knownOf({ reads, captures }: Traced): Promise<Known> {
  const labels = [...reads.map(labelOf), ...captures.map(() => "constant")];
  return { labels, values: await readAll([...reads.map((cell) => cell.tensor), ...captures]) };
}
/** What a variable is called. */
export const labelOf = (cell: StateCell): string => ("path" in cell ? String(cell.path) : "state");

/** The little-endian bytes of host values. */
export const bytesOfHost = ({ data }: HostArray): Uint8Array =>
  new Uint8Array(data.buffer, data.byteOffset, data.byteLength);

/** Weights become constants, and everything that people look at gets a name. */
function named(
  title: string,
  { inputNames, outputNames }: Signature,
  { program, valueInfo, weights }: Standalone,
  operators: Operators,
): Omit<Artifact, "metadata"> {
  const numOpen = program.inputs.length - weights.length;
  const labels = new Map<string, string>();
  const initializers = new Map(program.initializers);
  weights.forEach(({ label, value }, i) => {
    const name = program.inputs[numOpen + i] as string;
    labels.set(name, label);
    const { type } = valueInfo(name);
    initializers.set(name, { name, type, shape: value.shape, data: bytesOfHost(value) });
  });
  const whole = moveWeights({ ...program, initializers, inputs: program.inputs.slice(0, numOpen) }, labels);
  const names = new Names();
  whole.inputs.forEach((value, i) => void names.give(value, inputNames[i] as string));
  whole.outputs.forEach((value, i) => void names.give(value, outputNames?.[i] ?? `output_${i}`));
  for (const [value, label] of labels) if (whole.initializers.has(value)) names.give(value, label);
  return finished(title, { program: whole, valueInfo }, names, operators);
}

/** The program in its names, models from elsewhere in their places. */
export function finished(
  title: string,
  { program, valueInfo }: Pick<Standalone, "program" | "valueInfo">,
  names: Names,
  operators: Operators,
): Omit<Artifact, "metadata"> {
  const infoOf = (name: string): ValueInfo => ({ ...valueInfo(names.valueOf(name)), name });
  const merged = inlineModels(names.apply(program, valueInfo), operators, names, infoOf);
  const { program: whole, ...more } = merged;
  return { graph: { name: title, ...whole }, ...more };
}

/** What is written about the model beside its program. */
export async function metadataOf(model: Model): Promise<Record<string, string>> {
  const metadata: Record<string, string> = { model_name: model.name, keras_version: kerasVersion };
  try {
    metadata["keras_config"] = await model.toJSON();
  } catch (error) {
    // A subclass that has no config can be exported all the same.
    if (!(error instanceof ConfigError)) throw error;
  }
  return metadata;
}
