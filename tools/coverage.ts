// Writes docs/coverage.md: what each engine runs, how, and what it cannot do. With `--check` nothing is written, and a stale page fails.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { onnx, limitations as onnxLimitations } from "@keras-ts/backend-onnx";
import { tfjs, limitations as tfjsLimitations } from "@keras-ts/backend-tfjs";
import { type PrimitiveSample, primitiveSamples, type SampleName } from "@keras-ts/conformance";
import { type Backend, carrierOf, type DType, type Limitation, primitives, reference } from "@keras-ts/core/backend";
import { composites as numpyComposites } from "../packages/backend-numpy/src/kernels/composites.ts";
import { limitations as numpyLimitations } from "../packages/backend-numpy/src/limitations.ts";
import { dtypes as numpyDtypes } from "../packages/backend-numpy/src/numpy.ts";
import { hostOps } from "./lib/host-ops.ts";
import { type Engine, opRows, opsBeside, type SpecCase } from "./lib/op-coverage.ts";
import { root } from "./lib/workspace.ts";

interface Column {
  readonly name: string;
  readonly device?: string;
  readonly dtypes: ReadonlySet<DType>;
  readonly native: ReadonlySet<string>;
  readonly limitations: readonly Limitation[];
}

const nativeOf = ({ kernels, composites }: Pick<Backend, "kernels" | "composites">): ReadonlySet<string> =>
  new Set<string>(composites ?? Object.keys(kernels ?? {}));

async function columns(): Promise<readonly Column[]> {
  const [plain, ort, tf] = [reference(), await onnx({ engine: "node" }), await tfjs({ device: "cpu" })];
  const made: Column[] = [
    { name: "reference", dtypes: plain.dtypes, native: nativeOf(plain as Backend), limitations: [] },
    { name: "onnx", dtypes: ort.dtypes, native: nativeOf(ort as Backend), limitations: onnxLimitations, device: "cpu" },
    ...["cpu", "wasm", "webgl", "webgpu"].map((device) => ({
      name: `tfjs ${device}`,
      device,
      dtypes: tf.dtypes,
      native: nativeOf(tf as Backend),
      limitations: tfjsLimitations,
    })),
    {
      name: "numpy",
      dtypes: numpyDtypes,
      native: new Set(Object.keys(numpyComposites)),
      limitations: numpyLimitations,
    },
  ];
  for (const engine of [ort, tf]) await engine.dispose?.();
  return made;
}

const dtypes: readonly DType[] = [
  ...(["bool", "int8", "int16", "int32", "uint8", "uint16", "uint32"] as const),
  ...(["float16", "bfloat16", "float32", "float64", "complex64"] as const),
];
const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");

/** Reasons, each once, with the ops that they are about. */
class Notes {
  readonly #ops = new Map<string, Set<string>>();
  /** The number of a limitation among the notes. */
  mark({ op, dtype, sample, devices, reason }: Limitation, { name }: Pick<Column, "name">): string {
    const where = [name.split(" ")[0], ...(devices ?? [])].join(" ");
    const text = `${where}, @${dtype === undefined ? "" : ` in ${dtype}`}${sample === undefined ? "" : ` with ${sample}`}: ${reason}`;
    const ops = this.#ops.get(text) ?? new Set();
    this.#ops.set(text, ops.add(op === "*" ? "everything" : `\`${op}\``));
    return `[${[...this.#ops.keys()].indexOf(text) + 1}]`;
  }
  get list(): string {
    return [...this.#ops].map(([text, ops], i) => `${i + 1}. ${text.replace("@", [...ops].join(", "))}`).join("\n");
  }
}

const holds = ({ devices }: Limitation, { device }: Column): boolean =>
  devices === undefined || (device !== undefined && devices.includes(device));

function dtypeCell(dtype: DType, column: Column, notes: Notes): string {
  const general = column.limitations.filter((x) => x.op === "*" && x.dtype === dtype && holds(x, column));
  const marks = general.map((x) => notes.mark(x, column)).join(" ");
  let carrier: DType;
  try {
    carrier = carrierOf(dtype, column);
  } catch {
    return `no ${marks}`.trim();
  }
  const how = carrier === dtype ? "yes" : `in ${carrier}`;
  return `${how} ${marks}`.trim();
}

function opCell(name: SampleName, kind: string, column: Column, notes: Notes): string {
  const own = column.limitations.filter((x) => x.op === name && x.dtype === undefined && holds(x, column));
  const partly = column.limitations.filter((x) => x.op === name && x.dtype !== undefined && holds(x, column));
  const marks = [...own, ...partly].map((x) => notes.mark(x, column));
  const away = own.some((x) => x.onHost === true);
  const how = away ? "on the host" : kind === "primitive" ? "yes" : column.native.has(name) ? "native" : "composed";
  return [how, ...marks].join(" ");
}

/** A line for each device with a memory of its own: how many public ops have a primitive computed on the host. */
async function hostTable(engines: readonly Column[]): Promise<string> {
  const tf = await tfjs({ device: "cpu" });
  const devices = ["webgpu", "webgl"].map((device) => {
    const { dtypes, limitations } = engines.find(({ name }) => name === `tfjs ${device}`) as Column;
    return { device, dtypes, kernels: tf.kernels as Backend["kernels"], limitations };
  });
  const found = await hostOps(devices);
  await tf.dispose?.();
  const rows = devices.map(({ device }, i) => {
    const ops = [...(found[i] as (typeof found)[number])];
    const away = ops.filter(([, primitives]) => primitives.size > 0);
    const which = [...new Set(away.flatMap(([, primitives]) => [...primitives]))].sort();
    const share = ((100 * away.length) / ops.length).toFixed(1);
    return [
      `tfjs ${device}`,
      `${away.length} of ${ops.length}`,
      `${share} %`,
      which.map((name) => `\`${name}\``).join(", "),
    ];
  });
  return table(["device", "ops", "share", "because of"], rows);
}

async function page(): Promise<string> {
  const engines = await columns();
  const notes = new Notes();
  const names = Object.keys(primitiveSamples) as SampleName[];
  const head = (first: string): string[] => [first, ...engines.map(({ name }) => name)];
  const rowsOf = (kind: "primitive" | "composite"): string[][] =>
    names
      .filter((name) => primitives[name].kind === kind)
      .map((name) => [
        `\`${name}\` (${(primitiveSamples[name] as readonly PrimitiveSample[]).length})`,
        ...engines.map((x) => opCell(name, kind, x, notes)),
      ]);
  const dtypeRows = dtypes.map((dtype) => [dtype, ...engines.map((column) => dtypeCell(dtype, column, notes))]);
  const [basic, composed] = [rowsOf("primitive"), rowsOf("composite")];
  const specs = JSON.parse(readFileSync(join(root, "packages/conformance/goldens/specs.json"), "utf8")) as {
    readonly cases: readonly SpecCase[];
  };
  const whole = engines.filter(({ name }) => ["reference", "onnx", "tfjs wasm", "numpy"].includes(name));
  const opTable = opRows(whole, specs.cases, (limitation, engine: Engine) => notes.mark(limitation, engine));
  const { untabled, absent } = opsBeside(opTable);
  const list = (names: readonly string[]): string =>
    names.length === 0 ? "none" : names.map((name) => `\`${name}\``).join(", ");
  return `<!-- Generated by tools/coverage.ts -->

# What runs where

Every engine runs every op: ops are composed of the primitives below, and an engine without a kernel for one does not
compile. The number behind a name says how many samples the conformance suite runs on each engine, beside its derivatives and the
values of real Keras. Limitations are run too, and must fail: one that is out of date breaks the suite. \`on the host\`: right, but the
values leave the device for it, which a warning says once.

## Dtypes

\`in int32\`: carried exactly by a wider dtype; \`in float32\`: halves are computed in float32
and rounded, complex numbers are pairs of it.

${table(head("dtype"), dtypeRows)}

## Primitives

${table(head("primitive"), basic)}

## Composites

\`native\`: the engine has one kernel or operator for it; \`composed\`: its body in primitives runs.

${table(head("composite"), composed)}

## Ops

How many calls of each op are compared with real Keras: run eagerly / inside of a trace / with gradients. "abstract" counts calls on
symbolic tensors with unknown sizes (shape, dtype or refusal), which no engine takes part in. All are counted from the golden files, without
those that a limitation excludes. Slower ways to reach the same engines (tfjs cpu, onnx web, Pyodide) run the first case of each op and
every fourth after it.

${table(["op", "abstract", ...whole.map(({ name }) => name)], opTable)}

Ops whose results are no tensors, that draw nothing or that take functions have tests of their own: ${list(untabled)}.

In Keras 3.15.1 and not here: ${list(absent)}.

## Ops that visit the host

On devices with a memory of their own: ops of which a case, or its gradient, needs a primitive that is computed on the host there.

${await hostTable(engines)}

## Limitations

${notes.list}
`;
}

const path = join(root, "docs", "coverage.md");
const text = await page();
if (process.argv.includes("--check")) {
  if (readFileSync(path, "utf8") !== text) {
    console.error("docs/coverage.md is stale: run `npx tsx --conditions=@keras-ts/source tools/coverage.ts`.");
    process.exitCode = 1;
  }
} else writeFileSync(path, text);
