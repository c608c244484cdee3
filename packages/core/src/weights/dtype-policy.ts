import { type DType, standardizeDtype } from "../aval/index.ts";
import { ConfigError, complain } from "../errors/index.ts";
import { floatx } from "../ops/index.ts";
import {
  type Config,
  deserializeConfig,
  isSerialized,
  type Serializable,
  serializeKerasObject,
} from "../registry/index.ts";

/**
 * In which dtype a layer stores its weights and in which it computes: a dtype name for both, or `mixed_float16` / `mixed_bfloat16`
 * (float32 weights). Without a name it is the global policy. Source: keras/src/dtype_policies/dtype_policy.py.
 * @example new DTypePolicy({ name: "mixed_bfloat16" }).computeDtype // "bfloat16"
 */
export class DTypePolicy implements Serializable {
  static readonly className: string = "DTypePolicy";
  static readonly module: string = "keras";
  readonly #name: string;
  readonly #compute: DType;
  readonly #variable: DType;

  constructor(config: { readonly name?: string | null | undefined } = {}) {
    this.#name = config.name ?? dtypePolicy().name;
    const isMixed = this.#name === "mixed_float16" || this.#name === "mixed_bfloat16";
    this.#compute = standardizeDtype(isMixed ? this.#name.slice("mixed_".length) : this.#name);
    this.#variable = isMixed ? "float32" : this.#compute;
  }
  get name(): string {
    return this.#name;
  }
  get computeDtype(): DType {
    return this.#compute;
  }
  get variableDtype(): DType {
    return this.#variable;
  }
  getConfig(): Config {
    return { name: this.#name };
  }
}

/** Options of `DTypePolicyMap`. */
export interface DTypePolicyMapConfig {
  /** For layers that no key matches: a policy, its name, or by default the global policy. */
  readonly defaultPolicy?: unknown;
  /** Policies or their names by the paths of layers. */
  readonly policyMap?: Readonly<Record<string, unknown>> | null | undefined;
}

/**
 * Policies by the paths of layers: as the `dtype` of a layer it reaches the layers inside, and each takes what is meant for its path.
 * A key is a path, or a regular expression that must match all of a path (`"encoder/.*"`). A layer has a path from the time when it
 * is built; until then, and where no key matches, the default policy holds.
 * @throws ConfigError for a default that is a map, a key that is there twice, and a path that several expressions match.
 * Source: keras/src/dtype_policies/dtype_policy_map.py.
 * @example
 * const map = new DTypePolicyMap({ defaultPolicy: "float32", policyMap: { "encoder/.*": "mixed_bfloat16" } });
 * map.get("encoder/dense").computeDtype; // "bfloat16"
 * map.get("decoder/dense").computeDtype; // "float32"
 */
export class DTypePolicyMap extends DTypePolicy {
  static override readonly className: string = "DTypePolicyMap";
  static override readonly module: string = "keras.dtype_policies";
  readonly #given: unknown;
  readonly #default: DTypePolicy;
  readonly #policies = new Map<string, DTypePolicy>();

  constructor({ defaultPolicy = null, policyMap }: DTypePolicyMapConfig = {}) {
    const chosen = getDtypePolicy(defaultPolicy);
    super({ name: chosen instanceof DTypePolicyMap ? null : chosen.name });
    if (chosen instanceof DTypePolicyMap) {
      const todo = 'Pass one policy, such as "float32"';
      throw new ConfigError(
        complain("DTypePolicyMap", { must: "defaultPolicy must be one policy", got: "a map of policies", todo }),
      );
    }
    this.#given = defaultPolicy;
    this.#default = chosen;
    for (const [key, policy] of Object.entries(policyMap ?? {})) this.set(key, policy);
  }

  override get name(): string {
    return `map_${this.#default.name}`;
  }
  get defaultPolicy(): DTypePolicy {
    return this.#default;
  }
  override get computeDtype(): DType {
    return this.#default.computeDtype;
  }
  override get variableDtype(): DType {
    return this.#default.variableDtype;
  }
  /** How many keys there are. */
  get size(): number {
    return this.#policies.size;
  }

  /** The policy for a path: of the key that it is, else of the expression that matches all of it, else the default. */
  get(path: string): DTypePolicy {
    const exact = this.#policies.get(path);
    if (exact !== undefined) return exact;
    const [first, ...others] = [...this.#policies].filter(([key]) => expression(key).test(path));
    if (others.length > 0) {
      const must = `the path "${path}" must match at most one key`;
      const got = [first as [string, DTypePolicy], ...others].map(([key]) => `"${key}"`).join(", ");
      throw new ConfigError(complain("DTypePolicyMap", { must, got, todo: "Make the expressions narrower" }));
    }
    return first?.[1] ?? this.#default;
  }
  /** Adds a key; it must not be there yet. */
  set(key: string, policy: unknown): this {
    const known = this.#policies.get(key);
    if (known !== undefined) {
      const must = `the key "${key}" must not be there yet`;
      const todo = "Delete it first, or use another key";
      throw new ConfigError(complain("DTypePolicyMap", { must, got: `"${known.name}" for it`, todo }));
    }
    this.#policies.set(key, getDtypePolicy(policy));
    return this;
  }
  /** True if the key itself is there. */
  has(key: string): boolean {
    return this.#policies.has(key);
  }
  /** Takes a key away; false if it was not there. */
  delete(key: string): boolean {
    return this.#policies.delete(key);
  }
  keys(): IterableIterator<string> {
    return this.#policies.keys();
  }

  /** Without a default of its own, names are left out: loaded, the policies are the global one of that time, as in Keras. */
  override getConfig(): Config {
    const own = this.#given !== null;
    const entries = [...this.#policies].map(([key, policy]) => {
      const form = serializeKerasObject(policy);
      return [key, own ? form : { ...form, config: { ...form.config, name: null } }] as const;
    });
    return { defaultPolicy: this.#given, policyMap: Object.fromEntries(entries) };
  }
}

/** A key as an expression that must match all of a path. Python writes named groups in another way. */
function expression(key: string): RegExp {
  try {
    return new RegExp(`^(?:${key.replaceAll("(?P<", "(?<")})$`);
  } catch (cause) {
    const must = "a key that is no path must be a regular expression";
    const todo = "Escape brackets, dots and the like with a backslash";
    throw new ConfigError(complain("DTypePolicyMap", { must, got: `"${key}"`, todo }), { cause });
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
  if (isSerialized(identifier)) {
    if (identifier.class_name === DTypePolicyMap.className)
      return new DTypePolicyMap(deserializeConfig(identifier.config));
    const { name } = identifier.config;
    if (typeof name === "string" || name === null) return new DTypePolicy({ name });
  }
  const must = "dtype must be a dtype name, mixed_float16, mixed_bfloat16 or a DTypePolicy";
  const got = isSerialized(identifier) ? identifier.class_name : typeof identifier;
  throw new ConfigError(complain("dtype", { must, got, todo: 'Use for example dtype: "float32"' }));
}
