// What every kernel stands on: TensorFlow.js bound to one device, and the way back to host memory.
import {
  type Aval,
  arrayTypeOf,
  type DType,
  type HostArray,
  type Kernel,
  type KernelAvals,
  Later,
  type PrimitiveName,
  reference,
  type Shape,
  sizeOf,
  type TypedArray,
  warnOnce,
} from "@keras-ts/core/backend";
import type * as tfjs from "@tensorflow/tfjs";
import type { BackendWasm } from "@tensorflow/tfjs-backend-wasm";
import type { Additions } from "./additions.ts";

/** The TensorFlow.js module. */
export type Tf = typeof tfjs;
/** A tensor of TensorFlow.js: the handles of this engine. */
export type Tensor = tfjs.Tensor;
export type Device = "cpu" | "wasm" | "webgl" | "webgpu";

/** Dtypes that TensorFlow.js computes in. */
export type NativeDType = "bool" | "int32" | "float32";
type Attributes = Readonly<Record<string, unknown>>;
type RunKernel = ReturnType<Tf["engine"]>["runKernel"];

/** TensorFlow.js on one device. */
export interface Engine {
  readonly tf: Tf;
  readonly device: Device;
  /** True where the device's memory is the host's (`cpu`, `wasm`), so that reading values is only a copy. */
  readonly onHost: boolean;
  /** Makes this device the one that TensorFlow.js runs on: several engines may take turns. */
  activate(): void;
  /** Runs one kernel of TensorFlow.js without its op layer (no argument checks, no tape). */
  run(name: string, inputs: Readonly<Record<string, Tensor>> | readonly Tensor[], attributes?: Attributes): Tensor;
  /** Runs `body` and frees what it made, except its result. */
  scoped<T extends Tensor | readonly Tensor[]>(body: () => T): T;
  /** A new tensor over `data`, which must not be changed afterwards. */
  make(data: TypedArray, shape: Shape, dtype: DType): Tensor;
  fill(shape: Shape, value: number, dtype: DType): Tensor;
  /** Values of a tensor, not to be changed. */
  read(x: Tensor): TypedArray;
  /** As `read`, but without a copy where the device's memory is the host's: good only until the next tensor is made. */
  view(x: Tensor): TypedArray;
  /** A new tensor that `write` fills from the views of `inputs`, in the device's own memory if it can be. It holds anything before. */
  build(
    inputs: readonly Tensor[],
    shape: Shape,
    dtype: NativeDType,
    write: (out: TypedArray, views: readonly TypedArray[]) => void,
  ): Tensor;
  /**
   * A kernel that is not TensorFlow.js': a program for the device if there is one, else core's reference engine on the host. On devices
   * with a memory of their own a warning says once that values leave it.
   */
  own<N extends PrimitiveName | HostComposite>(name: N): Kernel<N, Tensor>;
  /** Composites with a program for the device. */
  readonly composites: Additions["composites"];
  /** The kernel of core's reference engine, on values that are on the host. */
  onReference<N extends PrimitiveName | HostComposite>(name: N): Kernel<N, Tensor>;
}

/** Composites that the reference engine has a kernel for, and this one takes from it. */
export type HostComposite = "encrypt" | "multiplyAdd";

type HostKernel = (
  inputs: readonly HostArray[],
  params: unknown,
  avals: KernelAvals,
) => HostArray | readonly HostArray[];

type AnyKernel = (inputs: readonly Tensor[], params: unknown, avals: KernelAvals) => Tensor | Tensor[];

/** A dtype that the engine holds: core gives no others, except the bit patterns of uint32, which are int32's. */
export const nativeDtype = (dtype: DType): NativeDType => (dtype === "bool" || dtype === "float32" ? dtype : "int32");

/** The same bits as an array of the class that TensorFlow.js expects. */
function asNative(data: TypedArray, dtype: DType): TypedArray {
  if (data instanceof Uint32Array) return new Int32Array(data.buffer, data.byteOffset, data.length);
  const Native = arrayTypeOf(nativeDtype(dtype));
  return data instanceof Native ? data : new Native(data);
}

/** Binds TensorFlow.js to a device that is already initialised, with kernels written for it. */
export function engineOn(tf: Tf, device: Device, additionsOf?: (e: Engine) => Additions): Engine {
  const kernels = reference().kernels as unknown as Readonly<Record<PrimitiveName | HostComposite, HostKernel>>;
  const make = (data: TypedArray, shape: Shape, dtype: DType): Tensor =>
    tf.engine().makeTensor(asNative(data, dtype) as Float32Array, [...shape], nativeDtype(dtype));
  const read = (x: Tensor): TypedArray => x.dataSync() as TypedArray;
  const asHost = (data: TypedArray, aval: Aval): HostArray => {
    if (aval.dtype !== "uint32") return { shape: aval.shape, dtype: aval.dtype, data };
    return { shape: aval.shape, dtype: "uint32", data: new Uint32Array(data.buffer, data.byteOffset, data.length) };
  };
  const fromHost = (x: HostArray): Tensor => make(x.data, x.shape, x.dtype);
  const onHost = device === "cpu" || device === "wasm";
  const heap = (): BackendWasm => tf.engine().findBackend("wasm") as unknown as BackendWasm;
  const view = (x: Tensor): TypedArray => (device === "wasm" ? (heap().typedArrayFromHeap(x) as TypedArray) : read(x));
  const onReference = <N extends PrimitiveName | HostComposite>(name: N): Kernel<N, Tensor> => {
    const compute = (inputs: readonly HostArray[], params: unknown, avals: KernelAvals): Tensor | Tensor[] => {
      const results = kernels[name](inputs, params, avals);
      return Array.isArray(results) ? results.map(fromHost) : fromHost(results as HostArray);
    };
    const kernel: AnyKernel = (inputs, params, avals) => {
      const { ins } = avals;
      if (device !== "webgpu") {
        inputs.forEach(view);
        return compute(
          inputs.map((x, i) => asHost(view(x), ins[i] as Aval)),
          params,
          avals,
        );
      }
      // WebGPU gives values later only. The reads are under way when the inputs are freed.
      const reads = inputs.map(async (x, i) => asHost((await x.data()) as TypedArray, ins[i] as Aval));
      throw new Later(Promise.all(reads).then((values) => compute(values, params, avals)));
    };
    return kernel as unknown as Kernel<N, Tensor>;
  };
  const engine: Engine = {
    tf,
    device,
    onHost,
    activate: () => {
      // Takes effect at once for a device that is initialised; the promise only says so.
      if (tf.getBackend() !== device) void tf.setBackend(device);
    },
    run: (name, inputs, attributes = {}) =>
      additions?.natives[name]?.(inputs as Readonly<Record<string, Tensor>>, attributes) ??
      tf.engine().runKernel(name, inputs as unknown as tfjs.NamedTensorMap, attributes as Parameters<RunKernel>[2]),
    scoped: (body) => tf.tidy(body as () => tfjs.TensorContainer) as ReturnType<typeof body>,
    make,
    fill: (shape, value, dtype) => {
      const size = sizeOf(shape);
      if (size <= 1)
        return make(new (arrayTypeOf(nativeDtype(dtype)))(new Array<number>(size).fill(value)), shape, dtype);
      return tf.engine().runKernel("Fill", {}, { shape: [...shape], value, dtype: nativeDtype(dtype) });
    },
    read,
    view,
    build: (inputs, shape, dtype, write) => {
      if (device !== "wasm") {
        const out = new (arrayTypeOf(dtype))(sizeOf(shape));
        write(out, inputs.map(read));
        return make(out, shape, dtype);
      }
      inputs.forEach(view);
      const out = heap().makeOutput([...shape], dtype);
      write(heap().typedArrayFromHeap(out) as TypedArray, inputs.map(view));
      return tf.engine().makeTensorFromTensorInfo(out);
    },
    own: <N extends PrimitiveName | HostComposite>(name: N): Kernel<N, Tensor> => {
      const program = additions?.own[name] as Kernel<N, Tensor> | undefined;
      if (program !== undefined || onHost) return program ?? onReference(name);
      const plain = onReference(name) as unknown as AnyKernel;
      const kernel: AnyKernel = (inputs, params, avals) => {
        if (inputs.some((x) => x.size > 0)) {
          const todo = "See `limitations`, or use the wasm device";
          warnOnce(`tfjs (${device}): ${name} is computed on the host. ${todo}.`);
        }
        return plain(inputs, params, avals);
      };
      return kernel as unknown as Kernel<N, Tensor>;
    },
    onReference,
    get composites() {
      return additions?.composites;
    },
  };
  const additions = additionsOf?.(engine);
  return engine;
}
