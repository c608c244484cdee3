// Between JavaScript's camelCase and Python's snake_case: here and nowhere else.

// Names whose snake_case does not follow from the camelCase.
const irregular: Readonly<Record<string, string>> = { beta1: "beta_1", beta2: "beta_2" };
const irregularBack: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(irregular).map(([a, b]) => [b, a]),
);

/** `validationSplit` -> `validation_split`. */
export function toSnake(name: string): string {
  return irregular[name] ?? name.replace(/([a-z0-9])([A-Z])/g, "$1_$2").toLowerCase();
}

/** `validation_split` -> `validationSplit`; leading underscores stay. */
export function toCamel(name: string): string {
  return irregularBack[name] ?? name.replace(/(?!^)_+([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

/** One spelling for look-ups of string identifiers: `categoricalCrossentropy`, `CategoricalCrossentropy` and `categorical_crossentropy` are the same. */
export function identifierKey(name: string): string {
  return name.replace(/_/g, "").toLowerCase();
}
