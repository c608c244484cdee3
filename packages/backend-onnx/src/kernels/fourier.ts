// Fourier transforms along the last axis.
import { sizeOf } from "@keras-ts/core/backend";
import type { Builder } from "../builder.ts";

/** Real and imaginary parts. */
type Parts = readonly [re: string, im: string];

/** The largest factor that is one product with a matrix. */
const MOST = 64;

/** Transforms of `[..., n]`; the inverse divides by n. In double precision but for one product with a matrix. */
export function fft(b: Builder, parts: Parts, inverse: boolean): string[] {
  const { type, shape } = b.info(parts[0]);
  const n = shape[shape.length - 1] as number;
  if (sizeOf(shape) === 0) return [...parts];
  const factors = factorsOf(n);
  if (factors === undefined) return fftByOperator(b, parts, shape, inverse);
  const flat = (x: string): string =>
    b.reshape(b.cast(x, factors.length > 1 ? "float64" : type), [sizeOf(shape) / n, n]);
  const out = byFactors(b, [flat(parts[0]), flat(parts[1])], factors, inverse);
  return out.map((x) => b.reshape(b.cast(x, type), shape));
}

// As few as possible of nearly one size; none if a prime is too large.
function factorsOf(n: number): readonly number[] | undefined {
  if (n <= MOST) return [n];
  const wanted = Math.log(n) / Math.ceil(Math.log(n) / Math.log(MOST));
  const distance = (d: number): number => Math.abs(Math.log(d) - wanted);
  const divisors = Array.from({ length: MOST - 1 }, (_, i) => i + 2).filter((d) => n % d === 0);
  for (const d of divisors.sort((x, y) => distance(x) - distance(y))) {
    const rest = factorsOf(n / d);
    if (rest !== undefined) return [d, ...rest];
  }
  return undefined;
}

// Real numbers e^(i t) are turned by, t = -2 pi i j / n or back.
function table(
  b: Builder,
  like: string,
  rows: number,
  columns: number,
  n: number,
  scale: number,
  f: (t: number) => number,
): string {
  const data = new Float64Array(rows * columns);
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < columns; j++) data[i * columns + j] = f((2 * Math.PI * ((i * j) % n)) / n) / scale;
  return b.constant(b.info(like).type, [rows, columns], data);
}

/**
 * Of `[R, n]` with `n = d m`: place `i = d i2 + i1` goes to `k = m k1 + k2`, by transforms of length m over `i2`, factors
 * `e^(-2 pi i i1 k2 / n)`, and transforms of length d over `i1`. Source: Cooley and Tukey 1965.
 */
function byFactors(b: Builder, [re, im]: Parts, [d, ...rest]: readonly number[], inverse: boolean): Parts {
  const [rows, n] = b.shape(re) as [number, number];
  const own = d as number;
  const sign = inverse ? -1 : 1;
  const [cos, sin] = [Math.cos, (t: number): number => sign * Math.sin(t)].map((f) =>
    table(b, re, own, own, own, inverse ? own : 1, f),
  ) as [string, string];
  // (x + i y)(c - i s)
  const turned = (times: (x: string, by: string) => string, x: string, y: string, c: string, s: string): Parts => [
    b.map("Add", [times(x, c), times(y, s)]),
    b.map("Sub", [times(y, c), times(x, s)]),
  ];
  const info = (shape: readonly number[]) => ({ type: b.info(re).type, shape });
  if (rest.length === 0) return turned((x, m) => b.op("MatMul", [x, m], info([rows, n])), re, im, cos, sin);
  const m = n / own;
  const split = (x: string): string => b.reshape(b.transpose(b.reshape(x, [rows, m, own]), [0, 2, 1]), [rows * own, m]);
  const inner = byFactors(b, [split(re), split(im)], rest, inverse);
  const [c, s] = [Math.cos, (t: number): number => sign * Math.sin(t)].map((f) => table(b, re, own, m, n, 1, f)) as [
    string,
    string,
  ];
  const [x, y] = inner.map((z) => b.reshape(z, [rows, own, m])) as [string, string];
  const [u, v] = turned((z, by) => b.map("Mul", [z, by]), x, y, c, s);
  const outer = turned((z, f) => b.op("MatMul", [f, z], info([rows, own, m])), u, v, cos, sin);
  return [b.reshape(outer[0], [rows, n]), b.reshape(outer[1], [rows, n])];
}

// In double precision: the operator's float32 path loses four digits where the length is no power of two.
function fftByOperator(b: Builder, [re, im]: Parts, shape: readonly number[], inverse: boolean): string[] {
  const { type } = b.info(re);
  const n = shape[shape.length - 1] as number;
  const rows = sizeOf(shape) / n;
  const column = (x: string): string => b.reshape(b.cast(x, "float64"), [rows, n, 1]);
  const both = b.concat([column(re), column(im)], 2);
  const out = b.op(
    "DFT",
    [both, "", b.scalar(1, "int64")],
    { type: "float64", shape: [rows, n, 2] },
    { inverse: inverse ? 1 : 0 },
  );
  return [0, 1].map((part) => b.reshape(b.cast(b.slice(out, [0, 0, part], [rows, n, part + 1]), type), shape));
}
