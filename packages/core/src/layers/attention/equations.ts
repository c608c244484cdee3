// Einsum equations of attention over any axes. Source: keras/src/layers/attention/multi_head_attention.py.
import { range } from "../../aval/index.ts";

const letters = (from: number, count: number): string =>
  range(count)
    .map((i) => String.fromCharCode(97 + from + i))
    .join("");

/**
 * The projection of the last `bound` axes onto `made` new ones.
 * @example projectionEquation(2, 1, 2) // { equation: "abc,cde->abde", biasAxes: "de", rank: 4 }
 */
export function projectionEquation(
  free: number,
  bound: number,
  made: number,
): { readonly equation: string; readonly biasAxes: string; readonly rank: number } {
  const kept = letters(0, free);
  const summed = letters(free, bound);
  const biasAxes = letters(free + bound, made);
  return { equation: `${kept}${summed},${summed}${biasAxes}->${kept}${biasAxes}`, biasAxes, rank: free + made };
}

/**
 * Scores from keys and queries of `rank` axes (batch ..., heads, features), and outputs from scores and values.
 * @example attentionEquations(4, [1]) // { scores: "aecd,abcd->acbe", combine: "acbe,aecd->abcd", scoresRank: 4 }
 */
export function attentionEquations(
  rank: number,
  axes: readonly number[],
): { readonly scores: string; readonly combine: string; readonly scoresRank: number } {
  const target = letters(0, rank);
  const batch = range(rank - 1).filter((i) => !axes.includes(i));
  let next = rank;
  const source = range(rank)
    .map((i) => (batch.includes(i) || i === rank - 1 ? target[i] : letters(next++, 1)))
    .join("");
  const pick = (from: string, places: readonly number[]): string => places.map((i) => from[i]).join("");
  const product = pick(target, batch) + pick(target, axes) + pick(source, axes);
  return {
    scores: `${source},${target}->${product}`,
    combine: `${product},${source}->${target}`,
    scoresRank: product.length,
  };
}
