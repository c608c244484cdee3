import type { SymbolicShape } from "../../aval/index.ts";
import { complain, ShapeError } from "../../errors/index.ts";
import type { Tensor } from "../../graph/index.ts";
import * as ops from "../../ops/index.ts";
import { Merge } from "./base-merge.ts";

const fold = (inputs: readonly Tensor[], f: (a: Tensor, b: Tensor) => Tensor): Tensor =>
  inputs.reduce((a, b) => f(a, b));

/**
 * The sum of its inputs. Shapes: broadcast; result `[B, ...]`. Source: keras/src/layers/merging/add.py.
 * @example await new layers.Add().apply([tensor([[1, 2]]), tensor([[3, 4]])]).array() // [[4, 6]]
 */
export class Add extends Merge {
  static override readonly className: string = "Add";
  static readonly module: string = "keras.layers";
  protected override merge(inputs: readonly Tensor[]): Tensor {
    return fold(inputs, (a, b) => ops.add(a, b));
  }
}

/**
 * The product of its inputs. Source: keras/src/layers/merging/multiply.py.
 * @example await new layers.Multiply().apply([tensor([[1, 2]]), tensor([[3, 4]])]).array() // [[3, 8]]
 */
export class Multiply extends Merge {
  static override readonly className: string = "Multiply";
  static readonly module: string = "keras.layers";
  protected override merge(inputs: readonly Tensor[]): Tensor {
    return fold(inputs, (a, b) => ops.multiply(a, b));
  }
}

/**
 * The mean of its inputs. Source: keras/src/layers/merging/average.py.
 * @example await new layers.Average().apply([tensor([[1, 2]]), tensor([[3, 4]])]).array() // [[2, 3]]
 */
export class Average extends Merge {
  static override readonly className: string = "Average";
  static readonly module: string = "keras.layers";
  protected override merge(inputs: readonly Tensor[]): Tensor {
    return ops.divide(
      fold(inputs, (a, b) => ops.add(a, b)),
      inputs.length,
    );
  }
}

/**
 * The first input without the second. @throws ShapeError unless there are two. Source: keras/src/layers/merging/subtract.py.
 * @example await new layers.Subtract().apply([tensor([[1, 2]]), tensor([[3, 4]])]).array() // [[-2, -2]]
 */
export class Subtract extends Merge {
  static override readonly className: string = "Subtract";
  static readonly module: string = "keras.layers";
  override build(inputShapes: readonly SymbolicShape[]): void {
    super.build(inputShapes);
    if (inputShapes.length === 2) return;
    const got = `${inputShapes.length} inputs`;
    throw new ShapeError(complain(this.name, { must: "there must be two inputs", got, todo: "Pass [a, b]" }));
  }
  protected override merge(inputs: readonly Tensor[]): Tensor {
    return ops.subtract(inputs[0] as Tensor, inputs[1] as Tensor);
  }
}

// Where a mask excludes an input, the others decide. Source: base_merge.py, `_apply_merge_op_and_or_mask`.
function foldMasked(
  inputs: readonly Tensor[],
  masks: readonly (Tensor | null)[],
  f: (a: Tensor, b: Tensor) => Tensor,
): Tensor {
  let output = inputs[0] as Tensor;
  const spread = (i: number): Tensor | null => {
    const mask = masks[i] ?? null;
    return mask === null ? null : ops.broadcastTo(ops.expandDims(mask, -1), (inputs[i] as Tensor).shape);
  };
  let seen = spread(0);
  for (let i = 1; i < inputs.length; i++) {
    const mask = spread(i);
    const given = inputs[i] as Tensor;
    const x = mask === null ? given : ops.where(mask, given, output);
    if (seen !== null) output = ops.where(seen, output, x);
    seen = mask !== null && seen !== null ? ops.logicalOr(seen, mask) : null;
    output = f(output, x);
  }
  return output;
}

/**
 * The largest of its inputs, place by place. Source: keras/src/layers/merging/maximum.py.
 * @example await new layers.Maximum().apply([tensor([[1, 2]]), tensor([[3, 4]])]).array() // [[3, 4]]
 */
export class Maximum extends Merge {
  static override readonly className: string = "Maximum";
  static readonly module: string = "keras.layers";
  protected override merge(inputs: readonly Tensor[], masks: readonly (Tensor | null)[]): Tensor {
    return foldMasked(inputs, masks, (a, b) => ops.maximum(a, b));
  }
}

/**
 * The smallest of its inputs, place by place. Source: keras/src/layers/merging/minimum.py.
 * @example await new layers.Minimum().apply([tensor([[1, 2]]), tensor([[3, 4]])]).array() // [[1, 2]]
 */
export class Minimum extends Merge {
  static override readonly className: string = "Minimum";
  static readonly module: string = "keras.layers";
  protected override merge(inputs: readonly Tensor[], masks: readonly (Tensor | null)[]): Tensor {
    return foldMasked(inputs, masks, (a, b) => ops.minimum(a, b));
  }
}
