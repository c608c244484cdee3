// The reference engine: the living definition of every primitive.
import { type DType, dtypes, type HostArray } from "../../aval/index.ts";
import type { Backend, Kernels } from "../contract.ts";
import { contractionKernels } from "./contraction.ts";
import { eigKernels } from "./eig.ts";
import { bitcast, elementwiseKernels, multiplyAdd } from "./elementwise.ts";
import { fftKernels } from "./fft.ts";
import { encrypt, indexingKernels } from "./indexing.ts";
import { linalgKernels } from "./linalg.ts";
import { poolingKernels } from "./pooling.ts";
import { reductionKernels } from "./reduction.ts";
import { spectralKernels } from "./spectral.ts";
import { structuralKernels } from "./structural.ts";

/** One kernel for each primitive (and one that needs memory), on host arrays. Nothing is written in place, so results may share memory with inputs. */
export const referenceKernels: Kernels<HostArray> = {
  barrier: ([x]) => ({ ...(x as HostArray) }),
  ...elementwiseKernels,
  ...structuralKernels,
  ...reductionKernels,
  ...contractionKernels,
  ...poolingKernels,
  ...indexingKernels,
  ...linalgKernels,
  ...spectralKernels,
  ...eigKernels,
  ...fftKernels,
  bitcast,
  encrypt,
  multiplyAdd,
};

// Complex numbers are lowered before they get here.
const computed: ReadonlySet<DType> = new Set(dtypes.filter((dtype) => dtype !== "complex64"));

/**
 * The engine in core: pure TypeScript, synchronous, exact about dtypes, no dependency. Slow: it is there to be right, to fold
 * constants, and to run what nobody chose an engine for.
 * @example
 * setBackend(reference());
 */
export function reference(): Backend<HostArray> {
  // Weakly: a handle that nobody released still counts, but its memory goes.
  const live = new WeakSet<HostArray>();
  const held = { handles: 0, bytes: 0 };
  const keep = (handle: HostArray): HostArray => {
    live.add(handle);
    held.handles++;
    held.bytes += handle.data.byteLength;
    return handle;
  };
  return {
    name: "reference",
    dtypes: computed,
    kernels: counted(referenceKernels, keep),
    upload: ({ shape, dtype, data }) => keep({ shape, dtype, data: data.slice() }),
    download: ({ shape, dtype, data }) => ({ shape, dtype, data: data.slice() }),
    release: (handle) => {
      if (!live.delete(handle)) return;
      held.handles--;
      held.bytes -= handle.data.byteLength;
    },
    memory: () => ({ ...held }),
  };
}

// The same kernels, with every handle they make noted.
function counted(kernels: Kernels<HostArray>, keep: (handle: HostArray) => HostArray): Kernels<HostArray> {
  type Call = (...args: readonly unknown[]) => HostArray | readonly HostArray[];
  const rows = Object.entries(kernels).map(([name, kernel]) => {
    const call = kernel as unknown as Call;
    const row: Call = (...args) => {
      const made = call(...args);
      if (Array.isArray(made)) made.forEach(keep);
      else keep(made as HostArray);
      return made;
    };
    return [name, row];
  });
  return Object.fromEntries(rows) as unknown as Kernels<HostArray>;
}
