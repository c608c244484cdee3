// Ops whose symbolic results Keras declares by a rule of its own, which may be wider than what tracing finds, or refuse, or be another
// than what the op computes. Models of the Functional API are built on what is declared, so Keras' rule is the specification.
import type { SymbolicShape } from "../aval/index.ts";
import { sameShape } from "../aval/index.ts";
import { complain, ShapeError, showShape } from "../errors/index.ts";
import { Tensor } from "../graph/index.ts";
import { convertToTensor, type TensorLike } from "./convert-core.ts";
import { isSymbolic, KerasTensor } from "./keras-tensor.ts";

type Args = readonly unknown[];
/** `traced` gives the results of tracing; what is returned is declared. */
type Declare = (args: Args, traced: () => KerasTensor) => unknown;

const shapeOf = (x: unknown): SymbolicShape =>
  isSymbolic(x) || x instanceof Tensor ? x.shape : convertToTensor(x as TensorLike).shape;
const option = (args: Args, name: string): unknown => (args.at(-1) as Readonly<Record<string, unknown>>)?.[name];
const like = (made: KerasTensor, shape: SymbolicShape, dtype: string = made.dtype): KerasTensor =>
  new KerasTensor(shape, { dtype });
const unknownWhere = (made: KerasTensor, test: (axis: number) => boolean): KerasTensor =>
  like(
    made,
    made.shape.map((size, i) => (test(i) ? null : size)),
  );

/** Sizes that the first argument does not know stay unknown, though another argument would tell them. */
const asFirst: Declare = ([x], traced) => {
  const made = traced();
  const shape = shapeOf(x);
  return shape.length === made.shape.length ? unknownWhere(made, (i) => shape[i] === null) : made;
};
/** The last axis is a diagonal, of unknown length if one of the sizes is unknown. */
const diagonal: Declare = (args, traced) => {
  const made = traced();
  const shape = shapeOf(args[0]);
  const sizes = [option(args, "axis1") ?? 0, option(args, "axis2") ?? 1].map((axis) => shape.at(Number(axis)));
  return shape.length > 1 && sizes.includes(null) ? unknownWhere(made, (i) => i === made.shape.length - 1) : made;
};
/** Symbolic shapes must be the same; an unknown size equals no known one. */
function mustEqual(name: string, a: SymbolicShape, b: SymbolicShape, what: string): void {
  if (sameShape(a, b)) return;
  const todo = "Give both the same sizes, known or unknown";
  throw new ShapeError(complain(name, { must: what, got: `${showShape(a)} and ${showShape(b)}`, todo }));
}
const crossentropy =
  (name: string): Declare =>
  ([target, output], traced) => {
    mustEqual(name, shapeOf(target), shapeOf(output), "target and output must have the same shape");
    return traced();
  };
/** Inputs with an unknown size leave that size unknown, whatever the others know. `shift` is where the new axis went. */
const joined =
  (place: (axis: number, args: Args) => number): Declare =>
  (args, traced) => {
    const made = traced();
    const first = shapeOf((args[0] as Args)[0]);
    const unknown = first.flatMap((size, i) => (size === null ? [place(i, args)] : []));
    return unknownWhere(made, (i) => unknown.includes(i));
  };
const stackAxis = (args: Args): number => {
  const axis = Number(option(args, "axis") ?? 0);
  return axis < 0 ? axis + shapeOf((args[0] as Args)[0]).length + 1 : axis;
};

/** By public name. */
export const declarations: Readonly<Record<string, Declare>> = {
  ...Object.fromEntries(
    ["And", "Or", "Xor", "LeftShift", "RightShift"].map((name) => [`bitwise${name}`, asFirst] as const),
  ),
  leftShift: asFirst,
  rightShift: asFirst,
  dotProductAttention: asFirst,
  inTopK: asFirst,
  diag: diagonal,
  diagonal,
  binaryCrossentropy: crossentropy("binaryCrossentropy"),
  categoricalCrossentropy: (args, traced) => {
    const made = crossentropy("categoricalCrossentropy")(args, traced) as KerasTensor;
    return like(made, shapeOf(args[1]).slice(0, -1));
  },
  sparseCategoricalCrossentropy: (args, traced) => {
    const [target, output] = [shapeOf(args[0]), shapeOf(args[1])];
    const classes = Number(option(args, "axis") ?? -1);
    const wanted = output.filter((_, i) => i !== (classes < 0 ? classes + output.length : classes));
    const given = target.length === output.length && target.at(-1) === 1 ? target.slice(0, -1) : target;
    const must = "target must have the shape of output without the axis of classes";
    mustEqual("sparseCategoricalCrossentropy", given, wanted, must);
    return traced();
  },
  batchNormalization: (args, traced) => {
    const x = shapeOf(args[0]);
    const axis = Number(args[3]);
    const must = "mean and variance must be vectors as long as the axis";
    for (const moment of args.slice(1, 3))
      mustEqual("batchNormalization", shapeOf(moment), [x.at(axis) as number | null], must);
    return traced();
  },
  cross: (args, traced) => {
    const [a, b] = [shapeOf(args[0]), shapeOf(args[1])];
    if (a.length > 1 || a[0] !== null || b[0] !== null) return traced();
    const must = "two vectors must have 2 or 3 components";
    const got = `${showShape(a)} and ${showShape(b)}`;
    throw new ShapeError(complain("cross", { must, got, todo: "Give one of them its size" }));
  },
  dot: (args, traced) => {
    const [a, b] = [shapeOf(args[0]), shapeOf(args[1])];
    if (b.length === 1 && a.length > 1) mustEqual("dot", [a.at(-1) as number | null], b, "inner sizes must agree");
    return traced();
  },
  squeeze: ([x, ...rest], traced) => {
    const axis = option(rest, "axis");
    const shape = shapeOf(x);
    for (const one of typeof axis === "number" ? [axis] : ((axis ?? []) as readonly number[])) {
      if (shape.at(one) !== null) continue;
      const got = `axis ${one} of ${showShape(shape)}`;
      const must = "the size of a squeezed axis must be known to be 1";
      throw new ShapeError(complain("squeeze", { must, got, todo: "Give the input its full shape" }));
    }
    return traced();
  },
  dstack: joined((axis, args) => (shapeOf((args[0] as Args)[0]).length === 1 ? 1 : axis)),
  stack: joined((axis, args) => (axis < stackAxis(args) ? axis : axis + 1)),
  // Rows are counted as if vectors were columns: [4] and [4] are declared [8], and computed [2, 4].
  vstack: ([xs], traced) => {
    const shapes = (xs as Args).map(shapeOf);
    const [first = []] = shapes;
    if (first.length !== 1) return traced();
    const rows = shapes.map(([size]) => size as number | null);
    return like(traced(), [rows.includes(null) ? null : rows.reduce<number>((a, b) => a + (b as number), 0)]);
  },
  // Always as after a quarter turn.
  rot90: (args, traced) => {
    const axes = (option(args, "axes") ?? [0, 1]) as readonly number[];
    const made = traced();
    const shape = [...shapeOf(args[0])];
    const [a, b] = axes.map((axis) => (axis < 0 ? axis + shape.length : axis)) as [number, number];
    [shape[a], shape[b]] = [shape[b] as number | null, shape[a] as number | null];
    return like(made, shape);
  },
  meshgrid: (args, traced) => {
    const made = traced() as unknown as readonly KerasTensor[];
    return option(args, "indexing") === "ij" ? made.map((x) => like(x, x.shape, "float32")) : made;
  },
  multiHot: (args, traced) => like(traced(), traced().shape, (args[0] as KerasTensor).dtype),
  reciprocal: (_, traced) => like(traced(), traced().shape, "float32"),
  nonzero: ([x, options], traced) =>
    option([options], "size") === undefined
      ? shapeOf(x).map(() => new KerasTensor([null], { dtype: "int32" }))
      : traced(),
  reshape: ([x, shape], traced) => {
    const sizes = typeof shape === "number" ? [shape] : (shape as readonly number[]);
    const free = isSymbolic(x) && x.shape.includes(null) && Array.isArray(sizes) && !sizes.includes(-1);
    return free ? new KerasTensor(sizes, { dtype: x.dtype }) : traced();
  },
};
