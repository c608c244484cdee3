// backward() and noGrad(). Forward calls only record; the loss, the gradients and the new state of layers are then one program.
import { gradients, ShapeError, StateError, Tensor } from "@keras-ts/core";
import { complain, isFloat, nodeOf, realise, type StateCell, showAval, whenReady } from "@keras-ts/core/backend";
import { detached, ownerOf, type Parameter, setQuiet } from "./parameter.ts";

/** What a criterion gives: a tensor with `backward()`, as in PyTorch. */
export class Loss extends Tensor {
  constructor(of: Tensor) {
    super(of, of.source, of.tracked);
    this.history ??= of.history;
  }
  /** Adds the gradients of this loss to `grad` of every parameter that it depends on. */
  backward(): Promise<void> {
    return backward(this);
  }
}

// State that layers assigned in forward calls (moving averages, seeds), not computed yet.
const pending = new Map<StateCell, Tensor>();

/** Keeps an assignment until the next program. Internal. */
export function postpone(cell: StateCell, value: Tensor): void {
  cell.tensor = value;
  pending.set(cell, value);
}
function takePending(): (readonly [StateCell, Tensor])[] {
  const waiting = [...pending].filter(([cell, value]) => cell.tensor === value);
  pending.clear();
  return waiting;
}
function settleCells(cells: readonly (readonly [StateCell, Tensor])[]): void {
  for (const [cell, value] of cells) cell.tensor = detached(value); // without history: else each step would keep the one before
}
/** Computes state that no `backward` has computed. Internal. */
export function flushState(): void {
  const waiting = takePending();
  if (waiting.length === 0) return;
  realise(waiting.map(([, value]) => value));
  settleCells(waiting);
}

/**
 * Adds the gradients of a scalar to `grad` of every parameter that it was computed from, for losses without a criterion. Loss and gradients are
 * one program, which is compiled in the first step only. Resolves when the engine has computed them.
 * @throws ShapeError unless it is one float. @throws StateError if no parameter is below it.
 * @example
 * const weight = new Parameter([2, 3]);
 * await backward(ops.sum(ops.square(weight)));
 * await weight.grad?.array(); // [4, 6]
 */
export async function backward(loss: Tensor): Promise<void> {
  if (loss.size !== 1 || !isFloat(loss.dtype)) {
    const todo = "Take its mean or sum first";
    throw new ShapeError(complain("backward", { must: "the loss must be one float", got: showAval(loss), todo }));
  }
  const parameters = parametersBelow(loss);
  if (parameters.length === 0) {
    const must = "the loss must depend on a parameter that requires gradients";
    const todo = "Use toModule(model) or Parameters, outside of noGrad";
    throw new StateError(complain("backward", { must, got: "none", todo }));
  }
  const fresh = gradients(
    loss,
    parameters.map(({ tensor }) => tensor),
  );
  const sums = fresh.map((g, i) => {
    const known = (parameters[i] as Below).parameter.grad;
    return known === null ? g : known.add(g);
  });
  const state = takePending();
  const all = [loss, ...sums, ...state.map(([, value]) => value)];
  realise(all);
  parameters.forEach(({ parameter }, i) => {
    parameter.grad = detached(sums[i] as Tensor);
  });
  settleCells(state);
  await whenReady(all);
}

interface Below {
  readonly parameter: Parameter;
  readonly tensor: Tensor;
}
function parametersBelow(loss: Tensor): Below[] {
  const found: Below[] = [];
  const seen = new Set<unknown>();
  const stack: Tensor[] = [loss];
  while (stack.length > 0) {
    const x = stack.pop() as Tensor;
    if (!x.tracked) continue;
    const step = nodeOf(x);
    const key = step?.node ?? x;
    if (seen.has(key)) continue;
    seen.add(key);
    const parameter = ownerOf(x);
    if (parameter !== undefined) found.push({ parameter, tensor: x });
    else if (step !== undefined) stack.push(...step.node.inputs);
  }
  return found.reverse();
}

/**
 * Runs `f` without recording for `backward`, as `torch.no_grad()`.
 * @example const guess = noGrad(() => toModule(new layers.Dense({ units: 1 })).forward(tensor([[1, 2]])));
 */
export function noGrad<R>(f: () => R): R {
  setQuiet(1);
  let result: R;
  try {
    result = f();
  } catch (error) {
    setQuiet(-1);
    throw error;
  }
  if (!(result instanceof Promise)) {
    setQuiet(-1);
    return result;
  }
  return result.finally(() => setQuiet(-1)) as R;
}
