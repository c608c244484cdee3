// Reading and writing at computed places.
import {
  type Aval,
  type KernelTable,
  type ParamsOf,
  range,
  type Shape,
  sizeOf,
  stridesOf,
} from "@keras-ts/core/backend";
import type { Programs } from "../additions.ts";
import type { Engine, NativeDType, Tensor } from "../engine.ts";
import { address, coordinates, listed } from "./places.ts";
import { runProgram } from "./program.ts";

type Mode = ParamsOf<"scatterNd">["mode"];
const copy = (e: Engine, x: Tensor): Tensor =>
  runProgram(e, {
    name: "copy",
    inputs: { x },
    out: { shape: x.shape, dtype: x.dtype as NativeDType },
    code: "result[index] = x[index];",
  });

/** `placeOf(row)`: where the block begins that a row of indices names. */
export const placeOf = (depth: number): string => `
  fn placeOf(row : i32) -> i32 {
    return 0 ${range(depth)
      .map((d) => `+ indices[row * ${depth} + ${d}] * uniforms.stride${d}`)
      .join(" ")};
  }`;
export const stridesFor = (shape: Shape, depth: number): Readonly<Record<string, number>> =>
  Object.fromEntries(
    stridesOf(shape)
      .slice(0, depth)
      .map((stride, d) => [`stride${d}`, stride]),
  );

// Of equal places the last update wins: the largest row number, which does not depend on who comes first.
function scatterSet(e: Engine, x: Tensor, indices: Tensor, updates: Tensor): Tensor {
  const depth = indices.shape.at(-1) as number;
  const block = sizeOf(x.shape.slice(depth));
  const rows = updates.size / block;
  const winners = runProgram(e, {
    name: "zeros",
    inputs: {},
    out: { shape: [x.size / block], dtype: "int32" },
    code: "result[index] = 0;",
  });
  runProgram(e, {
    name: `scatter, last rows ${depth}`,
    inputs: depth === 0 ? {} : { indices },
    numbers: { block, ...stridesFor(x.shape, depth) },
    out: winners,
    times: rows,
    atomic: true,
    before: placeOf(depth),
    code: "atomicMax(&result[placeOf(index) / uniforms.block], index + 1);",
  });
  return runProgram(e, {
    name: "scatter, set",
    inputs: { x, updates, winners },
    numbers: { block },
    out: { shape: x.shape, dtype: x.dtype as NativeDType },
    code: `
      let row = winners[index / uniforms.block] - 1;
      if (row < 0) { result[index] = x[index]; }
      else { result[index] = updates[row * uniforms.block + index % uniforms.block]; }`,
  });
}

// What a place holds after an update. Where one of two floats is nan, so is the lesser and the larger.
const float = (value: string): string => `bitcast<i32>(${value})`;
const extreme = (f: string): string => float(`select(select(${f}(a, b), b, isnan(b)), a, isnan(a))`);
const COMBINE: Readonly<Record<Exclude<Mode, "set">, Readonly<Record<NativeDType, string>>>> = {
  add: { int32: "old + update", bool: "old | update", float32: float("a + b") },
  multiply: { int32: "old * update", bool: "old & update", float32: float("a * b") },
  min: { int32: "min(old, update)", bool: "old & update", float32: extreme("min") },
  max: { int32: "max(old, update)", bool: "old | update", float32: extreme("max") },
};

function scatterCombine(e: Engine, x: Tensor, indices: Tensor, updates: Tensor, mode: Exclude<Mode, "set">): Tensor {
  const depth = indices.shape.at(-1) as number;
  const dtype = x.dtype as NativeDType;
  const block = sizeOf(x.shape.slice(depth));
  return runProgram(e, {
    name: `scatter, ${mode} ${depth}`,
    inputs: depth === 0 ? { updates } : { updates, indices },
    numbers: { block, ...stridesFor(x.shape, depth) },
    out: copy(e, x),
    times: updates.size,
    atomic: true,
    before: placeOf(depth),
    code: `
      let at = placeOf(index / uniforms.block) + index % uniforms.block;
      let update = updates[index];
      loop {
        let old = atomicLoad(&result[at]);
        ${dtype === "float32" ? "let a = bitcast<f32>(old); let b = update;" : ""}
        let combined = ${COMBINE[mode][dtype]};
        if (combined == old || atomicCompareExchangeWeak(&result[at], old, combined).exchanged) { break; }
      }`,
  });
}

// Starts moved so that the block is inside.
const starts = (rank: number): string =>
  range(rank)
    .map((d) => `let s${d} = clamp(starts[${d}], 0, uniforms.whole${d} - uniforms.part${d});`)
    .join(" ");
const dynamicSlice =
  (e: Engine): KernelTable<Tensor>["dynamicSlice"] =>
  (inputs, { sizes }) => {
    const [x, from] = inputs as readonly [Tensor, Tensor];
    const { rank } = x;
    if (rank === 0) return e.run("Identity", { x });
    return runProgram(e, {
      name: `dynamic slice ${rank}`,
      inputs: { x, starts: from },
      numbers: { ...listed("whole", x.shape), ...listed("part", sizes) },
      out: { shape: sizes, dtype: x.dtype as NativeDType },
      code: `
        var rest = index;
        ${coordinates(rank, "part")}
        ${starts(rank)}
        result[index] = x[${address(rank, (d) => `(s${d} + c${d})`, "whole")}];`,
    });
  };

const dynamicUpdateSlice =
  (e: Engine): KernelTable<Tensor>["dynamicUpdateSlice"] =>
  (inputs) => {
    const [x, update, from] = inputs as readonly [Tensor, Tensor, Tensor];
    const { rank } = x;
    if (rank === 0) return e.run("Identity", { x: update });
    return runProgram(e, {
      name: `dynamic update slice ${rank}`,
      inputs: { x, update, starts: from },
      numbers: { ...listed("whole", x.shape), ...listed("part", update.shape) },
      out: { shape: x.shape, dtype: x.dtype as NativeDType },
      code: `
        var rest = index;
        ${coordinates(rank, "whole")}
        ${starts(rank)}
        let isInside = ${range(rank)
          .map((d) => `c${d} >= s${d} && c${d} < s${d} + uniforms.part${d}`)
          .join(" && ")};
        if (isInside) { result[index] = update[${address(rank, (d) => `(c${d} - s${d})`, "part")}]; }
        else { result[index] = x[index]; }`,
    });
  };

export function indexingPrograms(e: Engine): Programs {
  return {
    scatterNd: (inputs, { mode }, { outs }) => {
      const [x, indices, updates] = inputs as readonly [Tensor, Tensor, Tensor];
      if (sizeOf((outs[0] as Aval).shape) === 0 || updates.size === 0) return e.run("Identity", { x });
      return e.scoped(() =>
        mode === "set" ? scatterSet(e, x, indices, updates) : scatterCombine(e, x, indices, updates, mode),
      );
    },
    dynamicSlice: dynamicSlice(e),
    dynamicUpdateSlice: dynamicUpdateSlice(e),
  };
}
