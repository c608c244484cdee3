import { type DType, standardizeDtype } from "../aval/index.ts";
import { ConfigError, complain } from "../errors/index.ts";
import { floatx } from "../ops/index.ts";
import { type Config, isSerialized, type Serializable } from "../registry/index.ts";

/**
 * In which dtype a layer stores its weights and in which it computes: a dtype name for both, or `mixed_float16` / `mixed_bfloat16`
 * (float32 weights). Source: keras/src/dtype_policies/dtype_policy.py.
 * @example new DTypePolicy({ name: "mixed_bfloat16" }).computeDtype // "bfloat16"
 */
export class DTypePolicy implements Serializable {
  static readonly className: string = "DTypePolicy";
  static readonly module: string = "keras";
  readonly name: string;
  readonly computeDtype: DType;
  readonly variableDtype: DType;

  constructor(config: { readonly name: string }) {
    const { name } = config ?? {};
    this.name = name;
    if (name === "mixed_float16" || name === "mixed_bfloat16") {
      this.computeDtype = name === "mixed_float16" ? "float16" : "bfloat16";
      this.variableDtype = "float32";
    } else {
      this.computeDtype = standardizeDtype(name);
      this.variableDtype = this.computeDtype;
    }
  }
  getConfig(): Config {
    return { name: this.name };
  }
}

let globalPolicy: DTypePolicy | undefined;
/** The policy of layers that were given none: float32 unless set. */
export const dtypePolicy = (): DTypePolicy => globalPolicy ?? new DTypePolicy({ name: floatx() });
export function setDtypePolicy(policy: string | DTypePolicy): void {
  globalPolicy = getDtypePolicy(policy);
}

/** A policy from a name, a config or a policy; the global one for null and undefined. */
export function getDtypePolicy(identifier: unknown): DTypePolicy {
  if (identifier === undefined || identifier === null) return dtypePolicy();
  if (identifier instanceof DTypePolicy) return identifier;
  if (typeof identifier === "string") return new DTypePolicy({ name: identifier });
  if (isSerialized(identifier) && typeof identifier.config.name === "string") {
    return new DTypePolicy({ name: identifier.config.name });
  }
  const must = "dtype must be a dtype name, mixed_float16, mixed_bfloat16 or a DTypePolicy";
  throw new ConfigError(complain("dtype", { must, got: typeof identifier, todo: 'Use for example dtype: "float32"' }));
}
