// One node over many steps at once: every changing operand gets a leading axis of steps.
import { range, type Shape, sameShape, sizeOf } from "../../aval/index.ts";
import { apply, type Node, type Params, type Tensor } from "../../graph/index.ts";
import * as elementwise from "../../primitives/elementwise.ts";
import * as p from "../../primitives/index.ts";

/** An operand: as it is, or one row for each step. */
export interface Operand {
  readonly tensor: Tensor;
  readonly stacked: boolean;
}

type Rule = (node: Node, operands: readonly Operand[], length: number) => Tensor | undefined;

const up = (axes: readonly number[]): number[] => axes.map((axis) => axis + 1);
const apply1 = (node: Node, inputs: readonly Tensor[], params: Params): Tensor =>
  apply(node.definition, inputs, params)[0] as Tensor;
const only = (operands: readonly Operand[]): Tensor => (operands[0] as Operand).tensor;

// Axes of size 1 between the steps and the rest, so that operands line up from the last axis.
function aligned({ tensor, stacked }: Operand, rank: number): Tensor {
  const missing = rank + 1 - tensor.ndim;
  if (!stacked || missing === 0) return tensor;
  const [steps, ...rest] = tensor.shape as readonly [number, ...number[]];
  return p.reshape(tensor, { shape: [steps, ...range(missing).map(() => 1), ...rest] });
}
const pointwise: Rule = (node, operands) => {
  const rank = node.outs[0]?.shape.length ?? 0;
  return apply1(
    node,
    operands.map((x) => aligned(x, rank)),
    node.params,
  );
};
const withParams =
  (change: (params: never, length: number) => Params): Rule =>
  (node, operands, length) =>
    apply1(node, [only(operands)], change(node.params as never, length));
const alongAxes = withParams(({ axes, ...rest }: p.AxesParams) => ({ ...rest, axes: up(axes) }));
const alongAxis = withParams(({ axis, ...rest }: { readonly axis: number }) => ({ ...rest, axis: axis + 1 }));

const rules: Readonly<Record<string, Rule>> = {
  ...Object.fromEntries(
    Object.values(elementwise).flatMap((f) =>
      typeof f === "function" && "kind" in f && f.kind === "primitive" ? [[f.definition.name, pointwise]] : [],
    ),
  ),
  ...Object.fromEntries(
    ["relu", "softplus", "silu", "gelu", "geluTanh", "separateZeros"].map((name) => [name, pointwise]),
  ),
  ...Object.fromEntries(
    "softmax logSoftmax normalize reduceSum reduceMax reduceMin reduceProd reduceAnd reduceOr reverse"
      .split(" ")
      .map((name) => [name, alongAxes]),
  ),
  ...Object.fromEntries(
    "argMax argMin cumSum cumProd cumMax cumMin oneHot".split(" ").map((name) => [name, alongAxis]),
  ),
  reshape: withParams(({ shape }: p.ShapeParams, length) => ({ shape: [length, ...shape] })),
  transpose: withParams(({ permutation }: p.PermutationParams) => ({ permutation: [0, ...up(permutation)] })),
  slice: withParams(({ starts, limits, strides }: p.SliceParams, length) => ({
    starts: [0, ...starts],
    limits: [length, ...limits],
    strides: [1, ...strides],
  })),
  pad: withParams(({ low, high, interior }: p.PadParams) => ({
    low: [0, ...low],
    high: [0, ...high],
    interior: [0, ...interior],
  })),
  // Repeating a row at each step is cheaper than keeping all the copies.
  broadcastTo: (node, operands, length) => {
    const { shape } = node.params as p.ShapeParams;
    const [operand] = operands as readonly [Operand];
    if (sizeOf(shape) * length > operand.tensor.size) return undefined;
    return p.reshape(operand.tensor, { shape: [length, ...shape] });
  },
  concat: (node, operands, length) => {
    const inputs = operands.map(({ tensor, stacked }) =>
      stacked ? tensor : p.broadcastTo(tensor, { shape: [length, ...tensor.shape] }),
    );
    return p.concat(inputs, { axis: (node.params as p.ConcatParams).axis + 1 });
  },
  dotGeneral: (node, operands) => dot(node, operands),
};

function dot(node: Node, [left, right]: readonly Operand[]): Tensor {
  const { tensor: a, stacked: leftRows } = left as Operand;
  const { tensor: b, stacked: rightRows } = right as Operand;
  const params = node.params as p.DotParams;
  const [lhsContract, lhsBatch] = leftRows
    ? [up(params.lhsContract), up(params.lhsBatch)]
    : [params.lhsContract, params.lhsBatch];
  const [rhsContract, rhsBatch] = rightRows
    ? [up(params.rhsContract), up(params.rhsBatch)]
    : [params.rhsContract, params.rhsBatch];
  if (leftRows && rightRows) {
    return p.dotGeneral(a, b, { lhsContract, rhsContract, lhsBatch: [0, ...lhsBatch], rhsBatch: [0, ...rhsBatch] });
  }
  const product = p.dotGeneral(a, b, { lhsContract, rhsContract, lhsBatch, rhsBatch });
  // The steps are the first free axis of their operand.
  const shared = lhsBatch.length;
  const at = leftRows ? shared : shared + a.ndim - shared - lhsContract.length;
  const rest = range(product.ndim).filter((axis) => axis !== at);
  return p.transpose(product, { permutation: [at, ...rest] });
}

/** The node's result for all steps, `[steps, ...]`; undefined if there is no rule. At least one operand is stacked. */
export function batched(node: Node, operands: readonly Operand[], length: number): Tensor | undefined {
  const made = rules[node.definition.name]?.(node, operands, length);
  const expected: Shape = [length, ...(node.outs[0]?.shape ?? [])];
  return made === undefined || !sameShape(made.shape, expected) ? undefined : made;
}
