// The ONNX engine in headless Chromium: the page stays responsive while it trains, programs are
// kept in IndexedDB, a lost graphics card does not lose the model, and 10,000 steps leave memory flat.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onnxBytes } from "@keras-ts/backend-onnx";
import { input, layers, Sequential, setRandomSeed, type Tensor } from "@keras-ts/core";
import { type PageOptions, runPage, softwareWebGpu } from "../browser.ts";
import type { FrozenReport } from "../ci-pages/frozen.page.ts";
import type { FullReport } from "../ci-pages/full.page.ts";
import type { LostReport } from "../ci-pages/lost.page.ts";
import type { MemoryReport } from "../ci-pages/memory.page.ts";
import type { PauseReport } from "../ci-pages/pause.page.ts";
import type { ProgramsReport, ProgramsRound } from "../ci-pages/programs.page.ts";
import type { ResidentReport } from "../ci-pages/resident.page.ts";

/** The longest that a page's thread may be held up while it trains, in milliseconds. */
const PAUSE = 50;
/** What 5,000 steps may add, in megabytes: a leak of one batch a step would be 5. */
const GROWTH = 1;
/** Sizes, scalars and metrics of a step, in bytes: what ONNX Runtime sends with its operators is among them. */
const SMALL = 4096;

const serve = { "/ort/": "node_modules/onnxruntime-web/dist", "/digits/": "examples/digits" };

let passed = 0;
let failed = 0;
function check(name: string, good: boolean, otherwise: string): void {
  if (good) passed++;
  else failed++;
  console.log(`  ${good ? "ok    " : "FAILED"} ${name}${good ? "" : `: ${otherwise}`}`);
}

/** Runs a page of `tools/ci-pages` and hands its report to `judge`. `npx tsx tools/ci/onnx-browser.ts lost` runs only that. */
async function part<R>(name: string, judge: (report: R) => void, options: Partial<PageOptions> = {}): Promise<void> {
  if (process.argv[2] !== undefined && process.argv[2] !== name) return;
  const started = performance.now();
  try {
    const entry = `tools/ci-pages/${name}.page.ts`;
    const outcome = await runPage({ entry, serve, timeoutMs: 240_000, ...options });
    if ("notRun" in outcome) console.log(`not run: ${outcome.notRun}`);
    else judge(outcome.result as R);
  } catch (error) {
    check(`${name}: the page runs`, false, error instanceof Error ? error.message : String(error));
  }
  console.log(`  (${name}: ${((performance.now() - started) / 1000).toFixed(0)} s)`);
}
const show = (values: readonly number[], digits = 1): string => values.map((x) => x.toFixed(digits)).join(", ");

await part<PauseReport>("pause", ({ pauses, seconds, losses }) => {
  console.log(`  longest pauses of each run: ${show(pauses)} ms; the runs took ${show(seconds)} s`);
  check(`the page is held up less than ${PAUSE} ms while it trains`, Math.min(...pauses) < PAUSE, `${show(pauses)} ms`);
  const [first = Number.NaN, last = Number.NaN] = [losses[0], losses.at(-1)];
  check("it learns meanwhile", last < first / 4, `losses from ${first} to ${last}`);
});

// What the cache does is the same on each device; what is kept and opened again is not.
const onCard = "cold,warm";
const everywhere = "plain,cold,warm,on the page's thread,damaged,repaired,limited,no database";
for (const [device, names] of [
  ["cpu", everywhere],
  ["webgpu", onCard],
] as const) {
  // biome-ignore format: a table
  await part<ProgramsReport>(
    "programs",
    (rounds) => {
      for (const { name, compiled, fromCache, entries, bytes } of rounds)
        console.log(
          `  ${name}: ${compiled} compiled, ${fromCache} from the cache, which has ${entries}, ${bytes} bytes`,
        );
      const found = (name: string): ProgramsRound => {
        const round = rounds.find((one) => one.name === name);
        if (round === undefined) throw new Error(`no load of the page "${name}"`);
        return round;
      };
      const on = (what: string): string => `programs on ${device}: ${what}`;
      const [cold, warm] = [found("cold"), found("warm")];
      const none = cold.compiled > 0 && warm.compiled === 0 && warm.fromCache === cold.compiled;
      check(on("a page loaded again compiles nothing"), none, `${warm.compiled}`);
      const different = rounds.filter(({ results }) => results.join() !== cold.results.join()).map(({ name }) => name);
      check(on("results are the same bits"), cold.results.length > 100 && different.length === 0, different.join());
      if (device === "webgpu") return;
      check(on("as without a cache"), found("plain").fromCache === 0, `${found("plain").fromCache}`);
      const { compiled } = found("damaged");
      check(on("damaged entries are compiled again"), compiled === cold.entries, `${compiled} of ${cold.entries}`);
      check(on("and are whole then"), found("repaired").compiled === 0, `${found("repaired").compiled}`);
      const thread = found("on the page's thread");
      check(on("nothing is compiled on the page's own thread either"), thread.compiled === 0, `${thread.compiled}`);
      const { entries, bytes } = found("limited");
      check(on("entries stay below the limit"), entries > 0 && bytes <= 30_000, `${bytes} bytes`);
      const said = rounds.map(({ warnings }) => warnings.filter((text) => text.includes("cache of programs")).length);
      check(on("a database that is not there is one warning"), said.join() === "0,0,0,0,0,0,0,1", said.join());
    },
    { query: { device, rounds: names }, flags: softwareWebGpu },
  );
}

const lost: readonly (readonly [where: string, query: Readonly<Record<string, string>>])[] = [
  ["between two steps", { looked: "true" }],
  ["between two steps, in the worker", { looked: "true", worker: "true" }],
  ["at any time, in the worker", { worker: "true" }],
];
for (const [where, query] of lost) {
  await part<LostReport>(
    "lost",
    ({ error, steps, counted, changed, apart, before, after }) => {
      const name = (what: string): string => `card lost ${where}: ${what}`;
      check(name("an error of its own"), error.startsWith("DeviceLostError: "), error);
      const count = query["looked"] === undefined ? counted > 0 : steps === 10 && counted === 10;
      check(name("the optimizer is where a completed step left it"), count, `${counted} steps of ${steps}`);
      check(name("weights are those that were seen"), changed === 0, `they differ by ${changed}`);
      check(
        name("weights are those of as many steps on wasm"),
        apart < 1e-3,
        `after ${counted} steps they differ by ${apart}`,
      );
      const [first = Number.NaN, last = Number.NaN] = [after[0], after.at(-1)];
      const falls = first < (before[0] ?? Number.POSITIVE_INFINITY) && last < first;
      check(name("training goes on with another engine"), falls, `losses ${show(before, 4)}, then ${first} to ${last}`);
    },
    { flags: softwareWebGpu, query, inject: ["tools/ci-pages/lost-door.ts"] },
  );
}

for (const keep of ["step", "none"]) {
  await part<ResidentReport>(
    "resident",
    ({ batchBytes, stateBytes, frozenBytes, up, down, made, handles, msPerStep, losses }) => {
      const name = (what: string): string => `state on the card, keeping ${keep}: ${what}`;
      console.log(`  ${show(msPerStep)} ms a step; up ${up.join(", ")}, down ${down.join(", ")} bytes each 100 steps`);
      check(name("it learns"), (losses.at(-1) ?? Number.NaN) < (losses[0] ?? 0) / 2, show(losses, 4));
      // The first steps take the weights up.
      const most = 100 * (2 * batchBytes + SMALL);
      check(
        name("a batch goes up with a step"),
        up.slice(1).every((bytes) => bytes < most),
        `${up.join(", ")}, not ${most}`,
      );
      check(
        name("weights would be more"),
        100 * Math.min(stateBytes, frozenBytes) > most,
        `${stateBytes}, ${frozenBytes}`,
      );
      const whole = keep === "step" ? 100 * (stateBytes + SMALL) : 100 * SMALL;
      check(
        name("what comes down"),
        down.slice(1).every((bytes) => bytes < whole),
        `${down.join(", ")}, not ${whole}`,
      );
      // Of two hundred steps: a leak of one a step would be as many.
      const flat = (counts: readonly number[]): boolean =>
        (counts.at(-1) ?? Number.NaN) < Math.max(...counts.slice(0, 3)) + 20;
      check(name("buffers stay as many"), flat(made), made.join(", "));
      check(name("tensors stay as many"), flat(handles), handles.join(", "));
    },
    { flags: softwareWebGpu, query: { keep } },
  );
}

// A file as another tool might have written it, and one over int64 (Squeeze and Add of operator set 11, written by onnx.helper).
const models = mkdtempSync(join(tmpdir(), "keras-ts-models-"));
const INTEGERS =
  "CAYSADp8Ch8KAXgSBGZsYXQiB1NxdWVlemUqCwoEYXhlc0ABoAEHChMKBGZsYXQKA29uZRIBeSIDQWRkEghpbnRlZ2VycyoKEAc6AQFCA29uZVoYCgF4EhMKEQgHEg0KAxIBbgoCCAEKAggDYhQKAXkSDwoNCAcSCQoDEgFuCgIIA0IECgAQCw==";
setRandomSeed(1);
const backbone = new Sequential([
  input({ shape: [6, 6, 2] }),
  new layers.Conv2D({ filters: 3, kernelSize: 3, activation: "relu" }),
  new layers.BatchNormalization(),
  new layers.Flatten(),
]);
writeFileSync(join(models, "backbone.onnx"), await onnxBytes(backbone));
writeFileSync(join(models, "integers.onnx"), Buffer.from(INTEGERS, "base64"));
const images = {
  shape: [8, 6, 6, 2],
  dtype: "float32",
  data: Float32Array.from({ length: 576 }, (_, i) => Math.sin(i)),
};
const wanted = Array.from(await ((await backbone.predict(images, { verbose: 0 })) as Tensor).data(), Number);
const apart = (a: readonly number[] = [], b: readonly number[] = []): number =>
  a.length === b.length && a.length > 0 ? Math.max(...a.map((x, i) => Math.abs(x - (b[i] as number)))) : Number.NaN;

for (const device of ["cpu", "webgpu"]) {
  await part<FrozenReport>(
    "frozen",
    ({ engines, features, losses, predictions, integers, complaints }) => {
      const name = (what: string): string => `a fetched model as a layer, ${engines.join(", then ")}: ${what}`;
      const [far, after, second] = [features[0], features[1], features[2]].map((values) => apart(values, wanted));
      check(name("computes what it computed"), (far ?? Number.NaN) < 1e-5, `apart by ${far}`);
      check(name("stays as it is while what follows is trained"), after === far, `apart by ${after}`);
      const [start = Number.NaN, end = Number.NaN] = [losses[0], losses.at(-1)];
      check(name("what follows learns"), end < start / 2, `losses from ${start} to ${end}`);
      check(name("is saved and loaded"), apart(predictions[0], predictions[1]) === 0, `${predictions.slice(0, 2)}`);
      const moved = Math.max(
        second ?? Number.NaN,
        ...predictions.slice(2).map((values) => apart(values, predictions[0])),
      );
      check(name("computes the same on a second engine"), moved < 1e-5, `apart by ${moved}`);
      check(name("over int64"), integers.join() === "2,3,4,5,6,7", integers.join());
      const told = /whole ONNX model, got .*Check the file.*\|.*no files.*Fetch the file and pass model: bytes/;
      check(name("a broken file, and a path"), told.test(complaints.join("|")), complaints.join("|"));
    },
    { flags: softwareWebGpu, query: { device }, serve: { ...serve, "/models/": models } },
  );
}
rmSync(models, { recursive: true, force: true });

// Pairs of 40,000 samples are more bytes than the wasm build can count, those of 17,000 more than a buffer of the software adapter may have.
for (const [device, samples] of [
  ["cpu", "40000"],
  ["webgpu", "17000"],
] as const) {
  // biome-ignore format: a table
  await part<FullReport>(
    "full",
    ({ error, before, after, steps, losses }) => {
      const name = (what: string): string => `memory that is not there, ${device}: ${what}`;
      check(
        name("an error of its own that says what to do"),
        /^OutOfMemoryError: .*new engine.*smaller/s.test(error),
        error,
      );
      check(name("weights are those of the last completed step"), apart(before, after) === 0, `${before}, ${after}`);
      const goesOn = steps.join() === "2,2,4" && losses.length > 0 && losses.every(Number.isFinite);
      check(name("training goes on with a new engine"), goesOn, `${steps} steps, losses ${losses}`);
    },
    { flags: softwareWebGpu, query: { device, samples } },
  );
}

await part<MemoryReport>(
  "memory",
  ({ steps, bytes, handles }) => {
    const megabytes = bytes.map((x) => x / 2 ** 20);
    console.log(`  memory after each thousand steps: ${show(megabytes)} MB, ${handles.join(", ")} tensors`);
    check("10,000 steps run", steps === 10_000, `${steps}`);
    // The first half may still fill pools.
    const [middle = Number.NaN, last = Number.NaN] = [
      Math.max(...megabytes.slice(0, 5)),
      Math.min(...megabytes.slice(5)),
    ];
    check("memory stays flat", last - middle < GROWTH, `from ${middle.toFixed(1)} to ${last.toFixed(1)} MB`);
    const most = Math.max(...handles.slice(0, 5));
    check("so does the number of tensors", (handles.at(-1) ?? Number.NaN) <= most, handles.join(", "));
  },
  { flags: ["--enable-blink-features=ForceEagerMeasureMemory"] },
);

process.exitCode = failed > 0 ? 1 : 0;
console.log(`${passed} passed, ${failed} failed`);
