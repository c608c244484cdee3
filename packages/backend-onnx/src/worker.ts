// The worker of the wasm engine: ONNX Runtime off the page's thread. It stands alone, so that pages without a bundler can load it.
import { configure } from "./configure.ts";
import { completeGpuBuild } from "./gpu-build.ts";
import type { Device, InjectedOrt, OrtData, OrtSession, OrtTensor } from "./ort.ts";
import { isRemote } from "./remote.ts";
import type { Answer, MadeTensors, Request, Start, Versions } from "./worker-protocol.ts";

interface Scope {
  readonly name: string;
  onmessage: ((event: { readonly data: Request }) => void) | null;
  postMessage(message: Answer, transfer: readonly ArrayBuffer[]): void;
}
const scope = globalThis as unknown as Scope;

const tensors = new Map<number, OrtTensor>();
const sessions = new Map<number, OrtSession>();
let ort: InjectedOrt | undefined;

const started = (): InjectedOrt => {
  if (ort === undefined) throw new Error("the worker has not been started");
  return ort;
};
function found<T>(table: ReadonlyMap<number, T>, id: number, what: string): T {
  const entry = table.get(id);
  if (entry === undefined) throw new Error(`no ${what} ${id} in the worker`);
  return entry;
}

/** A copy, to be handed over. */
const valuesOf = (tensor: OrtTensor): OrtData | Promise<OrtData> =>
  isRemote(tensor) ? tensor.getData() : (tensor.data as OrtData).slice();

async function load(device: Device, { modules, threads, wasmPaths }: Start): Promise<InjectedOrt> {
  const module = modules[device];
  const loaded: unknown =
    module !== undefined
      ? await import(/* @vite-ignore */ /* webpackIgnore: true */ module)
      : device === "webgpu"
        ? await import("onnxruntime-web/webgpu")
        : await import("onnxruntime-web/wasm");
  configure(loaded as InjectedOrt, threads, wasmPaths);
  return loaded as InjectedOrt;
}

async function start(request: Start): Promise<Versions> {
  const main = await load(request.device, request);
  ort = request.device === "cpu" ? main : completeGpuBuild(main, () => load("cpu", request)).ort;
  return { ...main.env.versions };
}

/** Does what the page asks for; the value goes back if the page waits for one. */
async function serve(request: Request): Promise<unknown> {
  switch (request.kind) {
    case "start":
      return start(request);
    case "upload": {
      const { id, type, data, dims } = request;
      tensors.set(id, new (started().Tensor)(type, data, dims));
      return undefined;
    }
    case "read":
      return Promise.all(request.ids.map((id) => valuesOf(found(tensors, id, "tensor"))));
    case "drop":
      for (const id of request.ids) {
        const tensor = tensors.get(id);
        if (tensor !== undefined && isRemote(tensor)) tensor.dispose();
        tensors.delete(id);
      }
      return undefined;
    case "open":
      sessions.set(request.id, await started().InferenceSession.create(request.model, request.options));
      return undefined;
    case "run": {
      const feeds = Object.fromEntries(request.feeds.map(([name, id]) => [name, found(tensors, id, "tensor")]));
      const fetches = Object.fromEntries(request.fetches.map(([name]) => [name, null]));
      const results = await found(sessions, request.id, "session").run(feeds, fetches);
      return request.fetches.map(([name, id]) => {
        const tensor = results[name] as OrtTensor;
        tensors.set(id, tensor);
        return [tensor.type, tensor.dims];
      }) satisfies MadeTensors;
    }
    case "close": {
      const session = found(sessions, request.id, "session");
      sessions.delete(request.id);
      return session.release();
    }
    default:
      return request satisfies never;
  }
}

async function answer(request: Request): Promise<void> {
  const call = "call" in request ? request.call : undefined;
  try {
    const value = await serve(request);
    if (call === undefined) return;
    const transfer = [value].flat().flatMap((x) => (ArrayBuffer.isView(x) ? [x.buffer as ArrayBuffer] : []));
    scope.postMessage({ call, value }, transfer);
  } catch (error) {
    const { name, message } = error instanceof Error ? error : new Error(String(error));
    scope.postMessage({ call, error: message, name }, []);
  }
}

// ONNX Runtime starts its threads with the script that it was loaded by, which bundlers may have made this one.
if (scope.name.startsWith("em-pthread")) void import("onnxruntime-web/wasm");
else {
  let last: Promise<void> = Promise.resolve();
  scope.onmessage = ({ data }) => {
    last = last.then(() => {
      const done = answer(data);
      // Values are asked for in order; while they come down from the card, the next run may begin.
      return data.kind === "read" ? undefined : done;
    });
  };
}
