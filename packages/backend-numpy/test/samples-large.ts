// Arrays as large as those for which kernels take another way: over operands, by bits, in blocks.
import { type HostArray, primitives as p, type Tensor } from "../src/core.ts";
import { at, type Carried, host, noise, type Sample } from "./sample.ts";

const WIDE = [160, 128] as const;
/** Values between -2 and 2, none of them twice. */
const spread = (shape: readonly number[], seed = 1, dtype: Carried = "float32"): HostArray => {
  const size = shape.reduce((a, b) => a * b, 1);
  return host(
    shape,
    Array.from({ length: size }, (_, i) => (((i * 7919 + seed * 104729) % size) / size - 0.5) * 4),
    dtype,
  );
};
const marks = (shape: readonly number[], holds: (i: number) => boolean): HostArray =>
  host(
    shape,
    Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => (holds(i) ? 1 : 0)),
    "bool",
  );

// Each is read once more after it could have been written over, unless it is a temporary.
const binary = ["add", "sub", "mul", "div", "max", "min", "rem", "pow", "atan2"] as const;
const unary = (
  "neg abs exp expm1 log log1p sqrt rsqrt sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh logistic floor ceil round trunc " +
  "relu erf"
).split(" ") as readonly ("neg" | "relu")[];
const overOperands: readonly Sample[] = [
  ...binary.map((name) => ({
    name: `${name} over temporaries`,
    inputs: [spread(WIDE), spread(WIDE, 2), spread([128], 3)],
    build: (...xs: readonly Tensor[]) => {
      const twice = p.add(at(xs, 0), at(xs, 0));
      const kept = p.mul(at(xs, 1), 2);
      return [p[name](twice, at(xs, 2)), p[name](p.abs(at(xs, 1)), kept), kept, p[name](p.neg(at(xs, 0)), at(xs, 0))];
    },
  })),
  ...unary.map((name) => ({
    name: `${name} over temporaries`,
    inputs: [spread(WIDE)],
    build: (x: Tensor) => {
      const small = p.mul(x, 0.4);
      const kept = p.add(p.mul(p.abs(x), 0.2), 1.05);
      return [p.mul(p[name](small), 0.5), p[name](kept), kept];
    },
  })),
  ...(["int32", "uint8"] as const).map((dtype) => ({
    name: `integers over temporaries, ${dtype}`,
    inputs: [noise(WIDE, 1, dtype), noise(WIDE, 2, dtype)],
    build: (...xs: readonly Tensor[]) =>
      [p.and, p.or, p.xor, p.add, p.max, p.div, p.rem].map((f) => f(p.not(f(at(xs, 0), at(xs, 1))), at(xs, 0))),
  })),
  {
    name: "views of temporaries stay as they are",
    inputs: [spread(WIDE)],
    build: (x: Tensor) => {
      const temporary = p.add(x, 1);
      const view = p.transpose(p.reshape(temporary, { shape: [128, 160] }), { permutation: [1, 0] });
      const next = p.exp(temporary);
      return [p.add(view, 1), next, p.mul(p.stopGradient(p.add(x, 2)), p.add(x, 2))];
    },
  },
];

const choices: readonly Sample[] = [
  ...(["float32", "float64", "int32", "uint8"] as const).map((dtype) => ({
    name: `where ${dtype}`,
    inputs: [marks(WIDE, (i) => (i * i) % 7 < 3), noise(WIDE, 1, dtype), noise([1, 128], 2, dtype)],
    build: (...xs: readonly Tensor[]) => {
      const [condition, a, b] = [at(xs, 0), at(xs, 1), at(xs, 2)];
      return [p.where(condition, a, b), p.where(condition, b, a), p.where(condition, a, 0), p.where(condition, 0, a)];
    },
  })),
  ...[true, false].map((all) => ({
    name: `where for rows, ${all ? "all" : "some"} of them`,
    inputs: [marks([160, 1], (i) => all || i % 3 > 0), spread(WIDE)],
    build: (...xs: readonly Tensor[]) => {
      const temporary = p.add(at(xs, 1), 1);
      const chosen = p.where(at(xs, 0), temporary, Number.NaN);
      return [p.mul(chosen, 2), p.exp(temporary), p.exp(p.where(at(xs, 0), at(xs, 1), -0))];
    },
  })),
  ...[true, false].map((signed) => ({
    name: `zeros ${signed ? "of both signs" : "of one sign"}`,
    inputs: [
      host(
        WIDE,
        [...spread(WIDE).data].map((x, i) => (i % 5 === 0 ? (signed && i % 2 === 0 ? -0 : 0) : x)),
      ),
    ],
    build: (x: Tensor) => {
      const temporary = p.mul(x, 1.5);
      const apart = p.separateZeros(temporary);
      return [p.exp(apart), temporary, p.sort(x, { axis: 1 }), p.sort(x, { axis: 0 })];
    },
  })),
];

const moves: readonly Sample[] = [
  ...(["set", "add", "min"] as const).map((mode) => ({
    name: `scatterNd of long rows, ${mode}`,
    inputs: [
      spread([40, 32]),
      host(
        [600, 1],
        Array.from({ length: 600 }, (_, i) => (i * i) % 37),
        "int32",
      ),
      spread([600, 32], 2),
    ],
    build: (...xs: readonly Tensor[]) => p.scatterNd(at(xs, 0), at(xs, 1), at(xs, 2), { mode }),
  })),
  {
    name: "scatterNd of nothing, and into a whole array",
    inputs: [
      spread([4, 16]),
      host([0, 1], [], "int32"),
      spread([0, 16]),
      host([2, 0], [], "int32"),
      spread([2, 4, 16]),
    ],
    build: (...xs: readonly Tensor[]) => [
      p.scatterNd(at(xs, 0), at(xs, 1), at(xs, 2), { mode: "add" }),
      p.scatterNd(at(xs, 0), at(xs, 3), at(xs, 4), { mode: "add" }),
    ],
  },
  {
    name: "one-hot on every axis, classes outside",
    inputs: [host([2, 3], [0, -1, 4, 3, 1, 9], "int32")],
    build: (x: Tensor) =>
      [0, 1, 2].map((axis) => p.oneHot(x, { axis, size: 4, dtype: axis === 1 ? "int32" : "float32" })),
  },
  {
    name: "transposed matrices as results",
    inputs: [spread([130, 200])],
    build: (x: Tensor) => p.transpose(x, { permutation: [1, 0] }),
  },
  {
    name: "random bits of several blocks",
    inputs: [host([2], [7, 3], "uint32")],
    build: (key: Tensor) => [1, 2].map((words) => p.randomBits(key, { shape: [2, 20000], words: words as 1 | 2 })),
  },
  {
    name: "special functions in blocks",
    inputs: [spread([5, 3300])],
    build: (x: Tensor) => [p.erf(p.mul(x, 2.5)), p.erfInv(p.mul(x, 0.49)), p.lgamma(x), p.digamma(x)],
  },
];

export const largeSamples: readonly Sample[] = [...overOperands, ...choices, ...moves];
