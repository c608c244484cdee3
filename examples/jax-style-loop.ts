// A training loop in the manner of JAX: pure functions, an optimizer of Optax's shape, jit. Run: npx tsx --conditions=@keras-ts/source examples/jax-style-loop.ts
import { pathToFileURL } from "node:url";
import {
  adam,
  applyUpdates,
  fromKerasOptimizer,
  type GradientTransformation,
  type ModelState,
  type Params,
  toPure,
} from "@keras-ts/bridge-jax";
import {
  input,
  jit,
  layers,
  losses,
  optimizers,
  Sequential,
  type Tensor,
  tensor,
  tree,
  valueAndGrad,
} from "@keras-ts/core";

const points = Array.from({ length: 64 }, (_, i) => -2 + i / 16);
const x = tensor(points.map((p) => [p]));
const y = tensor(points.map((p) => [Math.sin(2 * p)]));
const meanSquaredError = new losses.MeanSquaredError();

/** Trains with any `{ init, update }`; gives the losses. */
export async function train<S>(rule: GradientTransformation<S>, steps: number): Promise<number[]> {
  const model = new Sequential([
    input({ shape: [1] }),
    new layers.Dense({ units: 16, activation: "tanh", name: "hidden" }),
    new layers.Dense({ units: 1, name: "out" }),
  ]);
  const { init, apply } = toPure(model);
  const lossOf = (weights: Params, state: ModelState): Tensor => {
    const [guess] = apply(weights, state, x, { training: true });
    return meanSquaredError.apply(y, guess);
  };
  const step = jit((weights: Params, state: ModelState, memory: S) => {
    const [loss, gradients] = valueAndGrad(lossOf)(weights, state) as [Tensor, Params];
    const [updates, next] = rule.update(gradients, memory, weights);
    return { loss, weights: applyUpdates(weights, updates), memory: next };
  });
  const { params, state } = init(0);
  let weights = params;
  let memory = rule.init(weights);
  const curve: number[] = [];
  for (let i = 0; i < steps; i++) {
    const result = step(weights, state, memory);
    ({ weights, memory } = result);
    curve.push(await result.loss.item());
  }
  return curve;
}

/** Plain gradient descent, rolled by hand. */
export const byHand = (rate: number): GradientTransformation<null> => ({
  init: () => null,
  update: (gradients, memory) => [tree.map(gradients, (g) => g.multiply(-rate)) as typeof gradients, memory],
});

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const show = (name: string, curve: readonly number[]): void =>
    console.log(`${name}: loss ${curve[0]?.toFixed(4)} -> ${curve.at(-1)?.toFixed(4)}`);
  show("by hand", await train(byHand(0.1), 200));
  show("own adam", await train(adam(0.02), 200));
  show("Keras' AdamW", await train(fromKerasOptimizer(new optimizers.AdamW({ learningRate: 0.02 })), 200));
}
