// Ops whose symbolic results Keras declares by a rule of its own, which may be wider than what tracing finds, or refuse, or be another
// than what the op computes. Models of the Functional API are built on what is declared, so Keras' rule is the specification.
import { isComplex, normalizeAxis, resultType, type SymbolicShape } from "../aval/index.ts";
import { complain, ShapeError, showShape } from "../errors/index.ts";
import { type Index, Tensor } from "../graph/index.ts";
import {
  type Args,
  always,
  asFirst,
  type Declarations,
  type Declare,
  dtypeOf,
  inDtypeOfFirst,
  like,
  mustEqual,
  option,
  several,
  shapeOf,
  unknownWhere,
} from "./declared-core.ts";
import { fourierDeclarations } from "./declared-fourier.ts";
import { imageDeclarations } from "./declared-image.ts";
import { linalgDeclarations } from "./declared-linalg.ts";
import { isSymbolic, KerasTensor } from "./keras-tensor.ts";

/** The last axis is a diagonal, of unknown length if one of the sizes is unknown. */
const diagonal: Declare = (args, traced) => {
  const made = traced();
  const shape = shapeOf(args[0]);
  const sizes = [option(args, "axis1") ?? 0, option(args, "axis2") ?? 1].map((axis) => shape.at(Number(axis)));
  return shape.length > 1 && sizes.includes(null) ? unknownWhere(made, (i) => i === made.shape.length - 1) : made;
};
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
/** A slice of an axis of unknown size has an unknown size, though `[:2]` of a long one has 2. */
const slicedUnknown: Declare = ([x, key], traced) => {
  const made = traced();
  const indices = key as readonly Index[];
  if (indices.some((index) => index instanceof Tensor || isSymbolic(index))) return made;
  const shape = shapeOf(x);
  const rest = shape.length - indices.filter((index) => index !== "..." && index !== "newaxis").length;
  const places = indices.includes("...") ? indices : [...indices, "..." as const];
  let axis = 0;
  const sizes = places.flatMap((index) => {
    if (index === "newaxis") return [1];
    const taken = index === "..." ? shape.slice(axis, axis + rest) : [shape[axis]];
    axis += taken.length;
    return typeof index === "number" ? [] : taken;
  });
  return unknownWhere(made, (i) => sizes[i] === null);
};
const stackAxis = (args: Args): number => {
  const axis = Number(option(args, "axis") ?? 0);
  return axis < 0 ? axis + shapeOf((args[0] as Args)[0]).length + 1 : axis;
};
/** Complex numbers are declared real. */
const ofComplexReal: Declare = (args, traced) =>
  isComplex(dtypeOf(args[0])) ? always("float32")(args, traced) : traced();

/** By public name. */
export const declarations: Declarations = {
  ...linalgDeclarations,
  ...fourierDeclarations,
  ...imageDeclarations,
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
  bincount: ([x, options], _traced) => {
    const weights = option([options], "weights") ?? null;
    const dtypes = [dtypeOf(x), ...(weights === null ? [] : [dtypeOf(weights)])];
    const dtype = weights === null ? "int32" : resultType(...dtypes);
    return new KerasTensor([...shapeOf(x).slice(0, -1), null], { dtype });
  },
  ctcDecode: ([inputs], traced) => {
    const [sequences, scores] = several(traced) as readonly [KerasTensor, KerasTensor];
    const [batch, steps] = shapeOf(inputs) as readonly [number | null, number | null];
    const paths = sequences.shape[0] as number;
    return [like(sequences, [paths, batch, steps]), like(scores, [batch, paths])];
  },
  ctcLoss: (args, traced) => {
    const made = traced();
    const must = "target, output and their lengths must have one batch size";
    const batch = shapeOf(args[0]).slice(0, 1);
    for (const x of args.slice(1, 4)) mustEqual("ctcLoss", batch, shapeOf(x).slice(0, 1), must);
    return made;
  },
  // As if each row kept its length: [3, 4] is declared [3, 4], and computed [3, 3].
  corrcoef: ([x], traced) => like(traced(), shapeOf(x)),
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
  getItem: slicedUnknown,
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
    const made = several(traced);
    return option(args, "indexing") === "ij" ? made.map((x) => like(x, x.shape, "float32")) : made;
  },
  multiHot: (args, traced) => like(traced(), traced().shape, (args[0] as KerasTensor).dtype),
  reciprocal: always("float32"),
  psnr: always("float32"),
  logsumexp: always("float32"),
  viewAsReal: always("float32"),
  deg2rad: ofComplexReal,
  rad2deg: ofComplexReal,
  histogram: inDtypeOfFirst,
  nonzero: ([x, options], traced) =>
    option([options], "size") === undefined
      ? shapeOf(x).map(() => new KerasTensor([null], { dtype: "int32" }))
      : traced(),
  unique: ([x, options = {}], traced) => {
    const { axis = null, size = null, ...more } = options as Readonly<Record<string, number | boolean | null>>;
    if (size !== null) return traced();
    const shape = shapeOf(x);
    const at = axis === null ? 0 : normalizeAxis(Number(axis), shape.length, "unique");
    const whole = (sizes: SymbolicShape): KerasTensor => new KerasTensor(sizes, { dtype: "int32" });
    const values = axis === null ? [null] : shape.map((n, i) => (i === at ? null : n));
    const made = [new KerasTensor(values, { dtype: dtypeOf(x) })];
    if (more["returnIndex"] === true) made.push(whole([null]));
    if (more["returnInverse"] === true) made.push(whole(axis === null ? shape : [shape[at] as number | null]));
    if (more["returnCounts"] === true) made.push(whole([null]));
    return made.length === 1 ? made[0] : made;
  },
  reshape: ([x, shape], traced) => {
    const sizes = typeof shape === "number" ? [shape] : (shape as readonly number[]);
    const free = isSymbolic(x) && x.shape.includes(null) && Array.isArray(sizes) && !sizes.includes(-1);
    return free ? new KerasTensor(sizes, { dtype: x.dtype }) : traced();
  },
};
