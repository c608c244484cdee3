// The functions of keras.activations, by name. Source: keras/src/activations.
import { ConfigError, complain, didYouMean } from "../errors/index.ts";
import type { Tensor } from "../graph/index.ts";
import type { Op, TensorLike } from "../ops/index.ts";
import * as ops from "../ops/index.ts";
import { type CustomObjects, deserializeKerasObject, isSerialized, toSnake } from "../registry/index.ts";
import { Layer } from "./layer.ts";

/** An elementwise (or softmax-like) function. */
export type ActivationFunction = (x: Tensor) => Tensor;
/** What an `activation` option stands for. */
export type Activation = ActivationFunction | Layer;

/** Options of `relu`. */
export interface ReluOptions {
  /** Slope below the threshold. */
  readonly negativeSlope?: number;
  /** Largest output; none by default. */
  readonly maxValue?: number | null;
  /** Values up to it are cut. */
  readonly threshold?: number;
}

/**
 * `min(max(x, 0), maxValue)`, with `negativeSlope (x - threshold)` below the threshold.
 * @example await activations.relu(tensor([-2, 3]), { negativeSlope: 0.5 }).array() // [-1, 3]
 */
export const relu: Op<(x: TensorLike, options?: ReluOptions) => Tensor> = ((
  x: Tensor,
  options: ReluOptions = {},
): Tensor => {
  const { negativeSlope = 0, maxValue = null, threshold: limit = 0 } = options;
  if (negativeSlope !== 0 && maxValue === null && limit === 0) return ops.leakyRelu(x, { negativeSlope });
  if (maxValue === 6 && limit === 0 && negativeSlope === 0) return ops.relu6(x);
  let y = ops.relu(x);
  if (limit !== 0) y = ops.where(ops.greater(x, limit), x, 0);
  else if (maxValue === 6) y = ops.relu6(x);
  if (maxValue !== null && (maxValue !== 6 || limit !== 0)) y = ops.clip(y, 0, maxValue);
  if (negativeSlope === 0) return y;
  const below = ops.relu(limit === 0 ? ops.negative(x) : ops.subtract(limit, x));
  return ops.subtract(y, ops.multiply(below, negativeSlope));
}) as Op<(x: TensorLike, options?: ReluOptions) => Tensor>;

/** `x` itself. */
export const linear: Op<(x: TensorLike) => Tensor> = ((x: Tensor): Tensor => x) as Op<(x: TensorLike) => Tensor>;

/** `x Phi(x)`; exact unless `approximate` (ops.gelu is approximate by default). Source: Hendrycks and Gimpel 2016. */
export const gelu: typeof ops.gelu = ((
  x: Tensor,
  { approximate = false }: { readonly approximate?: boolean } = {},
): Tensor => ops.gelu(x, { approximate })) as typeof ops.gelu;

export {
  celu,
  elu,
  exp as exponential,
  glu,
  hardShrink,
  hardSigmoid,
  hardSilu,
  hardSilu as hardSwish,
  hardTanh,
  leakyRelu,
  logSigmoid,
  logSoftmax,
  relu6,
  selu,
  sigmoid,
  silu,
  silu as swish,
  softmax,
  softplus,
  softShrink,
  softsign,
  sparsemax,
  sparsePlus,
  sparseSigmoid,
  squareplus,
  tanh,
  tanhShrink,
  threshold,
} from "../ops/index.ts";
/** `x tanh(softplus(x))`. Source: Misra 2019. */
export const mish: Op<(x: TensorLike) => Tensor> = ((x: Tensor): Tensor =>
  ops.multiply(x, ops.tanh(ops.softplus(x)))) as Op<(x: TensorLike) => Tensor>;

type Table = Readonly<Record<string, (...args: never[]) => unknown>>;
// A function, so that importing this file computes nothing.
const table = (): Table => ({
  celu: ops.celu,
  elu: ops.elu,
  exponential: ops.exp,
  gelu,
  glu: ops.glu,
  hardShrink: ops.hardShrink,
  hardSigmoid: ops.hardSigmoid,
  hardSilu: ops.hardSilu,
  hardSwish: ops.hardSilu,
  hardTanh: ops.hardTanh,
  leakyRelu: ops.leakyRelu,
  linear,
  logSigmoid: ops.logSigmoid,
  logSoftmax: ops.logSoftmax,
  mish,
  relu,
  relu6: ops.relu6,
  selu: ops.selu,
  sigmoid: ops.sigmoid,
  silu: ops.silu,
  softShrink: ops.softShrink,
  softmax: ops.softmax,
  softplus: ops.softplus,
  softsign: ops.softsign,
  sparsePlus: ops.sparsePlus,
  sparseSigmoid: ops.sparseSigmoid,
  sparsemax: ops.sparsemax,
  squareplus: ops.squareplus,
  swish: ops.silu,
  tanh: ops.tanh,
  tanhShrink: ops.tanhShrink,
  threshold: ops.threshold,
});

const key = (name: string): string => name.replace(/_/g, "").toLowerCase();

/**
 * An activation from a name in either spelling, a function, a layer or a config; linear for null and undefined.
 * @throws ConfigError for an unknown name.
 * @example activations.get("hard_sigmoid")
 */
export function get(identifier: unknown): Activation {
  if (identifier === undefined || identifier === null) return linear as ActivationFunction;
  if (typeof identifier === "function") return identifier as ActivationFunction;
  if (identifier instanceof Layer) return identifier;
  if (isSerialized(identifier)) {
    if (typeof identifier.config === "string") return get(identifier.config);
    const made: unknown = deserializeKerasObject(identifier);
    if (made instanceof Layer) return made;
  }
  const all = table();
  if (typeof identifier === "string") {
    for (const [name, f] of Object.entries(all)) if (key(name) === key(identifier)) return f as ActivationFunction;
  }
  const got = typeof identifier === "string" ? `"${identifier}"` : String(identifier);
  const names = Object.keys(all);
  const todo = (typeof identifier === "string" && didYouMean(identifier, names)) || `Use one of ${names.join(", ")}`;
  throw new ConfigError(complain("activation", { must: "it must be a known name, a function or a layer", got, todo }));
}

/** What stands for an activation in a config: the bare name of a function, or the layer. @throws ConfigError for a function of your own. */
export function serialize(activation: Activation): unknown {
  if (activation instanceof Layer) return activation;
  for (const [name, f] of Object.entries(table())) if (f === activation) return toSnake(name);
  const must = "an activation that is saved must be built in, or a layer";
  const todo = "Write it as a Layer with a className, and register that";
  throw new ConfigError(complain("activation", { must, got: activation.name || "a function", todo }));
}

/** The activation that a config entry stands for. */
export function deserialize(config: unknown, customObjects: CustomObjects = {}): Activation {
  const own = typeof config === "string" ? customObjects[config] : undefined;
  if (own !== undefined) return own as unknown as ActivationFunction;
  if (isSerialized(config) && typeof config.config !== "string") {
    return deserializeKerasObject(config, { customObjects }) as unknown as Layer;
  }
  return get(config);
}

/** Applies an activation. Internal. */
export const activate = (activation: Activation, x: Tensor): Tensor =>
  activation instanceof Layer ? (activation.invoke([x]) as Tensor) : activation(x);
