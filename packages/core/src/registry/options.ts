// Misspelt options are refused before anything is made of the others, as Python refuses unknown keyword arguments.
import { ConfigError, complain, didYouMean } from "../errors/index.ts";

interface MaybeKeras {
  readonly length: number;
  readonly className?: string;
  readonly module?: string | undefined;
}

/** @throws ConfigError for a name among the options of something that does not have it. */
export function checkNames(where: string, given: object, known: readonly string[]): void {
  if (typeof given !== "object" || given === null) {
    const todo = `Name them: new ${where}({ ${known[0] ?? "name"}: ... })`;
    const got = JSON.stringify(given) ?? typeof given;
    throw new ConfigError(complain(where, { must: "options must be an object", got, todo }));
  }
  for (const key of Object.keys(given)) {
    if (known.includes(key)) continue;
    const todo = didYouMean(key, known) || `It takes ${known.join(", ")}`;
    throw new ConfigError(complain(where, { must: "options must be ones that it has", got: `"${key}"`, todo }));
  }
}

/**
 * Looks at what a base class was given for an object of `ctor`. Only Keras' own classes are looked up: a class of a user may pass
 * options of its own through to its base.
 * @param common options of all classes of the kind @param table options of each class beside those, separated by spaces
 * @throws ConfigError for an option that the class does not have, or something else in place of the options.
 */
export function checkOptions(
  ctor: MaybeKeras,
  given: object | undefined,
  common: readonly string[],
  table: Readonly<Record<string, string>>,
): void {
  const { className, module } = ctor;
  const own = Object.hasOwn(ctor, "className") && Object.hasOwn(ctor, "module") && module?.startsWith("keras") === true;
  if (!own || className === undefined || !Object.hasOwn(table, className)) return;
  // A constructor that needs options has a parameter without a default.
  if (given === undefined && ctor.length === 0) return;
  const names = (table[className] as string).split(" ").filter(Boolean);
  checkNames(className, given as object, [...names, ...common]);
}

/**
 * The options with defaults of a class for what its base takes, and with what it fixes. Anything that is not an object goes on as it is,
 * for `checkOptions` to refuse.
 */
export function withDefaults<T extends object>(config: T, defaults: Partial<T>, fixed: Partial<T> = {}): T {
  if (typeof config !== "object" || config === null) return config;
  const given = Object.entries(config).filter(([key, value]) => (value ?? null) !== null || !(key in defaults));
  return { ...defaults, ...(Object.fromEntries(given) as T), ...fixed };
}
