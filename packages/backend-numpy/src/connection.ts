// The client side of the protocol: numbers requests, pairs answers with them, and batches releases.
import { BackendError, complain, StateError } from "./core.ts";
import { decoder, encode, type Message, type PythonFailure, type Reply, type Request } from "./protocol.ts";

/** A way to a Python worker. */
export interface Transport {
  readonly name: string;
  send(frame: Uint8Array<ArrayBuffer>): void;
  /** Memory for a frame, where there is some that costs less than a buffer of its own. */
  readonly allocate?: (size: number) => Uint8Array<ArrayBuffer>;
  /** Whether waiting for an answer must keep the program alive. */
  hold(busy: boolean): void;
  close(): void | Promise<void>;
}

/** What a transport tells. `ended` comes once, with the reason and the last lines the worker printed. */
export interface TransportEvents {
  readonly received: (chunk: Uint8Array) => void;
  readonly ended: (reason: string) => void;
}

export type OpenTransport = (events: TransportEvents) => Transport | Promise<Transport>;

export interface Connection {
  readonly name: string;
  /** Sends what needs no answer. */
  post(request: Request, parts?: readonly Uint8Array[]): void;
  ask(request: Request): Promise<Message<Reply>>;
  release(id: number): void;
  /** False once the worker ended or was ended. */
  readonly isOpen: () => boolean;
  close(): Promise<void>;
}

interface Waiting {
  readonly resolve: (message: Message<Reply>) => void;
  readonly reject: (error: unknown) => void;
}

/** Opens a transport and waits for the worker's greeting. @throws BackendError if the worker does not come up. */
export async function connect(open: OpenTransport): Promise<Connection> {
  const waiting = new Map<number, Waiting>();
  let released: number[] = [];
  let flushing = false;
  let next = 0;
  let end: string | undefined;
  let closed = false;

  const receive = decoder<Reply>((message) => {
    const { reply, error } = message.header;
    const request = waiting.get(reply);
    waiting.delete(reply);
    if (waiting.size === 0) transport.hold(false);
    if (error === undefined || error === null) request?.resolve(message);
    else request?.reject(new BackendError(explainFailure(error)));
  });
  const dead = (): BackendError => {
    const todo = "Create the backend again; if it ran out of memory, use smaller batches";
    return new BackendError(
      complain("numpy", { must: "the Python worker must be alive", got: end ?? "its end", todo }),
    );
  };
  const transport = await open({
    received: receive,
    ended: (reason) => {
      end ??= reason;
      for (const { reject } of waiting.values()) reject(dead());
      waiting.clear();
    },
  });

  const send = (request: Request & { readonly seq?: number }, parts?: readonly Uint8Array[]): void => {
    if (closed) {
      const got = `"${request.kind}" after dispose()`;
      throw new StateError(
        complain("numpy", { must: "the backend must not be disposed", got, todo: "Create a new one" }),
      );
    }
    if (end !== undefined) throw dead();
    const header = released.length > 0 ? { ...request, release: released } : request;
    released = [];
    transport.send(encode(header, parts, transport.allocate));
  };
  const ask = (request: Request): Promise<Message<Reply>> =>
    new Promise((resolve, reject) => {
      const seq = next++;
      send({ ...request, seq });
      waiting.set(seq, { resolve, reject });
      transport.hold(true);
    });
  const flush = (): void => {
    flushing = false;
    if (released.length > 0 && connection.isOpen()) send({ kind: "release" });
  };

  const connection: Connection = {
    name: transport.name,
    post: send,
    ask,
    release(id) {
      released.push(id);
      if (flushing) return;
      flushing = true;
      queueMicrotask(flush);
    },
    isOpen: () => !closed && end === undefined,
    async close() {
      if (closed) return;
      if (end === undefined) send({ kind: "exit" });
      closed = true;
      end ??= "dispose()";
      for (const { reject } of waiting.values()) reject(dead());
      waiting.clear();
      await transport.close();
    },
  };
  try {
    await ask({ kind: "hello" });
  } catch (error) {
    await transport.close();
    throw error;
  }
  return connection;
}

function explainFailure({ type, message, line, text }: PythonFailure): string {
  const place = line === null ? "" : ` at line ${line}: ${text}`;
  const todo = "Look at the program with explain(graph), and report it if the shapes are right";
  return complain("numpy", { must: "the Python program must run", got: `${type}: ${message}${place}`, todo });
}
