// What goes into a model and comes out, for a program that others will call by names.
import { type KerasTensor, type Model, type Tensor, tree } from "@keras-ts/core";
import {
  type Aval,
  ConfigError,
  complain,
  Graph,
  type Shape,
  showShape,
  type Traced,
  trace,
} from "@keras-ts/core/backend";

/** The inputs of a model, flat and in their structure, and the names of its outputs. */
export interface Signature {
  readonly specs: readonly KerasTensor[];
  readonly structure: tree.Tree<KerasTensor>;
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[] | undefined;
}

/** @throws ConfigError if the model has no weights yet, or its input shapes are not known, or a size other than the first is open. */
export function signatureOf(
  where: string,
  model: Model,
  inputSignature: tree.Tree<KerasTensor> | undefined,
): Signature {
  if (!model.flattenLayers().every((layer) => layer.built)) {
    const todo = "Start it with input({ shape }), or call it once, for example by model.predict(x)";
    throw new ConfigError(
      complain(where, { must: "the model must be built", got: "a model without weights yet", todo }),
    );
  }
  const { functional } = model;
  const structure = inputSignature ?? functional?.inputs;
  if (structure === undefined) {
    const must = "the shapes of a subclassed model's inputs must be given";
    const todo = 'Pass inputSignature: new KerasTensor([null, 28, 28, 1], { name: "images" })';
    throw new ConfigError(complain(where, { must, got: "none", todo }));
  }
  const specs = tree.flatten<KerasTensor>(structure);
  const own = functional === undefined ? [] : tree.flatten<KerasTensor>(functional.inputs);
  if (functional !== undefined && own.length !== specs.length) {
    const must = `inputSignature must have ${own.length} inputs, as the model`;
    throw new ConfigError(complain(where, { must, got: String(specs.length), todo: "Give one KerasTensor for each" }));
  }
  const inputNames = specs.map((spec, i) => {
    const { history, name } = own[i] ?? spec;
    return history?.operation.name ?? name;
  });
  specs.forEach(({ shape }, i) => {
    if (!shape.slice(1).includes(null)) return;
    const must = "only the number of samples may stay open";
    const fixed = showShape(shape.map((n, axis) => (axis > 0 && n === null ? 32 : n)));
    const todo = `Fix the sizes: inputSignature: new KerasTensor(${fixed})`;
    throw new ConfigError(
      complain(where, { must, got: `input "${inputNames[i]}" of shape ${showShape(shape)}`, todo }),
    );
  });
  return { specs, structure, inputNames, outputNames: model.outputNames };
}

/** True if the number of samples is open. */
export const isOpen = ({ specs }: Signature): boolean => specs.some(({ shape }) => shape[0] === null);

/** Inputs with `samples` in the place of the open size. */
export const avalsOf = ({ specs }: Signature, samples: number): Aval[] =>
  specs.map(({ shape, dtype }) => ({ dtype, shape: shape.map((n) => n ?? samples) as Shape }));

/** The model's prediction as a graph: inputs are the arguments, then variables that it reads, then captured tensors. */
export function tracePrediction(model: Model, signature: Signature, samples: number): Traced {
  return trace(
    (...xs) => {
      const outputs = model.predictStep(tree.packAs(signature.structure, xs) as tree.Tree<Tensor>);
      return tree.flatten(outputs as tree.Tree<Tensor>);
    },
    avalsOf(signature, samples),
  );
}

/** The results alone: what it assigns stays as it is. */
export const withoutWrites = ({ graph, numResults }: Traced): Graph =>
  new Graph(graph.inputs, graph.outputs.slice(0, numResults));
