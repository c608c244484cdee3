// Which inputs a sliding window sees.
import { type Shape, sizeOf, stridesOf } from "../../aval/index.ts";

export interface Sliding {
  readonly window: Shape;
  readonly strides: readonly number[];
  readonly padding: readonly (readonly [low: number, high: number])[];
  readonly dilation?: readonly number[];
}

/** In a table of connections: the tap lies in the padding. */
export const NOWHERE = -1;

/** For each output position and each tap of the window (both row-major) the input position, or `NOWHERE`. */
export function connections(input: Shape, output: Shape, { window, strides, padding, dilation }: Sliding): Int32Array {
  const taps = sizeOf(window);
  const table = new Int32Array(sizeOf(output) * taps);
  const [outStrides, tapStrides, inStrides] = [stridesOf(output), stridesOf(window), stridesOf(input)];
  for (let i = 0; i < table.length; i++) {
    const [position, tap] = [Math.floor(i / taps), i % taps];
    let from = 0;
    for (let axis = 0; axis < window.length && from !== NOWHERE; axis++) {
      const o = Math.floor(position / (outStrides[axis] as number)) % (output[axis] as number);
      const t = Math.floor(tap / (tapStrides[axis] as number)) % (window[axis] as number);
      const at = o * (strides[axis] as number) + t * (dilation?.[axis] ?? 1) - (padding[axis]?.[0] as number);
      from = at >= 0 && at < (input[axis] as number) ? from + at * (inStrides[axis] as number) : NOWHERE;
    }
    table[i] = from;
  }
  return table;
}
