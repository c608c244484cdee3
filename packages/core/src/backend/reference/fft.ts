// The discrete Fourier transform of any length, in double precision.
import type { HostArray } from "../../aval/index.ts";
import type { KernelTable } from "../contract.ts";
import { finish } from "./arrays.ts";

interface Complex {
  readonly re: Float64Array;
  readonly im: Float64Array;
}
const zeros = (n: number): Complex => ({ re: new Float64Array(n), im: new Float64Array(n) });
// e^(sign i pi numerator / denominator)
const unit = (sign: 1 | -1, numerator: number, denominator: number): readonly [number, number] => {
  const angle = (sign * Math.PI * numerator) / denominator;
  return [Math.cos(angle), Math.sin(angle)];
};

// Cooley and Tukey: bit-reversed order, then butterflies, in place. The length is a power of 2.
function powerOfTwo({ re, im }: Complex, sign: 1 | -1): void {
  const n = re.length;
  for (let i = 1, j = 0; i < n; i++) {
    let bit = n >> 1;
    for (; j & bit; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i >= j) continue;
    [re[i], re[j]] = [re[j] as number, re[i] as number];
    [im[i], im[j]] = [im[j] as number, im[i] as number];
  }
  for (let half = 1; half < n; half *= 2) {
    for (let k = 0; k < half; k++) {
      const [c, s] = unit(sign, k, half);
      for (let i = k; i < n; i += 2 * half) {
        const j = i + half;
        const x = c * (re[j] as number) - s * (im[j] as number);
        const y = c * (im[j] as number) + s * (re[j] as number);
        re[j] = (re[i] as number) - x;
        im[j] = (im[i] as number) - y;
        re[i] = (re[i] as number) + x;
        im[i] = (im[i] as number) + y;
      }
    }
  }
}

// a[i] times b[i], into a
function multiply(a: Complex, b: Complex): void {
  for (let i = 0; i < a.re.length; i++) {
    const [x, y, u, v] = [a.re[i] as number, a.im[i] as number, b.re[i] as number, b.im[i] as number];
    a.re[i] = x * u - y * v;
    a.im[i] = x * v + y * u;
  }
}

// Bluestein: with jk = (j^2 + k^2 - (k-j)^2) / 2 the transform is a convolution with a chirp, done at a power of 2.
function anyLength(x: Complex, sign: 1 | -1): void {
  const n = x.re.length;
  let size = 1;
  while (size < 2 * n - 1) size *= 2;
  const [a, chirp, turn] = [zeros(size), zeros(size), zeros(n)];
  for (let k = 0; k < n; k++) {
    const [c, s] = unit(sign, (k * k) % (2 * n), n); // the period 2n taken off keeps the angle exact
    turn.re[k] = c;
    turn.im[k] = s;
    for (const place of [k, (size - k) % size]) {
      chirp.re[place] = c;
      chirp.im[place] = -s;
    }
  }
  a.re.set(x.re);
  a.im.set(x.im);
  multiply({ re: a.re.subarray(0, n), im: a.im.subarray(0, n) }, turn);
  powerOfTwo(a, -1);
  powerOfTwo(chirp, -1);
  multiply(a, chirp);
  powerOfTwo(a, 1);
  for (let k = 0; k < n; k++) {
    x.re[k] = (a.re[k] as number) / size;
    x.im[k] = (a.im[k] as number) / size;
  }
  multiply(x, turn);
}

const fft: KernelTable<HostArray>["fft"] = (inputs, { inverse }, avals) => {
  const [re, im] = inputs.map((x) => Float64Array.from(x.data)) as [Float64Array, Float64Array];
  const n = avals.outs[0]?.shape.at(-1) as number;
  const sign = inverse ? 1 : -1;
  for (let start = 0; start < re.length; start += n) {
    const line = { re: re.subarray(start, start + n), im: im.subarray(start, start + n) };
    if ((n & (n - 1)) === 0) powerOfTwo(line, sign);
    else anyLength(line, sign);
  }
  const scale = inverse ? 1 / n : 1;
  return avals.outs.map((aval, i) =>
    finish(
      aval,
      (i === 0 ? re : im).map((value) => value * scale),
    ),
  );
};

/** The kernel of `fft` of `primitives/linalg.ts`. */
export const fftKernels: Pick<KernelTable<HostArray>, "fft"> = { fft };
