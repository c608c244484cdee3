// What Keras declares for linear algebra on symbolic tensors: an unknown size equals no known one.
import type { SymbolicShape } from "../aval/index.ts";
import {
  type Declarations,
  type Declare,
  dtypeOf,
  inDtypeOfFirst,
  like,
  refuse,
  several,
  shapeOf,
} from "./declared-core.ts";
import { KerasTensor } from "./keras-tensor.ts";

const mustBeSquare = (name: string, shape: SymbolicShape): void => {
  if (shape.at(-1) !== shape.at(-2)) refuse(name, "the input must be square matrices [..., M, M]", shape);
};
const square =
  (name: string): Declare =>
  ([x], traced) => {
    mustBeSquare(name, shapeOf(x));
    return traced();
  };
// The result is declared as the right side, also where the batch of `a` is larger.
const system =
  (name: string): Declare =>
  ([a, b], traced) => {
    const [left, right] = [shapeOf(a), shapeOf(b)];
    mustBeSquare(name, left);
    const same = left.length === right.length && left.at(-2) !== right.at(-2);
    const longer = left.length === right.length - 1 && left.at(-1) !== right.at(-1);
    if (same || longer) refuse(name, "a [..., M, M] and b must have the same M", left, right);
    return new KerasTensor(right, { dtype: traced().dtype });
  };

/** By public name. */
export const linalgDeclarations: Declarations = {
  ...Object.fromEntries(
    ["cholesky", "choleskyInverse", "det", "eigh", "inv"].map((name) => [name, square(name)] as const),
  ),
  solve: system("solve"),
  solveTriangular: system("solveTriangular"),
  qr: (args, traced) => {
    const shape = shapeOf(args[0]);
    if (shape.slice(-2).includes(null)) refuse("qr", "the last two sizes must be known", shape);
    return traced();
  },
  // The row numbers are declared in the dtype of the matrix, and computed as int32.
  luFactor: (_, traced) => {
    const [factors, pivots] = several(traced) as readonly [KerasTensor, KerasTensor];
    return [factors, like(pivots, pivots.shape, factors.dtype)];
  },
  lstsq: ([a, b], traced) => {
    const made = traced();
    const [left, right] = [shapeOf(a), shapeOf(b)];
    if (left[0] !== right[0]) refuse("lstsq", "a [M, N] and b must have the same M", left, right);
    return like(made, made.shape, dtypeOf(a));
  },
  pinv: inDtypeOfFirst,
};
