// Special functions in double precision: right to about 1e-13, far below float32's rounding.

const SQRT_PI: number = Math.sqrt(Math.PI);

/** `2/sqrt(pi)` times the integral of `e^(-t^2)` from 0 to x, by its series with positive terms only. */
export function erf(x: number): number {
  const size = Math.abs(x);
  if (!(size < 6)) return Number.isNaN(x) ? Number.NaN : Math.sign(x);
  // erf x = 2/sqrt(pi) e^(-x^2) (x + 2 x^3/3 + 4 x^5/15 + ...)
  const square = 2 * x * x;
  let term = x;
  let sum = x;
  for (let n = 3; Math.abs(term) > 1e-17 * Math.abs(sum); n += 2) {
    term *= square / n;
    sum += term;
  }
  return (2 / SQRT_PI) * Math.exp(-x * x) * sum;
}

/** The `y` with `erf(y) = x`: a closed approximation, then Halley's steps. */
export function erfInv(x: number): number {
  if (!(Math.abs(x) < 1)) return Math.abs(x) === 1 ? x * Number.POSITIVE_INFINITY : Number.NaN;
  if (x === 0) return x;
  const logarithm = Math.log1p(-x * x);
  const half = 2 / (Math.PI * 0.147) + logarithm / 2;
  let y = Math.sign(x) * Math.sqrt(Math.sqrt(half * half - logarithm / 0.147) - half);
  if (Math.abs(x) < 1e-4) y = (x * SQRT_PI) / 2; // the closed form cancels here
  for (let step = 0; step < 4; step++) {
    const newton = ((erf(y) - x) * SQRT_PI * Math.exp(y * y)) / 2;
    y -= newton / (1 + y * newton);
  }
  return y;
}

// Stirling's series holds to 1e-15 from here on; smaller arguments are moved up by the recurrences.
const LARGE = 12;
// B_2k / (2k (2k-1)), Bernoulli numbers of the series of log gamma.
const LGAMMA_SERIES = [1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188, -691 / 360360, 1 / 156];
// B_2k
const BERNOULLI = [1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6];

const isPole = (x: number): boolean => x <= 0 && Number.isInteger(x);
// sin(pi x) with the period taken off first
const sinPi = (x: number): number => Math.sin(Math.PI * (x - 2 * Math.round(x / 2)));

/** The logarithm of `|gamma(x)|`; infinite at 0, -1, -2 ... */
export function lgamma(x: number): number {
  if (Number.isNaN(x)) return x;
  if (!Number.isFinite(x) || isPole(x)) return Number.POSITIVE_INFINITY;
  if (x === 1 || x === 2) return 0;
  if (x < 0) return Math.log(Math.PI / Math.abs(sinPi(x))) - lgamma(1 - x); // gamma(x) gamma(1-x) = pi / sin(pi x)
  let product = 1;
  let z = x;
  for (; z < LARGE; z++) product *= z; // gamma(x + 1) = x gamma(x)
  let series = 0;
  const square = z * z;
  for (let k = LGAMMA_SERIES.length - 1; k >= 0; k--) series = series / square + (LGAMMA_SERIES[k] as number);
  const stirling = (z - 0.5) * Math.log(z) - z + 0.5 * Math.log(2 * Math.PI) + series / z;
  return stirling - Math.log(product);
}

/** The derivative of `lgamma`; nan at its poles. */
export function digamma(x: number): number {
  if (Number.isNaN(x) || isPole(x) || x === Number.NEGATIVE_INFINITY) return Number.NaN;
  if (x < 0) return digamma(1 - x) - Math.PI / Math.tan(Math.PI * (x - Math.round(x)));
  let below = 0;
  let z = x;
  for (; z < LARGE; z++) below += 1 / z;
  let series = 0;
  const square = z * z;
  for (let k = BERNOULLI.length - 1; k >= 0; k--) series = (series + (BERNOULLI[k] as number) / (2 * k + 2)) / square;
  return Math.log(z) - 0.5 / z - series - below;
}

/** The second derivative of `lgamma`; infinite at its poles. */
export function trigamma(x: number): number {
  if (Number.isNaN(x)) return x;
  if (isPole(x) || x === Number.NEGATIVE_INFINITY) return Number.POSITIVE_INFINITY;
  if (x === Number.POSITIVE_INFINITY) return 0;
  if (x < 0) {
    const sine = sinPi(x);
    return (Math.PI / sine) ** 2 - trigamma(1 - x);
  }
  let below = 0;
  let z = x;
  for (; z < LARGE; z++) below += 1 / (z * z);
  let series = 0;
  const square = z * z;
  for (let k = BERNOULLI.length - 1; k >= 0; k--) series = (series + (BERNOULLI[k] as number)) / square;
  return below + 1 / z + 0.5 / square + series / z;
}
