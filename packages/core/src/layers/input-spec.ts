import type { SymbolicShape } from "../aval/index.ts";
import { complain, ShapeError, showAval, showShape } from "../errors/index.ts";
import type { Tensor } from "../graph/index.ts";
import type { KerasTensor } from "../ops/index.ts";
import * as tree from "../tree/index.ts";

/** What one input must look like. Source: keras/src/layers/input_spec.py. */
export interface InputSpec {
  readonly ndim?: number;
  readonly minNdim?: number;
  readonly maxNdim?: number;
  /** Required size of single axes. */
  readonly axes?: Readonly<Record<number, number>>;
  readonly shape?: SymbolicShape;
  readonly dtype?: string;
}

/** @throws ShapeError if the first input of a call does not fit the layer. */
export function checkInputs(layer: string, spec: InputSpec | readonly InputSpec[] | undefined, inputs: unknown): void {
  if (spec === undefined) return;
  const specs = Array.isArray(spec) ? (spec as readonly InputSpec[]) : [spec as InputSpec];
  const values = tree.flatten(inputs as tree.Tree<Tensor | KerasTensor>);
  if (values.length !== specs.length) {
    const must = `the layer takes ${specs.length} input${specs.length === 1 ? "" : "s"}`;
    throw new ShapeError(
      complain(layer, { must, got: String(values.length), todo: "Check what is passed to the layer" }),
    );
  }
  specs.forEach((one, i) => checkInput(layer, one, values[i] as Tensor | KerasTensor));
}

function checkInput(layer: string, spec: InputSpec, x: Tensor | KerasTensor): void {
  const { shape } = x;
  const refuse = (must: string, todo: string): never => {
    throw new ShapeError(complain(layer, { must, got: showAval(x), todo }));
  };
  if (spec.ndim !== undefined && shape.length !== spec.ndim) {
    refuse(
      `the input must have ${spec.ndim} dimensions (batch first)`,
      "Reshape the data, or add the batch or channel axis",
    );
  }
  if (spec.minNdim !== undefined && shape.length < spec.minNdim) {
    refuse(
      `the input must have at least ${spec.minNdim} dimensions (batch first)`,
      "Add the batch axis: x of shape [1, ...]",
    );
  }
  if (spec.maxNdim !== undefined && shape.length > spec.maxNdim) {
    refuse(`the input must have at most ${spec.maxNdim} dimensions`, "Flatten or reshape the input");
  }
  for (const [axis, size] of Object.entries(spec.axes ?? {})) {
    const i = Number(axis) < 0 ? shape.length + Number(axis) : Number(axis);
    if (shape[i] !== null && shape[i] !== size) {
      refuse(
        `axis ${axis} of the input must have size ${size}`,
        "The layer was built for that size; make a new layer for another",
      );
    }
  }
  const wanted = spec.shape;
  if (wanted !== undefined) {
    const fits =
      wanted.length === shape.length && wanted.every((n, i) => n === null || shape[i] === null || n === shape[i]);
    if (!fits) refuse(`the input must have shape ${showShape(wanted)}`, "Check the data against the model's input");
  }
}
