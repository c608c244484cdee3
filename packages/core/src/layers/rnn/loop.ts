// A recurrent step over time. Source: keras/src/backend/jax/rnn.py, `rnn`.
import type { Tensor } from "../../graph/index.ts";
import * as ops from "../../ops/index.ts";
import { scan } from "../../primitives/index.ts";
import { closure } from "../../transforms/index.ts";

/** One step: an input `[B, ...]` and states to an output and new states. */
export type Step = (x: Tensor, states: readonly Tensor[]) => readonly [output: Tensor, states: readonly Tensor[]];

export interface LoopOptions {
  /** True where there is data, `[B, T]`; elsewhere the states stay and the output is the one before. */
  readonly mask: Tensor | null;
  /** From the last step to the first; outputs come in that order. */
  readonly goBackwards: boolean;
  /** Write out all steps instead of a loop. */
  readonly unroll: boolean;
  /** 0 instead of the output before where the mask is false. */
  readonly zeroOutputForMask: boolean;
}

/** @returns the last output, all outputs `[B, T, ...]`, and the last states. */
export function loop(
  step: Step,
  sequences: Tensor,
  initial: readonly Tensor[],
  { mask, goBackwards, unroll, zeroOutputForMask }: LoopOptions,
): readonly [last: Tensor, outputs: Tensor, states: readonly Tensor[]] {
  const length = sequences.shape[1] as number;
  const xs = ops.swapaxes(sequences, 0, 1);
  const masks = mask === null ? null : ops.swapaxes(ops.cast(mask, "bool"), 0, 1);
  const held = (seen: Tensor, now: Tensor, before: Tensor): Tensor =>
    ops.where(ops.reshape(seen, [seen.size, ...now.shape.slice(1).map(() => 1)]), now, before);
  const guarded = (
    x: Tensor,
    seen: Tensor | null,
    states: readonly Tensor[],
    before: (output: Tensor) => Tensor,
  ): ReturnType<Step> => {
    const [output, next] = step(x, states);
    if (seen === null) return [output, next];
    return [held(seen, output, before(output)), next.map((state, i) => held(seen, state, states[i] as Tensor))];
  };

  if (unroll) {
    const steps = Array.from({ length }, (_, i) => (goBackwards ? length - 1 - i : i));
    const outputs: Tensor[] = [];
    let states = initial;
    for (const t of steps) {
      const before = (output: Tensor): Tensor => outputs.at(-1) ?? ops.zerosLike(output);
      const [output, next] = guarded(xs.at(t), masks === null ? null : masks.at(t), states, before);
      outputs.push(output);
      states = next;
    }
    return [outputs.at(-1) as Tensor, ops.stack(outputs, { axis: 1 }), states];
  }

  const body = (...args: Tensor[]): Tensor[] => {
    const states = args.slice(0, initial.length);
    const [x, seen] = args.slice(initial.length) as [Tensor, Tensor?];
    const before = (output: Tensor): Tensor => (zeroOutputForMask ? ops.zerosLike(output) : (states[0] as Tensor));
    const [output, next] = guarded(x, seen ?? null, states, before);
    return [...next, output];
  };
  const slices = masks === null ? [xs] : [xs, masks];
  const avals = [...initial, ...slices.map(({ shape, dtype }) => ({ shape: shape.slice(1), dtype }))];
  const { captures, body: program } = closure("rnn", body, avals);
  const results = scan([...captures, ...initial, ...slices], {
    body: program,
    numConsts: captures.length,
    numCarry: initial.length,
    length,
    reverse: goBackwards,
  });
  const stacked = results[initial.length] as Tensor;
  const ordered = goBackwards ? ops.flip(stacked, { axis: 0 }) : stacked;
  return [ordered.at(-1), ops.swapaxes(ordered, 0, 1), results.slice(0, initial.length)];
}
