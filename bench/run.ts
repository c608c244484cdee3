// npm run bench [-- --quick] [--python] [--only mlp,convnet,transformer,lstm,resnet,inference,session,start,random,browser,ops,eager,memory,bundle] [--save]: ratios taken in one run.
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { type Baseline, readBaseline, writeBaseline } from "./baseline.ts";
import { browserSteps, pageContenders } from "./browser.ts";
import { bundleSizes } from "./bundle.ts";
import { contenders, rounds, type StepTime } from "./contenders.ts";
import { eagerTimes } from "./eager.ts";
import { oneSample } from "./inference.ts";
import { memoryEngines, memoryFlat } from "./memory.ts";
import { type BenchModel, convnet, lstm, mlp, resnet, transformer } from "./models.ts";
import { geometricMean, type OpEngine, type OpTime, opTimes } from "./ops/index.ts";
import { randomModels, randomTimes } from "./random.ts";
import { sessionOverhead } from "./session.ts";
import { firstSteps } from "./start.ts";

const parts = [
  "mlp",
  "convnet",
  "transformer",
  "lstm",
  "resnet",
  "inference",
  "session",
  "start",
  "random",
  "browser",
  "ops",
  "eager",
  "memory",
  "bundle",
] as const;
type Part = (typeof parts)[number];

const { values: flags } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    python: { type: "boolean", default: false },
    save: { type: "boolean", default: false },
    only: { type: "string" },
  },
});
const wanted = flags.only?.split(",") ?? parts;
const unknown = wanted.filter((name) => !parts.includes(name as Part));
if (unknown.length > 0) {
  console.error(`bench: --only must name some of ${parts.join(", ")}, got ${unknown.join(", ")}.`);
  process.exit(1);
}

const before = readBaseline();
const results: Record<string, Record<string, number>> = {};
const milliseconds: Record<string, number> = {};
const reason = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).split("\n")[0] ?? "";
const ms = (value: number): string => `${value < 10 ? value.toFixed(2) : value.toFixed(1)} ms`.padStart(9);

/** Prints one line, and what the saved baseline has for it. */
function line(part: Part, name: string, text: string, figure?: number): void {
  const saved = before?.results[part]?.[name];
  const note = figure === undefined || saved === undefined ? "" : `   (baseline ${saved})`;
  if (figure !== undefined) (results[part] ??= {})[name] = Number(figure.toPrecision(3));
  console.log(`  ${name.padEnd(36)} ${text}${note}`);
}

async function fitSteps(part: Part, model: BenchModel): Promise<void> {
  console.log(
    `${model.name}, batch ${model.batch}: one whole fit step; ratios are to keras-ts on ONNX Runtime in Node`,
  );
  const list = await contenders(model, { quick: flags.quick, python: flags.python });
  const times = await rounds(list, flags.quick ? 1 : 2);
  const base = times.get(list[0]?.name ?? "");
  if (typeof base === "object") milliseconds[part] = Number(base.best.toPrecision(3));
  for (const { name } of list) {
    const time = times.get(name) as StepTime | string;
    if (typeof time === "string") {
      line(part, name, `not run: ${time}`);
      continue;
    }
    const ratio = typeof base === "object" ? time.best / base.best : undefined;
    const times_ = ratio === undefined ? "" : `${ratio.toFixed(2)}x`.padStart(8);
    const { best, median, first, peak } = time;
    const start = first === undefined ? "" : `   first step ${first.toFixed(0).padStart(5)} ms`;
    const memory = peak === undefined ? "" : `   ${peak.toFixed(0).padStart(5)} MB`;
    line(part, name, `${ms(best)} best ${ms(median)} median ${times_}${start}${memory}`, ratio);
  }
}

const jobs: Readonly<Record<Part, () => Promise<void>>> = {
  mlp: () => fitSteps("mlp", mlp),
  convnet: () => fitSteps("convnet", convnet),
  transformer: () => fitSteps("transformer", transformer),
  lstm: () => fitSteps("lstm", lstm),
  resnet: () => fitSteps("resnet", resnet),
  async session() {
    console.log("what fit adds to session.run of the same program (medians; of the differences, step by step)");
    for (const model of [mlp, convnet, transformer, lstm]) {
      const { step, session, more } = await sessionOverhead(model, flags.quick ? 20 : 60, flags.quick ? 2 : 6);
      const text = `fit ${ms(step)}   session.run ${ms(session)}   ${(more * 100).toFixed(1)} % more`;
      line("session", model.name, text, 1 + more);
    }
  },
  async start() {
    console.log(
      "from building a model to the first step of fit done; ratios are to an engine without a cache of programs",
    );
    for (const engine of ["node", "web"] as const) {
      for (const model of [convnet, transformer]) {
        const { without, cold, warm } = firstSteps(engine, model, flags.quick ? 1 : 3);
        const name = `${model.name}, onnxruntime-${engine}`;
        line("start", `${name}, no cache`, ms(without), 1);
        for (const [what, time] of Object.entries({ cold, warm })) {
          const ratio = time / without;
          line("start", `${name}, ${what} cache`, `${ms(time)} ${`${ratio.toFixed(2)}x`.padStart(8)}`, ratio);
        }
      }
    }
  },
  async random() {
    console.log(
      "random numbers: whole fit steps, and the part of them that makes random bits; ratios are to the first",
    );
    for (const model of randomModels) {
      const size = flags.quick ? { steps: Math.min(40, model.steps), rounds: 2 } : { steps: model.steps, rounds: 6 };
      let base: number | undefined;
      for (const [way, { step, bits }] of await randomTimes(model, size)) {
        base ??= step;
        const text = `${ms(step)} a step ${`${(step / base).toFixed(2)}x`.padStart(8)}   ${ms(bits)} random bits`;
        line("random", `${model.name}, ${way}`, text, step / base);
      }
    }
  },
  async browser() {
    console.log("whole fit steps in headless Chromium, in the same page; ratios are to keras-ts on ONNX Runtime there");
    const [first = ""] = Object.keys(pageContenders);
    for (const threads of [1, 2]) {
      for (const model of [mlp, convnet, lstm, transformer]) {
        const size = flags.quick ? { rounds: 1, steps: 4 } : { rounds: 3, steps: 8 };
        const times = await browserSteps(model, threads, size);
        const base = times.get(first);
        for (const [name, time] of times) {
          const row = `${model.name}, ${threads} thread${threads > 1 ? "s" : ""}: ${name}`;
          if (typeof time === "string") console.log(`  ${row.padEnd(50)} not run: ${time}`);
          else if (typeof base !== "number") console.log(`  ${row.padEnd(50)} ${ms(time)}`);
          else
            line("browser", row.padEnd(50), `${ms(time)} ${`${(time / base).toFixed(2)}x`.padStart(8)}`, time / base);
        }
      }
    }
  },
  async ops() {
    console.log(
      "ops one at a time: milliseconds of ours, and how many times as long as the engine called by hand takes",
    );
    const engines: readonly OpEngine[] = ["onnx", "tfjs", "numpy"];
    const tables = new Map<OpEngine, readonly OpTime[]>();
    for (const engine of engines) tables.set(engine, await opTimes(engine, flags.quick ? 20 : 300));
    const row = (engine: OpEngine, i: number): OpTime => (tables.get(engine) as readonly OpTime[])[i] as OpTime;
    const [first] = tables.values();
    for (const [i, { name }] of (first as readonly OpTime[]).entries()) {
      const cells = engines.map((engine) => {
        const { ours, byHand } = row(engine, i);
        return `${ms(ours)} ${byHand === undefined ? "     -" : `${(ours / byHand).toFixed(2)}x`.padStart(6)}`;
      });
      line("ops", name, cells.join("   "));
      for (const engine of engines) {
        const { ours, byHand, reason: why } = row(engine, i);
        if (byHand !== undefined && ours > 2 * byHand) console.log(`    ${engine}: ${why ?? "no reason known"}`);
      }
    }
    for (const engine of engines) {
      const both = (tables.get(engine) as readonly OpTime[]).flatMap((x) =>
        x.byHand === undefined ? [] : [x.ours / x.byHand],
      );
      const mean = geometricMean(both);
      line("ops", `${engine} over by hand`, `${mean.toFixed(2)}x, geometric mean of ${both.length}`, mean);
    }
    const beside = (other: OpEngine, only: (x: OpTime) => boolean): number[] =>
      (tables.get("onnx") as readonly OpTime[]).flatMap((x, i) => {
        const { byHand } = row(other, i);
        return byHand === undefined || !only(x) ? [] : [byHand / x.ours];
      });
    for (const [name, ratios] of [
      ["TensorFlow.js by hand over onnx", beside("tfjs", () => true)],
      ["NumPy by hand over onnx, heavy ops", beside("numpy", ({ heavy }) => heavy)],
    ] as const) {
      const mean = geometricMean(ratios);
      line("ops", name, `${mean.toFixed(2)}x, geometric mean of ${ratios.length}`, mean);
    }
  },
  async inference() {
    console.log(
      "inference: one sample in and out; ratios are to keras-ts with predictor(); Keras' way is the fastest of several",
    );
    for (const model of [convnet, transformer]) {
      const found = await oneSample(model, flags);
      const [base] = found.values();
      for (const [name, time] of found) {
        const ratio = typeof time === "number" && typeof base === "number" ? time / base : undefined;
        const text =
          typeof time === "number" ? `${ms(time)} ${`${(ratio ?? 1).toFixed(2)}x`.padStart(8)}` : `not run: ${time}`;
        line("inference", `${model.name}, ${name}`, text, ratio);
      }
    }
  },
  async eager() {
    console.log("eager: a chain of 200 ops on 64 floats and a read; microseconds an op, best, and of the first chain");
    const times = await eagerTimes(flags.quick ? 100 : 500);
    const base = times.find((one) => one.name === "TensorFlow.js (wasm)");
    for (const one of times) {
      if ("reason" in one) {
        line("eager", one.name, `not run: ${one.reason}`);
        continue;
      }
      const ratio = base !== undefined && "later" in base ? one.later / base.later : undefined;
      const text = `${one.later.toFixed(1).padStart(7)} us   first ${one.first.toFixed(0).padStart(5)} us`;
      line("eager", one.name, `${text} ${ratio === undefined ? "" : `${ratio.toFixed(2)}x`.padStart(8)}`, ratio);
    }
  },
  async memory() {
    const steps = flags.quick ? 1000 : 5000;
    console.log(
      `memory of a small training run, after 500 and after ${steps} steps (resident, live handles of the engine)`,
    );
    for (const name of memoryEngines) {
      try {
        const { early, late, text } = await memoryFlat(name, steps);
        line("memory", name, text, late / early);
      } catch (error) {
        line("memory", name, `not run: ${reason(error)}`);
      }
    }
    const deep = (mode: string): { readonly step: number; readonly peak: number } => {
      const script = fileURLToPath(new URL("remat.ts", import.meta.url));
      return JSON.parse(execFileSync(process.execPath, [...process.execArgv, script, mode], { encoding: "utf8" }));
    };
    const [kept, again] = [deep("null"), deep("full")];
    const shown = ({ step, peak }: typeof kept): string => `${peak.toFixed(0)} MB, ${step.toFixed(0)} ms a step`;
    line("memory", "24 layers, with remat", `${shown(kept)}  ->  ${shown(again)}`, again.peak / kept.peak);
  },
  async bundle() {
    console.log("bundle of a one-layer model, minified and gzipped, without engines");
    for (const [name, bytes] of await bundleSizes())
      line("bundle", name, `${(bytes / 1024).toFixed(1)} kB`, bytes / 1024);
  },
};

const git = (...args: string[]): string => {
  try {
    return execFileSync("git", args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
  } catch {
    return "unknown";
  }
};
const commit = git("rev-parse", "--short", "HEAD");
console.log(`keras-ts at ${commit}, Node ${process.versions.node}`);
if (before !== undefined) console.log(`baseline: ${before.commit}, ${before.machine}`);

let failed = false;
for (const part of parts) {
  if (!wanted.includes(part)) continue;
  console.log();
  try {
    await jobs[part]();
  } catch (error) {
    failed = true;
    console.log(`  ${part} not run: ${reason(error)}`);
  }
}
if (flags.save) {
  const saved: Baseline = writeBaseline(commit, results, milliseconds);
  console.log(`\nsaved as the baseline: ${Object.keys(saved.results).join(", ")}`);
}
process.exit(failed ? 1 : 0);
