import { type SymbolicShape, sameShape } from "../../aval/index.ts";
import { ConfigError, complain, ShapeError, showShape } from "../../errors/index.ts";
import type { Tensor } from "../../graph/index.ts";
import * as ops from "../../ops/index.ts";
import { isSymbolic, KerasTensor } from "../../ops/index.ts";
import { type CallOptions, Layer, type LayerConfig } from "../layer.ts";

/** @throws ShapeError unless there are shapes, of one batch size. */
export function requireList(where: string, shapes: readonly SymbolicShape[], least = 1): void {
  const list = Array.isArray(shapes) && shapes.every((shape) => Array.isArray(shape));
  const refuse = (must: string, got: string): never => {
    throw new ShapeError(complain(where, { must, got, todo: "Pass an array of tensors: layer.apply([a, b])" }));
  };
  if (!list || shapes.length < least)
    refuse(`the layer merges an array of at least ${least} inputs`, list ? `${shapes.length}` : "one tensor");
  const batches = new Set(shapes.map((shape) => shape[0]).filter((n) => n !== null && n !== undefined));
  if (batches.size > 1)
    refuse("all inputs must have one batch size", shapes.map((shape) => showShape(shape)).join(" and "));
}

/** What layers that join several inputs share. Source: keras/src/layers/merging/base_merge.py. */
export abstract class Merge extends Layer {
  constructor(config: LayerConfig = {}) {
    super(config);
    this.supportsMasking = true;
  }

  /** Joins tensors of equal rank. */
  protected abstract merge(inputs: readonly Tensor[], masks: readonly (Tensor | null)[]): Tensor;

  override build(inputShapes: readonly SymbolicShape[]): void {
    requireList(this.name, inputShapes);
    inputShapes.slice(1).forEach((shape, i) => checkBroadcast(this.name, inputShapes[0] as SymbolicShape, shape, i));
  }

  override call(inputs: readonly Tensor[], { mask }: CallOptions = {}): Tensor {
    if (!Array.isArray(inputs)) requireList(this.name, inputs as never);
    const rank = Math.max(...inputs.map((x) => x.ndim));
    const masks = (mask ?? inputs.map(() => null)) as readonly (Tensor | null)[];
    return this.merge(
      inputs.map((x) =>
        x.ndim === rank ? x : ops.reshape(x, [x.shape[0] as number, ...ones(rank - x.ndim), ...x.shape.slice(1)]),
      ),
      masks,
    );
  }

  override computeOutputSpec(...args: readonly unknown[]): unknown {
    return inDtype(super.computeOutputSpec(...args), this.computeDtype);
  }

  override computeMask(inputs: readonly Tensor[], mask: unknown): unknown {
    if (mask === null || mask === undefined) return null;
    const masks = listOfMasks(this.name, inputs, mask);
    if (masks.some((one) => one === null)) return null;
    return (masks as readonly Tensor[]).reduce((a, b) => ops.logicalOr(a, b));
  }
}

/** A symbolic result in the compute dtype, as Keras declares merged tensors even where integers go in. */
export const inDtype = (spec: unknown, dtype: string): unknown =>
  isSymbolic(spec) ? new KerasTensor(spec.shape, { dtype }) : spec;

const ones = (count: number): number[] => Array.from({ length: count }, () => 1);

/** The masks as a list. @throws ConfigError unless there is one (or null) for each input. */
export function listOfMasks(where: string, inputs: readonly Tensor[], mask: unknown): readonly (Tensor | null)[] {
  if (Array.isArray(mask) && mask.length === inputs.length) return mask as readonly (Tensor | null)[];
  const got = Array.isArray(mask) ? `${mask.length} masks for ${inputs.length} inputs` : "no array";
  throw new ConfigError(
    complain(where, { must: "mask must be an array with one mask or null for each input", got, todo: "Pass null" }),
  );
}

function checkBroadcast(where: string, first: SymbolicShape, other: SymbolicShape, index: number): void {
  const [a, b] = [first.slice(1), other.slice(1)];
  const rank = Math.min(a.length, b.length);
  const fits = a.slice(a.length - rank).every((n, i) => {
    const m = b[b.length - rank + i] ?? null;
    return n === null || m === null || n === m || n === 1 || m === 1;
  });
  if (fits || sameShape(a, b)) return;
  const got = `${showShape(first)} and ${showShape(other)} (input ${index + 1})`;
  throw new ShapeError(
    complain(where, { must: "the inputs must broadcast", got, todo: "Reshape one of them, or use Concatenate" }),
  );
}
