// The gradient of a convolution's input as a convolution with the mirrored kernel, in either layout.
import { type primitives as p, range, sizeOf } from "@keras-ts/core/backend";
import type { Builder } from "../builder.ts";

/**
 * Whether it is that rather than a transposed convolution: for stride 1, where it does not read far more than there is. The runtime
 * computes a transposed convolution image by image and adds up its windows on one core.
 */
export const isMirrored = (
  { strides, groups, inputSpatial }: p.ConvInputGradParams,
  outSpatial: readonly number[],
): boolean => groups === 1 && strides.every((s) => s === 1) && sizeOf(inputSpatial) <= 1.25 * sizeOf(outSpatial);

/** `[...window, C, O]` with its window the other way round. */
export function mirror(b: Builder, kernel: string): string {
  const shape = b.shape(kernel);
  const axes = range(shape.length - 2).filter((axis) => (shape[axis] as number) > 1);
  if (axes.length === 0) return kernel;
  const all = (value: number): string => b.ints(axes.map(() => value));
  return b.op("Slice", [kernel, all(-1), all(-(2 ** 31)), b.ints(axes), all(-1)], b.info(kernel));
}

/** The convolution of the gradient, of `outSpatial`, that gives what the input had. */
export function mirroredParams(
  { dilation, inputSpatial, padding }: p.ConvInputGradParams,
  window: readonly number[],
  outSpatial: readonly number[],
): p.ConvParams {
  const around = window.map((w, i) => {
    const reach = (w - 1) * (dilation[i] as number);
    const low = reach - (padding[i] as readonly [number, number])[0];
    return [low, (inputSpatial[i] as number) + reach - low - (outSpatial[i] as number)] as const;
  });
  return { strides: window.map(() => 1), padding: around, dilation, groups: 1 };
}
