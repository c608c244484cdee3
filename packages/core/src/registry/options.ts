// Misspelt constructor options are refused before anything is made of the others, as Python refuses unknown keyword arguments.
import { ConfigError, complain, didYouMean } from "../errors/index.ts";

interface MaybeKeras {
  readonly name: string;
  readonly className?: string;
  readonly module?: string | undefined;
}

/**
 * Looks at what a base class was given for an object of `ctor`. Only Keras' own classes are looked up: a class of a user may pass
 * options of its own through to its base.
 * @param common options of all classes of the kind @param table options of each class beside those, separated by spaces
 * @throws ConfigError for an option that the class does not have.
 */
export function checkOptions(
  ctor: MaybeKeras,
  given: object,
  common: readonly string[],
  table: Readonly<Record<string, string>>,
): void {
  const { className, module } = ctor;
  const own = Object.hasOwn(ctor, "className") && Object.hasOwn(ctor, "module") && module?.startsWith("keras") === true;
  if (!own || className === undefined || !Object.hasOwn(table, className)) return;
  const known = [...(table[className] as string).split(" ").filter(Boolean), ...common];
  for (const key of Object.keys(given)) {
    if (known.includes(key)) continue;
    const todo = didYouMean(key, known) || `It takes ${known.join(", ")}`;
    throw new ConfigError(
      complain(className, { must: "options must be ones that the class has", got: `"${key}"`, todo }),
    );
  }
}
