// ops-*.json: calls of `ops`, with values, dtypes and gradients.
import { gradients, ops, Tensor, tree } from "@keras-ts/core";
import { type DType, isComplex, isDifferentiable, publicOp, pythonOperationTable } from "@keras-ts/core/backend";
import { type Expectation, type GoldenCase, type GoldenGroup, groupBy, readCases, stateless } from "./case.ts";
import { camel, isRecord, isStored, loose, revive, type Stored, storedLeaves, toHost, toNumber } from "./stored.ts";

interface OpCase {
  readonly op: string;
  readonly args: readonly unknown[];
  readonly kwargs: Readonly<Record<string, unknown>>;
  readonly output: unknown;
  /** What of each output is compared, where it is not wholly defined: signs of vectors are free, and whole bases of null spaces. */
  readonly observe?: readonly ("same" | "magnitude" | "shape")[];
  readonly cotangents?: readonly Stored[];
  readonly gradients?: readonly unknown[];
  readonly kwarg_gradients?: Readonly<Record<string, unknown>>;
}

/** The cases of ops-*.json, by op. */
export function opGoldens(): GoldenGroup[] {
  const cases = readCases("ops-") as readonly OpCase[];
  const known = cases.filter((one) => publicOp(one.op) !== undefined && storedLeaves(one.output).length > 0);
  return [...groupBy(known, (one) => one.op)].map(([op, list]) => ({
    name: `ops.${camel(op)}`,
    cases: list.map(opCase),
  }));
}

// Arguments behind the first that decide the shape of the result: they must be known, so they are not inputs of a compiled program.
const shaping: ReadonlySet<string> = new Set(["repeat"]);

// The shape of the result depends on values, unless a size is given.
const reading: ReadonlySet<string> = new Set(["bincount", "nonzero", "unique"]);

function opCase(one: OpCase, index: number): GoldenCase {
  const stored = storedLeaves([one.args, one.kwargs]);
  const cotangents = one.cotangents ?? [];
  const name = nameOf(one);
  const readsValues = reading.has(name) && !("size" in one.kwargs);
  const compute = (inputs: readonly Tensor[]): readonly Tensor[] | Promise<readonly Tensor[]> => {
    const args = argumentsOf(one, inputs.slice(0, stored.length));
    const output = (publicOp(name) as (...a: unknown[]) => unknown)(...args);
    if (output instanceof Promise) return output.then(tensorsOf);
    const outs = observed(tensorsOf(output), one.observe ?? []);
    return one.gradients === undefined ? outs : [...outs, ...slopes(outs, args, inputs.slice(stored.length))];
  };
  const wanted: Expectation[] = [
    ...storedLeaves(one.output).map((value, i) => ({ what: `output ${i}`, value, tolerance: loose })),
    ...storedLeaves([one.gradients ?? [], one.kwarg_gradients ?? {}]).map((value, i) => ({
      what: `gradient ${i}`,
      value,
      tolerance: loose,
    })),
  ];
  return {
    name: `${index} ${JSON.stringify([one.args, one.kwargs]).slice(0, 100)}`,
    inputs: [...stored, ...cotangents].map(toHost),
    prepare: stateless(compute),
    expected: wanted,
    ...(readsValues ? { readsValues } : {}),
  };
}

const observed = (outs: readonly Tensor[], how: NonNullable<OpCase["observe"]>): Tensor[] =>
  outs.map((y, i) => (how[i] === "magnitude" ? ops.abs(y) : how[i] === "shape" ? ops.multiply(y, 0) : y));

// where(mask) reads values: that is nonzero here.
const nameOf = ({ op, args }: OpCase): string => (op === "where" && args.length === 1 ? "nonzero" : camel(op));
const tensorsOf = (output: unknown): Tensor[] =>
  tree.flatten(output as tree.Tree<unknown>).filter((x): x is Tensor => x instanceof Tensor);

// Of the sum of all float outputs, each times its cotangent; real and imaginary parts count as outputs of their own.
function slopes(outs: readonly Tensor[], args: readonly unknown[], cotangents: readonly Tensor[]): Tensor[] {
  const floats = outs.filter((y) => isDifferentiable(y.dtype));
  const parts = floats.map((y, i) => inner(y, cotangents[i] as Tensor));
  return gradients(
    parts.reduce((a, b) => a.add(b)),
    floatsIn(args),
  );
}
function inner(y: Tensor, weight: Tensor): Tensor {
  if (!isComplex(y.dtype)) return ops.sum(ops.multiply(ops.cast(y, "float32"), weight));
  return ops.sum(
    ops
      .real(y)
      .multiply(ops.real(weight))
      .add(ops.imag(y).multiply(ops.imag(weight))),
  );
}
function floatsIn(x: unknown): Tensor[] {
  if (x instanceof Tensor) return ["float32", "complex64"].includes(x.dtype) ? [x] : [];
  if (Array.isArray(x)) return x.flatMap(floatsIn);
  return isRecord(x) && Object.getPrototypeOf(x) === Object.prototype ? Object.values(x).flatMap(floatsIn) : [];
}

// Python's positional arguments beyond the required ones are options here.
function argumentsOf(one: OpCase, inputs: readonly Tensor[]): unknown[] {
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
