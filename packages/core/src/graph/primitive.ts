import { type Aval, castData, type DType } from "../aval/index.ts";
import { complain, ShapeError, showShape } from "../errors/index.ts";
import { literal, type Params, Tensor } from "./tensor.ts";

/** What a differentiation rule sees: cotangents `gs` of the outputs (`g` is the first), the inputs and outputs, the static arguments. */
export interface VjpContext<P> {
  readonly g: Tensor;
  readonly gs: readonly Tensor[];
  readonly inputs: readonly Tensor[];
  readonly out: Tensor;
  readonly outs: readonly Tensor[];
  readonly params: P;
}
/** One cotangent for each input; `null` where nothing flows. Broadcasting is undone by the caller. */
export type VjpRule<P> = (context: VjpContext<P>) => readonly (Tensor | null)[];

/** A primitive as the graph knows it. */
export interface Definition<P extends Params = Params> {
  readonly name: string;
  /** The one place where output shapes and dtypes are decided, and where bad input is refused. */
  readonly infer: (inputs: readonly Aval[], params: P) => readonly Aval[];
  /** `"none"`: outputs do not depend on the inputs in a differentiable way. */
  readonly vjp: VjpRule<P> | "none";
  /** Composites: the meaning in terms of primitives. A backend may have its own kernel instead. */
  readonly body?: (inputs: readonly Tensor[], params: P) => readonly Tensor[];
  /** Composites whose parts cancel: on halves the body is taken, whose steps round as Keras', not a kernel that rounds once. */
  readonly stepwiseHalves?: true;
}

/** `lowered`: a primitive that a pass of core writes in terms of others, so that engines never see it. */
export type Kind = "primitive" | "composite" | "control" | "lowered";
/** Marks what a graph function is, for the mapped types of the backend contract. */
export interface Marked<P extends Params, K extends Kind> {
  readonly definition: Definition<P>;
  readonly kind: K;
}

/** An operand of a rule: numbers take the dtype of the tensor beside them. */
export type Arg = Tensor | number;
export type None = Readonly<Record<never, never>>;
export type Unary<K extends Kind = "primitive"> = ((x: Tensor) => Tensor) & Marked<None, K>;
export type Binary<K extends Kind = "primitive"> = ((a: Arg, b: Arg) => Tensor) & Marked<None, K>;
export type Configured<P extends Params, K extends Kind = "primitive"> = ((x: Tensor, params: P) => Tensor) &
  Marked<P, K>;

/** Applies a definition: checks and shapes now, values later. */
export function apply<P extends Params>(
  definition: Definition<P>,
  inputs: readonly Tensor[],
  params: P,
): readonly Tensor[] {
  const outs = definition.infer(inputs, params);
  for (const { shape } of outs) if (!shape.every(isSize)) throw badSizes(definition.name, shape);
  const node = { definition: definition as unknown as Definition, inputs, params, outs };
  const tracked = inputs.some((x) => x.tracked);
  return outs.map((aval, index) => new Tensor(aval, { kind: "op", node, index }, tracked));
}

const isSize = (n: number): boolean => n >= 0 && Number.isInteger(n);
function badSizes(name: string, shape: readonly number[]): ShapeError {
  const must = "sizes of the result must be whole numbers, at least 0";
  const todo = "Check the sizes and counts among the arguments";
  return new ShapeError(complain(name, { must, got: showShape(shape), todo }));
}

/** Like `apply` for definitions with one output. */
export function apply1<P extends Params>(definition: Definition<P>, inputs: readonly Tensor[], params: P): Tensor {
  return apply(definition, inputs, params)[0] as Tensor;
}

/** Attaches a definition to the function that applies it. */
export function marked<Call extends (...args: never[]) => unknown, P extends Params, K extends Kind>(
  call: Call,
  kind: K,
  definition: Definition<P>,
): Call & Marked<P, K> {
  return Object.assign(call, { definition, kind });
}

/** A scalar of the given dtype. */
export function scalar(value: number, dtype: DType): Tensor {
  return literal({ shape: [], dtype, data: castData([value], dtype, "float64") });
}

/** Numbers beside tensors become scalars of the tensors' dtype. */
export function operands(...args: readonly Arg[]): Tensor[] {
  const dtype = args.find((a): a is Tensor => typeof a !== "number")?.dtype ?? "float32";
  return args.map((a) => (typeof a === "number" ? scalar(a, dtype) : a));
}
