import { hostOps } from "./lib/host-ops.ts";

const d = new Set(["bool", "int32", "float32"]) as any;
for (const device of ["webgpu", "webgl"] as const) {
  const t = performance.now();
  const m = await hostOps(device, d);
  const bad = [...m].filter(([, s]) => s.size > 0);
  console.log(device, bad.length, "of", m.size, (performance.now() - t).toFixed(0) + " ms");
  const by = new Map<string, number>();
  for (const [, s] of bad) {
    const k = [...s].sort().join("+");
    by.set(k, (by.get(k) ?? 0) + 1);
  }
  console.log(
    [...by]
      .sort((a, b) => b[1] - a[1])
      .slice(0, 40)
      .map(([k, v]) => k + " " + v)
      .join("; "),
  );
  if (device === "webgpu") console.log(bad.map(([n]) => n).join());
}
