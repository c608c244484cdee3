// Arguments of public functions, checked before anything is computed, by what Keras' signatures say: JavaScript itself checks nothing.
import { ConfigError, complain, DtypeError, didYouMean, KerasError, showShape } from "../errors/index.ts";
import { Tensor } from "../graph/index.ts";
import { type Kind, kindOf } from "./argument-kinds.ts";
import { isSymbolic } from "./keras-tensor.ts";
import { signatures } from "./signatures.ts";

type Options = Readonly<Record<string, unknown>>;
interface Parameter {
  readonly name: string;
  readonly kind: Kind;
}
interface Signature {
  readonly required: readonly Parameter[];
  readonly optional: readonly string[];
  /** The name of what may be repeated at the end, if anything. */
  readonly rest: string | undefined;
}

// Stands for options of any name.
const ANY = "*";
let table: ReadonlyMap<string, string> | undefined;
function signatureOf(name: string): Signature | null {
  table ??= new Map(
    signatures
      .trim()
      .split("\n")
      .flatMap((line) => {
        const [parameters = "", names = ""] = line.split(":");
        return names.split(" ").map((op) => [op, parameters] as const);
      }),
  );
  const parameters = table.get(name);
  // A function that Keras does not have: its arguments are its own affair.
  if (parameters === undefined) return null;
  const [names = [], optional = []] = parameters.split("|").map((list) => (list === "" ? [] : list.split(" ")));
  const rest = names.at(-1)?.startsWith("*") === true ? (names.at(-1) as string).slice(1) : undefined;
  const fixed = rest === undefined ? names : names.slice(0, -1);
  return { required: fixed.map((one) => ({ name: one, kind: kindOf(name, one) })), optional, rest };
}

/** True for `{ axis: 0 }`, false for tensors, arrays, host arrays and variables. */
function isOptions(x: unknown): x is Options {
  return typeof x === "object" && x !== null && Object.getPrototypeOf(x) === Object.prototype && !("data" in x);
}

/** A value in the words of an error. */
function shown(x: unknown): string {
  if (x === undefined) return "nothing";
  if (x instanceof Tensor) return `a tensor of shape ${showShape(x.shape)}`;
  if (isSymbolic(x)) return String(x);
  if (typeof x === "function") return "a function";
  if (typeof x === "object" && x !== null && !Array.isArray(x) && !isOptions(x))
    return x.constructor?.name ?? "an object";
  const text = JSON.stringify(x) ?? String(x);
  return text.length > 60 ? `${text.slice(0, 60)}...` : text;
}
function usage(name: string, { required, optional, rest }: Signature): string {
  const positional = [...required.map((one) => one.name), ...(rest === undefined ? [] : [`...${rest}`])];
  const options = optional.length === 0 ? [] : [`{ ${optional.join(", ")} }`];
  return `Call ${name.includes(".") ? name : `ops.${name}`}(${[...positional, ...options].join(", ")})`;
}

function checkArgument(name: string, signature: Signature, { name: what, kind }: Parameter, x: unknown): void {
  if (x !== undefined && kind.holds(x)) return;
  const todo = usage(name, signature);
  if (x === undefined) throw new ConfigError(complain(name, { must: `${what} must be given`, got: "nothing", todo }));
  const text = complain(name, { must: `${what} must be ${kind.must}`, got: shown(x), todo });
  throw kind.must.startsWith("a tensor") ? new DtypeError(text) : new ConfigError(text);
}

// Options come last, in one object; other things in their place are mistakes that would go unnoticed.
function checkRest(name: string, signature: Signature, rest: readonly unknown[]): void {
  if (signature.rest !== undefined) {
    rest.forEach((x, i) => {
      if (i === rest.length - 1 && isOptions(x)) return;
      checkArgument(name, signature, { name: `${signature.rest} ${i + 1}`, kind: kindOf(name, "x") }, x);
    });
    return;
  }
  const [options, more] = rest;
  if (options === undefined || (isOptions(options) && rest.length === 1)) return;
  const must = "what has a default must be in an options object";
  throw new ConfigError(
    complain(name, { must, got: shown(isOptions(options) ? more : options), todo: usage(name, signature) }),
  );
}

function checkOptions(name: string, { optional }: Signature, options: Options): void {
  for (const [key, value] of Object.entries(options)) {
    if (!optional.includes(key) && !optional.includes(ANY)) {
      const todo =
        didYouMean(key, optional) || (optional.length > 0 ? `It takes ${optional.join(", ")}` : "It takes none");
      throw new ConfigError(complain(name, { must: "options must be ones that the op has", got: `"${key}"`, todo }));
    }
    if (value === undefined || value === null) continue;
    const kind = kindOf(name, key);
    if (kind.holds(value)) continue;
    const todo = "Check the option, or leave it out";
    throw new ConfigError(complain(name, { must: `${key} must be ${kind.must}`, got: shown(value), todo }));
  }
}

/**
 * The same function, which checks its arguments first: required ones are there and are what they must be, options have names that it
 * knows. Errors from within say the function's name, not that of the primitive that noticed; those of functions that a caller passed keep theirs.
 * @param name as in `ops` or, with the namespace, `random.uniform`.
 */
export function withChecks<F extends (...args: never[]) => unknown>(name: string, compute: F): F {
  let signature: Signature | null | undefined;
  const checked = (...args: unknown[]): unknown => {
    if (signature === undefined) signature = signatureOf(name);
    if (signature !== null) checkAll(name, signature, args);
    const rethrow = (error: unknown): never => {
      if (error instanceof KerasError && !args.some((x) => typeof x === "function")) throw error.from(name);
      throw error;
    };
    try {
      const made = compute(...(args as never[]));
      return made instanceof Promise ? made.catch(rethrow) : made;
    } catch (error) {
      return rethrow(error);
    }
  };
  return checked as unknown as F;
}

function checkAll(name: string, signature: Signature, args: readonly unknown[]): void {
  const { required } = signature;
  required.forEach((parameter, i) => {
    checkArgument(name, signature, parameter, args[i]);
  });
  if (args.length === required.length) return;
  checkRest(name, signature, args.slice(required.length));
  const options = args.at(-1);
  if (isOptions(options)) checkOptions(name, signature, options);
}
