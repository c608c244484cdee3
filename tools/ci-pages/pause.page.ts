// Trains the digits model for a while on the ONNX engine and measures how long the page's thread is held up at most.
import { onnx } from "@keras-ts/backend-onnx";
import { setBackend, setRandomSeed } from "@keras-ts/core";
import { parseDigits, splitDigits } from "../../examples/digits/data.ts";
import { digitsModel } from "../../examples/digits/model.ts";

/** What the test reads. */
export interface PauseReport {
  /** The longest pause in each run, in milliseconds. */
  readonly pauses: readonly number[];
  readonly seconds: readonly number[];
  /** The loss after each epoch, of all runs. */
  readonly losses: readonly number[];
}

const query = new URLSearchParams(location.search);
const packed = await fetch("/digits/digits.csv.gz");
const text = await new Response((packed.body as ReadableStream).pipeThrough(new DecompressionStream("gzip"))).text();
const { train } = splitDigits(parseDigits(text));

const backend = await onnx({ wasmPaths: "/ort/", worker: query.get("worker") !== "false" });
setBackend(backend);
setRandomSeed(1);
const model = digitsModel();
const losses: number[] = [];
const learn = async (epochs: number): Promise<void> => {
  const { history } = await model.fit(train.images, train.labels, { epochs, batchSize: 32, verbose: 0 });
  losses.push(...(history["loss"] ?? []));
};
await learn(1); // compiles

/** The longest time between two turns of the thread while `action` runs. */
async function longestPause(action: () => Promise<void>): Promise<number> {
  let [longest, heard, on] = [0, performance.now(), true];
  const listen = (): void => {
    const now = performance.now();
    longest = Math.max(longest, now - heard);
    heard = now;
    if (on) setTimeout(listen, 1);
  };
  setTimeout(listen, 1);
  await action();
  on = false;
  return longest;
}

const pauses: number[] = [];
const seconds: number[] = [];
// A machine that is busy with other things holds up every page now and then; an engine that blocks the page does so in each run.
for (let run = 0; run < 6 && (run < 3 || Math.min(...pauses) >= 50); run++) {
  const started = performance.now();
  pauses.push(await longestPause(() => learn(12)));
  seconds.push((performance.now() - started) / 1000);
}
await backend.dispose?.();
const report: PauseReport = { pauses, seconds, losses };
Object.assign(window, { __result: report });
