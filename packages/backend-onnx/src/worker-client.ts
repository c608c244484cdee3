// ONNX Runtime in a worker, seen from the page: the same few classes, whose tensors and sessions are elsewhere.
import { LOST } from "./gpu-build.ts";
import type { InjectedOrt, OrtData, OrtSession, OrtSessionOptions, OrtTensor, OrtType } from "./ort.ts";
import type { Answer, MadeTensors, Request, Start, Versions } from "./worker-protocol.ts";

type Call = Extract<Request, { readonly call: number }>;
type Unnumbered<R> = R extends unknown ? Omit<R, "call"> : never;

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

interface Reading {
  readonly id: number;
  readonly resolve: (data: OrtData) => void;
  readonly reject: (error: unknown) => void;
}

const named = (name: string, message: string): Error => Object.assign(new Error(message), { name });

/** The line to a worker: calls are numbered, and answered in order. */
class Line {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  #calls = 0;
  #ids = 0;
  #read: Reading[] = [];
  #dropped: number[] = [];
  #queued = false;
  #broken: Error | undefined;

  constructor(worker: Worker) {
    this.#worker = worker;
    worker.onmessage = ({ data }: { readonly data: Answer }) => this.#hear(data);
    worker.onerror = (event) => {
      event.preventDefault();
      this.#break(named(LOST, event.message || "the worker could not be loaded"));
    };
    worker.onmessageerror = () => this.#break(named(LOST, "a message from the worker could not be read"));
  }

  newId(): number {
    return ++this.#ids;
  }
  tell(request: Request, transfer: readonly ArrayBufferLike[] = []): void {
    this.#worker.postMessage(request, transfer as ArrayBuffer[]);
  }
  ask(request: Unnumbered<Call>, transfer: readonly ArrayBufferLike[] = []): Promise<unknown> {
    if (this.#broken !== undefined) return Promise.reject(this.#broken);
    const call = ++this.#calls;
    return new Promise((resolve, reject) => {
      this.#waiting.set(call, { resolve, reject });
      this.tell({ ...request, call } as Call, transfer);
    });
  }
  /** The values of a tensor. Those that are asked for in one turn come in one message. */
  read(id: number): Promise<OrtData> {
    return new Promise((resolve, reject) => {
      this.#read.push({ id, resolve, reject });
      this.#queue();
    });
  }
  /** Forgets a tensor; those of one turn go in one message. */
  drop(id: number): void {
    this.#dropped.push(id);
    this.#queue();
  }
  #queue(): void {
    if (this.#queued) return;
    this.#queued = true;
    queueMicrotask(() => this.#flush());
  }
  // Reads first: what is read may be dropped in the same turn.
  #flush(): void {
    this.#queued = false;
    const [read, dropped] = [this.#read, this.#dropped];
    [this.#read, this.#dropped] = [[], []];
    if (read.length > 0) {
      this.ask({ kind: "read", ids: read.map(({ id }) => id) }).then(
        (values) => read.forEach(({ resolve }, i) => void resolve((values as OrtData[])[i] as OrtData)),
        (error: unknown) => read.forEach(({ reject }) => void reject(error)),
      );
    }
    if (dropped.length > 0) this.tell({ kind: "drop", ids: dropped });
  }
  end(): void {
    this.#break(new Error("the engine was disposed"));
    this.#worker.terminate();
  }

  #hear(answer: Answer): void {
    const error = "error" in answer ? named(answer.name, answer.error) : undefined;
    if (error !== undefined && answer.call === undefined) return this.#break(error);
    const waiting = this.#waiting.get(answer.call as number);
    this.#waiting.delete(answer.call as number);
    if ("value" in answer) waiting?.resolve(answer.value);
    else waiting?.reject(error as Error);
  }
  #break(error: Error): void {
    this.#broken ??= error;
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }
}

/** A tensor whose values are in the worker. */
class RemoteTensor implements OrtTensor {
  readonly location = "worker";
  readonly id: number;
  readonly type: string;
  readonly dims: readonly number[];
  readonly #line: Line;

  constructor(line: Line, id: number, type: string, dims: readonly number[]) {
    this.#line = line;
    this.id = id;
    this.type = type;
    this.dims = dims;
  }
  get data(): never {
    throw new Error("the values are in the worker: use getData");
  }
  getData(): Promise<OrtData> {
    return this.#line.read(this.id);
  }
  dispose(): void {
    this.#line.drop(this.id);
  }
}

function sessionOn(line: Line, id: number): OrtSession {
  return {
    async run(feeds, fetches) {
      const places = Object.keys(fetches).map((name) => [name, line.newId()] as const);
      const made = (await line.ask({
        kind: "run",
        id,
        feeds: Object.entries(feeds).map(([name, tensor]) => [name, (tensor as RemoteTensor).id]),
        fetches: places,
      })) as MadeTensors;
      return Object.fromEntries(
        places.map(([name, tensor], i) => {
          const [type, dims] = made[i] as MadeTensors[number];
          return [name, new RemoteTensor(line, tensor, type, dims)];
        }),
      );
    },
    release: async () => line.tell({ kind: "close", id }),
  };
}

/** ONNX Runtime in a worker, and how to end it. */
export interface RemoteOrt {
  readonly ort: InjectedOrt;
  end(): void;
}

/** Starts ONNX Runtime in a worker. @throws Error if the worker or ONNX Runtime cannot be loaded. */
export async function startRemote(options: Omit<Start, "kind" | "call">): Promise<RemoteOrt> {
  // Bundlers look for this very expression.
  const worker = new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
  const line = new Line(worker);
  let versions: Versions;
  try {
    versions = (await line.ask({ kind: "start", ...options })) as Versions;
  } catch (error) {
    worker.terminate();
    throw error;
  }
  // A function and not an arrow, so that `new` gives what it returns.
  function Tensor(type: OrtType, data: OrtData, dims: readonly number[]): OrtTensor {
    const tensor = new RemoteTensor(line, line.newId(), type, dims);
    line.tell({ kind: "upload", id: tensor.id, type, data, dims }, [data.buffer]);
    return tensor;
  }
  const ort: InjectedOrt = {
    Tensor: Tensor as unknown as InjectedOrt["Tensor"],
    InferenceSession: {
      async create(model: Uint8Array, sessionOptions?: OrtSessionOptions) {
        const id = line.newId();
        await line.ask({ kind: "open", id, model, options: sessionOptions }, [model.buffer]);
        return sessionOn(line, id);
      },
    },
    env: { versions },
  };
  return { ort, end: () => line.end() };
}
