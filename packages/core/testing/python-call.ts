// Calls that golden files write in Python's terms, as calls of our ops.

import * as ops from "../src/ops/catalog.ts";
import { tensor } from "../src/ops/convert.ts";
import { KerasTensor } from "../src/ops/keras-tensor.ts";
import { pythonOperationTable } from "../src/ops/python.ts";

export interface PythonCall {
  readonly op: string;
  readonly args: readonly unknown[];
  readonly kwargs?: Readonly<Record<string, unknown>>;
}
/** A symbolic tensor of specs.json: float32 unless it says otherwise. */
export interface Spec {
  readonly spec: readonly (number | null)[];
  readonly dtype?: string;
}
interface Stored {
  readonly data: readonly (number | string | boolean)[];
  readonly dtype: string;
  readonly shape: readonly number[];
}
const isRecord = (x: unknown): x is Readonly<Record<string, unknown>> =>
  typeof x === "object" && x !== null && !Array.isArray(x);
export const isStored = (x: unknown): x is Stored => isRecord(x) && "data" in x && "dtype" in x;
export const isSpec = (x: unknown): x is Spec => isRecord(x) && "spec" in x;

/** Python's spelling in ours, without the namespace: `image.extract_patches` is `extractPatches`. */
export const camel = (name: string): string =>
  name
    .slice(name.lastIndexOf(".") + 1)
    .replace(/_+$/, "")
    .replace(/_([a-zA-Z0-9])/g, (_, letter: string) => letter.toUpperCase());

const special: Readonly<Record<string, number>> = {
  nan: Number.NaN,
  inf: Number.POSITIVE_INFINITY,
  "-inf": Number.NEGATIVE_INFINITY,
};
const toNumber = (x: unknown): number => (typeof x === "string" ? (special[x] ?? Number(x)) : Number(x));
function read(x: unknown): unknown {
  if (isSpec(x)) return new KerasTensor(x.spec, { dtype: x.dtype ?? "float32" });
  if (isStored(x)) return tensor(Float64Array.from(x.data, toNumber), { shape: x.shape, dtype: x.dtype });
  if (Array.isArray(x)) return x.map(read);
  if (!isRecord(x)) return typeof x === "string" && x in special ? special[x] : x;
  if ("slice" in x) return x["slice"];
  if ("ellipsis" in x) return "...";
  return Object.fromEntries(Object.entries(x).map(([key, value]) => [key, read(value)]));
}

/** A public op by its name here; those of `ops.image` as well. */
export function opNamed(name: string): ((...args: unknown[]) => unknown) | undefined {
  type Space = Readonly<Record<string, unknown>>;
  const { image = {} } = ops as unknown as Readonly<Record<string, Space>>;
  const found = (ops as unknown as Space)[name] ?? image[name];
  return typeof found === "function" ? (found as (...args: unknown[]) => unknown) : undefined;
}

/** Arguments here: Python's positional ones beyond the required are options. */
export function argumentsOf({ op, args, kwargs = {} }: PythonCall): unknown[] {
  const entry = pythonOperationTable().get(camel(op));
  if (entry === undefined) throw new Error(`no signature of ${op}`);
  const values = args.map(read);
  const named = new Map(Object.entries(kwargs).map(([name, value]) => [name, read(value)]));
  const variadic = entry.required.some((name) => name.startsWith("*"));
  const fixed = entry.required.filter((name) => !name.startsWith("*"));
  const positional = fixed.map((name, i) => (i < values.length ? values[i] : named.get(name)));
  const rest = values.slice(fixed.length);
  const options: Record<string, unknown> = {};
  if (!variadic)
    rest.forEach((value, i) => {
      options[camel(entry.optional[i] as string)] = value;
    });
  for (const [name, value] of named) if (!fixed.includes(name)) options[camel(name)] = value;
  if (op === "get_item") {
    // One index, or a list of them.
    const key = positional[1];
    const list = Array.isArray(key) && !(isRecord(args[1]) && "slice" in args[1]) ? key : [key];
    positional[1] = list.map((index) => (index === null ? "newaxis" : index));
  }
  while (positional.at(-1) === undefined && positional.length > 0) positional.pop();
  return [...positional, ...(variadic ? rest : []), ...(Object.keys(options).length > 0 ? [options] : [])];
}
