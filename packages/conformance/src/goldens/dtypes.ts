// dtypes.json: every op on every dtype that it takes, every pair of dtypes for two operands.
import { ops, Tensor, tree } from "@keras-ts/core";
import type { DType } from "@keras-ts/core/backend";
import { type GoldenCase, type GoldenGroup, groupBy, readGoldens, stateless } from "./case.ts";
import { argumentsOf, type OpCall } from "./op-call.ts";
import { camel, isRecord, isStored, type Stored, sharp, type Tolerance, toHost } from "./stored.ts";

/** What comes out: its dtype and values. */
type Output = readonly [dtype: string, data: readonly (number | string | boolean)[]];
interface SweptCall extends OpCall {
  /** Of the outputs, the same for all dtypes. */
  readonly shapes: readonly (readonly number[])[];
  /** By dtype, `a` or `a,b`. */
  readonly rows: Readonly<Record<string, readonly Output[]>>;
}
interface DtypesFile {
  readonly inputs: Readonly<Record<string, Readonly<Record<string, readonly number[]>>>>;
  readonly scalars: Readonly<Record<string, number>>;
  readonly calls: readonly SweptCall[];
}
/** Where a value of the swept dtype stands in a call. */
interface Place {
  readonly in: string;
  readonly operand: number;
  readonly shape: readonly number[];
}
const isPlace = (x: unknown): x is Place => isRecord(x) && "in" in x && "operand" in x;

// JAX's own halves are a unit off where a sigmoid of halves is multiplied; ours then may be one off on the other side.
// The larger of 0 and -0 is either: no engine says which.
const eitherZero: ReadonlySet<string> = new Set(
  "maximum minimum max min amax amin nanmax nanmin fmax fmin clip relu relu6 celu segment_max segment_min max_pool".split(
    " ",
  ),
);
// Halves inside, a float32 outside: its error is that of the halves.
const throughHalves: Readonly<Record<string, number>> = { bfloat16: 2 ** -7, float16: 2 ** -10 };
function toleranceOf(op: string, dtypes: readonly string[]): Tolerance {
  // XLA makes a choice of a product with a bool, in which the sign of a zero is lost.
  const signedZeros = !eitherZero.has(op) && !dtypes.includes("bool");
  const half = op === "sparse_categorical_crossentropy" ? throughHalves[dtypes[0] as string] : undefined;
  const relative = half === undefined ? sharp.relative : { float32: half };
  return { ...sharp, relative, halfUnits: units[op] ?? 1, signedZeros };
}
const units: Readonly<Record<string, number>> = { silu: 2, swish: 2 };

/** The cases of dtypes.json, by op. */
export function dtypeGoldens(): GoldenGroup[] {
  const file = readGoldens("dtypes") as DtypesFile;
  const known = file.calls.filter(({ op }) => camel(op) in ops);
  return [...groupBy(known, ({ op }) => op)].map(([op, calls]) => ({
    name: `dtypes.${camel(op)}`,
    cases: calls.flatMap((call, i) => Object.keys(call.rows).map((key) => caseOf(file, call, i, key))),
  }));
}

function caseOf({ inputs, scalars }: DtypesFile, call: SweptCall, index: number, key: string): GoldenCase {
  const chosen = key.split(",");
  const operands = [...new Set(placesOf([call.args, call.kwargs]).map(({ operand }) => operand))].sort();
  const fill = (x: unknown): unknown => {
    if (isPlace(x)) {
      const dtype = chosen[operands.indexOf(x.operand)] as string;
      if (dtype in scalars) return scalars[dtype];
      const table = inputs[dtype]?.[x.in] as readonly number[];
      const count = x.shape.reduce((a, b) => a * b, 1);
      return { dtype, shape: x.shape, data: Array.from({ length: count }, (_, i) => table[i % table.length]) };
    }
    if (isStored(x)) return x;
    if (Array.isArray(x)) return x.map(fill);
    return isRecord(x) ? Object.fromEntries(Object.entries(x).map(([name, value]) => [name, fill(value)])) : x;
  };
  const filled: OpCall = {
    op: call.op,
    args: fill(call.args) as unknown[],
    kwargs: fill(call.kwargs) as OpCall["kwargs"],
  };
  const { stored, run } = argumentsOf(filled);
  const outputs = call.rows[key] as readonly Output[];
  return {
    name: `${index} ${key} ${JSON.stringify(call.kwargs)}`,
    inputs: stored.map(toHost),
    prepare: stateless((tensors) =>
      tree.flatten(run(tensors) as tree.Tree<unknown>).filter((x): x is Tensor => x instanceof Tensor),
    ),
    expected: outputs.map(([dtype, data], i) => ({
      what: `output ${i}`,
      value: { dtype: dtype as DType, data, shape: call.shapes[i] as readonly number[] } satisfies Stored,
      tolerance: toleranceOf(call.op, chosen),
    })),
  };
}

function placesOf(x: unknown): Place[] {
  if (isPlace(x)) return [x];
  if (Array.isArray(x)) return x.flatMap(placesOf);
  return isRecord(x) && !isStored(x) ? Object.values(x).flatMap(placesOf) : [];
}
