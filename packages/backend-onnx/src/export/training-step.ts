// A whole training step as a program for other runtimes: forward, loss, gradients, update, metrics.
import { KerasTensor, type Model, tree } from "@keras-ts/core";
import {
  ConfigError,
  complain,
  type HostArray,
  readAll,
  type Shape,
  type StateCell,
  StateError,
  type TrainingStepOptions,
  toCarrier,
} from "@keras-ts/core/backend";
import { traits } from "../composites.ts";
import type { GraphData, Initializer, NodeData } from "../proto.ts";
import { standalone } from "./compile-open.ts";
import { bytesOfHost, finished, labelOf, metadataOf, operatorsOf } from "./export-onnx.ts";
import { samples } from "./open-batch.ts";
import { Names } from "./rename.ts";
import { type Signature, signatureOf } from "./signature.ts";
import { moveWeights } from "./weights.ts";
import { type Artifact, writeArtifact } from "./write-model.ts";

/** What a variable is for. */
export type StateKind = "weight" | "state" | "optimizer" | "metric";

/** What is where in a training step, as the metadata `keras_training_step` of the file has it. */
export interface TrainingStepLayout {
  /** Names of inputs for a batch. */
  readonly inputs: readonly string[];
  readonly targets: readonly string[];
  /** Names of outputs that are not state; the running results of metrics. */
  readonly logs: readonly string[];
  /** Variables: the input that takes the value, the output that gives the next one (null if it stays), and what it is for. */
  readonly state: readonly { readonly input: string; readonly output: string | null; readonly kind: StateKind }[];
}

/**
 * Writes one step of `model.fit` as `step.onnx`, and a program that gives the state to start from as `step.start.onnx`;
 * `model.exportTrainingStep(path)` does the same.
 * @throws StateError before `compile`. @throws ConfigError if shapes are not known.
 */
export async function exportTrainingStep(
  model: Model,
  path: string,
  options: Omit<TrainingStepOptions, "format" | "verbose"> = {},
): Promise<void> {
  const where = `${model.name}.exportTrainingStep`;
  if (!model.compiled) {
    const todo = 'Call model.compile({ optimizer: "adam", loss: "mse" })';
    throw new StateError(complain(where, { must: "the model must be compiled", got: "an uncompiled model", todo }));
  }
  const { step, start } = await artifactsOf(where, model, options);
  await writeArtifact(where, path.replace(/\.onnx$/, ".start.onnx"), start, options.externalData);
  await writeArtifact(where, path, step, options.externalData);
}

async function artifactsOf(
  where: string,
  model: Model,
  options: TrainingStepOptions,
): Promise<{ readonly step: Artifact; readonly start: Artifact }> {
  const { batchSize = null } = options;
  if (batchSize !== null && (!Number.isInteger(batchSize) || batchSize < 1)) {
    const must = "batchSize must be a whole number from 1 up, or null for any";
    throw new ConfigError(complain(where, { must, got: String(batchSize), todo: "Use for example 32" }));
  }
  const operators = operatorsOf(where, options);
  const signature = signatureOf(where, model, options.inputSignature);
  const targets = options.targetSignature ?? guessTargets(where, model, signature);
  const sizes = batchSize === null ? samples : [batchSize];
  const steps = sizes.map((n) => model.traceTrainStep(signature.structure, targets, n));
  const { traced, names: logs } = steps[0] as (typeof steps)[number];
  model.resetMetrics();
  const { reads, writes, captures, numArguments } = traced;
  const values = await readAll([...reads.map((cell) => cell.tensor), ...captures]);
  const { program, valueInfo, weights } = await standalone(
    where,
    steps.map((step) => step.traced.graph),
    numArguments + reads.length,
    { labels: captures.map(() => "constant"), values: values.slice(reads.length) },
    { operators, todo: "Fix the number: batchSize: 32" },
  );

  const names = new Names();
  const numOpen = numArguments + reads.length;
  const arguments_ = program.inputs.slice(0, numArguments);
  const wanted = [...signature.inputNames, ...targetNames(model, targets)];
  const given = arguments_.map((value, i) => names.give(value, wanted[i] as string));
  const paths = reads.map((cell, i) => names.give(program.inputs[numArguments + i] as string, labelOf(cell)));
  const results = program.outputs.slice(0, logs.length).map((value, i) => names.give(value, logs[i] as string));
  const next = writes.map((cell, i) => names.give(program.outputs[logs.length + i] as string, `${labelOf(cell)}_next`));
  const kindOf = kinds(model);
  const state = reads.map((cell, i) => {
    const at = writes.indexOf(cell);
    return { input: paths[i] as string, output: at < 0 ? null : (next[at] as string), kind: kindOf(cell) };
  });
  const numInputs = signature.inputNames.length;
  const layout: TrainingStepLayout = {
    inputs: given.slice(0, numInputs),
    targets: given.slice(numInputs),
    logs: results,
    state,
  };

  const initial = new Map(program.initializers);
  const labels = new Map<string, string>();
  const constant = (name: string, at: { readonly shape: Shape; readonly data: Uint8Array }): Initializer => ({
    name,
    type: valueInfo(name).type,
    ...at,
  });
  weights.forEach(({ label, value }, i) => {
    const name = program.inputs[numOpen + i] as string;
    labels.set(name, label);
    initial.set(name, constant(name, { shape: value.shape, data: bytesOfHost(value) }));
  });
  const moved = moveWeights({ ...program, initializers: initial, inputs: program.inputs.slice(0, numOpen) }, labels);
  const step = finished(`${model.name}.trainStep`, { program: moved, valueInfo }, names, operators);
  const metadata = { ...(await metadataOf(model)), keras_training_step: JSON.stringify(layout) };
  const start = startOf(
    `${model.name}.start`,
    reads.map((_, i) => {
      const value = toCarrier(values[i] as HostArray, { name: "onnx export", dtypes: traits.dtypes });
      const { type } = valueInfo(program.inputs[numArguments + i] as string);
      return { name: paths[i] as string, type, shape: value.shape, data: bytesOfHost(value) };
    }),
  );
  return { step: { ...step, metadata }, start: { graph: start, opsets: { "": operators.opset }, metadata } };
}

/** A program without inputs that gives the state to start from, each variable under the name of the step's input. */
function startOf(name: string, state: readonly Initializer[]): GraphData {
  const constants = state.map((x) => ({ ...x, name: `${x.name}_start` }));
  const nodes = state.map(
    (x): NodeData => ({
      op: "Identity",
      domain: "",
      inputs: [`${x.name}_start`],
      outputs: [x.name],
      attributes: {},
      name: `start/${x.name}`,
    }),
  );
  const outputs = state.map(({ name: value, type, shape }) => ({ name: value, type, shape }));
  return { name, nodes, initializers: constants, inputs: [], outputs };
}

/** Names for targets: those of their outputs, `_target` after them. */
function targetNames(model: Model, targets: tree.Tree<KerasTensor>): string[] {
  return tree.flatten<KerasTensor>(targets).map((_, i) => `${model.outputNames?.[i] ?? `output_${i}`}_target`);
}

/** Targets of the shapes of outputs; for a sparse loss, integers without the axis of classes. */
function guessTargets(where: string, model: Model, { structure }: Signature): tree.Tree<KerasTensor> {
  const { functional } = model;
  const loss = model.compileOptions?.loss;
  const object = loss as { readonly constructor: { readonly className?: string } } | undefined | null;
  const name = typeof loss === "string" ? loss : object?.constructor.className;
  if (functional === undefined || structure === undefined || name === undefined) {
    const must = "the shapes of the targets must be given";
    const todo = 'Pass targetSignature: new KerasTensor([null, 1], { dtype: "float32" })';
    throw new ConfigError(complain(where, { must, got: "none", todo }));
  }
  const isSparse = /^sparse/i.test(name);
  return tree.map(functional.outputs, ({ shape }) =>
    isSparse ? new KerasTensor(shape.slice(0, -1), { dtype: "int32" }) : new KerasTensor(shape),
  );
}

function kinds(model: Model): (cell: StateCell) => StateKind {
  const weights = new Set<StateCell>(model.weights);
  const optimizer = new Set<StateCell>(model.optimizer.variables);
  const metrics = new Set<StateCell>(model.metricsVariables);
  return (cell) => {
    if (metrics.has(cell)) return "metric";
    if (optimizer.has(cell)) return "optimizer";
    return weights.has(cell) ? "weight" : "state";
  };
}
