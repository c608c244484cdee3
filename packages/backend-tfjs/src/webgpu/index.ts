// Kernels that TensorFlow.js' WebGPU device lacks, or has wrong, as programs for it. What stands here never visits the host.
import type { Additions, Programs } from "../additions.ts";
import type { Engine, Tensor } from "../engine.ts";
import { contractionPrograms } from "./contraction.ts";
import { bitcastOn, elementwisePrograms, specialPrograms } from "./elementwise.ts";
import { fftPrograms } from "./fft.ts";
import { indexingPrograms } from "./indexing.ts";
import { linalgPrograms } from "./linalg.ts";
import { nativesOf } from "./natives.ts";
import { randomPrograms } from "./random.ts";
import { running } from "./reduction.ts";
import { sortingPrograms } from "./sorting.ts";
import { spectralPrograms } from "./spectral.ts";

const own = (e: Engine): Programs => ({
  ...elementwisePrograms(e),
  ...specialPrograms(e),
  cumMax: ([x], { axis, reverse }) => running(e, "Max", x as Tensor, axis, reverse),
  cumMin: ([x], { axis, reverse }) => running(e, "Min", x as Tensor, axis, reverse),
  ...randomPrograms(e),
  ...sortingPrograms(e),
  ...indexingPrograms(e),
  ...contractionPrograms(e),
  ...fftPrograms(e),
  ...linalgPrograms(e),
  ...spectralPrograms(e),
});

/** All programs of an engine on WebGPU. */
export const additions = (e: Engine): Additions => ({
  own: own(e),
  natives: nativesOf(e),
  composites: { bitcast: bitcastOn(e) },
});
