import { ConfigError, ValueError } from "@keras-ts/core";
import { complain } from "@keras-ts/core/backend";

/** @throws ValueError unless `value` is a whole number of at least `least`. */
export function requireCount(where: string, name: string, value: unknown, least: number): void {
  if (typeof value === "number" && Number.isInteger(value) && value >= least) return;
  const must = `${name} must be a whole number of at least ${least}`;
  throw new ValueError(complain(where, { must, got: String(value), todo: `Use for example ${Math.max(least, 32)}` }));
}

/** A ConfigError in the house form. */
export const refuse = (where: string, must: string, got: string, todo: string): ConfigError =>
  new ConfigError(complain(where, { must, got, todo }));
