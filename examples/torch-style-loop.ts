// A training loop in the manner of PyTorch: a module, an optimizer, backward, step. Run: npx tsx --conditions=@keras-ts/source examples/torch-style-loop.ts
import { pathToFileURL } from "node:url";
import { Module, nn, noGrad, optim, toModule } from "@keras-ts/bridge-pytorch";
import { layers, setRandomSeed, type Tensor, tensor } from "@keras-ts/core";

/** Two layers of Keras in a module of one's own. */
class Net extends Module {
  readonly hidden = toModule(new layers.Dense({ units: 16, activation: "relu" }));
  readonly out = toModule(new layers.Dense({ units: 2 }));
  override forward(x: Tensor): Tensor {
    return this.out.forward(this.hidden.forward(x));
  }
}

/** Learns which points are inside a ring; gives the losses and the accuracy. */
export async function train(steps: number): Promise<{ losses: number[]; accuracy: number }> {
  setRandomSeed(1);
  const points = Array.from({ length: 128 }, (_, i) => [Math.cos(i) * (0.5 + (i % 2)), Math.sin(i) * (0.5 + (i % 2))]);
  const labels = points.map((_, i) => i % 2);
  const [x, y] = [tensor(points), tensor(labels, { dtype: "int32" })];

  const net = new Net();
  net.forward(x); // builds the layers
  const optimizer = new optim.Adam(net.parameters(), { lr: 0.02 });
  const criterion = new nn.CrossEntropyLoss();
  const losses: number[] = [];
  for (let step = 0; step < steps; step++) {
    optimizer.zeroGrad();
    const loss = criterion(net.forward(x), y);
    await loss.backward();
    await optimizer.step();
    losses.push(await loss.item());
  }
  net.eval();
  const logits = (await noGrad(() => net.forward(x)).array()) as number[][];
  const right = logits.filter(([a = 0, b = 0], i) => Number(b > a) === labels[i]).length;
  return { losses, accuracy: right / labels.length };
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const { losses, accuracy } = await train(100);
  console.log(
    `loss ${losses[0]?.toFixed(4)} -> ${losses.at(-1)?.toFixed(4)}, accuracy ${(100 * accuracy).toFixed(1)} %`,
  );
}
