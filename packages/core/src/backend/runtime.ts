// Which engine is current, the values it holds, and the order in which work reaches it.
import type { Aval, HostArray } from "../aval/index.ts";
import { BackendError, complain, StateError } from "../errors/index.ts";
import type { Holding } from "../graph/index.ts";
import { Graph, Value } from "../graph/index.ts";
import { compileGraph, fromCarrier, toCarrier } from "./compile.ts";
import type { Backend, CompileOptions, Executable } from "./contract.ts";
import { countLive, relieve } from "./pressure.ts";
import { reference } from "./reference/index.ts";

let current: Backend | undefined;

/** Chooses the engine for everything that is computed from now on. @example setBackend(await onnx()) */
export function setBackend<H>(backend: Backend<H>): void {
  if (typeof backend?.upload !== "function" || (backend.kernels === undefined && backend.compile === undefined)) {
    const given: unknown = backend;
    const got = given instanceof Promise ? "a promise" : typeof given === "string" ? `"${given}"` : typeof given;
    const todo =
      given instanceof Promise
        ? "Await the factory: setBackend(await onnx())"
        : 'Make one with its package: import { onnx } from "@keras-ts/backend-onnx"; setBackend(await onnx())';
    throw new BackendError(complain("setBackend", { must: "the argument must be a backend", got, todo }));
  }
  current = backend as Backend;
}

/** The engine in use; the reference backend if nobody chose one. */
export function getBackend(): Backend {
  current ??= reference() as Backend;
  return current;
}

interface Held {
  readonly owner: Backend;
  readonly holding: Holding;
}
const registry = new FinalizationRegistry<Held>(({ owner, holding }) => releaseHolding(owner, holding));

function releaseHolding(owner: Backend, holding: Holding): void {
  if (holding.released) return;
  holding.released = true;
  countLive(-holding.bytes);
  const { handle } = holding;
  holding.handle = undefined;
  if (handle !== undefined) owner.release(handle);
}

/** A value to be filled later; its memory is released when nobody can reach it any more. */
export function newValue(owner: Backend, aval: Aval): Value {
  const value = new Value(owner, aval);
  countLive(value.holding.bytes);
  registry.register(value, { owner, holding: value.holding });
  return value;
}

/** A handle that the engine already has, as a value. */
export function adoptHandle(owner: Backend, aval: Aval, handle: unknown): Value {
  const value = newValue(owner, aval);
  value.holding.handle = handle;
  return value;
}

/** Host data on the engine. */
export function uploadValue(owner: Backend, host: HostArray): Value {
  const value = newValue(owner, host);
  value.holding.handle = owner.upload(toCarrier(host, owner));
  return value;
}

/** Frees the engine's memory now. Harmless when done twice. */
export function releaseValue(value: Value): void {
  if (value.ready === undefined) return releaseHolding(value.owner as Backend, value.holding);
  const { owner, holding } = value;
  void value.ready.then(() => releaseHolding(owner as Backend, holding));
}

/** The host's copy of a value, once it is computed. */
export async function downloadValue(value: Value): Promise<HostArray> {
  if (value.ready !== undefined) await value.ready;
  const host = fromCarrier(await (value.owner as Backend).download(handleOf(value)), value.aval.dtype);
  await relieve();
  return host;
}

function handleOf(value: Value): unknown {
  if (value.failure !== undefined) throw value.failure;
  if (value.holding.released) {
    const must = "a tensor must not be read after it was disposed, or replaced in place by a training step";
    const todo = "Read it earlier, or keep a copy";
    throw new StateError(complain("Tensor", { must, got: "a released tensor", todo }));
  }
  return value.holding.handle;
}

type Program = Executable<unknown> | Promise<Executable<unknown>>;
interface Kept {
  readonly key: string;
  /** Operations in it, those of nested graphs included: engines need memory for each. */
  readonly nodes: number;
  program: Program;
}
interface Lane {
  tail: Promise<void> | undefined;
  /** By structure, least recently used first. */
  readonly programs: Map<string, Kept>;
  /** Of all these programs. */
  nodes: number;
  /** By graph object, so that a compiled step does not compare its long key each time. */
  readonly quick: WeakMap<Graph, Map<string, Kept>>;
}
const lanes = new WeakMap<Backend, Lane>();
/** What is kept beyond is left to whoever can still run it. ONNX Runtime takes 3 to 10 kB for a node. */
const PROGRAM_LIMIT = 512;
const NODE_LIMIT = 2 ** 15;

function laneOf(backend: Backend): Lane {
  let lane = lanes.get(backend);
  if (lane === undefined) {
    lane = { tail: undefined, programs: new Map(), nodes: 0, quick: new WeakMap() };
    lanes.set(backend, lane);
  }
  return lane;
}

/** Whether the program for a graph is there, or on its way. */
export const isCompiled = (backend: Backend, graph: Graph): boolean => laneOf(backend).programs.has(programKey(graph));
const programKey = (graph: Graph, use = useOf({})): string => `${graph.key}\n${use}`;
// What options a program is made for.
function useOf({ donate = [], state = [] }: CompileOptions): string {
  return `${donate.join(" ")}\n${state.join(" ")}`;
}

const nodesOf = (graph: Graph): number =>
  graph.nodes.reduce(
    (sum, { params }) =>
      Object.values(params).reduce<number>((n, x) => (x instanceof Graph ? n + nodesOf(x) : n), sum + 1),
    0,
  );

/** The program for a graph, compiled once per structure and engine. */
export function programFor(backend: Backend, graph: Graph, options: CompileOptions = {}): Program {
  const lane = laneOf(backend);
  const { programs, quick } = lane;
  const use = useOf(options);
  const ready = quick.get(graph)?.get(use);
  if (ready !== undefined) {
    if (programs.delete(ready.key)) programs.set(ready.key, ready);
    return ready.program;
  }
  const key = programKey(graph, use);
  const known = programs.get(key);
  const kept = known ?? { key, nodes: nodesOf(graph), program: compileGraph(graph, backend, options) };
  const { program } = kept;
  const remember = (done: Executable<unknown>): void => {
    kept.program = done;
    const row = quick.get(graph) ?? new Map<string, Kept>();
    quick.set(graph, row.set(use, kept));
  };
  if (known === undefined) lane.nodes += kept.nodes;
  programs.delete(key);
  programs.set(key, kept);
  if (program instanceof Promise) program.then(remember, () => forget(lane, kept));
  else remember(program);
  for (const oldest of programs.values()) {
    if (oldest === kept || (programs.size <= PROGRAM_LIMIT && lane.nodes <= NODE_LIMIT)) break;
    forget(lane, oldest);
  }
  return program;
}
function forget(lane: Lane, kept: Kept): void {
  if (lane.programs.get(kept.key) !== kept) return;
  lane.programs.delete(kept.key);
  lane.nodes -= kept.nodes;
}

// Runs at once while the lane is idle and nothing has to be waited for, else after what was queued before.
function enqueue(backend: Backend, job: () => void | Promise<void>): Promise<void> | undefined {
  const lane = laneOf(backend);
  if (lane.tail === undefined) {
    const running = job();
    if (running === undefined) return undefined;
    return hold(lane, running);
  }
  return hold(lane, lane.tail.then(job));
}

function hold(lane: Lane, work: Promise<void>): Promise<void> {
  const settled = work.catch(() => {});
  lane.tail = settled;
  void settled.then(() => {
    if (lane.tail === settled) lane.tail = undefined;
  });
  return work;
}

/** Everything queued on the engine so far is done. */
export async function settle(backend: Backend = getBackend()): Promise<void> {
  await laneOf(backend).tail;
  await backend.settled?.();
}

/**
 * Queues a run of `graph` over `inputs` and gives its results, which may still be pending. Values of other engines are moved.
 * Donated inputs are gone afterwards, unless the run fails: then `onFailure` is called.
 */
export function execute(
  backend: Backend,
  graph: Graph,
  inputs: readonly Value[],
  options: CompileOptions = {},
  onFailure: () => void = () => {},
): Value[] {
  const results = graph.outputs.map((aval) => newValue(backend, aval));
  const donated = new Set((options.donate ?? []).map(([input]) => input));
  const deliver = (handles: readonly unknown[]): void => {
    results.forEach((value, i) => {
      value.holding.handle = handles[i];
      value.ready = undefined;
      if (value.holding.released) backend.release(handles[i]);
    });
    for (const i of donated) {
      const { holding } = inputs[i] as Value;
      holding.released = true;
      countLive(-holding.bytes);
      holding.handle = undefined;
    }
  };
  const fail = (error: unknown): void => {
    for (const value of results) {
      value.failure = error;
      value.ready = undefined;
    }
    onFailure();
  };
  // Now, not when its turn comes: by then the graph of an eager call may have forgotten its nodes.
  let program: Program | undefined;
  let refusal: unknown;
  try {
    program = programFor(backend, graph, options);
  } catch (error) {
    refusal = error;
  }
  const runWith = (handles: readonly unknown[], temporary: readonly unknown[]): void | Promise<void> => {
    const go = (ready: Executable<unknown>): void | Promise<void> => {
      const finish = (outs: readonly unknown[]): void => {
        deliver(outs);
        for (const handle of temporary) backend.release(handle);
      };
      const outs = ready.run(handles);
      if (!(outs instanceof Promise)) return finish(outs);
      return outs.then(finish);
    };
    if (program === undefined) throw refusal;
    return program instanceof Promise ? program.then(go) : go(program);
  };
  const job = (): void | Promise<void> => {
    try {
      const waiting = inputs.filter((v) => v.owner !== backend || v.ready !== undefined);
      if (waiting.length > 0)
        return gather(backend, inputs)
          .then(({ handles, temporary }) => runWith(handles, temporary))
          .catch(fail);
      const started = runWith(inputs.map(handleOf), []);
      return started?.catch(fail);
    } catch (error) {
      fail(error);
      return undefined;
    }
  };
  const done = enqueue(backend, job);
  if (done !== undefined) for (const value of results) if (value.holding.handle === undefined) value.ready = done;
  return results;
}

/** Runs a program that is not kept here, after what is queued: values of the host go in, and come out with the dtypes of `outputs`. */
export async function runOnHost(
  backend: Backend,
  program: Executable<unknown>,
  inputs: readonly HostArray[],
  outputs: readonly Aval[],
): Promise<HostArray[]> {
  let results: HostArray[] = [];
  await enqueue(backend, async () => {
    const handles = inputs.map((x) => backend.upload(toCarrier(x, backend)));
    const made = await program.run(handles);
    for (const handle of handles) backend.release(handle);
    results = await Promise.all(
      made.map(async (handle, i) => fromCarrier(await backend.download(handle), (outputs[i] as Aval).dtype)),
    );
    for (const handle of made) backend.release(handle);
  });
  return results;
}

async function gather(
  backend: Backend,
  inputs: readonly Value[],
): Promise<{ handles: unknown[]; temporary: unknown[] }> {
  const temporary: unknown[] = [];
  const handles: unknown[] = [];
  for (const value of inputs) {
    if (value.ready !== undefined) await value.ready;
    if (value.owner === backend) {
      handles.push(handleOf(value));
      continue;
    }
    const moved = backend.upload(toCarrier(await downloadValue(value), backend));
    temporary.push(moved);
    handles.push(moved);
  }
  return { handles, temporary };
}
