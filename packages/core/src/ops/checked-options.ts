// The trailing options of an op, watched: a name that the op never asks for is a typing mistake, not a wish to be ignored.
import { ConfigError, complain, didYouMean } from "../errors/index.ts";

type Options = Readonly<Record<string, unknown>>;

/** True for `{ axis: 0 }`, false for tensors, arrays, host arrays and complex numbers. */
function isOptions(x: unknown): x is Options {
  if (typeof x !== "object" || x === null || Object.getPrototypeOf(x) !== Object.prototype) return false;
  return !("data" in x || "re" in x);
}

/** The same function, which refuses options that it does not have, and a bare value in their place. */
export function withCheckedOptions<F extends (...args: never[]) => unknown>(name: string, compute: F): F {
  const checked = (...args: never[]): unknown => {
    const at = args.length - 1;
    const options: unknown = args[at];
    if (
      at === compute.length &&
      at > 0 &&
      options !== null &&
      ["number", "string", "boolean"].includes(typeof options)
    ) {
      const got = JSON.stringify(options) as string;
      const todo = `Name the option: ops.${name}(x, { option: ${got} })`;
      throw new ConfigError(complain(name, { must: "what has a default must be in an options object", got, todo }));
    }
    if (at < 1 || !isOptions(options)) return compute(...args);
    const asked = new Set<string>();
    const watched = new Proxy(options, {
      get: (target, key): unknown => {
        if (typeof key === "string") asked.add(key);
        return Reflect.get(target, key);
      },
    });
    const result = compute(...args.slice(0, at), watched as never);
    const unknown = Object.keys(options).find((key) => !asked.has(key));
    if (unknown === undefined) return result;
    const todo = didYouMean(unknown, asked) || (asked.size > 0 ? `It takes ${[...asked].join(", ")}` : "It takes none");
    throw new ConfigError(complain(name, { must: "options must be ones that the op has", got: `"${unknown}"`, todo }));
  };
  return checked as F;
}
