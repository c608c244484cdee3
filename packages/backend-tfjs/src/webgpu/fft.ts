// The discrete Fourier transform of lines of any length, by its factors (Stockham's order, which needs no permutation). Factors of 4
// where there are, then primes: a line of n numbers costs n times the sum of its factors.

import type { Programs } from "../additions.ts";
import type { Engine, Tensor } from "../engine.ts";
import { factorsOf, TURN } from "../functions/turn.ts";
import { joined, reshaped, sliced } from "../kernels/structural.ts";
import { runProgram } from "./program.ts";

// After factors with product l a line holds, for each j < n/l and k < l, at j l + k the transform of every (n/l)-th number from j.
// One more factor r: y[j, k] = sum over q < r of e^(sign 2 pi i q k / (l r)) x[j + q n/(l r), k mod l].
function step(e: Engine, z: Tensor, size: number, done: number, factor: number, sign: 1 | -1, divisor: number): Tensor {
  const total = z.size / 2;
  return runProgram(e, {
    name: "fft, one factor",
    inputs: { z },
    numbers: { total, size, done, factor, rest: size / done / factor, sign, divisor },
    out: { shape: z.shape, dtype: "float32" },
    times: total,
    before: TURN,
    code: `
      let start = index - index % uniforms.size;
      let long = uniforms.done * uniforms.factor;
      let j = (index - start) / long;
      let k = index % long;
      let own = k % uniforms.done;
      var sum = vec2<f32>(0.0, 0.0);
      var p = 0;
      for (var q = 0; q < uniforms.factor; q++) {
        let at = start + (j + q * uniforms.rest) * uniforms.done + own;
        let a = vec2<f32>(z[at], z[at + uniforms.total]);
        let w = turn(p, long);
        let s = w.y * f32(uniforms.sign);
        sum += vec2<f32>(a.x * w.x - a.y * s, a.x * s + a.y * w.x);
        // q k without its multiples of the whole turn
        p += k;
        if (p >= long) { p -= long; }
      }
      result[index] = sum.x / f32(uniforms.divisor);
      result[index + uniforms.total] = sum.y / f32(uniforms.divisor);`,
  });
}

export function fftPrograms(e: Engine): Programs {
  return {
    fft: (inputs, { inverse }) => {
      const [re, im] = inputs as readonly [Tensor, Tensor];
      const size = re.shape.at(-1) as number;
      if (size === 1) return [e.run("Identity", { x: re }), e.run("Identity", { x: im })];
      return e.scoped(() => {
        const row = (x: Tensor): Tensor => reshaped(e, x, [1, x.size]);
        let z = joined(e, [row(re), row(im)], 0);
        const factors = factorsOf(size);
        factors.forEach((factor, i) => {
          const done = factors.slice(0, i).reduce((product, f) => product * f, 1);
          z = step(e, z, size, done, factor, inverse ? 1 : -1, inverse && i === factors.length - 1 ? size : 1);
        });
        return [0, 1].map((i) => reshaped(e, sliced(e, z, [i, 0], [1, re.size], [1, 1]), re.shape));
      });
    },
  };
}
