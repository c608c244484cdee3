// Binomial numbers: counted by geometric steps where few successes are expected, by rejection elsewhere, as JAX draws them.
import type { Shape } from "../aval/index.ts";
import type { Tensor } from "../graph/index.ts";
import { convertToTensor, type TensorLike, whileLoop, withChecks } from "../ops/index.ts";
import { drawSeed, splitKey, uniformBits } from "../ops/seeds/index.ts";
import * as p from "../primitives/index.ts";
import { checkedShape, type DrawOptions, floatDtype } from "./draw.ts";
import { parameter } from "./gamma.ts";

const every = (condition: Tensor): Tensor => p.reduceAnd(condition, { axes: condition.shape.map((_, i) => i) });

// Failures before each success are geometric: how many successes there are until the trials are used up. Source: Devroye 1986, X.4.
function byInversion(key: Tensor, count: Tensor, probability: Tensor): Tensor {
  const { shape, dtype } = probability;
  const logFailure = p.log1p(p.neg(probability));
  const isHopeless = p.equal(logFailure, 0);
  const zeros = p.full(shape, 0, dtype);
  const [successes] = whileLoop(
    (_, used) => p.not(every(p.not(p.lessEqual(used as Tensor, count)))),
    (reached, used, current) => {
      const [own, next] = splitKey(current as Tensor) as [Tensor, Tensor];
      const steps = p.ceil(p.div(p.log(uniformBits(own, shape, 0, 1, dtype)), logFailure));
      // Without a chance the first success never comes; the sign of the 0 that is divided by is not the same on all engines.
      const further = p.where(isHopeless, Number.POSITIVE_INFINITY, steps);
      const isRunning = p.lessEqual(used as Tensor, count);
      return [p.where(isRunning, p.add(reached as Tensor, 1), reached as Tensor), p.add(used as Tensor, further), next];
    },
    [zeros, zeros, key],
  ) as readonly Tensor[];
  return p.sub(successes as Tensor, 1);
}

// log(k!) minus Stirling's formula, exact up to 9.
const TAIL = [
  0.0810614667953272, 0.0413406959554092, 0.0276779256849983, 0.0207906721037651, 0.0166446911898211,
  0.0138761288230707, 0.0118967099458917, 0.010411265261972, 0.0092554621827127, 0.0083305634333628,
];
function stirlingTail(k: Tensor): Tensor {
  const near = p.min(p.max(k, 0), 9);
  const square = p.mul(p.add(near, 1), p.add(near, 1));
  const nested = p.div(p.sub(1 / 360, p.div(p.full([], 1 / 1260, k.dtype), square)), square);
  const series = p.div(p.sub(1 / 12, nested), p.add(near, 1));
  const table = p.take(convertToTensor(TAIL, { dtype: k.dtype }), p.cast(near, { dtype: "int32" }), { axis: 0 });
  return p.where(p.lessEqual(k, 9), table, series);
}

// Transformed rejection with squeeze. Source: Hoermann 1993, "The generation of binomial random variates", algorithm BTRS.
function byRejection(key: Tensor, count: Tensor, probability: Tensor): Tensor {
  const { shape, dtype } = probability;
  const failure = p.sub(1, probability);
  const mean = p.mul(count, probability);
  const deviation = p.sqrt(p.mul(mean, failure));
  const b = p.add(p.mul(deviation, 2.53), 1.15);
  const a = p.add(p.add(p.mul(b, 0.0248), -0.0873), p.mul(probability, 0.01));
  const centre = p.add(mean, 0.5);
  const inner = p.sub(0.92, p.div(4.2, b));
  const odds = p.div(probability, failure);
  const alpha = p.mul(p.add(p.div(5.1, b), 2.83), deviation);
  const mode = p.floor(p.mul(p.add(count, 1), probability));
  const rest = p.sub(count, mode);
  const [found] = whileLoop(
    (_, done) => p.not(every(done as Tensor)),
    (taken, done, current) => {
      const [next, first, second] = splitKey(current as Tensor, 3) as [Tensor, Tensor, Tensor];
      const u = p.sub(uniformBits(first, shape, 0, 1, dtype), 0.5);
      const v = uniformBits(second, shape, 0, 1, dtype);
      const us = p.sub(0.5, p.abs(u));
      const isInner = p.and(p.greaterEqual(us, 0.07), p.lessEqual(v, inner));
      const k = p.floor(p.add(p.mul(p.add(p.div(p.mul(a, 2), us), b), u), centre));
      const isOutside = p.or(p.less(k, 0), p.greater(k, count));
      const height = p.log(p.div(p.mul(v, alpha), p.add(p.div(a, p.mul(us, us)), b)));
      const left = p.sub(count, k);
      const bound = [
        p.mul(p.add(mode, 0.5), p.log(p.div(p.add(mode, 1), p.mul(odds, p.add(rest, 1))))),
        p.mul(p.add(count, 1), p.log(p.div(p.add(rest, 1), p.add(left, 1)))),
        p.mul(p.add(k, 0.5), p.log(p.div(p.mul(odds, p.add(left, 1)), p.add(k, 1)))),
        stirlingTail(mode),
        stirlingTail(rest),
        p.neg(stirlingTail(k)),
        p.neg(stirlingTail(left)),
      ].reduce((sum, term) => p.add(sum, term));
      const isTaken = p.or(isInner, p.and(p.not(isOutside), p.lessEqual(height, bound)));
      return [p.where(isTaken, k, taken as Tensor), p.or(done as Tensor, isTaken), next];
    },
    [p.full(shape, -1, dtype), p.full(shape, 0, "bool"), key],
  ) as readonly Tensor[];
  return found as Tensor;
}

/**
 * How many of `counts` trials succeed, each with probability `probabilities`. Both broadcast to the shape; they are computed in the dtype of
 * `probabilities`. nan where a count is negative or a probability is no number in `[0, 1]` below. Not differentiable.
 * @throws ShapeError unless they fit. @throws DtypeError unless the dtype is a float dtype. Source: keras.random.binomial.
 * @example (await random.binomial([4], 10, 0.3, { seed: 42 }).data()).length; // 4
 */
export const binomial: typeof binomialNumbers = /* @__PURE__ */ withChecks("random.binomial", binomialNumbers);
function binomialNumbers(
  shape: Shape,
  counts: TensorLike,
  probabilities: TensorLike,
  { dtype, seed }: DrawOptions = {},
): Tensor {
  const target = floatDtype("random.binomial", dtype);
  const size = checkedShape("random.binomial", shape);
  const probability = parameter("random.binomial", "probabilities", probabilities, size);
  const given = parameter("random.binomial", "counts", counts, size, probability.dtype);
  const isRare = p.less(probability, 0.5);
  const smaller = p.where(isRare, probability, p.sub(1, probability));
  const isNoCount = p.or(p.isNan(given), p.less(given, 0));
  const isEndless = p.equal(given, Number.POSITIVE_INFINITY);
  const isNoChance = p.isNan(smaller);
  const isNegative = p.less(smaller, 0);
  const chance = p.where(p.or(isNoChance, isNegative), 0.01, smaller);
  const isFew = p.or(isNoCount, p.lessEqual(p.mul(given, chance), 10));
  const count = p.floor(given);
  const key = drawSeed(seed);
  const cast = (x: Tensor): Tensor => p.cast(x, { dtype: target });
  const few = cast(byInversion(key, p.where(isFew, count, 0), chance));
  const many = cast(byRejection(key, p.where(isFew, 1e4, count), p.where(isFew, 0.5, chance)));
  const isInvalid = p.or(p.or(isNegative, isNoChance), isNoCount);
  const drawn = p.where(isInvalid, Number.NaN, p.where(isFew, few, many));
  const samples = p.where(p.and(isEndless, p.not(isInvalid)), Number.POSITIVE_INFINITY, drawn);
  const isOwn = p.or(p.or(isRare, isNoCount), p.or(isNoChance, isEndless));
  return p.stopGradient(p.where(isOwn, samples, p.sub(cast(count), samples)));
}
