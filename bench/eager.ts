// What it costs to call small ops one after the other, outside of any compiled function, until one value is read.

import { loadJax } from "@keras-ts/bridge-jax";
import { ops, setBackend, type Tensor, tensor } from "@keras-ts/core";
import { backends } from "../examples/digits/backends.ts";

const LENGTH = 64;
const CHAIN = 200;

/** A chain of `CHAIN` ops and a read at its end. */
type Chain = () => Promise<void>;
export interface EagerTime {
  readonly name: string;
  /** Microseconds an op of the very first chain, in which programs are made. */
  readonly first: number;
  /** Microseconds an op of the best of later chains. */
  readonly later: number;
}

async function timed(name: string, chain: Chain, rounds: number): Promise<EagerTime> {
  const times: number[] = [];
  for (let i = 0; i < rounds; i++) {
    const start = performance.now();
    await chain();
    times.push(((performance.now() - start) * 1000) / CHAIN);
  }
  const [first = Number.NaN, ...rest] = times;
  return { name, first, later: Math.min(...rest) };
}

const start = Float32Array.from({ length: LENGTH }, (_, i) => i / LENGTH);

async function ours(engine: string, rounds: number): Promise<EagerTime> {
  const backend = await (backends[engine] as (typeof backends)[string])();
  setBackend(backend);
  const a = tensor(start);
  const chain: Chain = async () => {
    let x: Tensor = a;
    for (let i = 0; i < CHAIN / 4; i++) x = ops.maximum(ops.tanh(ops.multiply(ops.add(x, a), 0.5)), a);
    await x.data();
  };
  const time = await timed(`keras-ts, ${engine}`, chain, rounds);
  await backend.dispose?.();
  return time;
}

async function tensorflow(device: "wasm" | "cpu", rounds: number): Promise<EagerTime> {
  const tf = await import("@tensorflow/tfjs");
  if (device === "wasm") await import("@tensorflow/tfjs-backend-wasm");
  await tf.setBackend(device);
  await tf.ready();
  const a = tf.tensor1d(start);
  const chain: Chain = async () => {
    const y = tf.tidy(() => {
      let x = a;
      for (let i = 0; i < CHAIN / 4; i++) x = tf.maximum(tf.tanh(tf.mul(tf.add(x, a), 0.5)), a);
      return x;
    });
    await y.data();
    y.dispose();
  };
  const time = await timed(`TensorFlow.js (${device})`, chain, rounds);
  a.dispose();
  return time;
}

async function jaxJs(rounds: number): Promise<EagerTime> {
  const jax = await loadJax();
  const { numpy: np } = jax;
  const a = np.array(start);
  const chain: Chain = async () => {
    // Its arrays are used up by what is computed of them; `ref` keeps one.
    let x = a.ref;
    for (let i = 0; i < CHAIN / 4; i++) x = np.maximum(np.tanh(np.add(x, a.ref).mul(0.5)), a.ref);
    await x.data();
  };
  return timed("jax-js", chain, rounds);
}

/** Everybody, one after the other; who cannot be asked gives the reason. */
export async function eagerTimes(
  rounds: number,
): Promise<(EagerTime | { readonly name: string; readonly reason: string })[]> {
  const players: readonly (readonly [string, () => Promise<EagerTime>])[] = [
    ...["onnx", "tfjs", "numpy", "reference"].map((name) => [`keras-ts, ${name}`, () => ours(name, rounds)] as const),
    ["TensorFlow.js (wasm)", () => tensorflow("wasm", rounds)],
    ["TensorFlow.js (cpu)", () => tensorflow("cpu", rounds)],
    ["jax-js", () => jaxJs(rounds)],
  ];
  const times: (EagerTime | { readonly name: string; readonly reason: string })[] = [];
  for (const [name, play] of players) {
    try {
      times.push(await play());
    } catch (error) {
      times.push({ name, reason: (error instanceof Error ? error.message : String(error)).split("\n")[0] ?? "" });
    }
  }
  return times;
}
