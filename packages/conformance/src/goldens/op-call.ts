// A call of an op as Python writes it, in our form: tensors and required parameters in order, all else in one options object.
import type { Tensor } from "@keras-ts/core";
import { type DType, publicOp, pythonOperationTable } from "@keras-ts/core/backend";
import { camel, isRecord, isStored, revive, type Stored, storedLeaves, toNumber } from "./stored.ts";

/** The call. */
export interface OpCall {
  readonly op: string;
  readonly args: readonly unknown[];
  readonly kwargs: Readonly<Record<string, unknown>>;
  readonly output?: unknown;
}

// Arguments behind the first that decide the shape of the result: they must be known, so they are not inputs of a compiled program.
const shaping: ReadonlySet<string> = new Set(["repeat"]);

/** The name here; where(mask) reads values: that is nonzero. */
export const nameOf = ({ op, args }: OpCall): string => (op === "where" && args.length === 1 ? "nonzero" : camel(op));

/** The arrays of a call, in order, how tensors take their places, and how it runs on them. */
export function argumentsOf(one: OpCall): {
  readonly stored: readonly Stored[];
  readonly build: (inputs: readonly Tensor[]) => unknown[];
  readonly run: (inputs: readonly Tensor[]) => unknown;
} {
  const build = (inputs: readonly Tensor[]): unknown[] => buildArguments(one, inputs);
  const call = publicOp(nameOf(one)) as (...a: unknown[]) => unknown;
  return { stored: storedLeaves([one.args, one.kwargs]), build, run: (inputs) => call(...build(inputs)) };
}

// Python's positional arguments beyond the required ones are options here.
function buildArguments(one: OpCall, inputs: readonly Tensor[]): unknown[] {
  const entry = pythonOperationTable().get(camel(one.op.split(".").at(-1) as string));
  if (entry === undefined) throw new Error(`no signature of ${one.op}`);
  let next = 0;
  const take = (x: Stored, place: number): unknown => {
    const input = inputs[next++] as Tensor;
    return shaping.has(one.op) && place > 0 ? x.data.map(toNumber) : input;
  };
  const values = one.args.map((arg, place) => revive(arg, (x) => take(x, place)));
  const kwargs = Object.fromEntries(
    Object.entries(one.kwargs).map(([name, value]) => [name, revive(value, (x) => take(x, one.args.length))]),
  );
  const variadic = entry.required.some((name) => name.startsWith("*"));
  const fixed = entry.required.filter((name) => !name.startsWith("*"));
  const positional = fixed.map((name, i) => (i < values.length ? values[i] : kwargs[name]));
  const extra = variadic ? [] : values.slice(fixed.length).map((v, i) => [entry.optional[i] as string, v] as const);
  const named = [...extra, ...Object.entries(kwargs).filter(([name]) => !entry.required.includes(name))];
  const options: Record<string, unknown> = Object.fromEntries(named.map(([name, value]) => [camel(name), value]));
  if (one.op === "get_item") positional[1] = indicesOf(one.args[1], positional[1]);
  // Python's whole numbers are int32; JS has one kind of number, and it means float32.
  if (one.op === "convert_to_tensor" && isStored(one.output)) options["dtype"] ??= one.output.dtype as DType;
  if (nameOf(one) === "nonzero") return positional.filter((x) => x !== undefined);
  return [
    ...positional,
    ...(variadic ? values.slice(fixed.length) : []),
    ...(Object.keys(options).length > 0 ? [options] : []),
  ];
}

// One index, or a list of them.
function indicesOf(written: unknown, key: unknown): unknown[] {
  const list = Array.isArray(key) && !(isRecord(written) && "slice" in written) ? key : [key];
  return list.map((index) => (index === null ? "newaxis" : index));
}
