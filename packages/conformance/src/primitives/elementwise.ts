import type { DType, HostArray, None } from "@keras-ts/core/backend";
import {
  array,
  floatDtypes,
  INF,
  integerDtypes,
  NAN,
  type PrimitiveSample,
  type PrimitiveSamples,
  type Samples,
  scattered,
} from "./sample.ts";

type UnaryName =
  | "abs"
  | "acos"
  | "acosh"
  | "asin"
  | "asinh"
  | "atan"
  | "atanh"
  | "ceil"
  | "cos"
  | "cosh"
  | "digamma"
  | "erf"
  | "erfInv"
  | "exp"
  | "expm1"
  | "floor"
  | "isFinite"
  | "isNan"
  | "lgamma"
  | "log"
  | "log1p"
  | "logistic"
  | "neg"
  | "not"
  | "round"
  | "rsqrt"
  | "sign"
  | "sin"
  | "sinh"
  | "sqrt"
  | "stopGradient"
  | "tan"
  | "tanh"
  | "trigamma"
  | "trunc";
type BinaryName =
  | "add"
  | "and"
  | "atan2"
  | "div"
  | "equal"
  | "greater"
  | "greaterEqual"
  | "less"
  | "lessEqual"
  | "max"
  | "min"
  | "mul"
  | "notEqual"
  | "or"
  | "pow"
  | "rem"
  | "shiftLeft"
  | "shiftRightArithmetic"
  | "shiftRightLogical"
  | "sub"
  | "xor";
type Sample = PrimitiveSample<None>;
type Some = Samples<None>;

const sample = (name: string, ...inputs: readonly HostArray[]): Sample => ({ name, inputs, params: {} });
const specials = array([NAN, INF, -INF, 0, -0, 1, -1, 2.5, -2.5, 1e-30, 88, -88]);

interface Domain {
  readonly low?: number;
  readonly high?: number;
  readonly gradient?: "first" | "smooth";
  readonly extra?: readonly Sample[];
  readonly slack?: number;
}
// Float functions: shapes, every float dtype, special values, and the derivative inside the domain.
function float({ low = -2, high = 2, gradient, extra = [], slack = 1 }: Domain = {}): Some {
  const typed = floatDtypes.map((dtype) => ({ ...sample(dtype, scattered([2, 3], low, high, dtype)), slack }));
  const [first, ...rest] = typed.map((s, i): Sample => (i === 0 && gradient !== undefined ? { ...s, gradient } : s));
  return [
    first as Sample,
    ...rest,
    sample("scalar", array([low + 0.3 * (high - low)], "float32", [])),
    sample("empty", scattered([0, 2])),
    { ...sample("special values", specials), slack },
    ...extra,
  ];
}
const integer = (dtype: DType, values: readonly number[] = [0, 1, 2, 100, 7]): Sample =>
  sample(dtype, array(values, dtype));
const everyInteger = (): Sample[] =>
  integerDtypes.map((dtype) => integer(dtype, dtype.startsWith("u") ? [0, 1, 2, 200, 7] : [0, -1, 2, -128, 127]));

const unarySamples: Pick<PrimitiveSamples, UnaryName> = {
  abs: float({ gradient: "first", extra: everyInteger() }),
  acos: float({ low: -0.9, high: 0.9, gradient: "smooth" }),
  acosh: float({ low: 1.2, high: 4, gradient: "smooth" }),
  asin: float({ low: -0.9, high: 0.9, gradient: "smooth" }),
  asinh: float({ gradient: "smooth" }),
  atan: float({ gradient: "smooth" }),
  atanh: float({ low: -0.9, high: 0.9, gradient: "smooth" }),
  ceil: float(),
  cos: float({ gradient: "smooth" }),
  cosh: float({ gradient: "smooth" }),
  digamma: float({
    low: 0.3,
    high: 9,
    gradient: "first",
    slack: 4,
    extra: [sample("negative", array([-0.5, -2.25, -7.75]))],
  }),
  erf: float({ gradient: "smooth", extra: [sample("tails", array([-7, -4, -3, 1e-8, 3, 4, 7]))] }),
  erfInv: float({
    low: -0.95,
    high: 0.95,
    gradient: "smooth",
    slack: 4,
    extra: [sample("tails", array([-0.9999, 1e-8, 0.999999]))],
  }),
  exp: float({ gradient: "smooth" }),
  expm1: float({ gradient: "smooth", extra: [sample("small", array([1e-8, -1e-8, 1e-4]))] }),
  floor: float(),
  isFinite: float(),
  isNan: float(),
  lgamma: float({
    low: 0.3,
    high: 9,
    gradient: "smooth",
    slack: 4,
    extra: [sample("negative", array([-0.5, -2.25, -7.75]))],
  }),
  log: float({ low: 0.2, high: 3, gradient: "smooth" }),
  log1p: float({ low: -0.8, high: 3, gradient: "smooth", extra: [sample("small", array([1e-8, -1e-8, 1e-4]))] }),
  logistic: float({ gradient: "smooth", extra: [sample("far out", array([-200, -50, 50, 200]))] }),
  neg: float({ gradient: "smooth", extra: everyInteger() }),
  not: [sample("bool", array([0, 1], "bool")), ...everyInteger()],
  round: float({ extra: [sample("ties to even", array([-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 3.5]))] }),
  rsqrt: float({ low: 0.2, high: 3, gradient: "smooth" }),
  sign: float({ extra: [integer("int32", [-5, 0, 5]), integer("uint8")] }),
  sin: float({ gradient: "smooth" }),
  sinh: float({ gradient: "smooth" }),
  sqrt: float({ low: 0.2, high: 3, gradient: "smooth" }),
  stopGradient: float({ extra: [integer("int32"), sample("bool", array([0, 1], "bool"))] }),
  tan: float({ low: -1.2, high: 1.2, gradient: "smooth" }),
  tanh: float({ gradient: "smooth" }),
  trigamma: float({ low: 0.3, high: 9, slack: 4, extra: [sample("negative", array([-0.5, -2.25, -7.75]))] }),
  trunc: float({ extra: [integer("int32", [-5, 0, 5])] }),
};

// Pairs of shapes that broadcast.
const shapes = [
  ["one shape", [2, 3], [2, 3]],
  ["row", [2, 3], [3]],
  ["column and row", [2, 1], [1, 3]],
  ["scalar", [], [2, 3]],
  ["axes of both", [4, 1, 3], [2, 1]],
  ["empty", [0, 3], [1, 3]],
] as const;
const odd = [
  array([NAN, 1, NAN, INF, -INF, 0, -0, INF, 0, 2]),
  array([1, NAN, NAN, INF, INF, 0, 0, -1, -0, 0]),
] as const;

function floatPairs({ low = -2, high = 2, gradient }: Domain = {}): Sample[] {
  const broadcasting = shapes.map(([name, a, b]): Sample => {
    const pair = sample(name, scattered(a, low, high), scattered(b, low, high, "float32", 2));
    return gradient === undefined || name === "empty" ? pair : { ...pair, gradient };
  });
  const typed = floatDtypes.map((d) => sample(d, scattered([5], low, high, d), scattered([5], low, high, d, 2)));
  return [...broadcasting, ...typed, sample("special values", ...odd)];
}
function integerPairs(dtypes: readonly DType[] = integerDtypes): Sample[] {
  return dtypes.map((d) => {
    const low = d.startsWith("u") ? 1 : -60;
    return sample(d, scattered([2, 3], low, 90, d), scattered([3], 1, 9, d, 2));
  });
}
const boolPair = (): Sample => sample("bool", array([0, 0, 1, 1], "bool"), array([0, 1, 0, 1], "bool"));
const nonEmpty = (samples: readonly Sample[]): Some => samples as Some;

const MIN = -(2 ** 31);
const wrapping = (): Sample[] => [
  sample("wraps int32", array([2 ** 31 - 1, MIN, 123456789], "int32"), array([2 ** 31 - 1, MIN, 987654321], "int32")),
  sample("wraps uint32", array([2 ** 32 - 1, 2 ** 31], "uint32"), array([2 ** 32 - 1, 2 ** 31], "uint32")),
  sample("wraps int8", array([127, -128, 100], "int8"), array([127, -128, 3], "int8")),
  sample("wraps uint8", array([255, 0, 100], "uint8"), array([255, 1, 3], "uint8")),
];
const byZero = (): Sample =>
  sample("by zero and out of range", array([5, -5, 0, MIN], "int32"), array([0, 0, 0, -1], "int32"));
const compared = (): Some =>
  nonEmpty([
    ...floatPairs(),
    ...integerPairs(),
    boolPair(),
    sample("ties", array([1, 2, 2, 3]), array([1, 1, 2, 4])),
    sample("large uint32", array([2 ** 32 - 1, 1], "uint32"), array([1, 2 ** 32 - 1], "uint32")),
  ]);
const bitwise = (): Some =>
  nonEmpty([
    boolPair(),
    ...integerPairs(),
    sample("high bits", array([2 ** 32 - 1, 2 ** 31], "uint32"), array([2 ** 31, 3], "uint32")),
  ]);
const shifted = (): Some =>
  nonEmpty([
    sample("int32", array([1, -8, 2 ** 31 - 1, MIN], "int32"), array([3, 1, 4, 31], "int32")),
    sample("uint32", array([1, 2 ** 31, 2 ** 32 - 1], "uint32"), array([31, 1, 16], "uint32")),
    sample("int8", array([1, -8, 127], "int8"), array([3, 1, 4], "int8")),
    sample("uint8", array([1, 200, 255], "uint8"), array([3, 1, 4], "uint8")),
    sample("too far", array([1, -8, 5], "int32"), array([32, 40, -1], "int32")),
    sample("uint32 too far", array([2 ** 31, 5], "uint32"), array([32, 40], "uint32")),
  ]);

const binarySamples: Pick<PrimitiveSamples, BinaryName> = {
  add: nonEmpty([...floatPairs({ gradient: "smooth" }), ...integerPairs(), ...wrapping()]),
  sub: nonEmpty([...floatPairs({ gradient: "smooth" }), ...integerPairs(), ...wrapping()]),
  mul: nonEmpty([...floatPairs({ gradient: "smooth" }), ...integerPairs(), ...wrapping()]),
  div: nonEmpty([...floatPairs({ low: 0.5, high: 3, gradient: "smooth" }), ...integerPairs(), byZero()]),
  rem: nonEmpty([
    ...floatPairs({ low: 0.5, high: 3, gradient: "first" }),
    ...integerPairs(),
    byZero(),
    sample("signs", array([5.5, -5.5, 5.5, -5.5]), array([3, 3, -3, -3])),
  ]),
  pow: nonEmpty([
    ...floatPairs({ low: 0.3, high: 3, gradient: "smooth" }),
    sample("negative bases", array([-2, -2, -1.5, -2, 0, 0]), array([3, 2, -1, 0.5, 0, 2])),
    sample("special values again", array([1, -1, NAN, 0, -0, INF]), array([NAN, INF, 0, -1, -1, -2])),
    sample("int32", array([2, -3, 3, 5, 0, 7], "int32"), array([10, 3, 25, 0, 0, 1], "int32")),
    sample("int32 negative powers", array([2, -1, 1, -1], "int32"), array([-1, -3, -2, -2], "int32")),
  ]),
  max: nonEmpty([...floatPairs({ gradient: "first" }), ...integerPairs(), boolPair()]),
  min: nonEmpty([...floatPairs({ gradient: "first" }), ...integerPairs(), boolPair()]),
  atan2: nonEmpty([
    ...floatPairs({ gradient: "smooth" }),
    sample("axes", array([0, 0, -0, 1, -1, -1, 1]), array([1, -1, -1, 0, 0, -1, -1])),
  ]),
  and: bitwise(),
  or: bitwise(),
  xor: bitwise(),
  shiftLeft: shifted(),
  shiftRightLogical: shifted(),
  shiftRightArithmetic: shifted(),
  equal: compared(),
  notEqual: compared(),
  less: compared(),
  lessEqual: compared(),
  greater: compared(),
  greaterEqual: compared(),
};

const choice = array([1, 0, 1, 0, 0, 1], "bool", [2, 3]);
const whereSamples: PrimitiveSamples["where"] = [
  {
    name: "one shape",
    inputs: [choice, scattered([2, 3]), scattered([2, 3], -2, 2, "float32", 2)],
    params: {},
    gradient: "smooth",
  },
  {
    name: "broadcasts",
    inputs: [array([1, 0], "bool", [2, 1]), scattered([3]), scattered([])],
    params: {},
    gradient: "smooth",
  },
  {
    name: "scalar condition",
    inputs: [array([0], "bool", []), scattered([2]), scattered([2], 3, 4)],
    params: {},
    gradient: "smooth",
  },
  { name: "nan on the other side", inputs: [array([1, 0], "bool"), array([1, NAN]), array([INF, 2])], params: {} },
  { name: "int32", inputs: [choice, scattered([2, 3], -9, 9, "int32"), array([7], "int32", [])], params: {} },
  { name: "bool", inputs: [choice, array([1], "bool", []), array([0], "bool", [])], params: {} },
  { name: "empty", inputs: [array([], "bool", [0, 3]), scattered([0, 3]), scattered([3])], params: {} },
];

const numbers = [0, 1, -1, 2.5, -2.5, 100.7, -100.7, 1000];
const castSamples: PrimitiveSamples["cast"] = [
  { name: "float64 from float32", inputs: [scattered([2, 3])], params: { dtype: "float64" }, gradient: "smooth" },
  ...([...floatDtypes, ...integerDtypes, "bool"] as const).flatMap((dtype) => [
    { name: `${dtype} from float32`, inputs: [array(numbers)], params: { dtype } },
    { name: `${dtype} from int32`, inputs: [array([0, 1, -1, 127, 128, 300, -70000], "int32")], params: { dtype } },
    { name: `${dtype} from bool`, inputs: [array([0, 1], "bool")], params: { dtype } },
    { name: `${dtype} from uint8`, inputs: [array([0, 1, 128, 255], "uint8")], params: { dtype } },
  ]),
  { name: "int32 from nan and infinity", inputs: [array([NAN, INF, -INF, 3e9, -3e9])], params: { dtype: "int32" } },
  { name: "uint8 from nan and infinity", inputs: [array([NAN, INF, -INF, 300, -5])], params: { dtype: "uint8" } },
  { name: "bool from nan", inputs: [array([NAN, 0, -0, 1e-30])], params: { dtype: "bool" } },
  {
    name: "halves round to even",
    inputs: [array([1.00048828125, 1.00146484375, 65519, 65520, 1e-8, 6e-8])],
    params: { dtype: "float16" },
  },
  {
    name: "bfloat16 rounds to even",
    inputs: [array([1.00390625, 1.01171875, 3.4e38, 1e-40])],
    params: { dtype: "bfloat16" },
  },
];

export const elementwiseSamples: Pick<PrimitiveSamples, UnaryName | BinaryName | "where" | "cast"> = {
  ...unarySamples,
  ...binarySamples,
  where: whereSamples,
  cast: castSamples,
};
