// Sorting by the bitonic network of `webgpu/sorting.ts`, one program for each of its layers: each place takes the smaller or the larger
// of its own and its partner's.
import { type Aval, type Shape, sizeOf } from "@keras-ts/core/backend";
import type { Programs } from "../additions.ts";
import type { Engine, NativeDType, Tensor } from "../engine.ts";
import { KEY_OF_FLOAT } from "../functions/keys.ts";
import { runProgram } from "./program.ts";

interface Lines {
  readonly x: Tensor;
  readonly count: number;
  readonly size: number;
  readonly inners: number;
}

/** Places of each line in order, or of the largest first: `[count, width]`, of which those beyond the line mean nothing. */
function orderOf(e: Engine, { x, count, size, inners }: Lines, isDescending: boolean): Tensor {
  const width = 2 ** Math.ceil(Math.log2(size));
  const out = { shape: [count, width], dtype: "int32" } as const;
  let places = runProgram(e, { inputs: {}, out, numbers: { width }, code: "setOutput(float(index % width));" });
  for (let block = 2; block <= width; block *= 2) {
    for (let step = block / 2; step > 0; step /= 2) {
      places = runProgram(e, {
        inputs: { x, places },
        out,
        numbers: { size, inners, width, block, step, flip: isDescending ? 1 : 0 },
        before: KEY_OF_FLOAT,
        code: `
          int line = index / width;
          int i = index % width;
          int start = (line / inners) * size * inners + line % inners;
          int p = int(getPlaces(index));
          int q = int(getPlaces(line * width + (i ^ step)));
          uint a = 0xffffffffu;
          uint b = 0xffffffffu;
          if (p < size) { a = keyOf(getX(start + p * inners)); if (flip == 1) { a = ~a; } }
          if (q < size) { b = keyOf(getX(start + q * inners)); if (flip == 1) { b = ~b; } }
          bool isAfter = a > b || (a == b && p > q);
          bool takesSmaller = ((i & step) == 0) == ((i & block) == 0);
          setOutput(float(isAfter == takesSmaller ? q : p));`,
      });
    }
  }
  return places;
}

function ranked(e: Engine, lines: Lines, order: Tensor, shape: Shape, what: "places" | "values"): Tensor {
  const { x, size, inners } = lines;
  return runProgram(e, {
    inputs: what === "places" ? { order } : { order, x },
    numbers: { size, inners, width: order.shape[1] as number, kept: sizeOf(shape) / lines.count },
    out: { shape, dtype: what === "places" ? "int32" : (x.dtype as NativeDType) },
    code: `
      int inner = index % inners;
      int rank = (index / inners) % kept;
      int outer = index / (inners * kept);
      int place = int(getOrder((outer * inners + inner) * width + rank));
      setOutput(${what === "places" ? "float(place)" : "getX((outer * size + place) * inners + inner)"});`,
  });
}

function linesOf(x: Tensor, axis: number): Lines {
  const size = x.shape[axis] as number;
  return { x, size, count: x.size / size, inners: sizeOf(x.shape.slice(axis + 1)) };
}

export function sortingPrograms(e: Engine): Programs {
  const sorted =
    (what: "places" | "values") =>
    ([x]: readonly Tensor[], { axis }: { readonly axis: number }): Tensor =>
      e.scoped(() => {
        const lines = linesOf(x as Tensor, axis);
        return ranked(e, lines, orderOf(e, lines, false), lines.x.shape, what);
      });
  return {
    sort: sorted("values"),
    argSort: sorted("places"),
    topK: ([x], _, { outs }) =>
      e.scoped(() => {
        const lines = linesOf(x as Tensor, (x as Tensor).rank - 1);
        const order = orderOf(e, lines, true);
        const { shape } = outs[0] as Aval;
        return [ranked(e, lines, order, shape, "values"), ranked(e, lines, order, shape, "places")];
      }),
  };
}
