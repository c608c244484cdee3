// The layers of layers.json as functional models, for what is done to whole models: predicting, exporting.
import { input, type KerasTensor, type layers, Model, type tree } from "@keras-ts/core";
import type { HostArray } from "@keras-ts/core/backend";
import { carries, layerCases, make } from "./layers.ts";
import { camel, revive, storedLeaves, toHost } from "./stored.ts";

/** A layer as a model, and inputs for it. */
export interface LayerModel {
  readonly name: string;
  readonly model: Model;
  readonly inputs: readonly HostArray[];
}

/** A model for each case: every array that a case hands to its layer, masks and states too, is an input `x0`, `x1` ... */
export function layerModels(): LayerModel[] {
  return layerCases().map((one, index) => {
    const layer = make(one);
    const { args, kwargs } = one.calls[0] as (typeof one.calls)[number];
    const inputs = storedLeaves([args, kwargs]).map(toHost);
    const symbols = inputs.map(({ shape: [samples, ...shape], dtype }, i) =>
      input({ batchShape: [carries(one) ? (samples as number) : null, ...shape], dtype, name: `x${i}` }),
    );
    let next = 0;
    const take = (): KerasTensor => symbols[next++] as KerasTensor;
    const given = revive(args, take, camel) as unknown[];
    const { training: _, ...options } = revive(kwargs, take, camel) as Record<string, unknown>;
    const { numInputs } = layer.constructor as typeof layers.Layer;
    const missing = Array.from({ length: Math.max(0, numInputs - given.length) }, () => undefined);
    const outputs = layer.invoke([...given, ...missing, options]) as tree.Tree<KerasTensor>;
    return { name: `${index} ${one.layer.class_name}`, model: new Model({ inputs: symbols, outputs }), inputs };
  });
}
