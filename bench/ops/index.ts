// Ops one at a time: ours as a compiled function on tensors that the engine holds, beside the engine called by hand, in turns in one process.
import { jit, setBackend, settle, Tensor, tensor, tree } from "@keras-ts/core";
import { type Backend, dispose, type HostArray } from "@keras-ts/core/backend";
import { backends } from "../../examples/digits/backends.ts";
import { type ByHand, numpyByHand, type Once, onnxByHand, tfjsByHand } from "./by-hand.ts";
import { type Operand, opCases } from "./cases.ts";

export type OpEngine = "onnx" | "tfjs" | "numpy";
/** Milliseconds of one op, best of its repetitions; undefined where an engine has nothing for it. */
export interface OpTime {
  readonly name: string;
  readonly heavy: boolean;
  readonly ours: number;
  readonly byHand: number | undefined;
  readonly reason: string | undefined;
}

// Numbers that look random and are the same each time.
function hostOf({ shape, below, definite = false }: Operand, seed: number): HostArray {
  let state = seed + 1;
  const next = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  const size = shape.reduce((a, b) => a * b, 1);
  if (below !== undefined)
    return { shape, dtype: "int32", data: Int32Array.from({ length: size }, () => Math.floor(next() * below)) };
  const data = Float32Array.from({ length: size }, () => next() * 2 - 1);
  if (!definite) return { shape, dtype: "float32", data };
  const n = shape[0] as number;
  const product = data.map((_, at) => {
    const [i, j] = [Math.floor(at / n), at % n];
    let sum = i === j ? n : 0;
    for (let k = 0; k < n; k++) sum += (data[i * n + k] as number) * (data[j * n + k] as number);
    return sum;
  });
  return { shape, dtype: "float32", data: product };
}

const milliseconds = async (once: Once): Promise<number> => {
  const start = performance.now();
  await once();
  return performance.now() - start;
};

/** Whether the engine has what it takes: wasm lacks some kernels of TensorFlow.js. */
async function runs(once: Once): Promise<boolean> {
  try {
    await once();
    return true;
  } catch {
    return false;
  }
}

/**
 * The best time of each for about as long as given, in turns of several calls: after every single call of the other one, memory that
 * the other left to the garbage collector would be missing, and its threads would still be looking for work.
 */
async function inTurns(players: readonly Once[], budget: number): Promise<number[]> {
  for (const once of players) for (let i = 0; i < 2; i++) await once();
  const best = players.map(() => Number.POSITIVE_INFINITY);
  let spent = 0;
  for (let round = 0; round < 5 || (spent < budget * players.length && round < 50); round++)
    for (const [i, once] of players.entries()) {
      let turn = 0;
      for (let call = 0; call < CALLS || (call < 10 && turn < TURN); call++) {
        const time = await milliseconds(once);
        turn += time;
        best[i] = Math.min(best[i] as number, time);
      }
      spent += turn;
    }
  return best;
}
/** Milliseconds of calls in a row, and how many at least: the other one's idle thread takes a processor from the first. */
const TURN = 10;
const CALLS = 4;

const leaves = (made: unknown): Tensor[] =>
  tree.flatten(made as tree.Tree<unknown>).filter((x): x is Tensor => x instanceof Tensor);

/**
 * Every case on one engine. Ours: the call of a jitted function, awaited until the engine is done, its result disposed; the values
 * stay with the engine. By hand: the same result by the engine's own interface, awaited and disposed.
 */
export async function opTimes(engine: OpEngine, budget: number): Promise<OpTime[]> {
  const backend: Backend = await (backends[engine] as (typeof backends)[string])();
  setBackend(backend);
  const python = engine === "numpy" ? await numpyByHand() : undefined;
  const times: OpTime[] = [];
  // Programs for Python are sent to another process, whose answer is waited for.
  const [answer = 0] = await inTurns([() => settle()], budget);
  const messages = `waiting for Python's answer takes ${answer.toFixed(2)} ms of it`;
  for (const one of opCases) {
    const hosts = one.inputs.map(hostOf);
    const xs = hosts.map((x) => tensor(x));
    const compute = jit((...given: Tensor[]) => one.ours(...given));
    const ours: Once = async () => {
      const made = compute(...xs);
      await settle();
      for (const y of leaves(made)) dispose(y);
    };
    const [first] = leaves(compute(...xs)) as [Tensor];
    const shape: HostArray = { shape: first.shape, dtype: first.dtype, data: new Float32Array() };
    const hand: ByHand | undefined =
      engine === "onnx"
        ? await onnxByHand(one, hosts, shape)
        : engine === "tfjs"
          ? await tfjsByHand(one, hosts)
          : undefined;
    const able = hand !== undefined && (await runs(hand.once));
    const [own = Number.NaN, other] = await inTurns(able ? [ours, hand.once] : [ours], budget);
    const alone = await python?.times(one, budget);
    const byHand = alone === undefined ? other : Math.min(...alone);
    const alike = engine === "numpy" && own <= 2 * ((byHand ?? 0) + answer);
    const reason = one.reasons?.[engine] ?? (alike ? messages : undefined);
    times.push({ name: one.name, heavy: one.heavy === true, ours: own, byHand, reason });
    hand?.dispose();
    for (const x of xs) dispose(x);
  }
  python?.stop();
  await backend.dispose?.();
  return times;
}

/** `exp(mean(log x))`. */
export const geometricMean = (xs: readonly number[]): number =>
  Math.exp(xs.reduce((sum, x) => sum + Math.log(x), 0) / xs.length);
