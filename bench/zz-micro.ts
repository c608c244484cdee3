import * as lib from "onnxruntime-node";
import { Builder } from "/work/wt/onnx-speed/packages/backend-onnx/src/builder.ts";
import { serialize } from "/work/wt/onnx-speed/packages/backend-onnx/src/program.ts";
export async function micro(
  label: string,
  shapes: Record<string, number[]>,
  make: (b: Builder, ins: string[]) => string,
  { threads = 1, runs = 30 } = {},
) {
  const b = new Builder(() => []);
  const names = Object.entries(shapes).map(([, shape]) => b.name({ type: "float32", shape }, "in"));
  const out = make(b, names);
  const r = b.op(
    "ReduceMax",
    [out, b.ints(b.shape(out).map((_, i) => i))],
    { type: "float32", shape: [] },
    { keepdims: 0 },
  );
  const p = { nodes: b.nodes, initializers: b.shared.initializers, infos: b.shared.infos, inputs: names, outputs: [r] };
  const s: any = await lib.InferenceSession.create(serialize(p as never), {
    intraOpNumThreads: threads,
    enableMemPattern: false,
    logSeverityLevel: 3,
  } as any);
  const feeds: any = {};
  names.forEach((n, i) => {
    const shape = Object.values(shapes)[i]!;
    feeds[n] = new lib.Tensor(
      "float32",
      Float32Array.from({ length: shape.reduce((a, c) => a * c, 1) }, (_, k) => Math.sin(k * 1.3)),
      shape,
    );
  });
  for (let i = 0; i < 3; i++) await s.run(feeds);
  let best = 1e9;
  const c0 = process.cpuUsage();
  for (let i = 0; i < runs; i++) {
    const c = process.cpuUsage();
    await s.run(feeds);
    const d = process.cpuUsage(c);
    best = Math.min(best, d.user + d.system);
  }
  const c = process.cpuUsage(c0);
  console.log(
    label.padEnd(46),
    "cpu min",
    (best / 1000).toFixed(3),
    "mean",
    ((c.user + c.system) / 1000 / runs).toFixed(3),
  );
}
const f = (shape: number[]) => ({ type: "float32" as const, shape });
if (process.argv[2] === "gemm") {
  for (const [K, M, N] of [
    [3200, 128, 512],
    [3200, 32, 512],
    [2048, 128, 512],
    [2048, 512, 128],
    [2048, 128, 128],
    [128, 784, 512],
  ] as const) {
    const sh = { a: [K, M], c: [K, N] };
    await micro(`K${K} M${M} N${N} Gemm transA`, sh, (b, [x, y]) => b.op("Gemm", [x!, y!], f([M, N]), { transA: 1 }));
    await micro(`  Transpose + MatMul`, sh, (b, [x, y]) =>
      b.op("MatMul", [b.op("Identity", [b.transpose(x!, [1, 0])], f([M, K])), y!], f([M, N])),
    );
    await micro(`  swapped transA, Transpose`, sh, (b, [x, y]) =>
      b.transpose(b.op("Identity", [b.op("Gemm", [y!, x!], f([N, M]), { transA: 1 })], f([N, M])), [1, 0]),
    );
    for (const kb of [64, 128, 256, 512])
      if (K % kb === 0 && K > kb)
        await micro(`  blocks of ${kb}, ReduceSum`, sh, (b, [x, y]) =>
          b.reduce(
            "ReduceSum",
            b.op(
              "FusedMatMul",
              [b.reshape(x!, [K / kb, kb, M]), b.reshape(y!, [K / kb, kb, N])],
              f([K / kb, M, N]),
              { transA: 1, transB: 0 },
              "com.microsoft",
            ),
            [0],
          ),
        );
  }
}
