// Gamma and beta numbers by rejection, each element with keys of its own, as JAX draws them: the same bits in the same order.
import { broadcastShapes, type DType, isFloat, type Shape, sameShape } from "../aval/index.ts";
import { complain, ShapeError, showShape } from "../errors/index.ts";
import { Graph, placeholder, type Tensor } from "../graph/index.ts";
import { convertToTensor, type TensorLike, whileLoop, withChecks } from "../ops/index.ts";
import { drawSeed, normalOf, splitKey, uniformOf } from "../ops/seeds/index.ts";
import * as p from "../primitives/index.ts";
import { checkedShape, type DrawOptions, floatDtype } from "./draw.ts";
import { gammaSlope } from "./gamma-slope.ts";
import { keysFor, part, splitEach, wordOf } from "./keys.ts";

/** A parameter of a distribution, spread over the shape of the draws. @throws ShapeError if it does not fit. */
export function parameter(where: string, name: string, value: TensorLike, shape: Shape, dtype?: DType): Tensor {
  const given = convertToTensor(value);
  const x = dtype === undefined && isFloat(given.dtype) ? given : p.cast(given, { dtype: dtype ?? "float32" });
  if (x.ndim > shape.length || !sameShape(broadcastShapes(where, x.shape, shape), shape)) {
    const must = `${name} must broadcast to the shape`;
    const got = `${showShape(x.shape)} for ${showShape(shape)}`;
    throw new ShapeError(complain(where, { must, got, todo: "Pass a shape that holds all parameters" }));
  }
  return p.broadcastTo(x, { shape });
}

/**
 * Gamma numbers, or their logarithms, for keys `[2, S]` and parameters `alpha` `[S]`. Each try draws a normal `x` with `v = 1 + c x > 0`
 * (further ones from the same branch of keys until it is) and a uniform `u`, and takes `d v^3` if `u` is small enough. Below 1, alpha is
 * raised by one, and the number multiplied by a uniform to the power of `1 / alpha`. Comparisons are such that nan is taken: nothing hangs.
 * Source: Marsaglia and Tsang 2000; jax.random.gamma.
 */
function gammaNumbers(keys: Tensor, alpha: Tensor, logarithm: boolean): Tensor {
  const { dtype, size } = alpha;
  const constant = (value: number): Tensor => convertToTensor(value, { dtype });
  const isLarge = p.greaterEqual(alpha, 1);
  const d = p.sub(p.where(isLarge, alpha, p.add(alpha, 1)), constant(1 / 3));
  const c = p.div(constant(1 / 3), p.sqrt(d));
  const [first, boosting] = splitEach(keys, 2) as [Tensor, Tensor];
  const none = p.full([size], 0, "bool");
  // Carried: keys of the tries, keys of the normal numbers within a try, the number taken, whether a new try begins, whether all is done.
  const start = [first, first, p.full([size], 1, dtype), p.not(none), none];
  const [, , cube] = whileLoop(
    (...state) => p.not(p.reduceAnd(state[4] as Tensor, { axes: [0] })),
    (...state) => {
      const [own, tried, taken, isFresh, isDone] = state as [Tensor, Tensor, Tensor, Tensor, Tensor];
      const [next, branch, uniformKey] = splitEach(own, 3) as [Tensor, Tensor, Tensor];
      const [following, normalKey] = splitEach(p.where(isFresh, branch, tried), 2) as [Tensor, Tensor];
      // Both words by one run of the cipher.
      const words = wordOf(p.concat([normalKey, uniformKey], { axis: 1 }));
      const x = normalOf(part(words, 0, 0, size), dtype);
      const u = uniformOf(part(words, 0, size, 2 * size), 0, 1, dtype);
      const v = p.multiplyAdd(x, c, 1);
      const isInside = p.not(p.lessEqual(v, 0));
      const [square, v3] = [p.mul(x, x), p.mul(p.mul(v, v), v)];
      const edge = p.sub(1, p.mul(p.mul(square, square), constant(0.0331)));
      const bound = p.add(p.mul(square, 0.5), p.mul(d, p.add(p.sub(1, v3), p.log(v3))));
      const isRefused = p.and(p.greaterEqual(u, edge), p.greaterEqual(p.log(u), bound));
      const isTaken = p.and(isInside, p.not(isRefused));
      const kept = p.where(p.and(isTaken, p.not(isDone)), v3, taken);
      return [p.where(isInside, next, own), following, kept, isInside, p.or(isDone, isTaken)];
    },
    start,
  ) as readonly Tensor[];
  const u = uniformOf(wordOf(boosting), 0, 1, dtype);
  const power = p.div(1, alpha);
  if (!logarithm) {
    const number = p.mul(p.mul(d, cube as Tensor), p.where(isLarge, 1, p.pow(p.sub(1, u), power)));
    // Engines differ in what they keep of numbers below the normal ones of float32: nothing, as XLA.
    return dtype === "float16" ? number : p.where(p.less(number, 2 ** -126), 0, number);
  }
  // XLA keeps these steps in float32 where the dtype is narrow.
  const drawn = p.log1p(p.neg(wide(u)));
  const boost = p.where(p.or(isLarge, p.equal(drawn, 0)), 0, p.mul(drawn, wide(power)));
  return p.add(p.add(p.log(wide(d)), p.log(wide(cube as Tensor))), boost);
}

const wide = (x: Tensor): Tensor => p.cast(x, { dtype: x.dtype === "float64" ? "float64" : "float32" });

// For parameters of one shape, each with a key of its own, drawn side by side in one loop. With the slope of each number at its parameter;
// of a logarithm, that over the number.
function gammaDraws(keys: readonly Tensor[], alphas: readonly Tensor[], logarithm: boolean): Tensor[] {
  const { shape, size, dtype } = alphas[0] as Tensor;
  const inputs = [...keys, ...alphas.map((alpha) => p.reshape(alpha, { shape: [size] }))];
  const places = inputs.map((x) => placeholder(x));
  const joined = (xs: readonly Tensor[], axis: number): Tensor =>
    xs.length === 1 ? (xs[0] as Tensor) : p.concat(xs, { axis });
  const apart = (x: Tensor): Tensor[] => alphas.map((_, i) => part(x, 0, i * size, (i + 1) * size));
  const own = joined(
    places.slice(0, keys.length).map((key) => keysFor(key, size)),
    1,
  );
  const numbers = gammaNumbers(own, joined(places.slice(keys.length), 0), logarithm);
  const drawn = p.customGradient(inputs, {
    body: new Graph(places, apart(numbers)),
    pullback: (gs, given, ys) => {
      const [parameters, draws] = [given.slice(keys.length), ys].map((xs) =>
        p.cast(joined(xs, 0), { dtype: "float32" }),
      ) as [Tensor, Tensor];
      const sample = logarithm ? p.max(p.exp(draws), 2 ** -126) : draws;
      const slope = gammaSlope(parameters, sample);
      const rate = logarithm ? p.div(slope, sample) : slope;
      const back = p.mul(p.cast(joined(gs, 0), { dtype }), p.cast(rate, { dtype }));
      return [...keys.map(() => null), ...apart(back)];
    },
  });
  return drawn.map((x) => p.reshape(x, { shape }));
}

/**
 * Numbers of Gamma(`alpha`), of scale 1: density `x^(alpha - 1) e^-x / Gamma(alpha)`. `alpha` broadcasts to the shape; a gradient flows
 * to it. nan where it is negative. @throws ShapeError unless it fits. @throws DtypeError unless the dtype is a float dtype.
 * Source: keras.random.gamma.
 * @example (await random.gamma([2, 3], 0.5, { seed: 42 }).data()).length; // 6
 */
export const gamma: typeof gammaNumbersOf = /* @__PURE__ */ withChecks("random.gamma", gammaNumbersOf);
function gammaNumbersOf(shape: Shape, alpha: TensorLike, { dtype, seed }: DrawOptions = {}): Tensor {
  const target = floatDtype("random.gamma", dtype);
  const size = checkedShape("random.gamma", shape);
  const [drawn] = gammaDraws([drawSeed(seed)], [parameter("random.gamma", "alpha", alpha, size, target)], false);
  return drawn as Tensor;
}

/**
 * Numbers of Beta(`alpha`, `beta`), in `[0, 1]`: `a / (a + b)` of gamma numbers, by their logarithms. Both parameters broadcast to the
 * shape, and gradients flow to them. @throws ShapeError unless they fit. @throws DtypeError unless the dtype is a float dtype.
 * Source: keras.random.beta.
 * @example (await random.beta([2, 3], 0.5, 2, { seed: 42 }).data()).length; // 6
 */
export const beta: typeof betaNumbersOf = /* @__PURE__ */ withChecks("random.beta", betaNumbersOf);
function betaNumbersOf(shape: Shape, alpha: TensorLike, beta: TensorLike, { dtype, seed }: DrawOptions = {}): Tensor {
  const target = floatDtype("random.beta", dtype);
  const size = checkedShape("random.beta", shape);
  const parameters = [
    parameter("random.beta", "alpha", alpha, size, target),
    parameter("random.beta", "beta", beta, size, target),
  ];
  const [a, b] = gammaDraws(splitKey(drawSeed(seed)), parameters, true) as [Tensor, Tensor];
  const largest = p.max(a, b);
  const [left, right] = [p.exp(p.sub(a, largest)), p.exp(p.sub(b, largest))];
  return p.cast(p.div(left, p.add(left, right)), { dtype: target });
}
