// The data of one fit: what to train on, and what to validate with.
import { complain, ShapeError } from "../errors/index.ts";
import { type BatchSource, hostArrays, splitLast } from "./batches.ts";
import type { FitOptions } from "./options.ts";
import { batchSource } from "./sources.ts";

/** Batches to train on, and those to validate with if there are any. */
export async function trainingSources(
  where: string,
  x: unknown,
  y: unknown,
  options: FitOptions,
): Promise<{ source: BatchSource; validation: BatchSource | undefined }> {
  const {
    validationSplit = 0,
    validationData,
    batchSize,
    classWeight,
    sampleWeight,
    stepsPerEpoch,
    shuffle = true,
  } = options;
  const common = { batchSize, steps: stepsPerEpoch, shuffle, classWeight };
  const held = { batchSize: options.validationBatchSize ?? batchSize, steps: options.validationSteps };
  if (validationData !== undefined && validationData !== null) {
    const source = await batchSource(where, x, y, sampleWeight, common);
    const tuple = Array.isArray(validationData) ? validationData : [validationData];
    const [vx, vy, vw] = tuple as [unknown, unknown, unknown];
    return { source, validation: await batchSource(`${where} (validationData)`, vx, vy, vw, held) };
  }
  if (validationSplit === 0)
    return { source: await batchSource(where, x, y, sampleWeight, common), validation: undefined };
  const data = await hostArrays(where, x, y, sampleWeight, undefined);
  const [train, last] = splitLast(where, data, validationSplit);
  return {
    source: await batchSource(where, train.x, train.y, train.sampleWeight, common),
    validation: await batchSource(where, last.x, last.y, last.sampleWeight, held),
  };
}

/** True if an epoch is followed by validation. */
export const due = (epoch: number, frequency: number | readonly number[]): boolean =>
  typeof frequency === "number" ? (epoch + 1) % frequency === 0 : frequency.includes(epoch + 1);

/** There is nothing to run on. */
export function noBatches(where: string): ShapeError {
  const todo = "Check the stream; a generator can be used only once, a function that makes one can be used again";
  return new ShapeError(complain(where, { must: "the data must give at least one batch", got: "none", todo }));
}
