// Matrix products.
import {
  type Aval,
  isFloat,
  type Kernel,
  type KernelTable,
  type ParamsOf,
  range,
  sizeOf,
} from "@keras-ts/core/backend";
import type { Engine, Tensor } from "../engine.ts";
import { joined, otherAxes, reshaped, sliced, transposed } from "./structural.ts";

export type ContractionTable = Pick<KernelTable<Tensor>, "dotGeneral">;

export function contractions(e: Engine): ContractionTable {
  return { dotGeneral: dotGeneral(e) };
}

// wasm multiplies fast only whole matrices that are not transposed: 0.07 ns for each product, not 0.9. Each such call takes 15 us to
// prepare, and 3 ns for each element of the right matrix.
const isWorthOwnCall = (rows: number, inner: number, columns: number): boolean =>
  rows * inner * columns > 2 ** 14 + 4 * inner * columns;

/** An operand of a product. */
export interface Side {
  readonly x: Tensor;
  readonly transposed: boolean;
}

// The operand as [batch, rows, columns], or with rows and columns swapped and `transposed` set, whichever needs no copy.
function arrange(e: Engine, x: Tensor, axes: readonly [batch: number[], rows: number[], columns: number[]]): Side {
  const sizes = axes.map((part) => sizeOf(part.map((axis) => x.shape[axis] as number))) as [number, number, number];
  const [batch, rows, columns] = axes;
  const inPlace = (order: readonly number[]): boolean => {
    const long = order.filter((axis) => x.shape[axis] !== 1);
    return long.every((axis, i) => i === 0 || axis > (long[i - 1] as number));
  };
  if (inPlace([...batch, ...rows, ...columns])) return { x: reshaped(e, x, sizes), transposed: false };
  if (inPlace([...batch, ...columns, ...rows])) {
    return { x: reshaped(e, x, [sizes[0], sizes[2], sizes[1]]), transposed: true };
  }
  return { x: reshaped(e, transposed(e, x, [...batch, ...rows, ...columns]), sizes), transposed: false };
}

/** Both operands of a product as matrices: `[batch, m, k]` and `[batch, k, n]`, unless `transposed` says that the last two are swapped. */
export function arrangeBoth(e: Engine, a: Tensor, b: Tensor, params: ParamsOf<"dotGeneral">): readonly [Side, Side] {
  const { lhsContract, rhsContract, lhsBatch, rhsBatch } = params;
  const [batchA, batchB] = [[...lhsBatch], [...rhsBatch]];
  const [innerA, innerB] = [[...lhsContract], [...rhsContract]];
  return [
    arrange(e, a, [batchA, otherAxes(a.rank, [...batchA, ...innerA]), innerA]),
    arrange(e, b, [batchB, innerB, otherAxes(b.rank, [...batchB, ...innerB])]),
  ];
}

/** Product of `[batch, m, k]` and `[batch, k, n]` matrices. */
export function product(e: Engine, a: Tensor, b: Tensor, transposeA = false, transposeB = false): Tensor {
  const planned = e.device === "wasm" && b.shape[0] === 1 && !transposeA && !transposeB;
  return e.run("BatchMatMul", { a, b: planned ? unmistakable(e, b) : b }, { transposeA, transposeB });
}

// wasm remembers how it multiplied by a matrix by the place of its values alone: the same values in another shape would be taken
// for the first one, and results written past their end. Such a matrix is copied.
const remembered = new WeakMap<object, number>();
function unmistakable(e: Engine, b: Tensor): Tensor {
  const rows = b.shape[1] as number;
  const known = remembered.get(b.dataId) ?? rows;
  if (known === rows) remembered.set(b.dataId, rows);
  return known === rows ? b : e.make(e.read(b), b.shape, "float32");
}

function dotGeneral(e: Engine): Kernel<"dotGeneral", Tensor> {
  const own = e.own("dotGeneral");
  return (inputs, params, avals) => {
    const [a, b] = inputs as readonly [Tensor, Tensor];
    const { shape, dtype } = avals.outs[0] as Aval;
    if (a.size === 0 || b.size === 0) return e.fill(shape, 0, dtype);
    if (!isFloat(dtype)) return own(inputs, params, avals);
    const batch = sizeOf(params.lhsBatch.map((axis) => a.shape[axis] as number));
    const k = sizeOf(params.lhsContract.map((axis) => a.shape[axis] as number));
    const [rows, columns] = [a.size / batch / k, b.size / batch / k];
    const alone = e.device === "wasm" && (batch === 1 || isWorthOwnCall(rows, k, columns));
    return e.scoped(() => {
      const [left, right] = arrangeBoth(e, a, b, params);
      if (!alone) return reshaped(e, product(e, left.x, right.x, left.transposed, right.transposed), shape);
      const turned = (x: Tensor): Tensor => transposed(e, x, [0, 2, 1]);
      // Whichever of the matrices costs less to turn and to prepare: A B = (B^T A^T)^T
      if (batch === 1 && right.transposed && !left.transposed && 2 * a.size + rows * columns < 2 * b.size)
        return reshaped(e, turned(product(e, right.x, turned(left.x))), shape);
      const [x, y] = [left, right].map((side) => (side.transposed ? turned(side.x) : side.x)) as [Tensor, Tensor];
      if (batch === 1) return reshaped(e, product(e, x, y), shape);
      const one = (t: Tensor, i: number): Tensor =>
        sliced(e, t, [i, 0, 0], [1, t.shape[1] as number, t.shape[2] as number], [1, 1, 1]);
      const parts = range(batch).map((i) => product(e, one(x, i), one(y, i)));
      return reshaped(e, joined(e, parts, 0), shape);
    });
  };
}
