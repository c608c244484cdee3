// Keras' automatic names: one counter table for layers, operations, variables, metrics and optimizers.
const counts = new Map<string, number>();

/** `MultiHeadAttention` -> `multi_head_attention`, `Conv2DTranspose` -> `conv2d_transpose`, `ReLU` -> `re_lu`. */
export function toSnakeCase(name: string): string {
  return name
    .replace(/\W+/g, "")
    .replace(/(.)([A-Z][a-z]+)/g, "$1_$2")
    .replace(/([a-z])([A-Z])/g, "$1_$2")
    .toLowerCase();
}

/** The next free name for a class: first bare, then with `_1`, `_2` ... */
export function autoName(className: string): string {
  return uniqueName(toSnakeCase(className));
}

/** `prefix`, then `prefix_1` ... */
export function uniqueName(prefix: string): string {
  const count = counts.get(prefix) ?? 0;
  counts.set(prefix, count + 1);
  return count === 0 ? prefix : `${prefix}_${count}`;
}

/** Starts counting again, as `keras.utils.clear_session`. */
export function resetNames(): void {
  counts.clear();
}
