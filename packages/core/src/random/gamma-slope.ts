// How a gamma number moves with the parameter of its distribution.
import type { Tensor } from "../graph/index.ts";
import { whileLoop } from "../ops/index.ts";
import * as p from "../primitives/index.ts";

const EPSILON = 2 ** -23;
const MOST_STEPS = 2000;

/**
 * `dx / da` of a number `x` drawn from Gamma(a), its place in the distribution held: `-(dP/da) / (dP/dx)` with the regularised incomplete
 * gamma function `P(a, x)`. A series up to `x = max(1, a)`, a continued fraction above, both differentiated term by term.
 * Float32 `[S]`. Source: Figurnov et al. 2018, "Implicit reparameterization gradients"; jax.lax.random_gamma_grad.
 */
export function gammaSlope(a: Tensor, x: Tensor): Tensor {
  const isZero = p.equal(x, 0);
  const isWrong = p.or(p.or(p.less(x, 0), p.lessEqual(a, 0)), p.or(p.isNan(a), p.isNan(x)));
  const isTail = p.and(p.greater(x, 1), p.greater(x, a));
  // Where the density vanishes in float32, the first term stands.
  const isVanishing = p.less(p.sub(p.sub(p.mul(a, p.log(x)), x), p.lgamma(a)), -Math.log(3.4028234663852886e38));
  const counts = p.not(p.or(p.or(isZero, isWrong), isVanishing));
  const slope = p.where(isTail, byFraction(a, x, p.and(counts, isTail)), bySeries(a, x, p.and(counts, p.not(isTail))));
  return p.where(isWrong, Number.NaN, p.where(isZero, 0, slope));
}

const some = (active: Tensor): Tensor => p.reduceOr(active, { axes: [0] });
const filled = (like: Tensor, value: number): Tensor => p.full(like.shape, value, like.dtype);

// S = sum_n x^n / ((a + 1) ... (a + n)) with dS/da: -(x / a) (dS + S (log x - psi(a + 1))).
function bySeries(a: Tensor, x: Tensor, active: Tensor): Tensor {
  const [, , , sum, , slopes] = whileLoop(
    (...state) => some(state[0] as Tensor),
    (running, r, term, total, termSlope, totalSlope) => {
      const isOn = running as Tensor;
      const [n, t, dt] = [p.add(r as Tensor, 1), term as Tensor, termSlope as Tensor];
      const nextSlope = p.sub(p.mul(dt, p.div(x, n)), p.div(p.mul(t, x), p.mul(n, n)));
      const allSlopes = p.add(totalSlope as Tensor, nextSlope);
      const next = p.mul(t, p.div(x, n));
      const keep = (made: Tensor, old: Tensor | undefined): Tensor => p.where(isOn, made, old as Tensor);
      return [
        p.and(isOn, p.greater(p.abs(p.div(nextSlope, allSlopes)), EPSILON)),
        keep(n, r),
        keep(next, term),
        keep(p.add(total as Tensor, next), total),
        keep(nextSlope, termSlope),
        keep(allSlopes, totalSlope),
      ];
    },
    [active, a, filled(a, 1), filled(a, 1), filled(a, 0), filled(a, 0)],
  ) as readonly Tensor[];
  const logarithm = p.sub(p.log(x), p.digamma(p.add(a, 1)));
  return p.neg(p.div(p.mul(p.add(slopes as Tensor, p.mul(sum as Tensor, logarithm)), x), a));
}

// The convergents p / q of the continued fraction of Q(a, x) with their derivatives: x (d(p/q) + (p/q) (log x - psi(a))).
function byFraction(a: Tensor, x: Tensor, active: Tensor): Tensor {
  const y = p.sub(1, a);
  const z = p.add(p.add(x, y), 1);
  const [top, bottom] = [p.add(x, 1), p.mul(z, x)];
  const ratio = p.div(top, bottom);
  const zero = filled(x, 0);
  const slope = p.div(p.mul(ratio, x), bottom);
  // Carried: what runs, the step, y, z, the value and its slope; then p, q, dp, dq of the last step and of the one before.
  const start = [active, p.full([], 0, "float32"), y, z, ratio, slope];
  const convergents = [top, bottom, zero, p.neg(x), filled(x, 1), x, zero, zero];
  const [, , , , value, slopes] = whileLoop(
    (...state) => p.and(p.less(state[1] as Tensor, MOST_STEPS), some(state[0] as Tensor)),
    (...state) => {
      const [isOn, step, y0, z0, value0, slope0, p1, q1, dp1, dq1, p2, q2, dp2, dq2] = state as [
        ...[Tensor, Tensor, Tensor, Tensor, Tensor, Tensor],
        ...[Tensor, Tensor, Tensor, Tensor],
        ...[Tensor, Tensor, Tensor, Tensor],
      ];
      const [n, yn, zn] = [p.add(step, 1), p.add(y0, 1), p.add(z0, 2)];
      const factor = p.mul(yn, n);
      const next = (one: Tensor, two: Tensor): Tensor => p.sub(p.mul(one, zn), p.mul(two, factor));
      const [pn, qn] = [next(p1, p2), next(q1, q2)];
      // d(y n) / da = -n and dz / da = -1.
      const dpn = p.add(p.sub(next(dp1, dp2), p1), p.mul(p2, n));
      const dqn = p.add(p.sub(next(dq1, dq2), q1), p.mul(q2, n));
      const isSound = p.notEqual(qn, 0);
      const safe = p.where(isSound, qn, 1);
      const made = p.where(isSound, p.div(pn, safe), value0);
      const madeSlope = p.where(isSound, p.div(p.sub(dpn, p.mul(made, dqn)), safe), slope0);
      const change = p.where(isSound, p.abs(p.sub(madeSlope, slope0)), 1);
      const isHuge = p.greater(p.abs(pn), 1 / EPSILON);
      const scaled = (t: Tensor): Tensor => p.where(isHuge, p.mul(t, EPSILON), t);
      const updated = [yn, zn, made, madeSlope, ...[pn, qn, dpn, dqn, p1, q1, dp1, dq1].map(scaled)];
      const kept = updated.map((t, i) => p.where(isOn, t, state[i + 2] as Tensor));
      return [p.and(isOn, p.greater(change, EPSILON)), n, ...kept];
    },
    [...start, ...convergents],
  ) as readonly Tensor[];
  const logarithm = p.sub(p.log(x), p.digamma(a));
  return p.mul(p.add(slopes as Tensor, p.mul(value as Tensor, logarithm)), x);
}
