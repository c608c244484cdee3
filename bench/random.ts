// What random numbers cost in a step: by the cipher of JAX and by a hash, in whole fit steps and by the profile.
import { type OnnxBackend, type OnnxOptions, onnx } from "@keras-ts/backend-onnx";
import { input, type KerasTensor, layers, Model, Sequential, setBackend, setRandomSeed } from "@keras-ts/core";
import { type BenchModel, convnet, data } from "./models.ts";

const compiled = <M extends Model>(model: M): M => {
  model.compile({ optimizer: "adam", loss: "sparse_categorical_crossentropy" });
  return model;
};

/** Six dropouts on small tensors. */
const dropouts: BenchModel = {
  name: "six dropouts",
  batch: 32,
  inputShape: [128],
  classes: 10,
  steps: 200,
  build() {
    const body = Array.from({ length: 6 }, () => [
      new layers.Dense({ units: 128, activation: "relu" }),
      new layers.Dropout({ rate: 0.2 }),
    ]);
    return compiled(
      new Sequential([input({ shape: [128] }), ...body.flat(), new layers.Dense({ units: 10, activation: "softmax" })]),
    );
  },
};

/** Two blocks with dropout in the attention, after it and after the feed-forward part. */
const attention: BenchModel = {
  name: "transformer with dropout",
  batch: 32,
  inputShape: [64, 128],
  classes: 10,
  steps: 40,
  build() {
    const dropout = 0.1;
    const inputs = input({ shape: [64, 128] });
    let x: KerasTensor = inputs;
    for (let block = 0; block < 2; block++) {
      const first = new layers.LayerNormalization().apply(x);
      const heads = new layers.MultiHeadAttention({ numHeads: 4, keyDim: 32, dropout }).apply(first, first);
      x = new layers.Add().apply([x, new layers.Dropout({ rate: dropout }).apply(heads)]);
      const second = new layers.LayerNormalization().apply(x);
      const wide = new layers.Dense({ units: 512, activation: "gelu" }).apply(second);
      const narrow = new layers.Dense({ units: 128 }).apply(wide);
      x = new layers.Add().apply([x, new layers.Dropout({ rate: dropout }).apply(narrow)]);
    }
    const pooled = new layers.GlobalAveragePooling1D().apply(new layers.LayerNormalization().apply(x));
    return compiled(
      new Model({ inputs, outputs: new layers.Dense({ units: 10, activation: "softmax" }).apply(pooled) }),
    );
  },
};

export const randomModels: readonly BenchModel[] = [convnet, dropouts, attention];
/** The ways to draw, the first of them the plain one: each draw by itself. */
const randomWays: Readonly<Record<string, OnnxOptions>> = {
  "threefry, each draw alone": { passes: { draws: false } },
  threefry: {},
  fast: { random: "fast" },
};

/** Milliseconds of a step. */
export interface RandomTime {
  readonly step: number;
  /** Of that, in the operators that make random bits. */
  readonly bits: number;
}

/** What each way takes, alternately: best epoch of `rounds`. The operators are timed in a training of its own. */
export async function randomTimes(
  model: BenchModel,
  { steps, rounds }: { readonly steps: number; readonly rounds: number },
): Promise<ReadonlyMap<string, RandomTime>> {
  const { x, y } = data(model, steps);
  const ways = Object.entries(randomWays);
  const trained = async (options: OnnxOptions): Promise<{ engine: OnnxBackend; epoch(): Promise<number> }> => {
    const engine = await onnx({ engine: "node", ...options });
    setBackend(engine);
    setRandomSeed(1);
    const net = model.build();
    const epoch = async (): Promise<number> => {
      setBackend(engine);
      const start = performance.now();
      await net.fit(x, y, { batchSize: model.batch, epochs: 1, verbose: 0 });
      return (performance.now() - start) / steps;
    };
    await epoch();
    return { engine, epoch };
  };
  const best = new Map<string, number>();
  const contenders: ({ way: string } & Awaited<ReturnType<typeof trained>>)[] = [];
  for (const [way, options] of ways) contenders.push({ way, ...(await trained(options)) });
  for (let round = 0; round < rounds; round++) {
    for (const { way, epoch } of contenders) best.set(way, Math.min(best.get(way) ?? Infinity, await epoch()));
  }
  for (const { engine } of contenders) await engine.dispose?.();
  const times = new Map<string, RandomTime>();
  for (const [way, options] of ways) {
    const { engine, epoch } = await trained({ ...options, profile: true });
    await epoch();
    const bits = (await engine.profile()).programs.flatMap(({ runs, rows }) =>
      rows.map(({ primitive, milliseconds }) => (/^random/.test(primitive) ? runs * milliseconds : 0)),
    );
    await engine.dispose?.();
    times.set(way, { step: best.get(way) as number, bits: bits.reduce((a, b) => a + b, 0) / (2 * steps) });
  }
  return times;
}
