// What the rules of declared results share.
import { type DType, type SymbolicShape, sameShape } from "../aval/index.ts";
import { complain, ShapeError, showShape } from "../errors/index.ts";
import { Tensor } from "../graph/index.ts";
import { convertToTensor, type TensorLike } from "./convert-core.ts";
import { isSymbolic, KerasTensor } from "./keras-tensor.ts";

export type Args = readonly unknown[];
/** `traced` gives the results of tracing, with other arguments if they are given; what is returned is declared. */
export type Declare = (args: Args, traced: (instead?: Args) => KerasTensor) => unknown;
/** By public name of the op. */
export type Declarations = Readonly<Record<string, Declare>>;

export const shapeOf = (x: unknown): SymbolicShape =>
  isSymbolic(x) || x instanceof Tensor ? x.shape : convertToTensor(x as TensorLike).shape;
export const dtypeOf = (x: unknown): DType =>
  isSymbolic(x) || x instanceof Tensor ? x.dtype : convertToTensor(x as TensorLike).dtype;
export const option = (args: Args, name: string): unknown => (args.at(-1) as Readonly<Record<string, unknown>>)?.[name];
export const like = (made: KerasTensor, shape: SymbolicShape, dtype: string = made.dtype): KerasTensor =>
  new KerasTensor(shape, { dtype });
export const unknownWhere = (made: KerasTensor, test: (axis: number) => boolean): KerasTensor =>
  like(
    made,
    made.shape.map((size, i) => (test(i) ? null : size)),
  );
/** A tensor whose last axis can only have the given size. */
export const knownLast = (x: unknown, size: number): unknown =>
  isSymbolic(x) && x.shape.at(-1) === null ? like(x, [...x.shape.slice(0, -1), size]) : x;
/** The results of an op with several, traced. */
export const several = (traced: () => KerasTensor): readonly KerasTensor[] =>
  traced() as unknown as readonly KerasTensor[];

/** Sizes that the first argument does not know stay unknown, though another argument would tell them. */
export const asFirst: Declare = ([x], traced) => {
  const made = traced();
  const shape = shapeOf(x);
  return shape.length === made.shape.length ? unknownWhere(made, (i) => shape[i] === null) : made;
};
/** One dtype, whatever the input has. */
export const always =
  (dtype: DType): Declare =>
  (_, traced) =>
    like(traced(), traced().shape, dtype);
/** The dtype of the first argument, also where another one is computed. */
export const inDtypeOfFirst: Declare = ([x], traced) => {
  const made = traced() as KerasTensor | readonly KerasTensor[];
  const inDtype = (one: KerasTensor): KerasTensor => like(one, one.shape, dtypeOf(x));
  return made instanceof KerasTensor ? inDtype(made) : made.map(inDtype);
};

export function refuse(name: string, must: string, ...shapes: readonly SymbolicShape[]): never {
  const todo = "Give the input its full shape";
  throw new ShapeError(complain(name, { must, got: shapes.map(showShape).join(" and "), todo }));
}
/** Symbolic shapes must be the same; an unknown size equals no known one. */
export function mustEqual(name: string, a: SymbolicShape, b: SymbolicShape, what: string): void {
  if (sameShape(a, b)) return;
  const todo = "Give both the same sizes, known or unknown";
  throw new ShapeError(complain(name, { must: what, got: `${showShape(a)} and ${showShape(b)}`, todo }));
}
