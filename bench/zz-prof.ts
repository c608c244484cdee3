// usage: tsx prof.ts MODEL [runs] [threads]

import { readdirSync, readFileSync, unlinkSync, writeFileSync } from "node:fs";
import { onnx } from "@keras-ts/backend-onnx";
import { setBackend, setRandomSeed } from "@keras-ts/core";
import * as lib from "onnxruntime-node";
import { data, models } from "/work/wt/onnx-speed/bench/models.ts";

const [name, runs = "30", threads = "2", detail = "0"] = process.argv.slice(2);
const model = models.find((m) => m.name === name)!;
const sessions: any[] = [];
const ort: any = {
  Tensor: lib.Tensor,
  env: lib.env,
  InferenceSession: {
    async create(bytes: Uint8Array, options: any) {
      const s: any = { bytes, options, count: 0, time: 0 };
      const t = performance.now();
      const session = await lib.InferenceSession.create(bytes, { ...options, intraOpNumThreads: Number(threads) });
      s.created = performance.now() - t;
      sessions.push(s);
      return {
        run: (feeds: any, fetches: any) => {
          s.count++;
          s.feeds = feeds;
          s.fetches = fetches;
          return session.run(feeds, fetches);
        },
        release: () => session.release(),
      };
    },
  },
};
const engine = await onnx({ ort, engine: "node" });
setBackend(process.env.UNROLL ? { ...engine, unrollLimit: Number(process.env.UNROLL) } : engine);
setRandomSeed(1);
const t0 = performance.now();
const net = model.build();
const steps = Number(process.env.STEPS ?? 4);
const { x, y } = data(model, steps);
await net.fit(x, y, { batchSize: model.batch, epochs: 1, verbose: 0 });
console.log("first fit ms", (performance.now() - t0).toFixed(0), "sessions", sessions.length);
const big = sessions.reduce((a, b) => (b.count >= a.count ? b : a));
writeFileSync(`/tmp/os/${name}.onnx`, big.bytes);
console.log(
  "model bytes",
  big.bytes.length,
  "create ms",
  big.created.toFixed(0),
  "outputs",
  Object.keys(big.fetches).length,
);
const feeds: any = {},
  fetches: any = {};
for (const [k, v] of Object.entries<any>(big.feeds)) feeds[k] = new lib.Tensor(v.type, v.data.slice(), v.dims);
for (const [k, v] of Object.entries<any>(big.fetches)) fetches[k] = v && new lib.Tensor(v.type, v.data.slice(), v.dims);
const opts = { ...big.options, intraOpNumThreads: Number(threads) };
const q = await lib.InferenceSession.create(big.bytes, opts);
const bench = async (s: any, f: any, label: string) => {
  for (let i = 0; i < 3; i++) await s.run(feeds, f);
  const ts: number[] = [];
  const c0 = process.cpuUsage();
  for (let i = 0; i < Number(runs); i++) {
    const t = performance.now();
    await s.run(feeds, f);
    ts.push(performance.now() - t);
  }
  const c = process.cpuUsage(c0);
  ts.sort((a, b) => a - b);
  console.log(
    label,
    "min",
    ts[0].toFixed(2),
    "median",
    ts[ts.length >> 1].toFixed(2),
    "cpu/run",
    ((c.user + c.system) / 1000 / Number(runs)).toFixed(2),
  );
};
await bench(q, fetches, "session.run, all outputs preallocated");
await bench(q, Object.fromEntries(Object.keys(fetches).map((k) => [k, null])), "session.run, all outputs null");
const small = Object.keys(fetches)
  .filter((k) => (fetches[k]?.data.length ?? 9e9) < 100)
  .slice(0, 1);
await q.release();
const p: any = await lib.InferenceSession.create(big.bytes, {
  ...opts,
  enableProfiling: true,
  profileFilePrefix: `/tmp/os/prof_${name}`,
} as any);
for (let i = 0; i < Number(runs); i++) await p.run(feeds, fetches);
p.handler ? p.handler.endProfiling?.() : p.endProfiling?.();
p.endProfiling?.();
const file = readdirSync("/tmp/os")
  .filter((f) => f.startsWith(`prof_${name}_`))
  .sort()
  .at(-1)!;
let text = readFileSync(`/tmp/os/${file}`, "utf8").trim();
if (!text.endsWith("]")) text = text.replace(/,?\s*$/, "]");
const events = JSON.parse(text);
for (const f of readdirSync("/tmp/os")) if (f.startsWith(`prof_${name}_`)) unlinkSync(`/tmp/os/${f}`);
const best = new Map<string, { dur: number; op: string; shapes: string }>();
for (const e of events)
  if (e.cat === "Node" && e.name.endsWith("_kernel_time")) {
    const k = e.name;
    const known = best.get(k);
    if (!known || e.dur < known.dur)
      best.set(k, {
        dur: e.dur,
        op: e.args.op_name,
        shapes:
          JSON.stringify(e.args.input_type_shape).replaceAll('"', "") +
          "->" +
          JSON.stringify(e.args.output_type_shape).replaceAll('"', ""),
      });
  }
const byOp = new Map<string, [number, number]>();
for (const [k, v] of best) {
  const key = `${k.split("/").length > 1 ? k.split("/")[0] : "?"} ${v.op}`;
  const r = byOp.get(key) ?? [0, 0];
  byOp.set(key, [r[0] + v.dur, r[1] + 1]);
}
const total = [...best.values()].reduce((a, b) => a + b.dur, 0);
console.log("kernel minimum sum", (total / 1000).toFixed(2), "ms, nodes", best.size);
for (const [k, [d, n]] of [...byOp].sort((a, b) => b[1][0] - a[1][0]).slice(0, 28))
  console.log((d / 1000).toFixed(3).padStart(9), String(n).padStart(5), k);
if (Number(detail) > 0)
  for (const [k, v] of [...best]
    .filter(([, v]) => !process.env.NOGEMM || !/Gemm|MatMul/.test(v.op))
    .sort((a, b) => b[1].dur - a[1].dur)
    .slice(0, Number(detail)))
    console.log(String(v.dur).padStart(7), k.replace("_kernel_time", ""), v.shapes.slice(0, 170));
for (const [k, v] of [...best].sort((a, b) => b[1].dur - a[1].dur).slice(0, Number(detail)))
  console.log(String(v.dur).padStart(7), k.replace("_kernel_time", ""), v.shapes.slice(0, 170));
process.exit(0);
