// ops-*.json: calls of `ops`, with values, dtypes and gradients.
import { gradients, ops, Tensor, tree } from "@keras-ts/core";
import { isComplex, isDifferentiable, publicOp } from "@keras-ts/core/backend";
import { type Expectation, type GoldenCase, type GoldenGroup, groupBy, readCases, stateless } from "./case.ts";
import { argumentsOf, nameOf, type OpCall } from "./op-call.ts";
import { camel, isRecord, loose, type Stored, sharp, storedLeaves, type Tolerance, toHost } from "./stored.ts";

interface OpCase extends OpCall {
  readonly output: unknown;
  /** What of each output is compared, where it is not wholly defined: signs of vectors are free, and whole bases of null spaces. */
  readonly observe?: readonly ("same" | "magnitude" | "shape")[];
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

/** The cases of ops-*.json, by op. */
export function opGoldens(): GoldenGroup[] {
  const cases = readCases("ops-") as readonly OpCase[];
  const known = cases.filter((one) => publicOp(one.op) !== undefined && storedLeaves(one.output).length > 0);
  return [...groupBy(known, (one) => one.op)].map(([op, list]) => ({
    name: `ops.${camel(op)}`,
    cases: list.map(opCase),
  }));
}

// The shape of the result depends on values, unless a size is given.
const reading: ReadonlySet<string> = new Set(["bincount", "nonzero", "unique"]);

function opCase(one: OpCase, index: number): GoldenCase {
  const { stored, build } = argumentsOf(one);
  const { cotangents = [], tangents = [], second = [] } = one;
  const name = nameOf(one);
  const readsValues = reading.has(name) && !("size" in one.kwargs);
  const compute = (inputs: readonly Tensor[]): readonly Tensor[] | Promise<readonly Tensor[]> => {
    const args = build(inputs.slice(0, stored.length));
    const output = (publicOp(name) as (...a: unknown[]) => unknown)(...args);
    if (output instanceof Promise) return output.then(tensorsOf);
    const outs = observed(tensorsOf(output), one.observe ?? []);
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

const observed = (outs: readonly Tensor[], how: NonNullable<OpCase["observe"]>): Tensor[] =>
  outs.map((y, i) => (how[i] === "magnitude" ? ops.abs(y) : how[i] === "shape" ? ops.multiply(y, 0) : y));

// Sums over neighbours whose parts are rounded to halves: one unit of the largest value. And a ratio of differences of moments, of scale 1.
const rounded: Tolerance = { relative: { ...loose.relative, float16: 2 ** -10, bfloat16: 2 ** -7 } };
const ofImages: Readonly<Record<string, Tolerance>> = {
  // The places that pixels come from, up to 8, are halves too, of units up to 2^-8, and neighbours differ by about 1.
  "image.elastic_transform": { ...rounded, relative: { ...rounded.relative, float16: 2 ** -8 } },
  "image.gaussian_blur": rounded,
  "image.resize": rounded,
  "image.ssim": { ...loose, scale: 1 },
};
const toleranceOf = ({ op, strict }: OpCase): Tolerance =>
  strict === undefined ? (ofImages[op] ?? loose) : { ...sharp, signedZeros: strict === "zeros" };
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
