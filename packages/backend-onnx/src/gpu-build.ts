// The WebGPU build of ONNX Runtime, completed: the plain build beside it, and an error where the graphics card is gone.
import type { InjectedOrt, OrtSession, OrtSessionOptions } from "./ort.ts";

/** Name of the error with which everything on a lost graphics card fails. */
export const LOST = "DeviceLost";

interface Gpu {
  readonly lost: Promise<{ readonly reason?: string; readonly message: string }>;
}

const isOnGpu = ({ executionProviders = [] }: OrtSessionOptions): boolean =>
  executionProviders.some((provider) => typeof provider !== "string" && provider.name === "webgpu");

/**
 * The WebGPU build. It has no float64: sessions that do not ask for the graphics card are made by the build that `plain` loads when the
 * first comes. What waits for a card that is lost would wait forever, or get zeros; here it fails.
 */
export function completeGpuBuild(gpu: InjectedOrt, plain: () => Promise<InjectedOrt>): InjectedOrt {
  let loading: Promise<InjectedOrt> | undefined;
  let watching: Promise<never> | undefined;
  let open = 0;
  const watch = async (): Promise<never> => {
    const device = (await gpu.env.webgpu?.device) as Gpu | undefined;
    const { message } = (await device?.lost) ?? (await new Promise<never>(() => {}));
    throw Object.assign(new Error(message || "the graphics card is gone"), { name: LOST });
  };
  const guard = async <T>(work: Promise<T>): Promise<T> => {
    if (watching === undefined) return work;
    work.catch(() => {}); // it may fail after the card was lost, when nobody waits any more
    try {
      return await Promise.race([watching, work]);
    } catch (error) {
      // Work on a lost card may fail before the loss is told. Results were read from the card: where there are any, it was there.
      await Promise.race([watching, new Promise<void>((resolve) => setTimeout(resolve, 100))]);
      throw error;
    }
  };
  const guarded = (session: OrtSession): OrtSession => ({
    run: (feeds, fetches) => guard(session.run(feeds, fetches)),
    release: () => {
      // With its last session ONNX Runtime gives the card back, and the next one gets it anew.
      if (--open === 0) watching = undefined;
      return session.release();
    },
  });
  return {
    Tensor: gpu.Tensor,
    env: gpu.env,
    InferenceSession: {
      async create(model, options = {}) {
        if (!isOnGpu(options)) {
          loading ??= plain();
          return (await loading).InferenceSession.create(model, options);
        }
        const session = await guard(gpu.InferenceSession.create(model, options));
        open++;
        if (watching === undefined) {
          watching = watch();
          watching.catch(() => {}); // each that waits hears of it
        }
        return guarded(session);
      },
    },
  };
}
