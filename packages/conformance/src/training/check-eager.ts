// Training op by op, and by groups of steps, against compiled steps.
import { input, layers, optimizers, Sequential, setRandomSeed } from "@keras-ts/core";
import { vectors } from "./curve-data.ts";

interface CompileFlags {
  readonly runEagerly?: boolean;
  readonly jitCompile?: boolean;
  readonly stepsPerExecution?: number;
}

async function losses(options: CompileFlags): Promise<readonly number[]> {
  setRandomSeed(5);
  const model = new Sequential([
    input({ shape: [6] }),
    new layers.Dense({ units: 8, activation: "tanh" }),
    new layers.BatchNormalization(),
    new layers.Dropout({ rate: 0.2 }),
    new layers.Dense({ units: 3, activation: "softmax" }),
  ]);
  const optimizer = new optimizers.SGD({ learningRate: 0.1, momentum: 0.9, gradientAccumulationSteps: 2 });
  model.compile({ optimizer, loss: "sparse_categorical_crossentropy", ...options });
  // The last of three batches is a short one.
  const { x, y } = vectors(80);
  const { history } = await model.fit(x, y, { batchSize: 32, epochs: 2, verbose: 0 });
  const { loss } = (await model.evaluate(x, y, { verbose: 0, returnDict: true })) as { readonly loss: number };
  return [...(history["loss"] as readonly number[]), loss];
}

/**
 * `fit` of a net with batch norm and dropout, with `runEagerly: true`, with `jitCompile: false` and with several steps in one program,
 * gives the losses of one program for each step.
 * @throws Error that names the first difference.
 */
export async function checkEager(): Promise<void> {
  const compiled = await losses({});
  for (const options of [{ runEagerly: true }, { jitCompile: false }, { stepsPerExecution: 2 }]) {
    const found = await losses(options);
    compiled.forEach((want, i) => {
      const got = found[i] ?? Number.NaN;
      if (Math.abs(got - want) <= 1e-5 * Math.max(1, want)) return;
      throw new Error(`${JSON.stringify(options)}, loss ${i}: must be ${want} as compiled, got ${got}`);
    });
  }
}
