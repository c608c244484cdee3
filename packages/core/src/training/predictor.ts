// A model's prediction as a program of its own, with the weights of one moment inside.
import type { Aval, HostArray } from "../aval/index.ts";
import {
  type Backend,
  compileGraph,
  type Executable,
  foldFactors,
  getBackend,
  graphPasses,
  partition,
  runOnHost,
} from "../backend/index.ts";
import { complain, StateError } from "../errors/index.ts";
import { Graph, literal, placeholder, rebuild, Tensor } from "../graph/index.ts";
import { readAll, type StateCell, type Traced, trace } from "../transforms/index.ts";
import * as tree from "../tree/index.ts";
import { hostArrays, mapHost } from "./batches.ts";
import type { StepTrainer } from "./step-trainer.ts";

/** What `model.predictor()` gives: a function from inputs to outputs. */
export interface Predictor<R = Tensor> {
  /** Outputs for one batch of any size, as `predict` gives them. Each size is compiled once. @throws StateError after `dispose`. */
  (x: unknown): Promise<R>;
  /** Frees its programs, and the weights in them. */
  dispose(): void;
}

interface Program {
  readonly executable: Executable<unknown>;
  readonly outputs: readonly Aval[];
  readonly structure: tree.Tree<unknown>;
}

/** @param example data to compile for at once */
export async function makePredictor<R>(model: StepTrainer, example: unknown): Promise<Predictor<R>> {
  const where = `${model.name}.predictor`;
  if (!model.flattenLayers().every((layer) => layer.built)) {
    const todo = "Start it with input({ shape }), or call it once, for example by model.predict(x)";
    throw new StateError(
      complain(where, { must: "the model must be built", got: "a model without weights yet", todo }),
    );
  }
  const engine = getBackend();
  const { variables } = model;
  const values = await readAll(variables.map((cell) => cell.tensor));
  const weights = new Map<StateCell, HostArray>(variables.map((cell, i) => [cell, values[i] as HostArray]));
  const programs = new Map<string, Promise<Program>>();
  let disposed = false;

  const call = async (x: unknown): Promise<R> => {
    if (disposed) {
      const todo = "Make another with model.predictor()";
      throw new StateError(complain(where, { must: "it must not be used after dispose()", got: "a call", todo }));
    }
    const data = (await hostArrays(where, x, undefined, undefined, undefined)).x;
    const inputs: HostArray[] = [];
    const shapes = mapHost(data, (a) => {
      inputs.push(a);
      return `${a.dtype}[${a.shape.join()}]`;
    });
    const key = JSON.stringify(shapes);
    const known = programs.get(key);
    const made = known ?? compile(model, engine, data, inputs, weights);
    if (known === undefined) {
      programs.set(key, made);
      made.catch(() => programs.delete(key));
    }
    const { executable, outputs, structure } = await made;
    const results = await runOnHost(engine, executable, inputs, outputs);
    return tree.packAs(structure, results.map(literal)) as R;
  };
  const dispose = (): void => {
    disposed = true;
    for (const program of programs.values()) {
      program.then(
        ({ executable }) => executable.dispose(),
        () => {},
      );
    }
    programs.clear();
    weights.clear();
  };
  const predictor = Object.assign(call, { dispose });
  if (example !== undefined) await predictor(example);
  return predictor;
}

async function compile(
  model: StepTrainer,
  engine: Backend,
  data: tree.Tree<HostArray>,
  inputs: readonly HostArray[],
  weights: ReadonlyMap<StateCell, HostArray>,
): Promise<Program> {
  const label = `${model.name}.predictor`;
  let structure: tree.Tree<unknown> = null;
  const traced = trace((...xs) => {
    let next = 0;
    structure = model.predictStep(mapHost(data, () => xs[next++] as Tensor)) as tree.Tree<unknown>;
    return tree.flatten(structure).filter((x): x is Tensor => x instanceof Tensor);
  }, inputs);
  const results = traced.graph.outputs.slice(0, traced.numResults);
  const numOpen = inputs.length;
  const folded = foldFactors(new Graph(traced.graph.inputs, results), numOpen);
  const { prepare, main } = partition(
    graphPasses.reduce((graph, { run }) => run(graph), folded),
    numOpen,
  );
  const before = await compileGraph(prepare, engine, { label: `${label} weights` });
  const kept = await runOnHost(engine, before, await knownOf(traced, weights), prepare.outputs);
  before.dispose();
  const open = main.inputs.slice(0, numOpen).map((x) => placeholder(x));
  const whole = new Graph(open, rebuild(main, [...open, ...kept.map(literal)]));
  return { executable: await compileGraph(whole, engine, { label }), outputs: whole.outputs, structure };
}

/** Values of what was read beside the arguments: weights as they were, all else as it is. */
async function knownOf(
  { reads, captures }: Traced,
  weights: ReadonlyMap<StateCell, HostArray>,
): Promise<readonly HostArray[]> {
  const others = reads.filter((cell) => !weights.has(cell));
  const values = await readAll([...others.map((cell) => cell.tensor), ...captures]);
  const now = new Map<StateCell, HostArray>(others.map((cell, i) => [cell, values[i] as HostArray]));
  return [...reads.map((cell) => (weights.get(cell) ?? now.get(cell)) as HostArray), ...values.slice(others.length)];
}
