// Kernels that TensorFlow.js' WebGPU device lacks, or has wrong, as programs for it. What stands here never visits the host.
import type { KernelTable } from "@keras-ts/core/backend";
import type { Engine, Tensor } from "../engine.ts";
import { contractionPrograms } from "./contraction.ts";
import { elementwisePrograms, specialPrograms } from "./elementwise.ts";
import { fftPrograms } from "./fft.ts";
import { indexingPrograms } from "./indexing.ts";
import { linalgPrograms } from "./linalg.ts";
import { type Natives, nativesOf } from "./natives.ts";
import { randomPrograms } from "./random.ts";
import { sortingPrograms } from "./sorting.ts";
import { spectralPrograms } from "./spectral.ts";

/** Kernels by name, as in the table of all: where one is here, an engine does not ask the host. */
export type Programs = Partial<KernelTable<Tensor>>;

/** What an engine has beside TensorFlow.js' kernels, and in place of them. */
export interface Additions {
  readonly own: Programs;
  readonly natives: Natives;
}

const own = (e: Engine): Programs => ({
  ...elementwisePrograms(e),
  ...specialPrograms(e),
  ...randomPrograms(e),
  ...sortingPrograms(e),
  ...indexingPrograms(e),
  ...contractionPrograms(e),
  ...fftPrograms(e),
  ...linalgPrograms(e),
  ...spectralPrograms(e),
});

/** All programs of an engine on WebGPU. */
export const webGpuAdditions = (e: Engine): Additions => ({ own: own(e), natives: nativesOf(e) });
