import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { input, layers, Sequential, setBackend } from "@keras-ts/core";
import { backends } from "../examples/digits/backends.ts";

/** Every engine that the examples know. */
export const memoryEngines: readonly string[] = Object.keys(backends);

export interface MemoryReport {
  /** Resident megabytes. */
  readonly early: number;
  readonly late: number;
  readonly text: string;
}

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

/** Trains a small network for many steps and looks at the memory early and late. @throws if the engine cannot be made. */
export async function memoryFlat(backend: string, steps: number): Promise<MemoryReport> {
  const engine = await (backends[backend] as (typeof backends)[string])();
  setBackend(engine);
  const model = new Sequential([
    input({ shape: [16] }),
    new layers.Dense({ units: 32, activation: "relu" }),
    new layers.Dropout({ rate: 0.2 }),
    new layers.Dense({ units: 1 }),
  ]);
  model.compile({ optimizer: "adam", loss: "mse" });
  const rows = 16 * 100;
  const xs = Float32Array.from({ length: rows * 16 }, (_, i) => Math.sin(i));
  const x = { shape: [rows, 16], dtype: "float32", data: xs } as const;
  const y = {
    shape: [rows, 1],
    dtype: "float32",
    data: Float32Array.from({ length: rows }, (_, i) => Math.cos(i)),
  } as const;
  // Values that only the collector can free are released in a later task.
  const look = async (): Promise<{ readonly megabytes: number; readonly text: string }> => {
    for (let i = 0; i < 3; i++) {
      collect();
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    const memory = engine.memory?.();
    const megabytes = process.memoryUsage().rss / 1e6;
    return {
      megabytes,
      text: `${megabytes.toFixed(0)} MB${memory === undefined ? "" : `, ${memory.handles} handles`}`,
    };
  };
  let early = { megabytes: 0, text: "" };
  for (let done = 100; done <= steps; done += 100) {
    await model.fit(x, y, { batchSize: 16, epochs: 1, verbose: 0 });
    if (done === 500) early = await look();
  }
  const late = await look();
  await engine.dispose?.();
  return { early: early.megabytes, late: late.megabytes, text: `${early.text}  ->  ${late.text}` };
}
