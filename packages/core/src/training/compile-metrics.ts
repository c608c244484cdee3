// The metrics given to compile(), matched to the model's outputs. Source: keras/src/trainers/compile_utils.py.
import { ConfigError, complain } from "../errors/index.ts";
import type { Tensor } from "../graph/index.ts";
import type { Metric } from "../metrics/index.ts";
import * as metrics from "../metrics/index.ts";
import * as tree from "../tree/index.ts";
import { kindOf } from "./compile-loss.ts";

interface Group {
  readonly metrics: readonly Metric[];
  readonly outputName: string | undefined;
}

interface Groups {
  readonly plain: readonly (Group | null)[];
  readonly weighted: readonly (Group | null)[];
}

function resolve(identifier: unknown, yTrue: Tensor, yPred: Tensor): Metric {
  if (typeof identifier !== "string") return metrics.get(identifier);
  if (["accuracy", "acc"].includes(identifier.toLowerCase())) {
    const name = identifier;
    switch (kindOf(yTrue, yPred)) {
      case "binary":
        return new metrics.BinaryAccuracy({ name });
      case "sparse":
        return new metrics.SparseCategoricalAccuracy({ name });
      case "categorical":
        return new metrics.CategoricalAccuracy({ name });
    }
  }
  const found = metrics.get(identifier);
  found.name = identifier;
  return found;
}

/** Compiled metrics of all outputs, those that see sample weights apart. */
export class CompileMetrics {
  readonly #plain: unknown;
  readonly #weighted: unknown;
  readonly #outputNames: readonly string[] | undefined;
  #groups: Groups | undefined;

  constructor(plain: unknown, weighted: unknown, outputNames: readonly string[] | undefined) {
    for (const [name, value] of [
      ["metrics", plain],
      ["weightedMetrics", weighted],
    ] as const) {
      if (value === undefined || value === null || tree.isBranch(value)) continue;
      const must = `${name} must be an array, or an object with an entry for each output`;
      throw new ConfigError(complain("compile", { must, got: typeof value, todo: `Write ${name}: ["accuracy"]` }));
    }
    this.#plain = plain;
    this.#weighted = weighted;
    this.#outputNames = outputNames;
  }
  get built(): boolean {
    return this.#groups !== undefined;
  }
  get metrics(): readonly Metric[] {
    if (this.#groups === undefined) return [];
    return [...this.#groups.plain, ...this.#groups.weighted].flatMap((group) => group?.metrics ?? []);
  }

  build(yTrue: tree.Tree<Tensor>, yPred: tree.Tree<Tensor>): void {
    if (this.built) return;
    this.#groups = {
      plain: this.#groupsOf("metrics", this.#plain, yTrue, yPred),
      weighted: this.#groupsOf("weightedMetrics", this.#weighted, yTrue, yPred),
    };
  }

  #groupsOf(what: string, spec: unknown, yTrue: tree.Tree<Tensor>, yPred: tree.Tree<Tensor>): (Group | null)[] {
    const preds = tree.flatten(yPred);
    const trues = tree.flatten(yTrue);
    if (spec === undefined || spec === null || tree.flatten(spec as tree.Tree<unknown>).length === 0)
      return preds.map(() => null);
    if (preds.length === 1) {
      const list = tree.flatten(spec as tree.Tree<unknown>).filter((m) => m !== null);
      return [{ metrics: list.map((m) => resolve(m, trues[0] as Tensor, preds[0] as Tensor)), outputName: undefined }];
    }
    const names = this.#namesOf(yPred);
    const given = Array.isArray(spec) ? (spec as unknown[]) : undefined;
    if (given !== undefined && given.length !== preds.length) {
      const must = `${what} must have one entry for each of the ${preds.length} outputs`;
      throw new ConfigError(
        complain("compile", {
          must,
          got: String(given.length),
          todo: "Use an array of arrays, or an object by output name",
        }),
      );
    }
    const unknown = given === undefined ? Object.keys(spec as object).find((key) => !names.includes(key)) : undefined;
    if (unknown !== undefined) {
      const todo = `The outputs are ${names.join(", ")}`;
      throw new ConfigError(
        complain("compile", { must: `keys of ${what} must be names of outputs`, got: `"${unknown}"`, todo }),
      );
    }
    return preds.map((pred, i) => {
      const own = given === undefined ? (spec as Record<string, unknown>)[names[i] as string] : given[i];
      if (own === undefined || own === null) return null;
      const list = Array.isArray(own) ? own : [own];
      return { metrics: list.map((m) => resolve(m, trues[i] as Tensor, pred)), outputName: names[i] };
    });
  }

  #namesOf(yPred: tree.Tree<Tensor>): string[] {
    if (tree.isBranch(yPred) && !Array.isArray(yPred))
      return tree.flattenWithPath(yPred).map(([path]) => path.join("/"));
    return tree.flatten(yPred).map((_, i) => this.#outputNames?.[i] ?? `output_${i}`);
  }

  updateState(yTrue: tree.Tree<Tensor>, yPred: tree.Tree<Tensor>, sampleWeight: tree.Tree<Tensor> | undefined): void {
    this.build(yTrue, yPred);
    const { plain, weighted } = this.#groups as Groups;
    const [trues, preds] = [tree.flatten(yTrue), tree.flatten(yPred)];
    const weights = sampleWeight === undefined ? [] : tree.flatten(sampleWeight);
    preds.forEach((pred, i) => {
      const target = trues[i] as Tensor;
      for (const metric of plain[i]?.metrics ?? []) metric.updateState(target, pred);
      const own = weights[i] ?? weights[0];
      for (const metric of weighted[i]?.metrics ?? [])
        metric.updateState(target, pred, own === undefined ? {} : { sampleWeight: own });
    });
  }

  resetState(): void {
    for (const metric of this.metrics) metric.resetState();
  }

  /** Results by name; names that come twice get `_1` ..., weighted ones `weighted_`. */
  result(): Record<string, Tensor> {
    const results: Record<string, Tensor> = {};
    const taken = new Map<string, number>();
    const unique = (name: string): string => {
      const count = taken.get(name);
      taken.set(name, (count ?? 0) + 1);
      return count === undefined ? name : `${name}_${count}`;
    };
    const { plain, weighted } = this.#groups as Groups;
    const prefixed = (group: Group, name: string): string =>
      group.outputName === undefined ? name : `${group.outputName}_${name}`;
    for (const group of plain)
      for (const m of group?.metrics ?? []) results[unique(prefixed(group as Group, m.name))] = m.result() as Tensor;
    for (const group of weighted) {
      for (const m of group?.metrics ?? []) {
        const name = prefixed(group as Group, m.name);
        results[taken.has(name) ? unique(prefixed(group as Group, `weighted_${m.name}`)) : unique(name)] =
          m.result() as Tensor;
      }
    }
    return results;
  }
}
