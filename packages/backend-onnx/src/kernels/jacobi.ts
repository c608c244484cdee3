// Eigenvalues of symmetric matrices and singular values, by rotations of rows: of all pairs at once, then pair by pair.
import { Graph, primitives as p, placeholder, range, scalar, type Tensor } from "@keras-ts/core/backend";
import {
  asColumn,
  asRow,
  identity,
  index,
  loop,
  padded,
  part,
  places,
  rowsAt,
  type Step,
  transposed,
} from "./matrices.ts";
import { qr } from "./reflections.ts";
import { cholesky } from "./triangular.ts";

const dot = (x: Tensor, y: Tensor): Tensor => p.reduceSum(p.mul(x, y), { axes: [2] });

/** Of the angle that makes two rows orthogonal: the smaller root of `t^2 + t gap / cross = 1`, with the gap of their squared lengths. */
function tangentOf(gap: Tensor, cross: Tensor): Tensor {
  const twice = p.mul(cross, 2);
  const length = p.sqrt(p.add(p.mul(gap, gap), p.mul(twice, twice)));
  const sum = p.add(gap, p.where(p.less(gap, 0), p.neg(length), length));
  return p.div(twice, p.where(p.equal(sum, 0), 1, sum));
}

const MOST_SWEEPS = 40;
// Cosines between rows below which they count as orthogonal: a sixtieth of what rounding to float32 does.
const SMALL = 1e-9;

/**
 * One-sided Jacobi: rows `[B, n, w]` turned in pairs until they are orthogonal.
 * In a round every row meets one other: those in the upper half those in the lower, which then move on around the first, as in a
 * tournament; after `n - 1` rounds all pairs have met, and all are in their places again. Sources: Hestenes 1958; Brent and Luk 1985.
 */
function orthogonalise(given: Tensor): Tensor {
  const count = given.shape[1] as number;
  if (count === 1) return given;
  const isLarge = count >= MANY;
  const rows = isLarge ? turnedTogether(given) : given;
  // A row of zeros makes an odd number even.
  const even = padded(rows, count % 2, 0);
  const half = (even.shape[1] as number) / 2;
  const upper = half === 1 ? [0] : [0, half, ...range(half - 2).map((i) => i + 1)];
  const lower = half === 1 ? [1] : [...range(half - 1).map((i) => half + 1 + i), half - 1];
  const [up, low] = [places([half], upper), places([half], lower)];
  const round: Step = ([matrix, squares]) => {
    const of = (x: Tensor | undefined, at: Tensor): Tensor => p.take(x as Tensor, at, { axis: 1 });
    const [x, y, a, b] = [of(matrix, up), of(matrix, low), of(squares, up), of(squares, low)];
    const cross = asColumn(dot(x, y));
    const tangent = tangentOf(p.sub(b, a), cross);
    const cosine = p.rsqrt(p.add(p.mul(tangent, tangent), 1));
    const sine = p.mul(tangent, cosine);
    const change = p.mul(tangent, cross);
    return [
      p.concat([p.sub(p.mul(x, cosine), p.mul(y, sine)), p.add(p.mul(x, sine), p.mul(y, cosine))], { axis: 1 }),
      p.concat([p.sub(a, change), p.add(b, change)], { axis: 1 }),
    ];
  };
  const start = [even, isLarge ? cosines(squaresOf(even)) : p.full([], 1, "float64"), p.full([], 0, "int32")];
  const state = (): Tensor[] => start.map((x) => placeholder(x));
  const tested = state();
  const running = p.and(p.greater(tested[1] as Tensor, SMALL * SMALL), p.less(tested[2] as Tensor, MOST_SWEEPS));
  const inside = state();
  const [before, , sweep] = inside as [Tensor, Tensor, Tensor];
  const [after] = loop(2 * half - 1, [before, asColumn(dot(before, before))], round) as [Tensor];
  const body = new Graph(inside, [after, cosines(squaresOf(after)), p.add(sweep, 1)]);
  const [turned] = p.whileLoop(start, { condition: new Graph(tested, [running]), body, numConsts: 0 }) as [Tensor];
  return part(turned, 0, count, 1);
}

const squaresOf = (rows: Tensor): Tensor => p.matmul(rows, transposed(rows));

// The largest squared cosine between rows, from their products; those that are nothing beside the others have no direction.
function cosines(products: Tensor): Tensor {
  const own = p.equal(index(products, 1), index(products, 2));
  const squares = p.reduceSum(p.where(own, products, 0), { axes: [2] });
  const least = p.mul(p.reduceSum(squares, { axes: [1] }), 1e-30);
  const known = p.greater(squares, p.reshape(least, { shape: [least.shape[0] as number, 1] }));
  const inverse = p.where(known, p.div(1, p.where(known, squares, 1)), 0);
  const all = p.mul(p.mul(p.mul(products, products), asColumn(inverse)), asRow(inverse));
  return p.reduceMax(p.where(own, 0, all), { axes: [0, 1, 2] });
}

/** Rows from which on steps that are products cost less than rounds of pairs. */
const MANY = 32;
/** The most that all pairs are turned together, as a norm: what Newton's steps below make orthogonal again. */
const MOST_TURN = 1.3;
/** Steps in float32 end where cosines are below the first, those in float64 where they are below `SMALL`; and each after so many. */
const NEAR = 1e-3;
const [MOST_NARROW, MOST_WIDE] = [24, 8];

// X (3 - X^T X) / 2, twice: the orthogonal matrix next to one that nearly is. Source: Bjoerck and Bowie 1971.
function straightened(x: Tensor, times = 2): Tensor {
  let y = x;
  for (let i = 0; i < times; i++) y = p.sub(p.mul(y, 1.5), p.mul(p.matmul(squaresOf(y), y), 0.5));
  return y;
}

/**
 * Steps towards orthogonal `turn rows`: every pair asks for the angle of its own rotation; as one skew matrix S, made no larger than
 * `MOST_TURN`, they turn all rows at once by about `e^S`. Few steps do what sweeps of rounds do, all of them products; where many singular
 * values are equal it takes more of them, and sweeps do the rest.
 */
function turns(first: Tensor, rows: Tensor, limit: number, most: number): Tensor {
  const { dtype } = rows;
  const fixed = placeholder(rows);
  const start = [first, p.full([], 1, dtype), p.full([], 0, "int32")];
  const [before, measure, count] = start.map((x) => placeholder(x)) as [Tensor, Tensor, Tensor];
  const isOn = p.and(p.greater(measure, limit * limit), p.less(count, most));
  const products = squaresOf(p.matmul(before, fixed));
  const upper = p.less(index(products, 1), index(products, 2));
  const own = p.equal(index(products, 1), index(products, 2));
  const squares = p.reduceSum(p.where(own, products, 0), { axes: [2] });
  const gap = p.sub(asRow(squares), asColumn(squares));
  const tangent = tangentOf(gap, products);
  // Its arctangent, to a hundredth.
  const angle = p.div(tangent, p.add(p.mul(p.mul(tangent, tangent), 0.28), 1));
  const angles = p.where(upper, angle, 0);
  const skew = p.sub(transposed(angles), angles);
  const square = p.matmul(skew, skew);
  // At least the largest singular value of S.
  const norm = p.sqrt(p.sqrt(p.reduceSum(p.mul(square, square), { axes: [1, 2] })));
  const factor = p.reshape(p.div(MOST_TURN, p.max(norm, MOST_TURN)), { shape: [rows.shape[0] as number, 1, 1] });
  const turn = p.add(p.mul(skew, factor), p.mul(square, p.mul(p.mul(factor, factor), 0.5)));
  const after = straightened(p.add(before, p.matmul(turn, before)));
  const condition = new Graph([fixed, before, measure, count], [isOn]);
  const body = new Graph([fixed, before, measure, count], [after, cosines(products), p.add(count, 1)]);
  return p.whileLoop([rows, ...start], { condition, body, numConsts: 1 })[0] as Tensor;
}

// In float32 as far as that goes. If that came to nothing, the rows as they were.
function turnedTogether(rows: Tensor): Tensor {
  const [batch, n] = rows.shape as [number, number, number];
  const largest = p.reduceMax(p.abs(rows), { axes: [1, 2] });
  const scale = p.reshape(p.where(p.greater(largest, 0), largest, 1), { shape: [batch, 1, 1] });
  const unit = p.div(rows, scale);
  const one = identity(batch, n);
  const narrow = turns(p.cast(one, { dtype: "float32" }), p.cast(unit, { dtype: "float32" }), NEAR, MOST_NARROW);
  const turn = straightened(turns(straightened(p.cast(narrow, { dtype: "float64" })), unit, SMALL, MOST_WIDE));
  const error = p.reduceMax(p.abs(p.sub(squaresOf(turn), one)), { axes: [0, 1, 2] });
  return p.where(p.less(error, 1e-13 * n), p.matmul(turn, rows), rows);
}

/**
 * Of symmetric `a`, reading its lower triangle: with `a + shift = L L^T` positive definite, columns of `L` made orthogonal are the
 * eigenvectors, and their squared lengths the eigenvalues plus the shift. Source: Veselic and Hari 1989.
 */
export function eigh(a: Tensor): Tensor[] {
  const [batch, n] = a.shape as [number, number, number];
  const symmetric = p.where(p.greaterEqual(index(a, 1), index(a, 2)), a, transposed(a));
  const norm = p.reduceMax(p.reduceSum(p.abs(symmetric), { axes: [2] }), { axes: [1] });
  const shift = p.reshape(p.where(p.equal(norm, 0), 1, p.mul(norm, 2)), { shape: [batch, 1] });
  const raised = p.add(symmetric, p.mul(identity(batch, n), asColumn(shift)));
  const rows = orthogonalise(transposed(cholesky(raised)));
  const squares = dot(rows, rows);
  const values = p.sub(squares, shift);
  const order = p.argSort(values, { axis: 1 });
  const unit = p.mul(rows, asColumn(p.rsqrt(squares)));
  return [p.takeAlong(values, order, 1), transposed(rowsAt(unit, order))];
}

// Orthonormal columns beside those of `x` `[B, m, n]`, which are orthogonal or 0: reflections that leave their directions alone.
function completed(x: Tensor, fullMatrices: boolean): Tensor {
  const [batch, , n] = x.shape as [number, number, number];
  const [q, r] = qr(x, fullMatrices) as [Tensor, Tensor];
  const head = part(r, 0, n, 1);
  const signs = p.reduceSum(p.where(p.equal(index(head, 1), index(head, 2)), head, 0), { axes: [2] });
  const wanted = p.where(p.less(signs, 0), scalar(-1, "float64"), 1);
  const rest = p.full([batch, (q.shape[2] as number) - n], 1, "float64");
  return p.mul(q, asRow(rest.shape[1] === 0 ? wanted : p.concat([wanted, rest], { axis: 1 })));
}

/** Of `a = Q R`, rows of `R` made orthogonal: their lengths are the singular values, their directions `V`, and `a V` has those of `U`. */
export function svd(a: Tensor, fullMatrices: boolean): Tensor[] {
  const [batch, m, n] = a.shape as [number, number, number];
  if (m < n) {
    const [u, s, vh] = svd(transposed(a), fullMatrices) as [Tensor, Tensor, Tensor];
    return [transposed(vh), s, transposed(u)];
  }
  const turned = orthogonalise(qr(a, false)[1] as Tensor);
  const lengths = p.sqrt(dot(turned, turned));
  const order = p.argSort(p.neg(lengths), { axis: 1 });
  const values = p.takeAlong(lengths, order, 1);
  const largest = p.reshape(p.reduceMax(values, { axes: [1] }), { shape: [batch, 1] });
  const empty = p.lessEqual(values, p.mul(largest, 1e-14));
  const rows = p.where(asColumn(empty), 0, p.div(rowsAt(turned, order), asColumn(p.where(empty, 1, values))));
  const columns = transposed(rows);
  const given = placeholder(columns);
  const [v] = p.cond(p.reduceOr(empty, { axes: [0, 1] }), [columns], {
    then: new Graph([given], [completed(given, false)]),
    otherwise: new Graph([given], [given]),
  }) as [Tensor];
  return [completed(p.matmul(a, v), fullMatrices), values, transposed(v)];
}
