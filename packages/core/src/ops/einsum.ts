// einsum as a sequence of pairwise contractions.
import { range } from "../aval/index.ts";
import { complain, ShapeError, showShape } from "../errors/index.ts";
import type { Tensor } from "../graph/index.ts";
import * as p from "../primitives/index.ts";
import { castTo } from "./arithmetic-core.ts";
import { convertToTensor, promote, type TensorLike } from "./convert-core.ts";

interface Term {
  readonly x: Tensor;
  readonly letters: readonly string[];
}

function refuse(must: string, got: string): never {
  throw new ShapeError(complain("einsum", { must, got, todo: 'Check the subscripts, for example "bij,bjk->bik"' }));
}

/** Evaluates subscripts over operands. */
export function einsumOf(subscripts: string, operands: readonly TensorLike[]): Tensor {
  const given = promote(...operands.map((x) => convertToTensor(x)));
  const narrow = given[0]?.dtype;
  const xs = narrow === "int8" || narrow === "bool" ? given.map((x) => castTo(x, "int32")) : given;
  const { inputs, output } = parse(subscripts, xs);
  const sizes = letterSizes(inputs, xs);
  let terms = xs.map((x, i) => diagonal({ x, letters: inputs[i] as readonly string[] }));
  while (terms.length > 1) {
    const [i, j] = cheapest(terms, output, sizes);
    const rest = terms.filter((_, k) => k !== i && k !== j);
    const keep = new Set([...output, ...rest.flatMap((t) => t.letters)]);
    terms = [...rest, contract(terms[i] as Term, terms[j] as Term, keep)];
  }
  const last = sumAway(terms[0] as Term, new Set(output));
  const y = p.transpose(last.x, { permutation: output.map((letter) => last.letters.indexOf(letter)) });
  // Products of int8 alone stay wide; what was promoted to int8 comes back to it.
  const back = narrow === "bool" || (narrow === "int8" && operands.some((x) => convertToTensor(x).dtype !== "int8"));
  return back ? castTo(y, narrow) : y;
}

function parse(subscripts: string, xs: readonly Tensor[]): { inputs: string[][]; output: string[] } {
  const text = subscripts.replace(/\s+/g, "");
  const [left = "", right, ...more] = text.split("->");
  const parts = left.split(",");
  if (more.length > 0 || parts.length !== xs.length || !/^[A-Za-z.,]*$/.test(left + (right ?? ""))) {
    refuse(`subscripts must name the axes of ${xs.length} operands`, JSON.stringify(subscripts));
  }
  // Axes that "..." stands for are named by numbers, counted from the last.
  const dots = Math.max(
    0,
    ...parts.map((part, i) => (part.includes("...") ? (xs[i] as Tensor).ndim - (part.length - 3) : 0)),
  );
  const expand = (part: string, count: number): string[] => {
    const [before = "", after] = part.split("...");
    if (after === undefined) return [...part];
    return [...before, ...range(count).map((i) => String(dots - count + i)), ...after];
  };
  const inputs = parts.map((part, i) => {
    const x = xs[i] as Tensor;
    const letters = expand(part, x.ndim - (part.length - 3));
    if (letters.length !== x.ndim || letters.includes(".")) {
      refuse(`"${part}" must name each axis of its operand`, `shape ${showShape(x.shape)}`);
    }
    return letters;
  });
  const all = inputs.flat();
  const once = [...new Set(all)].filter((l) => all.indexOf(l) === all.lastIndexOf(l) && /[A-Za-z]/.test(l)).sort();
  const output = right === undefined ? [...range(dots).map(String), ...once] : expand(right, dots);
  if (new Set(output).size !== output.length || output.some((l) => !all.includes(l))) {
    refuse("the result must name known axes, each once", JSON.stringify(subscripts));
  }
  return { inputs, output };
}

function letterSizes(inputs: readonly (readonly string[])[], xs: readonly Tensor[]): Map<string, number> {
  const sizes = new Map<string, number>();
  inputs.forEach((letters, i) => {
    letters.forEach((letter, axis) => {
      const n = (xs[i] as Tensor).shape[axis] as number;
      const known = sizes.get(letter) ?? 1;
      if (known !== n && known !== 1 && n !== 1) refuse(`axis "${letter}" must have one size`, `${known} and ${n}`);
      sizes.set(letter, Math.max(known, n));
    });
  });
  return sizes;
}

// A letter twice in one operand takes the diagonal.
function diagonal({ x, letters }: Term): Term {
  const again = letters.findIndex((letter, i) => letters.indexOf(letter) !== i);
  if (again < 0) return { x, letters };
  const first = letters.indexOf(letters[again] as string);
  const n = x.shape[first] as number;
  const axis = (at: number): Tensor =>
    p.iota({ shape: x.shape.map((_, i) => (i === at ? n : 1)), axis: at, dtype: "int32" });
  const on = p.where(p.equal(axis(first), axis(again)), x, 0);
  return diagonal({ x: p.reduceSum(on, { axes: [again] }), letters: letters.filter((_, i) => i !== again) });
}

function sumAway({ x, letters }: Term, keep: ReadonlySet<string>): Term {
  const axes = range(letters.length).filter((i) => !keep.has(letters[i] as string));
  return { x: p.reduceSum(x, { axes }), letters: letters.filter((l) => keep.has(l)) };
}

// The pair whose contraction multiplies least; operands in order on a tie.
function cheapest(
  terms: readonly Term[],
  output: readonly string[],
  sizes: ReadonlyMap<string, number>,
): readonly [number, number] {
  let best: readonly [number, number] = [0, 1];
  let least = Number.POSITIVE_INFINITY;
  if (terms.length === 2) return best;
  for (let i = 0; i < terms.length; i++) {
    for (let j = i + 1; j < terms.length; j++) {
      const letters = new Set([...(terms[i] as Term).letters, ...(terms[j] as Term).letters]);
      const rest = new Set([...output, ...terms.filter((_, k) => k !== i && k !== j).flatMap((t) => t.letters)]);
      const size = (of: Iterable<string>): number => [...of].reduce((n, l) => n * (sizes.get(l) ?? 1), 1);
      const result = size([...letters].filter((l) => rest.has(l)));
      // Work first, then the size of what is left to carry on.
      const cost = size(letters) + result;
      if (cost < least) {
        least = cost;
        best = [i, j];
      }
    }
  }
  return best;
}

function contract(first: Term, second: Term, keep: ReadonlySet<string>): Term {
  // Letters that only one of them has and nobody needs are summed before.
  const inB = new Set(second.letters);
  const inA = new Set(first.letters);
  const a = squeezeOnes(sumAway(first, new Set([...keep, ...inB])), second);
  const b = squeezeOnes(sumAway(second, new Set([...keep, ...inA])), first);
  const shared = a.letters.filter((l) => b.letters.includes(l));
  const batch = shared.filter((l) => keep.has(l));
  const summed = shared.filter((l) => !keep.has(l));
  const at = (t: Term, letters: readonly string[]): number[] => letters.map((l) => t.letters.indexOf(l));
  const x = p.dotGeneral(a.x, b.x, {
    lhsContract: at(a, summed),
    rhsContract: at(b, summed),
    lhsBatch: at(a, batch),
    rhsBatch: at(b, batch),
  });
  const free = (t: Term): string[] => t.letters.filter((l) => !shared.includes(l));
  return { x, letters: [...batch, ...free(a), ...free(b)] };
}

// An axis of size 1 beside a larger one of the same letter broadcasts: it is left out.
function squeezeOnes(term: Term, other: Term): Term {
  const gone = range(term.letters.length).filter((i) => {
    const j = other.letters.indexOf(term.letters[i] as string);
    return j >= 0 && term.x.shape[i] === 1 && other.x.shape[j] !== 1;
  });
  if (gone.length === 0) return term;
  return {
    x: p.reshape(term.x, { shape: term.x.shape.filter((_, i) => !gone.includes(i)) }),
    letters: term.letters.filter((_, i) => !gone.includes(i)),
  };
}
