// Which layers compute what they need for gradients again, and do not keep it.
import { ConfigError, complain } from "../errors/index.ts";
import { Tensor } from "../graph/index.ts";
import { remat, rematerialised, trace } from "../transforms/index.ts";
import * as tree from "../tree/index.ts";
import { maskOf, setMask } from "./masking.ts";

const modes = ["full", "activations", "larger_than", "list_of_layers", null] as const;
export type RematMode = (typeof modes)[number];
export interface RematScopeConfig {
  /** `full` (the default): all layers; `activations`: the activations of layers that have one; `null`: none. */
  readonly mode?: RematMode;
  /** For `larger_than`: layers whose outputs together have more elements than this, 1024 by default. */
  readonly outputSizeThreshold?: number;
  /** For `list_of_layers`: their names. */
  readonly layerNames?: readonly string[];
}

const open: RematScope[] = [];

/**
 * Layers made inside of the scope keep only their inputs for the backward pass and compute the rest of it again there: less memory, for
 * up to one more forward pass. The innermost scope counts.
 * @throws ConfigError for an unknown mode. Source: keras.RematScope.
 * @example
 * const wide = new RematScope({ mode: "larger_than", outputSizeThreshold: 2048 }).run(
 *   () => new layers.Dense({ units: 4096, activation: "gelu" }),
 * );
 */
export class RematScope {
  readonly mode: RematMode;
  readonly outputSizeThreshold: number;
  readonly layerNames: readonly string[];

  constructor({ mode = "full", outputSizeThreshold = 1024, layerNames = [] }: RematScopeConfig = {}) {
    if (!modes.includes(mode)) {
      const must = `mode must be ${modes.map((one) => (one === null ? "null" : `"${one}"`)).join(", ")}`;
      throw new ConfigError(complain("RematScope", { must, got: JSON.stringify(mode), todo: "Choose one of them" }));
    }
    this.mode = mode;
    this.outputSizeThreshold = outputSizeThreshold;
    this.layerNames = layerNames;
  }
  /** Runs `f`, which makes layers, in this scope. */
  run<R>(f: () => R): R {
    open.push(this);
    try {
      return f();
    } finally {
      open.pop();
    }
  }
  /** Whether the call of a layer of that name, with these outputs, is to be computed again. */
  takes(name: string, outputs: readonly Tensor[]): boolean {
    if (this.mode === "list_of_layers") return this.layerNames.includes(name);
    return this.mode === "full" || outputs.reduce((sum, y) => sum + y.size, 0) > this.outputSizeThreshold;
  }
}

/** The scope that layers made now are in. */
export const currentRematScope = (): RematScope | undefined => open.at(-1);

/** What a call leaves behind beside its result. */
export interface SideResults {
  /** Takes what was left, in some order. */
  take(): readonly Tensor[];
  /** Leaves these in its place, in the same order. */
  put(tensors: readonly Tensor[]): void;
}

const isTensor = (leaf: unknown): leaf is Tensor => leaf instanceof Tensor;

/** The result of `call`, which is computed again in the backward pass if the scope takes the layer. */
export function callAgain(scope: RematScope, name: string, call: () => unknown, sides: SideResults): unknown {
  let result: unknown;
  let count = 0;
  const traced = trace(() => {
    result = call();
    const outputs = tree.flatten(result as tree.Tree<unknown>).filter(isTensor);
    count = outputs.length;
    const masks = outputs.map(maskOf).filter(isTensor);
    return [...outputs, ...masks, ...sides.take()];
  }, []);
  const outputs = tree.flatten(result as tree.Tree<unknown>).filter(isTensor);
  if (!scope.takes(name, outputs)) return call();
  const made = rematerialised(traced, []);
  let next = count;
  outputs.forEach((y, i) => {
    if (isTensor(maskOf(y))) setMask(made[i] as Tensor, made[next++] as Tensor);
  });
  sides.put(made.slice(next));
  let at = 0;
  return tree.map(result as tree.Tree<unknown>, (leaf) => (isTensor(leaf) ? made[at++] : leaf));
}

/** Runs `call` with the layer's activation, if it has one, replaced by one that is computed again in the backward pass. */
export function withActivationAgain(layer: object, call: () => unknown): unknown {
  const holder = layer as { activation?: unknown };
  const { activation } = holder;
  if (typeof activation !== "function") return call();
  holder.activation = remat(activation as (x: Tensor) => Tensor);
  try {
    return call();
  } finally {
    holder.activation = activation;
  }
}
