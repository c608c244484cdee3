// Programs of our own on the WebGL device of TensorFlow.js: each gives one element of a tensor from any elements of others.
import { type Shape, sizeOf } from "@keras-ts/core/backend";
import type { Engine, NativeDType, Tensor } from "../engine.ts";
import { broadcast } from "../kernels/broadcast.ts";
import { reshaped } from "../kernels/structural.ts";
import { PRELUDE, translate } from "./translate.ts";

interface Info {
  readonly dataId: object;
  readonly shape: number[];
  readonly dtype: string;
}
interface Device {
  runWebGLProgram(
    program: {
      readonly variableNames: readonly string[];
      readonly outputShape: readonly number[];
      readonly userCode: string;
      readonly customUniforms: readonly { readonly name: string; readonly type: "int" }[];
    },
    inputs: readonly Tensor[],
    dtype: NativeDType,
    values: readonly (readonly number[])[],
  ): Info;
}

/** A program and what it is run on. Numbers are floats on this device, those of integers too. */
export interface Program {
  /** `x: tensor` is read as `getX(place)`, flat. */
  readonly inputs: Readonly<Record<string, Tensor>>;
  readonly out: { readonly shape: Shape; readonly dtype: NativeDType };
  readonly numbers?: Readonly<Record<string, number>>;
  /** Functions, in WebGPU's language. */
  readonly before?: string;
  /** Ends with `setOutput(value);`, in WebGL's language. Knows its `index`. */
  readonly code: string;
}

export function runProgram(e: Engine, { inputs, out, numbers = {}, before = "", code }: Program): Tensor {
  const device = e.tf.engine().findBackend("webgl") as unknown as Device;
  return e.scoped(() => {
    const flat = Object.values(inputs).map((x) => reshaped(e, x, [x.size]));
    const program = {
      variableNames: Object.keys(inputs),
      outputShape: [sizeOf(out.shape)],
      userCode: `${PRELUDE}\n${translate(before)}\nvoid main() { int index = getOutputCoords(); ${code} }`,
      customUniforms: Object.keys(numbers).map((name) => ({ name, type: "int" as const })),
    };
    const values = Object.values(numbers).map((value) => [value]);
    const written = device.runWebGLProgram(program, flat, out.dtype, values);
    return reshaped(e, e.tf.engine().makeTensorFromTensorInfo({ ...written, dtype: out.dtype }), out.shape);
  });
}

const NAMES = ["x", "y"] as const;
/** An expression of `x` and `y`, in WebGPU's language, for all elements of operands that broadcast. */
export function elementByElement(
  e: Engine,
  operands: readonly Tensor[],
  out: { readonly shape: Shape; readonly dtype: NativeDType },
  code: string,
  before = "",
): Tensor {
  return e.scoped(() => {
    const wide = operands.map((x) => broadcast(e, x, out.shape));
    const read = wide.map((_, i) => `float ${NAMES[i]} = get${(NAMES[i] as string).toUpperCase()}(index);`).join(" ");
    return runProgram(e, {
      inputs: Object.fromEntries(wide.map((x, i) => [NAMES[i], x])),
      out,
      before,
      code: `${read} setOutput(${translate(code)});`,
    });
  });
}
