import { type DType, primitives as p, type Tensor } from "../src/core.ts";
import { at, host, type Sample } from "./sample.ts";

const special = [
  0,
  -0,
  1,
  -1,
  0.5,
  -0.5,
  2.5,
  3.5,
  -2.5,
  1e-8,
  -1e-30,
  88,
  -100,
  1e30,
  Infinity,
  -Infinity,
  NaN,
  7.25,
  -3,
  0.9999999,
];

type UnaryName = { [N in keyof typeof p]: (typeof p)[N] extends (x: Tensor) => Tensor ? N : never }[keyof typeof p];
const floatUnary: readonly UnaryName[] = [
  "abs",
  "sign",
  "neg",
  "exp",
  "expm1",
  "log",
  "log1p",
  "sqrt",
  "rsqrt",
  "sin",
  "cos",
  "tan",
  "asin",
  "acos",
  "atan",
  "sinh",
  "cosh",
  "tanh",
  "asinh",
  "acosh",
  "atanh",
  "erf",
  "erfInv",
  "lgamma",
  "digamma",
  "trigamma",
  "logistic",
  "floor",
  "ceil",
  "round",
  "trunc",
  "isFinite",
  "isNan",
  "stopGradient",
  "relu",
  "softplus",
  "silu",
  "gelu",
  "geluTanh",
];
// float32 arguments so large that the reference's range reduction is another than NumPy's are left out of the periodic ones.
const periodic = new Set<string>(["sin", "cos", "tan"]);

const unary: Sample[] = (["float32", "float64"] as const).flatMap((dtype) =>
  floatUnary.flatMap((name) => {
    const values = special.filter((x) => !periodic.has(name) || !(Math.abs(x) > 1e6));
    const call = p[name] as (x: Tensor) => Tensor;
    return [
      { name: `${name} ${dtype}`, inputs: [host([values.length], values, dtype)], build: (x: Tensor) => call(x) },
      { name: `${name} ${dtype} scalar`, inputs: [host([], [0.75], dtype)], build: (x: Tensor) => call(x) },
    ] as Sample[];
  }),
);

type BinaryName = {
  [N in keyof typeof p]: (typeof p)[N] extends (a: number, b: number) => Tensor ? N : never;
}[keyof typeof p];
const arithmetic: readonly BinaryName[] = [
  "add",
  "sub",
  "mul",
  "div",
  "rem",
  "pow",
  "max",
  "min",
  "equal",
  "notEqual",
  "less",
  "lessEqual",
  "greater",
  "greaterEqual",
];
const bitwise: readonly BinaryName[] = ["and", "or", "xor", "shiftLeft", "shiftRightLogical", "shiftRightArithmetic"];
const integers = ["uint8", "uint16", "uint32", "int8", "int16", "int32"] as const;

const binary: Sample[] = [
  ...(["float32", "float64"] as const).flatMap((dtype) =>
    [...arithmetic, "atan2" as const].map((name): Sample => {
      const [a, b] = [
        [1, -2, 0, 2.5, NaN, Infinity, -7, 3],
        [2, 3, 0, -1.5, 1, 2, 2, NaN],
      ];
      const call = p[name as BinaryName] as (a: Tensor, b: Tensor) => Tensor;
      return {
        name: `${name} ${dtype}`,
        inputs: [host([8], a, dtype), host([2, 1, 8], [...b, ...b.map((x) => x / 2)], dtype)],
        build: (...xs) => call(at(xs, 0), at(xs, 1)),
      };
    }),
  ),
  ...integers.flatMap((dtype) =>
    [...arithmetic, ...bitwise].map((name): Sample => {
      const unsigned = dtype.startsWith("u");
      const a = unsigned ? [7, 0, 200, 5, 255, 3, 1] : [7, -7, 127, -128, 0, 3, -1];
      const b = unsigned ? [2, 0, 3, 7, 255, 40, 1] : [2, 0, -2, -1, 5, 40, -3];
      const call = p[name] as (a: Tensor, b: Tensor) => Tensor;
      return {
        name: `${name} ${dtype}`,
        inputs: [host([7], a, dtype), host([7], b, dtype)],
        build: (...xs) => call(at(xs, 0), at(xs, 1)),
      };
    }),
  ),
  ...(["and", "or", "xor", "max", "min", "equal", "less"] as const).map(
    (name): Sample => ({
      name: `${name} bool`,
      inputs: [host([4], [0, 0, 1, 1], "bool"), host([4], [0, 1, 0, 1], "bool")],
      build: (...xs) => p[name](at(xs, 0), at(xs, 1)),
    }),
  ),
  {
    name: "not",
    inputs: [host([2], [0, 1], "bool"), host([3], [0, 5, -1], "int8")],
    build: (a, b) => [p.not(a as Tensor), p.not(b as Tensor)],
  },
];

/** Every dtype of the engine that counts. */
export const numbers = [...integers, "float32", "float64"] as const;
const casts: Sample[] = (["bool", ...numbers] as const).flatMap((from) =>
  (["bool", ...numbers] as const)
    .filter((to) => to !== from)
    .map((to): Sample => {
      const values = from.startsWith("float")
        ? [0, -0.5, 1.9, -1.9, 3e9, -3e9, 300, -300, NaN, Infinity, -Infinity, 65535.7]
        : from === "bool"
          ? [0, 1]
          : [0, 1, 200, 77];
      return {
        name: `cast ${from} ${to}`,
        inputs: [host([values.length], values, from)],
        build: (x) => p.cast(x as Tensor, { dtype: to as DType }),
      };
    }),
);

export const elementwiseSamples: readonly Sample[] = [...unary, ...binary, ...casts];
