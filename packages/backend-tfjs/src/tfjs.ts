// The factory: loads TensorFlow.js, starts a device, and wraps it as an engine.
import { type Backend, BackendError, complain, type DType, type HostArray } from "@keras-ts/core/backend";
import type { Additions } from "./additions.ts";
import { type Device, type Engine, engineOn, type NativeDType, type Tensor, type Tf } from "./engine.ts";
import { kernelsOn } from "./kernels/index.ts";
import { limitations } from "./limitations.ts";

export interface TfjsOptions {
  /** Where to compute. Default: `wasm` in Node; `webgl` in browsers; `wasm`, then `cpu`, where that is missing. */
  readonly device?: Device;
  /** The TensorFlow.js module, if the program has loaded one: `import * as tf from "@tensorflow/tfjs"`. */
  readonly tf?: Tf;
  /** In browsers: the folder that serves the `.wasm` files of `@tensorflow/tfjs-backend-wasm`. Node finds them by itself. */
  readonly wasmPath?: string;
}

const dtypes: ReadonlySet<DType> = new Set<DType>(["bool", "int32", "float32"]);

/**
 * An engine over TensorFlow.js. Its device, once started, serves every engine made for it.
 * @throws BackendError if a package is not installed, or the device does not exist here.
 * @example
 * import { setBackend } from "@keras-ts/core/backend";
 * setBackend(await tfjs({ device: "wasm" }));
 */
export async function tfjs(options: TfjsOptions = {}): Promise<Backend<Tensor>> {
  const tf = options.tf ?? (await load("@tensorflow/tfjs", () => import("@tensorflow/tfjs")));
  const device =
    options.device === undefined ? await startFirst(tf, options) : await start(tf, options.device, options);
  // Loaded where it is used: other devices need none of it.
  return backendOn(engineOn(tf, device, await additionsFor(device)));
}

// Loaded where it is used: other devices need none of it.
async function additionsFor(device: Device): Promise<((e: Engine) => Additions) | undefined> {
  if (device === "webgpu") return (await import("./webgpu/index.ts")).additions;
  return device === "webgl" ? (await import("./webgl/index.ts")).additions : undefined;
}

function backendOn(e: Engine): Backend<Tensor> {
  const { tf, device } = e;
  const hostArray = (x: Tensor, data: HostArray["data"]): HostArray => ({
    shape: x.shape,
    dtype: x.dtype as NativeDType,
    data,
  });
  return {
    name: `tfjs (${device})`,
    dtypes,
    limitations: limitations.filter(({ devices }) => devices === undefined || devices.includes(device)),
    kernels: kernelsOn(e),
    upload: ({ data, shape, dtype }) => {
      e.activate();
      // wasm copies at once; the others keep the array, which is the caller's.
      return e.make(device === "wasm" ? data : data.slice(), shape, dtype);
    },
    download: (x) => {
      if (!e.onHost) return x.data().then((data) => hostArray(x, data as HostArray["data"]));
      return hostArray(x, device === "cpu" ? e.read(x).slice() : e.read(x));
    },
    release: (x) => x.dispose(),
    memory: () => {
      const { numTensors, numBytes } = tf.memory();
      return { handles: numTensors, bytes: numBytes };
    },
  };
}

/** A package, whether it was loaded as an ES module or wrapped as CommonJS. */
async function load<M extends object>(name: string, find: () => Promise<M>): Promise<M> {
  try {
    const found = await find();
    return "default" in found ? (found.default as M) : found;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const text = complain("tfjs", {
      must: `the package ${name} must be installed`,
      got: reason,
      todo: `Run: npm install ${name}`,
    });
    throw new BackendError(text, { cause });
  }
}

async function startFirst(tf: Tf, options: TfjsOptions): Promise<Device> {
  const order: Device[] = tf.env().getBool("IS_NODE") ? ["wasm"] : ["webgl", "wasm"];
  for (const device of order) {
    try {
      return await start(tf, device, options);
    } catch (error) {
      if (!(error instanceof BackendError)) throw error;
    }
  }
  return start(tf, "cpu", options);
}

async function start(tf: Tf, device: Device, options: TfjsOptions): Promise<Device> {
  if (tf.findBackendFactory(device) === null) await register(device);
  if (device === "wasm" && options.wasmPath !== undefined && !(device in tf.engine().registry)) {
    const wasm = await load("@tensorflow/tfjs-backend-wasm", () => import("@tensorflow/tfjs-backend-wasm"));
    wasm.setWasmPaths(options.wasmPath);
  }
  if (!(await tf.setBackend(device).catch(() => false))) {
    const must = `the device must exist here`;
    throw new BackendError(complain("tfjs", { must, got: `"${device}"`, todo: 'Use another device, such as "cpu"' }));
  }
  if (device === "cpu") silence(tf);
  return device;
}

async function register(device: Device): Promise<void> {
  if (device === "wasm") {
    await load("@tensorflow/tfjs-backend-wasm", () => import("@tensorflow/tfjs-backend-wasm"));
  } else if (device === "webgpu") {
    // Not a dependency: bundlers must not look for it, and programs that bundle import it themselves.
    const name: string = "@tensorflow/tfjs-backend-webgpu";
    await load(name, () => import(/* @vite-ignore */ name) as Promise<object>);
  }
}

// The first write on cpu in Node advertises another package on the console, unless in production mode.
function silence(tf: Tf): void {
  const before = tf.env().getBool("PROD");
  tf.env().set("PROD", true);
  tf.tensor1d([0]).dispose();
  tf.env().set("PROD", before);
}
