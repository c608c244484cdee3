// From scores of each step to sequences of labels. Source: keras/src/backend/jax/nn.py; Graves et al. 2006, Hannun et al. 2014 (beams).
import { resultType } from "../aval/index.ts";
import { ConfigError, complain, ShapeError, showShape } from "../errors/index.ts";
import type { Tensor } from "../graph/index.ts";
import * as p from "../primitives/index.ts";
import { castTo } from "./arithmetic-core.ts";
import { scan } from "./control.ts";
import { convertToTensor, type TensorLike } from "./convert-core.ts";
import { sliceAxis } from "./get-item.ts";
import { type Op, op } from "./op.ts";

export interface CtcDecodeOptions {
  /** `"greedy"` (the best class of each step) or `"beam_search"` (the best sequences over all their alignments). */
  readonly strategy?: string;
  /** How many prefixes a beam search keeps. */
  readonly beamWidth?: number;
  /** How many sequences a beam search gives. */
  readonly topPaths?: number;
  /** Greedy: equal neighbours are one label. */
  readonly mergeRepeated?: boolean;
  /** The class that stands for "no label"; the last one for null. */
  readonly maskIndex?: number | null;
}

/**
 * The most likely labels for `inputs` `[B, T, K]` (scores of K classes at T steps) of `sequenceLengths` `[B]`.
 * Gives int32 labels `[paths, B, T]`, filled up with -1, and scores `[B, paths]`: greedy, the negated sum of the best scores; beam search, log probabilities.
 * @throws ShapeError for wrong ranks. @throws ConfigError for an unknown strategy. Source: keras.ops.ctc_decode.
 * @example
 * const [labels] = ops.ctcDecode([[[0, 3, 0], [0, 3, 0], [3, 0, 0], [0, 0, 3]]], [4]);
 * await labels.array(); // [[[1, 2, -1, -1]]]
 */
export const ctcDecode: Op<
  (inputs: TensorLike, sequenceLengths: TensorLike, options?: CtcDecodeOptions) => [labels: Tensor, scores: Tensor]
> = /* @__PURE__ */ op(
  "ctcDecode",
  (inputs: TensorLike, sequenceLengths: TensorLike, options: CtcDecodeOptions = {}): [Tensor, Tensor] => {
    const { strategy = "greedy", beamWidth = 100, topPaths = 1, mergeRepeated = true, maskIndex = 0 } = options;
    const given = convertToTensor(inputs);
    const lengths = convertToTensor(sequenceLengths, { dtype: "int32" });
    if (given.ndim !== 3 || lengths.ndim !== 1 || lengths.size !== given.shape[0]) {
      const must = "inputs must be [B, T, K] and sequenceLengths [B]";
      const got = `${showShape(given.shape)} and ${showShape(lengths.shape)}`;
      throw new ShapeError(complain("ctcDecode", { must, got, todo: "Check the axes" }));
    }
    const x = castTo(given, resultType(given.dtype, "float32"));
    const [batch, steps, classes] = x.shape as readonly [number, number, number];
    const mask = maskIndex ?? classes - 1;
    const ended = p.lessEqual(
      p.reshape(lengths, { shape: [batch, 1] }),
      p.iota({ shape: [1, steps], axis: 1, dtype: "int32" }),
    );
    if (strategy === "greedy") return greedy(x, ended, mask, mergeRepeated);
    if (strategy === "beam_search" || strategy === "beamSearch") {
      for (const [name, n] of [
        ["beamWidth", beamWidth],
        ["topPaths", topPaths],
      ] as const) {
        if (Number.isInteger(n) && n >= 1) continue;
        const must = `${name} must be a whole number, at least 1`;
        throw new ConfigError(complain("ctcDecode", { must, got: String(n), todo: `Check ${name}` }));
      }
      return beamSearch(x, ended, mask, beamWidth, topPaths);
    }
    const must = 'strategy must be "greedy" or "beam_search"';
    throw new ConfigError(complain("ctcDecode", { must, got: JSON.stringify(strategy), todo: "Use one of these" }));
  },
);

function greedy(x: Tensor, ended: Tensor, mask: number, mergeRepeated: boolean): [Tensor, Tensor] {
  const [batch, steps] = x.shape as readonly [number, number, number];
  let labels = p.where(ended, mask, p.argMax(x, { axis: 2 }));
  const scores = p.where(ended, 0, p.reduceMax(x, { axes: [2] }));
  if (mergeRepeated && steps > 1) {
    const equal = p.equal(sliceAxis(labels, 1, 1, steps - 1, 1), sliceAxis(labels, 1, 0, steps - 1, 1));
    const repeats = p.concat([p.full([batch, 1], 0, "bool"), equal], { axis: 1 });
    labels = p.where(repeats, mask, labels);
  }
  const blank = p.equal(labels, mask);
  // Labels to the front, in their order.
  const places = p.where(blank, steps, p.iota({ shape: [batch, steps], axis: 1, dtype: "int32" }));
  const order = p.argSort(places, { axis: 1 });
  const packed = p.takeAlong(p.where(blank, -1, labels), order, 1);
  const total = p.neg(p.reduceSum(scores, { axes: [1] }));
  return [p.reshape(packed, { shape: [1, batch, steps] }), p.reshape(total, { shape: [batch, 1] })];
}

const none = -1;
const lowest = Number.NEGATIVE_INFINITY;
const takeRows = (rows: Tensor, at: Tensor): Tensor => {
  // [B, R, T] at [B, M] -> [B, M, T]
  const [batch, count] = at.shape as readonly [number, number];
  const first = p.iota({ shape: [batch, count, 1], axis: 0, dtype: "int32" });
  return p.gatherNd(rows, p.concat([first, p.reshape(at, { shape: [batch, count, 1] })], { axis: 2 }));
};

/** Equal paths found: each is one group, groups in the order of their paths. */
interface Groups {
  /** `[B, R]`: the group of each sorted row. */
  readonly group: Tensor;
  /** `[B, R]`: which row stands at each sorted place. */
  readonly order: Tensor;
  /** `[B, M]` groups to their paths `[B, M, T]`; groups that there are not have the empty path. */
  readonly paths: (groups: Tensor) => Tensor;
}
/** Rows of `paths` `[B, R, T]`, integers from -1 below `classes`, sorted and grouped. */
function groupPaths(paths: Tensor, classes: number): Groups {
  const [batch, rows, steps] = paths.shape as readonly [number, number, number];
  // As many labels as fit into 24 bits (exact in float32 too) are one key; the last key is sorted first.
  const perKey = Math.max(1, Math.floor(24 / Math.log2(classes + 1)));
  let order = p.iota({ shape: [batch, rows], axis: 1, dtype: "int32" });
  const keys: Tensor[] = [];
  for (let start = 0; start < steps; start += perKey) {
    const digits = sliceAxis(paths, 2, start, Math.min(perKey, steps - start), 1);
    const count = digits.shape[2] as number;
    const places = Int32Array.from({ length: count }, (_, i) => (classes + 1) ** (count - 1 - i));
    keys.push(p.reduceSum(p.mul(p.add(digits, 1), convertToTensor(places)), { axes: [2] }));
  }
  for (const key of [...keys].reverse()) {
    order = p.takeAlong(order, p.argSort(p.takeAlong(key, order, 1), { axis: 1 }), 1);
  }
  const differs = keys
    .map((key) => {
      const sorted = p.takeAlong(key, order, 1);
      return p.notEqual(sliceAxis(sorted, 1, 1, rows - 1, 1), sliceAxis(sorted, 1, 0, rows - 1, 1));
    })
    .reduce((a, b) => p.or(a, b));
  const opens = p.concat([p.full([batch, 1], 0, "int32"), castTo(differs, "int32")], { axis: 1 });
  const group = p.cumSum(opens, { axis: 1, reverse: false });
  const empty = p.full([batch, 1, steps], none, "int32");
  const table = p.concat([paths, empty], { axis: 1 });
  // Equal rows are the same: whichever is written stands for its group.
  const firsts = p.scatterNd(p.full([batch, rows], rows, "int32"), placesOf(group), order, { mode: "min" });
  return { group, order, paths: (groups) => takeRows(table, p.takeAlong(firsts, groups, 1)) };
}
const placesOf = (columns: Tensor): Tensor => {
  const shape = [...columns.shape, 1];
  return p.concat([p.iota({ shape, axis: 0, dtype: "int32" }), p.reshape(columns, { shape })], { axis: 2 });
};
/** `log sum e^score` of each group, -inf where there is nothing. */
function mergeScores({ group, order }: Groups, scores: Tensor): Tensor {
  const rows = scores.shape[1] as number;
  const top = p.reshape(p.reduceMax(scores, { axes: [1] }), { shape: [scores.shape[0] as number, 1] });
  const powers = p.exp(p.sub(p.takeAlong(scores, order, 1), top));
  const start = p.full([scores.shape[0] as number, rows], 0, scores.dtype);
  return p.add(p.log(p.scatterNd(start, placesOf(group), powers, { mode: "add" })), top);
}
/** `log(e^a + e^b)`, also of -inf. */
function logSum(a: Tensor, b: Tensor): Tensor {
  const top = p.max(a, b);
  const distance = p.sub(p.min(a, b), top);
  return p.where(p.equal(top, lowest), lowest, p.add(top, p.log1p(p.exp(distance))));
}
const bestOf = (scores: Tensor, count: number): Tensor => {
  const n = scores.shape[1] as number;
  return sliceAxis(p.argSort(scores, { axis: 1 }), 1, n - count, count, 1);
};

/** Beams: `[B, 2W, T]` paths, each twice: with the probability of having ended in a label, and in a blank. */
type Beams = readonly [paths: Tensor, scores: Tensor, blank: Tensor];

function beamSearch(
  given: Tensor,
  ended: Tensor,
  maskIndex: number,
  width: number,
  topPaths: number,
): [Tensor, Tensor] {
  const [batch, steps, classes] = given.shape as readonly [number, number, number];
  // Classes backwards: of equal scores the lower class then wins, as the order of paths decides.
  const logs = p.reverse(p.logSoftmax(given, { axes: [2] }), { axes: [2] });
  const mask = classes - maskIndex - 1;
  const beams = firstBeams(sliceAxis(logs, 1, 0, 1, 1), mask, width, steps);
  const timeFirst = { permutation: [1, 0, 2] };
  const rest = p.transpose(sliceAxis(logs, 1, 1, steps - 1, 1), timeFirst);
  const over = p.transpose(sliceAxis(ended, 1, 1, steps - 1, 1), { permutation: [1, 0] });
  const walked: Beams =
    steps === 1
      ? beams
      : scan(
          (before: Beams, x) => {
            const [log, done] = x as readonly [Tensor, Tensor];
            const after = prune(extend(before, log, mask), width, classes);
            const keep = (old: Tensor, fresh: Tensor): Tensor =>
              p.where(p.reshape(done, { shape: [batch, ...fresh.shape.slice(1).map(() => 1)] }), old, fresh);
            return [before.map((old, i) => keep(old, after[i] as Tensor)), null];
          },
          beams,
          { xs: [rest, over] },
        )[0];
  const groups = groupPaths(walked[0], classes);
  const totals = mergeScores(groups, walked[1]);
  const best = p.reverse(bestOf(totals, Math.min(topPaths, 2 * width)), { axes: [1] });
  const paths = groups.paths(best);
  const forwards = p.where(p.equal(paths, none), none, p.sub(classes - 1, paths));
  return [p.transpose(forwards, timeFirst), p.takeAlong(totals, best, 1)];
}

function firstBeams(logs: Tensor, mask: number, width: number, steps: number): Beams {
  const [batch, , classes] = logs.shape as readonly [number, number, number];
  const row = p.reshape(logs, { shape: [batch, classes] });
  const count = Math.min(classes, width);
  const best = bestOf(row, count);
  const labels = p.reshape(p.where(p.equal(best, mask), none, best), { shape: [batch, count, 1] });
  const missing = [0, 2 * width - count];
  const widen = (x: Tensor, value: number, high: readonly number[]): Tensor =>
    high.reduce((y, n, axis) => {
      if (n === 0) return y;
      const shape = y.shape.map((size, i) => (i === axis ? n : size));
      return p.concat([y, p.full(shape, value, y.dtype)], { axis });
    }, x);
  const paths = widen(labels, none, [...missing, steps - 1]);
  const scores = widen(p.takeAlong(row, best, 1), lowest, missing);
  const first = p.reshape(sliceAxis(paths, 2, 0, 1, 1), { shape: [batch, 2 * width] });
  return [paths, scores, p.equal(first, none)];
}

/** Every beam followed by every class. */
function extend([paths, scores, blank]: Beams, logs: Tensor, mask: number): Beams {
  const [batch, beams, steps] = paths.shape as readonly [number, number, number];
  const classes = logs.shape[1] as number;
  const place = p.iota({ shape: [1, 1, steps], axis: 2, dtype: "int32" });
  const length = p.reduceSum(castTo(p.notEqual(paths, none), "int32"), { axes: [2] });
  const column = p.reshape(length, { shape: [batch, beams, 1] });
  // The last label: 0 stands for none, as labels are counted from 1 here.
  const atEnd = p.equal(place, p.sub(column, 1));
  const tail = p.sub(p.reduceSum(p.where(atEnd, p.add(paths, 1), 0), { axes: [2] }), 1);
  const all = p.iota({ shape: [1, 1, classes], axis: 2, dtype: "int32" });
  const isMask = p.equal(all, mask);
  const label = p.where(isMask, none, all);
  const over = (x: Tensor): Tensor => p.reshape(x, { shape: [batch, beams, 1] });
  // A label again, without a blank between: still the same one.
  const repeated = p.and(p.not(over(blank)), p.equal(over(tail), label));
  const added = p.where(repeated, none, p.broadcastTo(label, { shape: [batch, beams, classes] }));
  const wide = (x: Tensor, shape: readonly number[]): Tensor =>
    p.broadcastTo(p.reshape(x, { shape }), { shape: [batch, beams, classes, steps] });
  const here = wide(p.equal(place, column), [batch, beams, 1, steps]);
  const longer = p.where(here, wide(added, [batch, beams, classes, 1]), wide(paths, [batch, beams, 1, steps]));
  const rows = { shape: [batch, beams * classes] };
  const total = p.add(over(scores), p.reshape(logs, { shape: [batch, 1, classes] }));
  return [
    p.reshape(longer, { shape: [batch, beams * classes, steps] }),
    p.reshape(total, rows),
    p.reshape(p.broadcastTo(isMask, { shape: [batch, beams, classes] }), rows),
  ];
}

/** The best `width` paths, equal ones merged. */
function prune([paths, scores, blank]: Beams, width: number, classes: number): Beams {
  const batch = paths.shape[0] as number;
  const groups = groupPaths(paths, classes);
  const emitted = mergeScores(groups, p.where(blank, lowest, scores));
  const blanked = mergeScores(groups, p.where(blank, scores, lowest));
  const best = bestOf(logSum(emitted, blanked), width);
  const kept = groups.paths(best);
  const [one, other] = [emitted, blanked].map((x) => p.takeAlong(x, best, 1)) as [Tensor, Tensor];
  const flags = [0, 1].map((value) => p.full([batch, width], value, "bool"));
  return [p.concat([kept, kept], { axis: 1 }), p.concat([one, other], { axis: 1 }), p.concat(flags, { axis: 1 })];
}
