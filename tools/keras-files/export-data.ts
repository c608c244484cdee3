// Models for the proofs of export: every layer, whole models, and all cases of the layers' golden file.
import { layerModels } from "@keras-ts/conformance";
import { type Model, setRandomSeed, type Tensor, tree } from "@keras-ts/core";
import type { HostArray } from "@keras-ts/core/backend";
import { plainData, tensors } from "./data.ts";
import { singles, trained } from "./models.ts";

/** A model, and inputs in the order of its own. */
export interface Exported {
  readonly name: string;
  readonly make: () => Promise<{ readonly model: Model; readonly inputs: readonly HostArray[] }>;
}

/** Every layer, whole models after some training, and each case of layers.json. */
export function exportedModels(): Exported[] {
  const ours = [...singles, ...trained].map(
    ({ name, make, x, y }): Exported => ({
      name,
      make: async () => {
        setRandomSeed(1);
        const model = make();
        const given = tensors(plainData(x, 1));
        if (y !== undefined) await model.trainOnBatch(given as never, tensors(plainData(y, 2)) as never);
        else await model.predict(given, { verbose: 0 });
        const flat = tree.flatten<Tensor>(given);
        return { model, inputs: await Promise.all(flat.map((t) => t.host())) };
      },
    }),
  );
  // A model predicts nothing for no samples.
  const goldens = layerModels()
    .filter(({ inputs }) => inputs.every(({ shape }) => shape[0] !== 0))
    .map(({ name, model, inputs }): Exported => ({ name: `golden ${name}`, make: async () => ({ model, inputs }) }));
  return [...ours, ...goldens];
}

/** The first `count` samples of an input. */
export function firstSamples({ shape: [samples, ...shape], dtype, data }: HostArray, count: number): HostArray {
  const row = data.length / Math.max(1, samples ?? 1);
  return {
    shape: [Math.min(count, samples ?? 0), ...shape],
    dtype,
    data: data.slice(0, row * count) as HostArray["data"],
  };
}
