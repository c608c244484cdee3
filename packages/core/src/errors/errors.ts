const DOCS = "docs/errors.md";

/** Base of every error that this library throws on purpose: what must hold, what came, what to do. */
export abstract class KerasError extends Error {
  /** Where it happened, innermost last: `model > encoder > dense_2`. */
  path: readonly string[] = [];
  #text: string;

  constructor(text: string, options?: ErrorOptions) {
    super(text, options);
    this.name = new.target.name;
    this.#text = text;
    this.#render();
  }

  /** Names one more enclosing layer or model; called while the error travels outwards. */
  within(name: string): this {
    this.path = [name, ...this.path];
    this.#render();
    return this;
  }

  /** Puts the public name of what was called in the place of an inner one: of a primitive, or of `tensor`. */
  from(name: string): this {
    this.#text = this.#text.replace(/^[\w.]+(?=: )/, () => name);
    this.#render();
    return this;
  }

  #render(): void {
    const place = this.path.length > 0 ? ` (in ${this.path.join(" > ")})` : "";
    this.message = `${this.#text}${place} [${DOCS}#${this.name.toLowerCase()}]`;
  }
}

/** A shape, rank, axis or size that does not fit. */
export class ShapeError extends KerasError {}
/** A dtype that does not fit or does not exist. */
export class DtypeError extends KerasError {}
/** A name, option or file content that is not what it must be. */
export class ConfigError extends KerasError {}
/** An engine that is missing, or cannot do what was asked. */
export class BackendError extends KerasError {}
/** An engine whose graphics card or worker is gone: state of the last completed step is kept, and goes on with another engine. */
export class DeviceLostError extends BackendError {}
/** An engine that ran out of memory: state of the last completed step is kept. */
export class OutOfMemoryError extends BackendError {}
/** A call that came too early, too late, or twice. */
export class StateError extends KerasError {}
/** A value outside its range. */
export class ValueError extends KerasError {}

/** The parts of a message in the house form `<where>: <what must hold>, got <what came>. <what to do>.` */
export interface Complaint {
  readonly must: string;
  readonly got: string;
  readonly todo: string;
}

/** Renders a complaint; `where` is the op, layer or file that complains. */
export function complain(where: string, { must, got, todo }: Complaint): string {
  return `${where}: ${must}, got ${got}. ${/[.?]$/.test(todo) ? todo : `${todo}.`}`;
}

/** `[32, null, 10]`: shapes are written alike in every message. */
export function showShape(shape: readonly (number | null)[]): string {
  return `[${shape.map((size) => (size === null ? "null" : String(size))).join(", ")}]`;
}

/** `float32 [32, 10]`. */
export function showAval(aval: { readonly shape: readonly (number | null)[]; readonly dtype: string }): string {
  return `${aval.dtype} ${showShape(aval.shape)}`;
}

const warned = new Set<string>();

/** Prints a warning once per process and text. */
export function warnOnce(text: string): void {
  if (warned.has(text)) return;
  warned.add(text);
  console.warn(`keras-ts: ${text}`);
}

/** The entry of `names` nearest to `name`, as "did you mean" text, or an empty string. */
export function didYouMean(name: string, names: Iterable<string>): string {
  let best = "";
  let bestDistance = Math.max(2, Math.floor(name.length / 3)) + 1;
  for (const candidate of names) {
    const distance = editDistance(name.toLowerCase(), candidate.toLowerCase());
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best === "" ? "" : `Did you mean "${best}"?`;
}

function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = (previous[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min(substitution, (previous[j] as number) + 1, (row[j - 1] as number) + 1));
    }
    previous = row;
  }
  return previous[b.length] as number;
}
