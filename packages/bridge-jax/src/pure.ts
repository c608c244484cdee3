import {
  cloneModel,
  convertToTensor,
  type Model,
  ops,
  setRandomSeed,
  type Tensor,
  type TensorLike,
  tensor,
  type tree,
} from "@keras-ts/core";
import { cellsOf, type ModelCells, type NamedCell, type Nested, nest, pick } from "./cells.ts";

/** Trainable weights by layer and name. */
export type Params = Nested<Tensor>;
/** Everything else that a call may change: moving averages, states of seed generators. */
export type ModelState = Nested<Tensor>;
/** A whole number, or a scalar tensor of one (so that a compiled function takes another seed without compiling again). */
export type Seed = number | Tensor;

export interface ApplyOptions {
  /** True while training: dropout drops, batch statistics are used. */
  readonly training?: boolean;
  /** Random numbers of this call; without it the seed generators in `state` go on. */
  readonly seed?: Seed;
}

/** A model without state of its own. */
export interface PureModel<R = Tensor> {
  /** Values to start with: freshly drawn for a seed, without one those that the model has now. */
  init(seed?: number): { readonly params: Params; readonly state: ModelState };
  /** The outputs, and the state afterwards. Nothing else changes. */
  apply(params: Params, state: ModelState, x: tree.Tree<TensorLike>, options?: ApplyOptions): [y: R, state: ModelState];
  /** Puts values into the model, for `save`, `predict` and the like. */
  store(params: Params, state: ModelState): void;
}

/**
 * A Keras model as pure functions over plain nested objects of tensors, for training loops in the manner of JAX.
 * `init(seed)` draws new weights as the same model would after `setRandomSeed(seed)` (which it calls), by building it again from its
 * config; for a model without a config pass a function that builds it.
 * @throws StateError if the model is not built.
 * @example
 * const { init, apply } = toPure(new Sequential([input({ shape: [2] }), new layers.Dense({ units: 1, name: "out" })]));
 * const { params, state } = init(0);
 * const [y] = apply(params, state, [[1, 2]]);
 * y.shape; // [1, 1]
 * Object.keys(params); // ["out"]
 */
export function toPure<R = Tensor>(source: Model | (() => Model)): PureModel<R> {
  const model = typeof source === "function" ? source() : source;
  const cells = cellsOf(model);
  const valuesOf = ({ trainable, state }: ModelCells, own: ModelCells): { params: Params; state: ModelState } => ({
    params: nest(
      own.trainable,
      trainable.map(({ cell }) => held(cell)),
    ),
    state: nest(
      own.state,
      state.map(({ cell }) => held(cell)),
    ),
  });
  return {
    init(seed) {
      if (seed === undefined) return valuesOf(cells, cells);
      setRandomSeed(seed);
      return valuesOf(cellsOf(typeof source === "function" ? source() : cloneModel(source)), cells);
    },
    apply(params, state, x, { training = false, seed } = {}) {
      const before = seeded(cells.state, pick("apply", cells.state, state), seed);
      const weights = pick("apply", cells.trainable, params);
      const [y, after] = model.statelessCall<R>(weights, before, x, { training });
      return [y, nest(cells.state, after)];
    },
    store(params, state) {
      const assign = (list: readonly NamedCell[], values: readonly Tensor[]): void =>
        list.forEach(({ cell }, i) => {
          cell.tensor = values[i] as Tensor;
          cell.tensor.pinned = true;
        });
      assign(cells.trainable, pick("store", cells.trainable, params));
      assign(cells.state, pick("store", cells.state, state));
    },
  };
}

// The tensor of a cell, safe from being overwritten in place.
function held(cell: NamedCell["cell"]): Tensor {
  cell.tensor.pinned = true;
  return cell.tensor;
}

/** The values with seed generators at the start of streams of their own for `seed`. */
export function seeded(cells: readonly NamedCell[], values: readonly Tensor[], seed: Seed | undefined): Tensor[] {
  if (seed === undefined) return [...values];
  let stream = 0;
  return values.map((value, i) => {
    if (cells[i]?.isSeed !== true) return value;
    // The counter's upper half tells generators apart; the lower half counts the calls.
    const start = (stream++ << 16) >>> 0;
    if (typeof seed === "number") return tensor(Uint32Array.of(seed, start));
    const word = ops.reshape(convertToTensor(seed, { dtype: "uint32" }), [1]) as Tensor;
    return ops.concatenate([word, tensor(Uint32Array.of(start))], { axis: 0 }) as Tensor;
  });
}
