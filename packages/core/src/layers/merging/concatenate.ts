import type { SymbolicShape } from "../../aval/index.ts";
import { ConfigError, complain, ShapeError, showShape } from "../../errors/index.ts";
import type { Tensor } from "../../graph/index.ts";
import * as ops from "../../ops/index.ts";
import type { Config } from "../../registry/index.ts";
import { Layer, type LayerConfig } from "../layer.ts";
import { inDtype, listOfMasks, requireList } from "./base-merge.ts";

/**
 * Its inputs side by side along `axis`.
 * Shapes: equal but for that axis; result with the sum of the sizes there.
 * @throws ShapeError if other sizes differ. Source: keras/src/layers/merging/concatenate.py.
 * @example await new layers.Concatenate({ axis: 1 }).apply([tensor([[1, 2]]), tensor([[3]])]).array() // [[1, 2, 3]]
 */
export class Concatenate extends Layer {
  static override readonly className: string = "Concatenate";
  static readonly module: string = "keras.layers";
  readonly axis: number;
  constructor(config: LayerConfig & { readonly axis?: number } = {}) {
    super(config);
    const { axis = -1 } = config;
    this.axis = axis;
    this.supportsMasking = true;
  }

  override build(inputShapes: readonly SymbolicShape[]): void {
    const { axis } = this;
    // Along axis 0 the batch sizes may differ.
    requireList(this.name, axis === 0 ? inputShapes.map((shape) => [null, ...shape.slice(1)]) : inputShapes);
    const [first = []] = inputShapes;
    const joined = axis < 0 ? axis + first.length : axis;
    const fits = inputShapes.every(
      (shape) =>
        shape.length === first.length &&
        shape.every((n, i) => i === joined || n === null || first[i] === null || n === first[i]),
    );
    if (fits && joined >= 0 && joined < first.length) return;
    const must = `the inputs must have equal shapes but for axis ${axis}`;
    throw new ShapeError(
      complain(this.name, { must, got: inputShapes.map(showShape).join(" and "), todo: "Reshape one of them" }),
    );
  }

  override call(inputs: readonly Tensor[]): Tensor {
    return ops.concatenate(inputs, { axis: this.axis });
  }

  override computeOutputSpec(...args: readonly unknown[]): unknown {
    return inDtype(super.computeOutputSpec(...args), this.computeDtype);
  }
  override computeMask(inputs: readonly Tensor[], mask: unknown): unknown {
    if (mask === null || mask === undefined) return null;
    const masks = listOfMasks(this.name, inputs, mask);
    if (masks.every((one) => one === null)) return null;
    const full = masks.map((one, i) => {
      const x = inputs[i] as Tensor;
      if (one === null) return ops.onesLike(x, { dtype: "bool" });
      return one.ndim < x.ndim ? ops.logicalOr(ops.expandDims(one, -1), ops.zerosLike(x, { dtype: "bool" })) : one;
    });
    return ops.any(ops.concatenate(full, { axis: this.axis }), { axis: -1 });
  }

  override getConfig(): Config {
    return { ...super.getConfig(), axis: this.axis };
  }
}

/** Options of `Dot`. */
export interface DotConfig extends LayerConfig {
  /** The axis of each input that is summed over; one number for both. Not the batch. */
  readonly axes: number | readonly [number, number];
  /** True to divide by the lengths first: cosines. */
  readonly normalize?: boolean;
}

/**
 * Dot products of two inputs, example by example.
 * Shapes: x `[B, ..., K, ...]`, y `[B, ..., K, ...]`; result `[B, rest of x, rest of y]`, at least `[B, 1]`.
 * @throws ConfigError for axes that are no axes. @throws ShapeError if the sizes differ. Source: keras/src/layers/merging/dot.py.
 * @example await new layers.Dot({ axes: 1 }).apply([tensor([[1, 2]]), tensor([[3, 4]])]).array() // [[11]]
 */
export class Dot extends Layer {
  static override readonly className: string = "Dot";
  static readonly module: string = "keras.layers";
  readonly axes: number | readonly [number, number];
  readonly normalize: boolean;
  constructor(config: DotConfig) {
    super(config);
    const { axes, normalize = false } = config;
    const pair = typeof axes === "number" ? [axes, axes] : axes;
    if (!Array.isArray(pair) || pair.length !== 2 || !pair.every((n) => Number.isInteger(n) && n !== 0)) {
      const todo = "Count axes from 1, or from the end";
      throw new ConfigError(
        complain("Dot", { must: "axes must be one or two axes behind the batch", got: JSON.stringify(axes), todo }),
      );
    }
    this.axes = axes;
    this.normalize = normalize;
    this.supportsMasking = true;
  }
  #axesFor(ranks: readonly [number, number]): [number, number] {
    const pair = typeof this.axes === "number" ? [this.axes, this.axes] : this.axes;
    return pair.map((axis, i) => (axis < 0 ? axis + (ranks[i] as number) : axis)) as [number, number];
  }

  override build(inputShapes: readonly SymbolicShape[]): void {
    requireList(this.name, inputShapes, 2);
    const [x, y] = inputShapes as readonly [SymbolicShape, SymbolicShape];
    const [a, b] = this.#axesFor([x.length, y.length]);
    const [m, n] = [x[a], y[b]];
    if (inputShapes.length === 2 && m !== undefined && n !== undefined && (m === n || m === null || n === null)) return;
    const got = inputShapes.map(showShape).join(" and ");
    const must = `there must be two inputs of equal size along axes ${a} and ${b}`;
    throw new ShapeError(complain(this.name, { must, got, todo: "Check axes" }));
  }

  override call(inputs: readonly Tensor[]): Tensor {
    const [first, second] = inputs as readonly [Tensor, Tensor];
    const [a, b] = this.#axesFor([first.ndim, second.ndim]);
    const x = this.normalize ? ops.normalize(first, { axis: a }) : first;
    const y = this.normalize ? ops.normalize(second, { axis: b }) : second;
    // [B, rest of x, K] times [B, K, rest of y]
    const restX = x.shape.filter((_, i) => i !== 0 && i !== a);
    const restY = y.shape.filter((_, i) => i !== 0 && i !== b);
    const batch = x.shape[0] as number;
    const size = x.shape[a] as number;
    const left = ops.reshape(ops.moveaxis(x, a, -1), [batch, product(restX), size]);
    const right = ops.reshape(ops.moveaxis(y, b, 1), [batch, size, product(restY)]);
    const rest = [...restX, ...restY];
    return ops.reshape(ops.matmul(left, right), [batch, ...(rest.length === 0 ? [1] : rest)]);
  }
  override computeOutputSpec(...args: readonly unknown[]): unknown {
    return inDtype(super.computeOutputSpec(...args), this.computeDtype);
  }
  override computeMask(): null {
    return null;
  }
  override getConfig(): Config {
    return { ...super.getConfig(), axes: this.axes, normalize: this.normalize };
  }
}

const product = (sizes: readonly number[]): number => sizes.reduce((n, size) => n * size, 1);
