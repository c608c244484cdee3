// Householder's QR by panels of columns: a panel is reflected step by step, and acts on all else as one product.
import { primitives as p, range, type Tensor } from "@keras-ts/core/backend";
import { identity, index, loop, padded, part, places, type Step, transposed, zeros } from "./matrices.ts";
import { inverseOfLower } from "./triangular.ts";

/** `I - U T U^T`, the product of the reflections of a panel. */
interface Reflector {
  readonly u: Tensor;
  readonly t: Tensor;
}

// H = I + c u u^T with u = x - beta e, c = 1 / (beta (alpha - beta)) and LAPACK's sign of beta; nothing where x has one element.
function reflectPanel(a: Tensor): Reflector & { readonly r: Tensor } {
  const [batch, m, n] = a.shape as [number, number, number];
  const k = Math.min(m, n);
  const place = places([m, 1], range(m));
  const scalars = [batch, 1, 1];
  const step: Step = ([matrix], j) => {
    const x = matrix as Tensor;
    const column = p.take(x, j, { axis: 2 });
    const alpha = p.take(column, j, { axis: 1 });
    const below = p.where(p.greater(place, j), column, 0);
    const tail = p.reshape(p.reduceSum(p.mul(below, below), { axes: [1] }), { shape: scalars });
    const length = p.sqrt(p.add(p.mul(alpha, alpha), tail));
    const beta = p.where(p.less(alpha, 0), length, p.neg(length));
    const head = p.sub(alpha, beta);
    const factor = p.where(p.equal(tail, 0), 0, p.div(1, p.mul(beta, head)));
    const u = p.where(p.equal(place, j), head, below);
    const along = p.mul(p.matmul(p.reshape(u, { shape: [batch, 1, m] }), x), factor);
    return [p.add(x, p.mul(u, along)), u, factor];
  };
  const [r, us, factors] = loop(k, [a], step) as [Tensor, Tensor, Tensor];
  const u = p.transpose(p.reshape(us, { shape: [k, batch, m] }), { permutation: [1, 2, 0] });
  const c = p.transpose(p.reshape(factors, { shape: [k, batch] }), { permutation: [1, 0] });
  // T = (D - upper(U^T U))^-1 with D = diag(-1 / c), without dividing by c.
  const size = 2 ** Math.ceil(Math.log2(k));
  const products = p.mul(p.matmul(transposed(u), u), p.neg(p.reshape(c, { shape: [batch, 1, k] })));
  const inverse = transposed(inverseOfLower(padded(products, size - k, size - k), true));
  const t = p.mul(part(part(inverse, 0, k, 1), 0, k, 2), p.neg(p.reshape(c, { shape: [batch, 1, k] })));
  return { r, u, t };
}

const reflected = (x: Tensor, { u, t }: Reflector, backwards: boolean): Tensor =>
  p.sub(x, p.matmul(u, p.matmul(backwards ? transposed(t) : t, p.matmul(transposed(u), x))));

// At most eight panels.
const panelOf = (k: number): number => Math.max(32, Math.ceil(k / 8));

/** `q r = a` `[B, m, n]` with LAPACK's signs; `q` `[B, m, m]` or, not in full, `[B, m, min(m, n)]`. */
export function qr(a: Tensor, fullMatrices: boolean): Tensor[] {
  const [batch, m, n] = a.shape as [number, number, number];
  const k = Math.min(m, n);
  const width = panelOf(k);
  const panels: Reflector[] = [];
  const rows: Tensor[] = [];
  let rest = a;
  for (let from = 0; from < k; from += width) {
    const own = Math.min(width, k - from);
    const { r, ...reflector } = reflectPanel(part(rest, 0, own, 2));
    panels.push(reflector);
    const right = part(rest, own, n - from, 2);
    const moved = n - from === own ? [] : [reflected(right, reflector, true)];
    const both = [part(r, 0, own, 1), ...moved.map((x) => part(x, 0, own, 1))];
    const left = from === 0 ? [] : [zeros([batch, own, from])];
    rows.push(p.concat([...left, ...both], { axis: 2 }));
    if (moved[0] !== undefined && m - from > own) rest = part(moved[0], own, m - from, 1);
  }
  const top = p.concat(rows, { axis: 1 });
  const upper = p.where(p.less(index(top, 2), index(top, 1)), 0, top);
  const count = fullMatrices ? m : k;
  let q = part(identity(batch, m), 0, count, 2);
  for (const [i, panel] of [...panels.entries()].reverse()) {
    const from = i * width;
    const moved = reflected(part(q, from, m, 1), panel, false);
    q = from === 0 ? moved : p.concat([part(q, 0, from, 1), moved], { axis: 1 });
  }
  return [q, count > k ? padded(upper, count - k, 0) : upper];
}
