import { input, layers, Sequential, setBackend } from "@keras-ts/core";
import { backends } from "../examples/digits/backends.ts";

/** Trains a small network for many steps and tells memory early and late. */
export async function memoryFlat(backend: string, steps: number): Promise<string> {
  const engine = await (backends[backend] as () => Promise<Parameters<typeof setBackend>[0]>)().catch(
    (error: unknown) => String(error),
  );
  if (typeof engine === "string") return `not run: ${engine}`;
  setBackend(engine);
  const model = new Sequential([
    input({ shape: [16] }),
    new layers.Dense({ units: 32, activation: "relu" }),
    new layers.Dropout({ rate: 0.2 }),
    new layers.Dense({ units: 1 }),
  ]);
  model.compile({ optimizer: "adam", loss: "mse" });
  const rows = 16 * 100;
  const x = {
    shape: [rows, 16],
    dtype: "float32",
    data: Float32Array.from({ length: rows * 16 }, (_, i) => Math.sin(i)),
  } as const;
  const y = {
    shape: [rows, 1],
    dtype: "float32",
    data: Float32Array.from({ length: rows }, (_, i) => Math.cos(i)),
  } as const;
  const look = (): string => {
    (globalThis as { gc?: () => void }).gc?.();
    const memory = engine.memory?.();
    const handles = memory === undefined ? "" : `, ${memory.handles} handles`;
    return `${(process.memoryUsage().rss / 1e6).toFixed(0)} MB${handles}`;
  };
  let early = "";
  for (let done = 0; done < steps; done += 100) {
    await model.fit(x, y, { batchSize: 16, epochs: 1, verbose: 0 });
    if (done === 400) early = look();
  }
  const late = look();
  await engine.dispose?.();
  return `step 500: ${early}   step ${steps}: ${late}`;
}
