// Programs of our own on the WebGPU device of TensorFlow.js, in WebGPU's shading language.
import { type Shape, sizeOf } from "@keras-ts/core/backend";
import type { Engine, NativeDType, Tensor } from "../engine.ts";

/** A program and what it is run on. */
export interface Program {
  /** Programs of one name have one code. */
  readonly name: string;
  /** What the code reads: `x: tensor` is an array `x` there, flat, of f32, or of i32 for int32 and bool. */
  readonly inputs: Readonly<Record<string, Tensor>>;
  /** The new tensor that the code writes, as an array `result`: its elements hold anything before. Or one that exists, in place. */
  readonly out: { readonly shape: Shape; readonly dtype: NativeDType } | Tensor;
  /** Whole numbers that the code reads as `uniforms.name`. */
  readonly numbers?: Readonly<Record<string, number>>;
  /** Functions, and memory that the lanes of a group share. */
  readonly before?: string;
  /** What each invocation does. */
  readonly code: string;
  /** Runs `code` this often, with its number in `index`; once for each element of the result by default. */
  readonly times?: number;
  /** Instead: runs `code` in this many groups of `LANES` lanes that can wait for each other, with `group` and `lane`. */
  readonly groups?: number;
  /** True if `result` is of `atomic<i32>`: floats are their bits. */
  readonly atomic?: boolean;
}

/** Lanes of a group. */
export const LANES = 64;
/** Code with which all lanes of a group wait for each other, and see what the others wrote. */
export const WAIT = "workgroupBarrier(); storageBarrier();";

/** A program as the WebGPU device of TensorFlow.js takes it. */
interface DeviceProgram {
  readonly variableNames: readonly string[];
  readonly outputShape: readonly number[];
  /** Programs with equal keys, ranks and dtypes share one compiled shader. */
  shaderKey: string;
  readonly dispatchLayout: { readonly x: readonly number[] };
  dispatch: readonly [x: number, y: number, z: number];
  readonly workgroupSize: readonly [x: number, y: number, z: number];
  readonly uniforms: string;
  readonly atomic: boolean;
  getUserCode(): string;
}
interface Info {
  readonly dataId: object;
  readonly shape: number[];
  readonly dtype: NativeDType;
}
interface Device {
  runWebGPUProgram(
    program: DeviceProgram,
    inputs: readonly Info[],
    dtype: NativeDType,
    uniforms: readonly { readonly type: "int32"; readonly data: number[] }[],
    output?: Info,
  ): Info;
}

/** WebGPU's limit for workgroups along one axis. */
const MOST_GROUPS = 65535;

/** Workgroups for `size` elements: along one axis, or in a square where that is not enough. */
export function groupsFor(size: number): readonly [x: number, y: number, z: number] {
  const groups = Math.max(1, Math.ceil(size / LANES));
  if (groups <= MOST_GROUPS) return [groups, 1, 1];
  const side = Math.ceil(Math.sqrt(groups));
  return [side, side, 1];
}

// Without shapes: the device's own address arithmetic ends at six axes, and the code has its own.
const flat = (x: Tensor): Info => ({ dataId: x.dataId, shape: [x.size], dtype: x.dtype as NativeDType });

/** Runs a program: the tensor that it wrote. No input may be without elements, or be the tensor that is written in place. */
export function runProgram(e: Engine, program: Program): Tensor {
  const { name, inputs, out, numbers = {}, before = "", code, groups, atomic = false } = program;
  const device = e.tf.engine().findBackend("webgpu") as unknown as Device;
  const size = sizeOf(out.shape);
  const times = program.times ?? size;
  const [counted, body] =
    groups === undefined
      ? (["count", `if (index >= uniforms.count) { return; } ${code}`] as const)
      : (["first", `let group = uniforms.first + i32(workgroupId.x); let lane = i32(localIndex); ${code}`] as const);
  const run = (dispatch: DeviceProgram["dispatch"], number: number, into: Info | undefined): Info =>
    device.runWebGPUProgram(
      {
        variableNames: Object.keys(inputs),
        outputShape: [size],
        shaderKey: `keras-ts ${name}`,
        dispatchLayout: { x: [0] },
        dispatch,
        workgroupSize: [LANES, 1, 1],
        uniforms: [counted, ...Object.keys(numbers)].map((key) => `${key} : i32,`).join(" "),
        atomic,
        getUserCode: () => `${before}\nfn main(index : i32) { ${body} }`,
      },
      Object.values(inputs).map(flat),
      out.dtype as NativeDType,
      [number, ...Object.values(numbers)].map((value) => ({ type: "int32", data: [value] })),
      into,
    );
  let written = "dataId" in out ? flat(out) : undefined;
  if (groups === undefined) written = run(groupsFor(times), times, written);
  else {
    for (let first = 0; first < groups; first += MOST_GROUPS) {
      written = run([Math.min(groups - first, MOST_GROUPS), 1, 1], first, written);
    }
  }
  if ("dataId" in out) return out;
  return e.tf.engine().makeTensorFromTensorInfo({ ...(written as Info), shape: [...out.shape] });
}
