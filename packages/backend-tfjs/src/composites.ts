// Composites for which TensorFlow.js has one kernel, or fewer than their bodies in primitives.
import {
  type Aval,
  type Kernel,
  type Kernels,
  primitives,
  range,
  sizeOf,
  type TypedArray,
} from "@keras-ts/core/backend";
import { type Engine, nativeDtype, type Tensor } from "./engine.ts";
import { otherAxes, reshaped, transposed } from "./kernels/structural.ts";

export type CompositeTable = Pick<
  Kernels<Tensor>,
  | "relu"
  | "softplus"
  | "softmax"
  | "normalize"
  | "barrier"
  | "separateZeros"
  | "oneHot"
  | "encrypt"
  | "multiplyAdd"
  | "resizeBilinear"
  | "resizeNearest"
>;

export function composites(e: Engine): CompositeTable {
  return {
    relu: ([x]) => e.run("Relu", { x: x as Tensor }),
    // Those of WebGPU's device lose nan; the bodies do not.
    ...(e.device === "webgpu"
      ? {}
      : { softplus: ([x]: readonly Tensor[]) => e.run("Softplus", { x: x as Tensor }), softmax: softmax(e) }),
    barrier: ([x]) => e.run("Identity", { x: x as Tensor }),
    normalize: normalize(e),
    resizeBilinear: resized(e, "ResizeBilinear"),
    resizeNearest: resized(e, "ResizeNearestNeighbor"),
    // WebGPU's device has programs for what the body is made of.
    ...(e.device === "webgpu" ? {} : { encrypt: e.own("encrypt") }),
    ...(e.onHost ? { separateZeros: separateZeros(e), oneHot: oneHot(e), multiplyAdd: e.own("multiplyAdd") } : {}),
  };
}

// The kernel works along the last axis.
function softmax(e: Engine): Kernel<"softmax", Tensor> {
  return ([x], { axes }) => {
    const input = x as Tensor;
    if (axes.length === 0) return e.fill(input.shape, 1, "float32");
    const order = [...otherAxes(input.rank, axes), ...axes];
    const size = sizeOf(axes.map((axis) => input.shape[axis] as number));
    return e.scoped(() => {
      const moved = transposed(e, input, order);
      const flat = e.run("Softmax", { logits: reshaped(e, moved, [input.size / size, size]) }, { dim: 1 });
      const back = range(input.rank).map((axis) => order.indexOf(axis));
      return transposed(e, reshaped(e, flat, moved.shape), back);
    });
  };
}

// Broadcasts in the binary kernels, where the body would write out the mean and the scale.
function normalize(e: Engine): Kernel<"normalize", Tensor> {
  return ([x], { axes, epsilon }) => {
    const input = x as Tensor;
    return e.scoped(() => {
      const axis = [...axes];
      const mean = e.run("Mean", { x: input }, { axis, keepDims: true });
      const centered = e.run("Sub", { a: input, b: mean });
      const variance = e.run("Mean", { x: e.run("Square", { x: centered }) }, { axis, keepDims: true });
      const shifted = e.run("Add", { a: variance, b: e.fill([], epsilon, "float32") });
      return e.run("Multiply", { a: centered, b: e.run("Rsqrt", { x: shifted }) });
    });
  };
}

// Places centred at i + 1/2 and read at the edge outside: what the bodies say.
function resized(e: Engine, name: string): (...args: Parameters<Kernel<"resizeBilinear", Tensor>>) => Tensor {
  return ([x], { size }, { outs }) => {
    const input = x as Tensor;
    const { shape } = outs[0] as Aval;
    if (sizeOf(shape) === 0) return e.fill(shape, 0, "float32");
    return e.run(name, { images: input }, { alignCorners: false, halfPixelCenters: true, size: [...size] });
  };
}

// One look for the bits of -0, where the body compares each element twice.
function separateZeros(e: Engine): Kernel<"separateZeros", Tensor> {
  return ([x]) => {
    const input = x as Tensor;
    return e.build([input], input.shape, "float32", (out, [values]) => {
      out.set(values as TypedArray);
      const bits = new Int32Array(out.buffer, out.byteOffset, out.length);
      const negativeZero = -(2 ** 31);
      for (let at = bits.indexOf(negativeZero); at >= 0; at = bits.indexOf(negativeZero, at + 1)) {
        out[at] = primitives.NEGATIVE_ZERO;
      }
    });
  };
}

// Zeros, and a one for each class.
function oneHot(e: Engine): Kernel<"oneHot", Tensor> {
  return ([x], { axis, size }, { outs }) => {
    const input = x as Tensor;
    const { shape, dtype } = outs[0] as Aval;
    const inner = sizeOf(input.shape.slice(axis));
    return e.build([input], shape, nativeDtype(dtype), (out, [values]) => {
      out.fill(0);
      const classes = values as TypedArray;
      for (let i = 0; i < classes.length; i++) {
        const at = classes[i] as number;
        if (at >= 0 && at < size) out[(Math.floor(i / inner) * size + at) * inner + (i % inner)] = 1;
      }
    });
  };
}
