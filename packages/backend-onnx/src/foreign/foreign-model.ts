// An existing ONNX model as one node of a graph. It runs as a session of its own, whatever operator sets it needs.
import {
  type Aval,
  apply,
  BackendError,
  complain,
  type Definition,
  type DType,
  type Shape,
  ShapeError,
  StateError,
  showShape,
  type Tensor,
} from "@keras-ts/core/backend";
import type { ForeignSignature, ForeignValue, Size } from "./read-model.ts";

/** A model that came from elsewhere. */
export interface ForeignModel extends ForeignSignature {
  /** Who complains: the layer. */
  readonly where: string;
  /** The name of the layer. */
  readonly label: string;
  /** What sessions are made of: the path if there is one, for weights in files beside it. */
  readonly path: string | undefined;
  readonly bytes: Uint8Array;
  /** Sizes of outputs that the file does not tell; `null` for the number of samples. */
  readonly outputShapes: Readonly<Record<string, readonly (number | null)[]>>;
}

/** The dtype in which a value of an element type of onnx.proto travels here, and its name in ONNX Runtime. */
const types: Readonly<Record<number, { readonly dtype: DType; readonly engine: string }>> = {
  1: { dtype: "float32", engine: "float32" },
  2: { dtype: "int32", engine: "uint8" },
  3: { dtype: "int32", engine: "int8" },
  4: { dtype: "int32", engine: "uint16" },
  5: { dtype: "int32", engine: "int16" },
  6: { dtype: "int32", engine: "int32" },
  7: { dtype: "int32", engine: "int64" },
  9: { dtype: "bool", engine: "bool" },
  11: { dtype: "float32", engine: "float64" },
  12: { dtype: "uint32", engine: "uint32" },
};

/** @throws BackendError for halves, strings and sequences. */
export function typeOfValue(
  { where }: Pick<ForeignModel, "where">,
  { name, type }: ForeignValue,
): (typeof types)[number] {
  const known = types[type];
  if (known !== undefined) return known;
  const must = "inputs and outputs must be tensors of floats, integers or bool";
  const todo = "Export the model in float32, without text or sequences";
  throw new BackendError(complain(where, { must, got: `"${name}" of element type ${type}`, todo }));
}

/** Which model a node runs: a function, so that nodes are equal only if they run the same. */
export interface ForeignParams extends Readonly<Record<string, unknown>> {
  readonly model: () => ForeignModel;
}

/** The node: inputs in the order of the file, in the dtypes of `typeOfValue`. */
export const foreignDefinition: Definition<ForeignParams> = {
  name: "onnxModel",
  infer: (inputs, { model }) => inferOutputs(model(), inputs),
  vjp: ({ params }) => {
    const must = "nothing before it may be trained: no gradient goes through";
    const todo = "Set trainable = false on the layers before it, or use ops.stopGradient";
    throw new StateError(complain(params.model().where, { must, got: "trained weights before it", todo }));
  },
  body: (_, { model }) => {
    const must = "the ONNX engine must be in use, and the layer must not be called in a loop or branch";
    const todo = 'Use setBackend(await onnx()) of "@keras-ts/backend-onnx"';
    throw new BackendError(complain(model().where, { must, got: "another engine, or a loop", todo }));
  },
};

export const callForeign = (model: () => ForeignModel, inputs: readonly Tensor[]): readonly Tensor[] =>
  apply(foreignDefinition, inputs, { model });

function inferOutputs(model: ForeignModel, inputs: readonly Aval[]): Aval[] {
  const sizes = new Map<string, number>();
  model.inputs.forEach(({ name, shape }, i) => {
    const given = (inputs[i] as Aval).shape;
    const fits =
      shape === undefined ||
      (shape.length === given.length && shape.every((size, axis) => matches(size, given[axis] as number, sizes)));
    if (fits) return;
    const must = `input "${name}" must have shape ${showSizes(shape)}`;
    throw new ShapeError(complain(model.where, { must, got: showShape(given), todo: "Change the input's shape" }));
  });
  const samples = inputs[0]?.shape[0];
  return model.outputs.map((output) => {
    const told = model.outputShapes[output.name]?.map((size): Size => size ?? "samples");
    const shape = (told ?? output.shape)?.map((size, axis) => {
      const known = typeof size === "string" ? valueOf(size, sizes) : size;
      return known ?? (axis === 0 || size === "samples" ? samples : undefined);
    });
    if (shape?.every((size) => size !== undefined))
      return { shape: shape as Shape, dtype: typeOfValue(model, output).dtype };
    const must = `the shape of output "${output.name}" must be known`;
    const todo = `Pass outputShapes: { "${output.name}": [null, ...] }, null for the number of samples`;
    throw new ShapeError(complain(model.where, { must, got: showSizes(output.shape), todo }));
  });
}

/** A size of an input: equal to a number, or the first of its name, or as the first. */
function matches(size: Size, given: number, sizes: Map<string, number>): boolean {
  if (typeof size === "number") return size === given;
  if (size === null) return true;
  const known = sizes.get(size) ?? given;
  sizes.set(size, known);
  return known === given;
}

/** `batch`, and `4*batch+1` as we write it ourselves. */
function valueOf(size: string, sizes: ReadonlyMap<string, number>): number | undefined {
  const known = sizes.get(size);
  if (known !== undefined) return known;
  const [, slope, name, base = "0"] = /^(?:(\d+)\*)?([A-Za-z_]\w*)([+-]\d+)?$/.exec(size) ?? [];
  const value = name === undefined ? undefined : sizes.get(name);
  return value === undefined ? undefined : Number(slope ?? 1) * value + Number(base);
}

const showSizes = (shape: readonly Size[] | undefined): string =>
  shape === undefined ? "an unknown shape" : `[${shape.map((size) => size ?? "?").join(", ")}]`;
