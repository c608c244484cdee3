// What Keras declares for Fourier transforms of symbolic tensors. It refuses `fft` over an axis of unknown size, which it computes: here it is allowed.
import { type Declarations, type Declare, inDtypeOfFirst, mustEqual, shapeOf } from "./declared-core.ts";

// Both parts have the same shape; an unknown size equals no known one.
const ofPair =
  (name: string): Declare =>
  ([pair], traced) => {
    const made = traced();
    const [re, im] = pair as readonly [unknown, unknown];
    mustEqual(name, shapeOf(re), shapeOf(im), "both parts must have one shape");
    return made;
  };

/** By public name. */
export const fourierDeclarations: Declarations = {
  ...Object.fromEntries(["fft", "fft2", "ifft2", "irfft", "istft"].map((name) => [name, ofPair(name)] as const)),
  rfft: inDtypeOfFirst,
};
