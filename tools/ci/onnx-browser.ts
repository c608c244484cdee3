// The ONNX engine in headless Chromium: the page stays responsive while it trains, programs are
// kept in IndexedDB, a lost graphics card does not lose the model, and 10,000 steps leave memory flat.

import { type PageOptions, runPage, softwareWebGpu } from "../browser.ts";
import type { LostReport } from "../ci-pages/lost.page.ts";
import type { MemoryReport } from "../ci-pages/memory.page.ts";
import type { PauseReport } from "../ci-pages/pause.page.ts";
import type { ProgramsReport } from "../ci-pages/programs.page.ts";
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

/** Runs a page of `tools/ci-pages` and hands its report to `judge`. */
async function part<R>(name: string, judge: (report: R) => void, options: Partial<PageOptions> = {}): Promise<void> {
  try {
    const entry = `tools/ci-pages/${name}.page.ts`;
    const outcome = await runPage({ entry, serve, timeoutMs: 240_000, ...options });
    if ("notRun" in outcome) console.log(`not run: ${outcome.notRun}`);
    else judge(outcome.result as R);
  } catch (error) {
    check(`${name}: the page runs`, false, error instanceof Error ? error.message : String(error));
  }
}
const show = (values: readonly number[], digits = 1): string => values.map((x) => x.toFixed(digits)).join(", ");

await part<PauseReport>("pause", ({ pauses, seconds, losses }) => {
  console.log(`  longest pauses of each run: ${show(pauses)} ms; the runs took ${show(seconds)} s`);
  check(`the page is held up less than ${PAUSE} ms while it trains`, Math.min(...pauses) < PAUSE, `${show(pauses)} ms`);
  const [first = Number.NaN, last = Number.NaN] = [losses[0], losses.at(-1)];
  check("it learns meanwhile", last < first / 4, `losses from ${first} to ${last}`);
});

await part<ProgramsReport>("programs", (rounds) => {
  for (const { name, compiled, fromCache, entries, bytes } of rounds)
    console.log(`  ${name}: ${compiled} compiled, ${fromCache} from the cache, which has ${entries}, ${bytes} bytes`);
  const [plain, cold, warm, thread, damaged, repaired, limited, none] = rounds;
  if (!plain || !cold || !warm || !thread || !damaged || !repaired || !limited || !none)
    return check("eight loads", false, "fewer");
  check(
    "a page loaded again compiles nothing",
    warm.compiled === 0 && warm.fromCache === plain.compiled,
    `${warm.compiled}`,
  );
  check("nor on its own thread", thread.compiled === 0, `${thread.compiled}`);
  check(
    "damaged entries are compiled again",
    damaged.compiled === cold.entries,
    `${damaged.compiled} of ${cold.entries}`,
  );
  check("and are whole then", repaired.compiled === 0, `${repaired.compiled}`);
  check("entries stay below the limit", limited.entries > 0 && limited.bytes <= 30_000, `${limited.bytes} bytes`);
  const said = rounds.map(({ warnings }) => warnings.filter((text) => text.includes("cache of programs")).length);
  check("a database that is not there is one warning", said.join() === "0,0,0,0,0,0,0,1", said.join());
  const different = rounds.filter(({ results }) => results.join() !== plain.results.join()).map(({ name }) => name);
  check("results are the same bits", plain.results.length > 100 && different.length === 0, different.join());
});

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
