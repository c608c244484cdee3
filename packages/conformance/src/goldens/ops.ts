// ops-*.json: calls of `ops`, with values, dtypes and gradients.
import { gradients, ops, Tensor, tree } from "@keras-ts/core";
import { isFloat } from "@keras-ts/core/backend";
import { type Expectation, type GoldenCase, type GoldenGroup, groupBy, readCases, stateless } from "./case.ts";
import { argumentsOf, nameOf, type OpCall } from "./op-call.ts";
import { camel, isRecord, loose, type Stored, sharp, storedLeaves, type Tolerance, toHost } from "./stored.ts";

interface OpCase extends OpCall {
  readonly output: unknown;
  readonly cotangents?: readonly Stored[];
  readonly gradients?: readonly unknown[];
  readonly kwarg_gradients?: Readonly<Record<string, unknown>>;
  /** Directions, one for each gradient, and the Hessian times them. */
  readonly tangents?: readonly Stored[];
  readonly second?: readonly Stored[];
  /** Compared sharply; `zeros` counts signs of zeros too. */
  readonly strict?: "values" | "zeros";
  readonly note?: string;
}
const functions = ops as unknown as Readonly<Record<string, (...args: unknown[]) => unknown>>;

/** The cases of ops-*.json, by op. */
export function opGoldens(): GoldenGroup[] {
  const cases = readCases("ops-") as readonly OpCase[];
  const known = cases.filter((one) => camel(one.op) in functions && storedLeaves(one.output).length > 0);
  return [...groupBy(known, (one) => one.op)].map(([op, list]) => ({
    name: `ops.${camel(op)}`,
    cases: list.map(opCase),
  }));
}

function opCase(one: OpCase, index: number): GoldenCase {
  const { stored, build } = argumentsOf(one);
  const { cotangents = [], tangents = [], second = [] } = one;
  const name = nameOf(one);
  const readsValues = ["nonzero", "unique"].includes(name) && !("size" in one.kwargs);
  const compute = (inputs: readonly Tensor[]): readonly Tensor[] | Promise<readonly Tensor[]> => {
    const args = build(inputs.slice(0, stored.length));
    const output = (functions[name] as (...a: unknown[]) => unknown)(...args);
    if (output instanceof Promise) return output.then(tensorsOf);
    const outs = tensorsOf(output);
    if (one.gradients === undefined) return outs;
    const end = stored.length + cotangents.length;
    const first = slopes(outs, args, inputs.slice(stored.length, end));
    return [...outs, ...first, ...(one.tangents === undefined ? [] : slopes(first, args, inputs.slice(end)))];
  };
  const wanted: Expectation[] = [
    ...storedLeaves(one.output).map((value, i) => ({ what: `output ${i}`, value, tolerance: toleranceOf(one) })),
    ...storedLeaves([one.gradients ?? [], one.kwarg_gradients ?? {}]).map((value, i) => ({
      what: `gradient ${i}`,
      value,
      tolerance: loose,
    })),
    ...second.map((value, i) => ({ what: `second derivative ${i}`, value, tolerance: loose })),
  ];
  return {
    name: one.note ?? `${index} ${JSON.stringify([one.args, one.kwargs]).slice(0, 100)}`,
    inputs: [...stored, ...cotangents, ...tangents].map(toHost),
    prepare: stateless(compute),
    expected: wanted,
    ...(readsValues ? { readsValues } : {}),
  };
}

const toleranceOf = ({ strict }: OpCase): Tolerance =>
  strict === undefined ? loose : { ...sharp, signedZeros: strict === "zeros" };
const tensorsOf = (output: unknown): Tensor[] =>
  tree.flatten(output as tree.Tree<unknown>).filter((x): x is Tensor => x instanceof Tensor);

// Of the sum of all float outputs, each times its cotangent.
function slopes(outs: readonly Tensor[], args: readonly unknown[], cotangents: readonly Tensor[]): Tensor[] {
  const floats = outs.filter((y) => isFloat(y.dtype));
  const parts = floats.map((y, i) => ops.sum(ops.multiply(ops.cast(y, "float32"), cotangents[i] as Tensor)));
  return gradients(
    parts.reduce((a, b) => a.add(b)),
    floatsIn(args),
  );
}
function floatsIn(x: unknown): Tensor[] {
  if (x instanceof Tensor) return x.dtype === "float32" ? [x] : [];
  if (Array.isArray(x)) return x.flatMap(floatsIn);
  return isRecord(x) && Object.getPrototypeOf(x) === Object.prototype ? Object.values(x).flatMap(floatsIn) : [];
}
