// More memory is asked for than a page may have, in the middle of training, which goes on with a new engine.
import { onnx } from "@keras-ts/backend-onnx";
import { input, layers, ops, Sequential, setBackend, setRandomSeed, type Tensor, tensor } from "@keras-ts/core";

/** What the test reads. */
export interface FullReport {
  readonly error: string;
  /** Weights before the step that failed, and after it. */
  readonly before: readonly number[];
  readonly after: readonly number[];
  /** The optimizer's count before and after the step that failed, and at the end. */
  readonly steps: readonly number[];
  readonly losses: readonly number[];
}

/** Two numbers for each pair of samples: memory grows with the square of the batch. */
class Pairs extends layers.Layer {
  static override readonly className = "Pairs";
  override call(x: Tensor): Tensor {
    const products = ops.matmul(x, ops.transpose(x));
    return ops.mean(ops.add(ops.tanh(products), products), { axis: 1, keepdims: true });
  }
}

const query = new URLSearchParams(location.search);
const device = query.get("device") === "webgpu" ? "webgpu" : "cpu";
const many = Number(query.get("samples"));
const start = async (): Promise<void> => setBackend(await onnx({ device, wasmPaths: "/ort/" }));
await start();
setRandomSeed(1);
const model = new Sequential([input({ shape: [2] }), new layers.Dense({ units: 2 }), new Pairs()]);
model.compile({ optimizer: "adam", loss: "mse" });
async function learn(samples: number, epochs: number): Promise<readonly number[]> {
  const x = tensor(
    Float32Array.from({ length: 2 * samples }, (_, i) => Math.sin(i)),
    { shape: [samples, 2] },
  );
  const { history } = await model.fit(x, ops.ones([samples, 1]), { batchSize: samples, epochs, verbose: 0 });
  return history["loss"] ?? [];
}
const numbers = async (): Promise<number[]> =>
  (await model.getWeights()).flatMap(({ data }) => Array.from(data, Number));
const count = async (): Promise<number> => Number(await model.optimizer.iterations.item());

await learn(8, 2);
const [before, steps] = [await numbers(), [await count()]];
const error = await learn(many, 1).then(
  (losses) => `no error, but a loss of ${losses}`,
  (thrown: unknown) => (thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown)),
);
const after = await numbers();
steps.push(await count());
await start();
const losses = await learn(8, 2);
steps.push(await count());
const report: FullReport = { error, before, after, steps, losses };
Object.assign(window, { __result: report });
