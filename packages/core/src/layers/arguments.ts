// What constructors of layers share: checks of options, and the parts from which weights are made.
import { ConfigError, complain } from "../errors/index.ts";
import type { Config } from "../registry/index.ts";
import {
  type Constraint,
  getConstraint,
  getInitializer,
  getRegularizer,
  type Initializer,
  type Regularizer,
} from "../weights/index.ts";

/** @throws ConfigError unless the option is a positive integer. */
export function positiveInteger(where: string, option: string, value: unknown): number {
  if (typeof value === "number" && Number.isInteger(value) && value > 0) return value;
  const todo = `Pass for example ${option}: 10`;
  throw new ConfigError(
    complain(where, { must: `${option} must be a positive integer`, got: JSON.stringify(value) ?? "undefined", todo }),
  );
}

/** @throws ConfigError unless the option is a number in [0, 1]. */
export function fraction(where: string, option: string, value: number): number {
  if (typeof value === "number" && value >= 0 && value <= 1) return value;
  const todo = "Pass for example 0.5";
  throw new ConfigError(complain(where, { must: `${option} must be a number in [0, 1]`, got: String(value), todo }));
}

/** One integer for each of `rank` axes; one for all may be given. @throws ConfigError for anything else. */
export function sizesFor(
  where: string,
  option: string,
  value: number | readonly number[],
  rank: number,
  { least = 1 }: { readonly least?: number } = {},
): number[] {
  const sizes =
    typeof value === "number" ? Array.from({ length: rank }, () => value) : Array.isArray(value) ? [...value] : [];
  if (sizes.length === rank && sizes.every((n) => Number.isInteger(n) && n >= least)) return sizes;
  const must = `${option} must be an integer or ${rank} integers, each at least ${least}`;
  throw new ConfigError(
    complain(where, { must, got: JSON.stringify(value) ?? "undefined", todo: `Pass for example ${option}: 2` }),
  );
}

/** The name of a padding in lower case. @throws ConfigError for an unknown one. */
export function paddingFor(where: string, value: string, allowed: readonly string[] = ["valid", "same"]): string {
  const padding = String(value).toLowerCase();
  if (allowed.includes(padding)) return padding;
  const must = `padding must be ${allowed.map((name) => `"${name}"`).join(" or ")}`;
  throw new ConfigError(complain(where, { must, got: JSON.stringify(value), todo: "Use one of these" }));
}

/** What makes a weight, as `addWeight` takes it. */
export interface WeightParts {
  readonly initializer: Initializer;
  readonly regularizer: Regularizer | undefined;
  readonly constraint: Constraint | undefined;
}

/** Resolves the three options of a weight. An initializer without a seed draws one here. */
export function weightParts(initializer: unknown, regularizer?: unknown, constraint?: unknown): WeightParts {
  return {
    initializer: getInitializer(initializer),
    regularizer: getRegularizer(regularizer),
    constraint: getConstraint(constraint),
  };
}

/** The three options as a config has them: `kernelInitializer`, `kernelRegularizer`, `kernelConstraint`. */
export function partsConfig(name: string, { initializer, regularizer, constraint }: WeightParts): Config {
  return {
    [`${name}Initializer`]: initializer,
    [`${name}Regularizer`]: regularizer,
    [`${name}Constraint`]: constraint,
  };
}

/** Options of layers with a kernel and a bias. Each is a name, a config or an object. */
export interface KernelBiasConfig {
  readonly kernelInitializer?: unknown;
  readonly biasInitializer?: unknown;
  readonly kernelRegularizer?: unknown;
  readonly biasRegularizer?: unknown;
  readonly kernelConstraint?: unknown;
  readonly biasConstraint?: unknown;
}

/** The parts of kernel and bias, in the order in which Keras draws seeds. */
export function kernelAndBias(config: KernelBiasConfig): { readonly kernel: WeightParts; readonly bias: WeightParts } {
  return {
    kernel: weightParts(
      config.kernelInitializer ?? "glorot_uniform",
      config.kernelRegularizer,
      config.kernelConstraint,
    ),
    bias: weightParts(config.biasInitializer ?? "zeros", config.biasRegularizer, config.biasConstraint),
  };
}
