// Models from elsewhere in a program that is to leave the process: an operator of our own marks the place until the file is written.
import type { KernelAvals } from "@keras-ts/core/backend";
import { type Builder, infoOf } from "../builder.ts";
import type { NodeData } from "../proto.ts";
import { type ForeignModel, type ForeignParams, foreignDefinition } from "./foreign-model.ts";

const DOMAIN = "keras-ts";

/** The row that marks the place, where the program's operators say that models may be in it. */
export function foreignRow(b: Builder): Readonly<Record<string, unknown>> {
  const row = (
    inputs: readonly string[],
    { model }: ForeignParams,
    { outs }: KernelAvals,
  ): readonly string[] | undefined => {
    const { models } = b.shared.operators;
    if (models === undefined) return undefined;
    const found = model();
    if (!models.includes(found)) models.push(found);
    const attributes = { model: models.indexOf(found) };
    return b.ops("OnnxModel", inputs, outs.map(infoOf), attributes, DOMAIN);
  };
  return { [foreignDefinition.name]: row };
}

/** The model whose place an operator marks. */
export function modelAt({ domain, attributes }: NodeData, models: readonly ForeignModel[]): ForeignModel | undefined {
  const { model } = attributes;
  return domain === DOMAIN && model?.kind === "int" ? models[model.value] : undefined;
}
