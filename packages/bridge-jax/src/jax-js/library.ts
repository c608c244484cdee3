// The library jax-js as it is handed around, and what Node 20 lacks for it.
import { BackendError, complain } from "@keras-ts/core/backend";

/** The module `@jax-js/jax`. */
export type JaxModule = typeof import("@jax-js/jax");
/** An array or tracer of jax-js. */
export type JaxArray = import("@jax-js/jax").Array;
export type JaxDevice = import("@jax-js/jax").Device;

export interface JaxOptions {
  /** `"wasm"` by default; in browsers also `"webgpu"` and `"webgl"`. */
  readonly device?: JaxDevice;
  /** A copy of jax-js of your own. */
  readonly lib?: JaxModule;
}

/**
 * jax-js, ready to use: loaded, its device started and made the default. On Node 20, which has no `navigator`, it puts a stand-in there.
 * @throws BackendError if the package is not installed or the device does not start.
 * @example const jax = await loadJax();
 */
export async function loadJax({ device = "wasm", lib }: JaxOptions = {}): Promise<JaxModule> {
  if (typeof navigator === "undefined") {
    Object.defineProperty(globalThis, "navigator", {
      value: { userAgent: "Node.js" },
      configurable: true,
      writable: true,
    });
  }
  const jax = lib ?? (await load());
  const started = await jax.init(device).catch((cause: unknown) => refuse(device, String(cause), cause));
  if (!started.includes(device)) return refuse(device, `only ${started.join(", ")}`, undefined);
  jax.defaultDevice(device);
  return jax;
}

async function load(): Promise<JaxModule> {
  try {
    return await import("@jax-js/jax");
  } catch (cause) {
    const todo = "Run npm install @jax-js/jax";
    throw new BackendError(
      complain("loadJax", { must: "the package @jax-js/jax must be installed", got: "none", todo }),
      { cause },
    );
  }
}

function refuse(device: string, got: string, cause: unknown): never {
  const todo = 'Use "wasm", which runs everywhere';
  throw new BackendError(complain("loadJax", { must: `the device "${device}" must start`, got, todo }), { cause });
}
