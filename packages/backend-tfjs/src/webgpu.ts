// What TensorFlow.js' WebGPU device lacks and this engine needs: one kernel, as a program of WebGPU's shading language.
import type { Tensor, Tf } from "./engine.ts";

/** A program as the WebGPU device of TensorFlow.js takes it. */
interface GpuProgram {
  readonly variableNames: readonly string[];
  readonly outputShape: readonly number[];
  /** Programs with equal keys and shapes share one compiled shader. */
  readonly shaderKey: string;
  readonly dispatchLayout: { readonly x: readonly number[] };
  readonly dispatch: readonly [x: number, y: number, z: number];
  readonly workgroupSize: readonly [x: number, y: number, z: number];
  /** Has the number of elements handed to the shader. */
  readonly size: true;
  getUserCode(): string;
}
interface GpuBackend {
  runWebGPUProgram(program: GpuProgram, inputs: readonly Tensor[], dtype: "int32"): Tensor;
}

const GROUP = 64;
/** WebGPU's limit for workgroups along one axis. */
const MOST_GROUPS = 65535;

/** Workgroups for `size` elements: along one axis, or in a square where that is not enough. */
export function groupsFor(size: number): readonly [x: number, y: number, z: number] {
  const groups = Math.max(1, Math.ceil(size / GROUP));
  if (groups <= MOST_GROUPS) return [groups, 1, 1];
  const side = Math.ceil(Math.sqrt(groups));
  return [side, side, 1];
}

/** Gives the WebGPU device its `BitwiseAnd` of two int32 tensors of one shape, unless a newer version has it. */
export function completeWebGpu(tf: Tf): void {
  const known = tf.getKernelsForBackend("webgpu").some(({ kernelName }) => kernelName === "BitwiseAnd");
  if (known) return;
  tf.registerKernel({
    kernelName: "BitwiseAnd",
    backendName: "webgpu",
    kernelFunc: ({ inputs, backend }) => {
      const [a, b] = [inputs["a"], inputs["b"]] as [Tensor, Tensor];
      const program: GpuProgram = {
        variableNames: ["A", "B"],
        outputShape: a.shape,
        shaderKey: "keras-ts bitwise and",
        dispatchLayout: { x: a.shape.map((_, axis) => axis) },
        dispatch: groupsFor(a.size),
        workgroupSize: [GROUP, 1, 1],
        size: true,
        getUserCode: () =>
          "fn main(index : i32) { if (index < uniforms.size) { setOutputAtIndexI32(index, A[index] & B[index]); } }",
      };
      return (backend as unknown as GpuBackend).runWebGPUProgram(program, [a, b], "int32");
    },
  });
}
