// Sums, products and extremes along axes, and places of extremes.
import { range, type Shape, sizeOf, stridesOf } from "@keras-ts/core/backend";
import type { Engine, NativeDType, Tensor } from "../engine.ts";
import { coordinates, listed, weighted } from "./places.ts";
import { LANES, runProgram, WAIT } from "./program.ts";

export type Fold = "Sum" | "Prod" | "Max" | "Min";
const FOLDS: Readonly<Record<Fold, readonly [code: string, start: string]>> = {
  Sum: ["a + b", "0"],
  Prod: ["a * b", "1"],
  Max: ["max(a, b)", "-2147483647 - 1"],
  Min: ["min(a, b)", "2147483647"],
};
// Where one of two floats is nan, so is the lesser and the larger.
function foldOf(fold: Fold, type: "i32" | "f32"): string {
  const keepsNan = type === "f32" && (fold === "Max" || fold === "Min");
  const code = keepsNan ? `select(select(${FOLDS[fold][0]}, b, isnan(b)), a, isnan(a))` : FOLDS[fold][0];
  return `fn fold(a : ${type}, b : ${type}) -> ${type} { return ${code}; }`;
}

/** A reduction of whole numbers: a group of lanes for each result, which fold every so manieth and then each other's. */
export function reduced(e: Engine, fold: Fold, x: Tensor, axes: readonly number[]): Tensor {
  const kept = range(x.rank).filter((axis) => !axes.includes(axis));
  const sizesOf = (list: readonly number[]): number[] => list.map((axis) => x.shape[axis] as number);
  const [shape, inner] = [sizesOf(kept), sizesOf(axes)];
  const strides = stridesOf(x.shape);
  const along = (list: readonly number[]): number[] => list.map((axis) => strides[axis] as number);
  return runProgram(e, {
    name: `${fold} ${kept.length} ${axes.length}`,
    inputs: { x },
    numbers: {
      count: sizeOf(inner),
      ...listed("size", shape),
      ...listed("stride", along(kept)),
      ...listed("innerSize", inner),
      ...listed("innerStride", along(axes)),
    },
    out: { shape, dtype: x.dtype as NativeDType },
    groups: sizeOf(shape),
    before: `${foldOf(fold, "i32")}
      var<workgroup> partial : array<i32, ${LANES}>;
      fn startOf(number : i32) -> i32 { var rest = number; ${coordinates(kept.length, "size")} return ${weighted(kept.length, "stride")}; }
      fn placeOf(number : i32) -> i32 {
        var rest = number;
        ${coordinates(axes.length, "innerSize")}
        return ${weighted(axes.length, "innerStride")};
      }`,
    code: `
      var own = ${FOLDS[fold][1]};
      let start = startOf(group);
      for (var i = lane; i < uniforms.count; i += ${LANES}) { own = fold(own, x[start + placeOf(i)]); }
      partial[lane] = own;
      ${WAIT}
      if (lane == 0) {
        for (var i = 1; i < min(${LANES}, uniforms.count); i++) { own = fold(own, partial[i]); }
        result[group] = own;
      }`,
  });
}

const around = (shape: Shape, axis: number): Readonly<Record<string, number>> => ({
  own: shape[axis] as number,
  inner: sizeOf(shape.slice(axis + 1)),
});

/** Places of the first largest or smallest along an axis; the first nan is both. */
export function argumentOf(e: Engine, x: Tensor, axis: number, largest: boolean): Tensor {
  const shape = x.shape.filter((_, i) => i !== axis);
  const isFloat = x.dtype === "float32";
  const type = isFloat ? "f32" : "i32";
  const sign = largest ? ">" : "<";
  return runProgram(e, {
    name: `argument ${largest}`,
    inputs: { x },
    numbers: around(x.shape, axis),
    out: { shape, dtype: "int32" },
    groups: sizeOf(shape),
    before: `
      var<workgroup> values : array<${type}, ${LANES}>;
      var<workgroup> places : array<i32, ${LANES}>;
      fn wins(a : ${type}, i : i32, b : ${type}, j : i32) -> bool {
        ${isFloat ? "if (isnan(a) || isnan(b)) { return isnan(a) && (!isnan(b) || i < j); }" : ""}
        return a ${sign} b || (a == b && i < j);
      }`,
    code: `
      let start = (group / uniforms.inner) * uniforms.own * uniforms.inner + group % uniforms.inner;
      var place = min(lane, uniforms.own - 1);
      var value = x[start + place * uniforms.inner];
      for (var i = lane; i < uniforms.own; i += ${LANES}) {
        let other = x[start + i * uniforms.inner];
        if (wins(other, i, value, place)) { value = other; place = i; }
      }
      values[lane] = value;
      places[lane] = place;
      ${WAIT}
      if (lane == 0) {
        for (var i = 1; i < min(${LANES}, uniforms.own); i++) {
          if (wins(values[i], places[i], value, place)) { value = values[i]; place = places[i]; }
        }
        result[group] = place;
      }`,
  });
}

/** Running sums, products or extremes: each element with the one a step before it, for steps of 1, 2, 4 ... it then knows twice as many. */
export function running(e: Engine, fold: Fold, x: Tensor, axis: number, reverse: boolean): Tensor {
  const type = x.dtype === "float32" ? "f32" : "i32";
  return e.scoped(() => {
    let out = x;
    for (let step = 1; step < (x.shape[axis] as number); step *= 2) {
      out = runProgram(e, {
        name: `running ${fold}`,
        inputs: { x: out },
        numbers: { ...around(x.shape, axis), step: reverse ? -step : step },
        out: { shape: x.shape, dtype: x.dtype as NativeDType },
        before: foldOf(fold, type),
        code: `
          let before = (index / uniforms.inner) % uniforms.own - uniforms.step;
          if (before < 0 || before >= uniforms.own) { result[index] = x[index]; }
          else { result[index] = fold(x[index - uniforms.step * uniforms.inner], x[index]); }`,
      });
    }
    return out;
  });
}
