// Gradient transformations in the shape of Optax: { init, update } over nested objects of tensors.
import { ops, type optimizers, type Tensor, tensor, tree, ValueError, Variable } from "@keras-ts/core";
import { complain, ShapeError, showShape } from "@keras-ts/core/backend";

/** Parameters, gradients, updates: nested arrays and plain objects of tensors. */
export type Tensors = tree.Tree<Tensor>;

/** A step rule without state of its own. Updates are to be added to the parameters. */
export interface GradientTransformation<S = unknown> {
  init(params: Tensors): S;
  update<P extends Tensors>(grads: P, state: S, params?: P): [updates: P, state: S];
}

const map2 = (a: Tensors, b: Tensors, f: (x: Tensor, y: Tensor) => Tensor): Tensors => {
  const others = tree.flatten(b);
  let next = 0;
  return tree.map(a, (leaf) => f(leaf, others[next++] as Tensor));
};
const zerosLike = (params: Tensors): Tensors => tree.map(params, (x) => ops.zerosLike(x) as Tensor);

/** `params + updates`. @example applyUpdates({ w: tensor([1, 2]) }, { w: tensor([1, 1]) }) */
export function applyUpdates<P extends Tensors>(params: P, updates: P): P {
  return map2(params, updates, (x, u) => x.add(u)) as P;
}

/** `-rate g`. @example const { update } = scale(-0.1); */
export function scale(factor: number): GradientTransformation<Record<never, never>> {
  return {
    init: () => ({}),
    update: (grads, state) => [tree.map(grads, (g) => g.multiply(factor)) as typeof grads, state],
  };
}

/** The global norm over all leaves, a scalar. */
export function globalNorm(tensors: Tensors): Tensor {
  const squares = tree.flatten(tensors).map((x) => ops.sum(ops.square(x)) as Tensor);
  return ops.sqrt(squares.reduce((sum, x) => sum.add(x), tensor(0))) as Tensor;
}

/**
 * Makes all gradients together at most `maxNorm` long: `g min(1, maxNorm / norm)`. Source: optax.clip_by_global_norm.
 * @throws ValueError unless `maxNorm` is positive. @example const rule = chain(clipByGlobalNorm(1), sgd(0.1));
 */
export function clipByGlobalNorm(maxNorm: number): GradientTransformation<Record<never, never>> {
  if (!(maxNorm > 0)) {
    throw new ValueError(
      complain("clipByGlobalNorm", {
        must: "maxNorm must be positive",
        got: String(maxNorm),
        todo: "Use for example 1",
      }),
    );
  }
  return {
    init: () => ({}),
    update(grads, state) {
      const norm = globalNorm(grads);
      const short = norm.less(maxNorm);
      const clip = (g: Tensor): Tensor => ops.where(short, g, g.divide(norm).multiply(maxNorm)) as Tensor;
      return [tree.map(grads, clip) as typeof grads, state];
    },
  };
}

/** Several transformations, one after the other. @example const rule = chain(clipByGlobalNorm(1), adam(0.001)); */
export function chain(...rules: readonly GradientTransformation[]): GradientTransformation<readonly unknown[]> {
  return {
    init: (params) => rules.map((rule) => rule.init(params)),
    update(grads, state, params) {
      let flowing = grads;
      const next = rules.map((rule, i) => {
        const [updates, after] =
          params === undefined ? rule.update(flowing, state[i]) : rule.update(flowing, state[i], params);
        flowing = updates;
        return after;
      });
      return [flowing, next];
    },
  };
}

/** Options of `sgd`. */
export interface SgdOptions {
  /** How much of the last update goes on; none by default. */
  readonly momentum?: number;
  readonly nesterov?: boolean;
}
/**
 * Gradient descent: `m = momentum m + g`, update `-rate m` (nesterov: `-rate (g + momentum m)`). Source: optax.sgd.
 * @example const rule = sgd(0.1, { momentum: 0.9 });
 */
export function sgd(
  rate: number,
  { momentum, nesterov = false }: SgdOptions = {},
): GradientTransformation<{ readonly trace?: Tensors }> {
  if (momentum === undefined) return scale(-rate);
  return {
    init: (params) => ({ trace: zerosLike(params) }),
    update(grads, { trace = zerosLike(grads) }) {
      const moved = map2(grads, trace, (g, m) => m.multiply(momentum).add(g));
      const used = nesterov ? map2(grads, moved, (g, m) => m.multiply(momentum).add(g)) : moved;
      return [tree.map(used, (m) => m.multiply(-rate)) as typeof grads, { trace: moved }];
    },
  };
}

export interface AdamOptions {
  readonly b1?: number;
  readonly b2?: number;
  /** Added to the root. */
  readonly eps?: number;
}
export interface AdamState {
  readonly count: Tensor;
  readonly mu: Tensors;
  readonly nu: Tensors;
}
/**
 * Adam: update `-rate m / (1 - b1^t) / (sqrt(v / (1 - b2^t)) + eps)`. Source: optax.adam; Kingma and Ba 2015.
 * @example const rule = adam(0.001);
 */
export function adam(
  rate: number,
  { b1 = 0.9, b2 = 0.999, eps = 1e-8 }: AdamOptions = {},
): GradientTransformation<AdamState> {
  return {
    init: (params) => ({ count: tensor(0), mu: zerosLike(params), nu: zerosLike(params) }),
    update(grads, state) {
      const count = state.count.add(1);
      const mu = map2(grads, state.mu, (g, m) => m.multiply(b1).add(g.multiply(1 - b1)));
      const nu = map2(grads, state.nu, (g, v) => v.multiply(b2).add((ops.square(g) as Tensor).multiply(1 - b2)));
      const left = (b: number): Tensor => (ops.power(b, count) as Tensor).negative().add(1);
      const [c1, c2] = [left(b1), left(b2)];
      const step = (m: Tensor, v: Tensor): Tensor =>
        m
          .divide(c1)
          .divide((ops.sqrt(v.divide(c2)) as Tensor).add(eps))
          .multiply(-rate);
      return [map2(mu, nu, step) as typeof grads, { count, mu, nu }];
    },
  };
}

/** State of a Keras optimizer: the values of its variables, in order. */
export interface KerasState {
  readonly variables: readonly Tensor[];
}
/**
 * A Keras optimizer, with all that it does (schedules, clipping, weight decay ...), as a transformation. It belongs to the first parameters that
 * it is initialised with; make another one for others.
 * @throws ShapeError if it is used for parameters of other shapes.
 * @example const rule = fromKerasOptimizer(new optimizers.AdamW({ learningRate: 0.01 }));
 */
export function fromKerasOptimizer(optimizer: optimizers.Optimizer): GradientTransformation<KerasState> {
  const check = (params: Tensors): Tensor[] => {
    const leaves = tree.flatten(params);
    const shapes = (list: readonly { readonly shape: readonly number[] }[]): string =>
      list.map(({ shape }) => showShape(shape)).join(" ");
    const own = optimizer.trainableVariables;
    if (shapes(own) !== shapes(leaves)) {
      const todo = "Make one optimizer for each model";
      const got = `${shapes(leaves)} for ${shapes(own)}`;
      throw new ShapeError(
        complain("fromKerasOptimizer", { must: "parameters must have the shapes of the first ones", got, todo }),
      );
    }
    return leaves;
  };
  return {
    init(params) {
      const named = tree.flattenWithPath(params);
      if (!optimizer.built)
        optimizer.build(named.map(([path, x]) => new Variable(ops.zerosLike(x) as Tensor, { name: path.join("_") })));
      check(params);
      return { variables: optimizer.variables.map((v) => v.value) };
    },
    update(grads, { variables }, params) {
      if (params === undefined) {
        throw new ValueError(
          complain("fromKerasOptimizer", {
            must: "update needs the parameters",
            got: "none",
            todo: "Call update(grads, state, params)",
          }),
        );
      }
      const before = check(params);
      const [after, next] = optimizer.statelessApply(variables, tree.flatten(grads), before);
      const updates = after.map((x, i) => x.subtract(before[i] as Tensor));
      return [tree.packAs(grads, updates) as typeof grads, { variables: next }];
    },
  };
}
