// The discrete Fourier transform by its factors, as `webgpu/fft.ts` says.

import type { KernelTable } from "@keras-ts/core/backend";
import { range } from "@keras-ts/core/backend";
import type { Engine, Tensor } from "../engine.ts";
import { factorsOf, TURN } from "../functions/turn.ts";
import { joined, reshaped, sliced } from "../kernels/structural.ts";
import { runProgram } from "./program.ts";

function step(e: Engine, z: Tensor, size: number, done: number, factor: number, sign: 1 | -1, divisor: number): Tensor {
  return runProgram(e, {
    inputs: { z },
    numbers: { total: z.size / 2, size, done, factor, sign, divisor },
    out: { shape: z.shape, dtype: "float32" },
    before: TURN,
    code: `
      int place = index < total ? index : index - total;
      int start = place - place % size;
      int whole = done * factor;
      int j = (place - start) / whole;
      int k = place % whole;
      int own = k % done;
      vec2 sum = vec2(0.0, 0.0);
      int p = 0;
      for (int q = 0; q < factor; q++) {
        int at = start + (j + q * (size / whole)) * done + own;
        vec2 a = vec2(getZ(at), getZ(at + total));
        vec2 w = turn(p, whole);
        float s = w.y * float(sign);
        sum += vec2(a.x * w.x - a.y * s, a.x * s + a.y * w.x);
        p += k;
        if (p >= whole) { p -= whole; }
      }
      setOutput((index < total ? sum.x : sum.y) / float(divisor));`,
  });
}

export const fft =
  (e: Engine): KernelTable<Tensor>["fft"] =>
  (inputs, { inverse }) => {
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
      return range(2).map((i) => reshaped(e, sliced(e, z, [i, 0], [1, re.size], [1, 1]), re.shape));
    });
  };
