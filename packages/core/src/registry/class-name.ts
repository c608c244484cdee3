/** Keras' name of a class of ours or a user's: its own static `className`, else the constructor's name. */
export function nameOfClass(ctor: unknown): string {
  const own = ctor as { readonly className?: string; readonly name: string };
  return Object.hasOwn(own, "className") ? (own.className as string) : own.name;
}
