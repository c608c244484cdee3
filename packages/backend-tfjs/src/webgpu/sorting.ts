// Sorting lines of any length: a bitonic network over the bits of the numbers, which no comparison of floats can upset. Of equal
// ones the first comes first, since places are compared too.
import { type Aval, type DType, type Shape, sizeOf } from "@keras-ts/core/backend";
import type { Programs } from "../additions.ts";
import type { Engine, NativeDType, Tensor } from "../engine.ts";
import { KEY_OF_FLOAT } from "../functions/keys.ts";
import { LANES, runProgram } from "./program.ts";

/** Lines of up to this many elements are sorted in the memory that a group shares: all of the 16 KiB that every device has. */
const SHARED = 2048;

const keyOf = (dtype: DType): string =>
  dtype === "float32" ? KEY_OF_FLOAT : "fn keyOf(value : i32) -> u32 { return bitcast<u32>(value) ^ 0x80000000u; }";

/** The lines of a tensor along an axis: element `k` of a line stands at `start + k inners`. */
interface Lines {
  readonly x: Tensor;
  readonly count: number;
  readonly size: number;
  readonly inners: number;
  /** True for the largest first, and nan before it. */
  readonly isDescending: boolean;
}
/** Places in order, `width` for each line. Beyond the length of the line they mean nothing. */
interface Order {
  readonly places: Tensor;
  readonly width: number;
}
const powerFrom = (n: number): number => 2 ** Math.ceil(Math.log2(n));

const numbersOf = ({ size, inners, isDescending }: Lines): Readonly<Record<string, number>> => ({
  size,
  inners,
  padded: powerFrom(size),
  flip: isDescending ? -1 : 0,
});

function orderShared(e: Engine, lines: Lines): Order {
  const { x, size, count } = lines;
  const places = runProgram(e, {
    name: "sort in shared memory",
    inputs: { x },
    out: { shape: [count, size], dtype: "int32" },
    numbers: numbersOf(lines),
    groups: count,
    before: `${keyOf(x.dtype as NativeDType)}
      var<workgroup> keys : array<u32, ${SHARED}>;
      var<workgroup> places : array<i32, ${SHARED}>;
      fn isAfter(i : i32, j : i32) -> bool { return keys[i] > keys[j] || (keys[i] == keys[j] && places[i] > places[j]); }`,
    code: `
      let start = (group / uniforms.inners) * uniforms.size * uniforms.inners + group % uniforms.inners;
      for (var i = lane; i < uniforms.padded; i += ${LANES}) {
        keys[i] = 0xffffffffu;
        if (i < uniforms.size) { keys[i] = keyOf(x[start + i * uniforms.inners]) ^ bitcast<u32>(uniforms.flip); }
        places[i] = i;
      }
      workgroupBarrier();
      for (var block = 2; block <= uniforms.padded; block = block << 1u) {
        for (var step = block >> 1u; step > 0; step = step >> 1u) {
          for (var pair = lane; pair < (uniforms.padded >> 1u); pair += ${LANES}) {
            let i = 2 * pair - (pair & (step - 1));
            let j = i + step;
            if (isAfter(i, j) == ((i & block) == 0)) {
              let key = keys[i]; keys[i] = keys[j]; keys[j] = key;
              let place = places[i]; places[i] = places[j]; places[j] = place;
            }
          }
          workgroupBarrier();
        }
      }
      for (var i = lane; i < uniforms.size; i += ${LANES}) { result[group * uniforms.size + i] = places[i]; }`,
  });
  return { places, width: size };
}

// One program for each layer of the network.
function orderLong(e: Engine, lines: Lines): Order {
  const { x, count, size } = lines;
  const width = powerFrom(size);
  const out = { shape: [count, width], dtype: "int32" } as const;
  const numbers = numbersOf(lines);
  const start = runProgram(e, {
    name: "sort, places",
    inputs: {},
    out,
    numbers,
    code: "result[index] = index % uniforms.padded;",
  });
  for (let block = 2; block <= width; block *= 2) {
    for (let step = block / 2; step > 0; step /= 2) {
      runProgram(e, {
        name: "sort, one layer",
        inputs: { x },
        out: start,
        numbers: { ...numbers, block, step },
        times: (count * width) / 2,
        before: `${keyOf(x.dtype as NativeDType)}
          fn keyAt(start : i32, place : i32) -> u32 {
            if (place >= uniforms.size) { return 0xffffffffu; }
            return keyOf(x[start + place * uniforms.inners]) ^ bitcast<u32>(uniforms.flip);
          }`,
        code: `
          let half = uniforms.padded >> 1u;
          let line = index / half;
          let pair = index % half;
          let start = (line / uniforms.inners) * uniforms.size * uniforms.inners + line % uniforms.inners;
          let i = 2 * pair - (pair & (uniforms.step - 1));
          let j = i + uniforms.step;
          let p = result[line * uniforms.padded + i];
          let q = result[line * uniforms.padded + j];
          let a = keyAt(start, p);
          let b = keyAt(start, q);
          let isAfter = a > b || (a == b && p > q);
          if (isAfter == ((i & uniforms.block) == 0)) {
            result[line * uniforms.padded + i] = q;
            result[line * uniforms.padded + j] = p;
          }`,
      });
    }
  }
  return { places: start, width };
}

const orderOf = (e: Engine, lines: Lines): Order => (lines.size <= SHARED ? orderShared : orderLong)(e, lines);

// The first `kept` of each line: their places, or what stands there.
function ranked(e: Engine, lines: Lines, order: Order, shape: Shape, what: "places" | "values"): Tensor {
  const { x, size, inners } = lines;
  const kept = sizeOf(shape) / lines.count;
  const dtype = what === "places" ? "int32" : (x.dtype as NativeDType);
  return runProgram(e, {
    name: `sort, ${what} of ranks`,
    inputs: what === "places" ? { order: order.places } : { order: order.places, x },
    numbers: { size, inners, width: order.width, kept },
    out: { shape, dtype },
    code: `
      let inner = index % uniforms.inners;
      let rank = (index / uniforms.inners) % uniforms.kept;
      let outer = index / (uniforms.inners * uniforms.kept);
      let place = order[(outer * uniforms.inners + inner) * uniforms.width + rank];
      result[index] = ${what === "places" ? "place" : "x[(outer * uniforms.size + place) * uniforms.inners + inner]"};`,
  });
}

function linesOf(x: Tensor, axis: number, isDescending = false): Lines {
  const size = x.shape[axis] as number;
  return { x, size, count: x.size / size, inners: sizeOf(x.shape.slice(axis + 1)), isDescending };
}

export function sortingPrograms(e: Engine): Programs {
  const sorted =
    (what: "places" | "values") =>
    ([x]: readonly Tensor[], { axis }: { readonly axis: number }): Tensor =>
      e.scoped(() => {
        const lines = linesOf(x as Tensor, axis);
        return ranked(e, lines, orderOf(e, lines), lines.x.shape, what);
      });
  return {
    sort: sorted("values"),
    argSort: sorted("places"),
    topK: ([x], _, { outs }) =>
      e.scoped(() => {
        const lines = linesOf(x as Tensor, (x as Tensor).rank - 1, true);
        const order = orderOf(e, lines);
        const { shape } = outs[0] as Aval;
        return [ranked(e, lines, order, shape, "values"), ranked(e, lines, order, shape, "places")];
      }),
  };
}
