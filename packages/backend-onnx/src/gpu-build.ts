// The WebGPU build of ONNX Runtime, completed: values stay on the graphics card, the plain build is beside it, and there is an error
// where the card is gone.
import type { GpuDevice } from "./gpu-memory.ts";
import { Flights, plainSession, type Residence, residentSession } from "./gpu-session.ts";
import { GpuValues } from "./gpu-values.ts";
import type { InjectedOrt, OrtData, OrtSession, OrtSessionOptions, OrtTensor, OrtType } from "./ort.ts";

/** Name of the error with which everything on a lost graphics card fails. */
export const LOST = "DeviceLost";

const isOnGpu = ({ executionProviders = [] }: OrtSessionOptions): boolean =>
  executionProviders.some((provider) => typeof provider !== "string" && provider.name === "webgpu");

const allOnHost: Residence = { onCard: {}, state: [], keep: "none" };

/** The WebGPU build, completed, and how to give the graphics card back. */
export interface GpuBuild {
  readonly ort: InjectedOrt;
  end(): Promise<void>;
}

/**
 * The WebGPU build. It has no float64: sessions that do not ask for the graphics card are made by the build that `plain` loads when the
 * first comes. What waits for a card that is lost would wait forever, or get zeros; here it fails.
 */
export function completeGpuBuild(gpu: InjectedOrt, plain: () => Promise<InjectedOrt>): GpuBuild {
  let loading: Promise<InjectedOrt> | undefined;
  let watching: Promise<never> | undefined;
  const watch = async (device: GpuDevice): Promise<never> => {
    const { message } = await device.lost;
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
  // ONNX Runtime does one thing at a time here: a second session that is made beside a run ends both.
  let turn: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(action: () => Promise<T>): Promise<T> => {
    const work = turn.then(action);
    turn = guard(work).catch(() => {}); // on a lost card it may never end
    return work;
  };
  const values = new GpuValues(gpu.Tensor, guard);
  const flights = new Flights(values);

  // With its last session ONNX Runtime gives the card back, and with the card all that is on it and the shaders that were compiled. So
  // the last one stays open until there is another.
  const open = new Set<OrtSession>();
  let last: OrtSession | undefined;
  const close = async (session: OrtSession): Promise<void> => {
    open.delete(session);
    if (open.size === 0) last = session;
    else if (!values.isLost) await inTurn(() => session.release());
  };
  const opened = async (session: OrtSession): Promise<void> => {
    open.add(session);
    const before = last;
    last = undefined;
    if (before !== undefined) await inTurn(() => before.release());
    if (watching !== undefined) return;
    const device = (await gpu.env.webgpu?.device) as GpuDevice | undefined;
    if (device === undefined) return;
    values.use(device);
    watching = watch(device);
    watching.catch((error: Error) => values.lose(error)); // each that waits hears of it
  };

  // A function and not an arrow, so that `new` gives what it returns.
  function Tensor(type: OrtType, data: OrtData, dims: readonly number[]): OrtTensor {
    return values.fromHost(type, data, dims);
  }
  return {
    ort: {
      Tensor: Tensor as unknown as InjectedOrt["Tensor"],
      env: gpu.env,
      InferenceSession: {
        async create(model, { residence = allOnHost, ...options } = {}) {
          if (!isOnGpu(options)) {
            loading ??= plain();
            return plainSession(await (await loading).InferenceSession.create(model, options), values);
          }
          const session = await guard(inTurn(() => gpu.InferenceSession.create(model, options)));
          await opened(session);
          const run: OrtSession["run"] = (feeds, fetches) => inTurn(() => session.run(feeds, fetches));
          return { ...residentSession({ run }, values, flights, residence), release: () => close(session) };
        },
      },
    },
    async end() {
      values.dispose();
      if (last !== undefined && !values.isLost) await last.release();
      last = undefined;
    },
  };
}
