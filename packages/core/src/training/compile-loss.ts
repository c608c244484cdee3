// The loss given to compile(), matched to the model's outputs. Source: keras/src/trainers/compile_utils.py.
import { ConfigError, complain, ShapeError } from "../errors/index.ts";
import type { Tensor } from "../graph/index.ts";
import * as losses from "../losses/index.ts";
import { Mean, type Metric } from "../metrics/index.ts";
import * as ops from "../ops/index.ts";
import * as tree from "../tree/index.ts";

/** A loss name, object or function; for several outputs an array or an object of them; null skips an output. */
export type LossSpec = unknown;

type Path = readonly (string | number)[];
interface Part {
  readonly path: Path;
  readonly loss: losses.Loss;
  readonly weight: number | undefined;
  readonly name: string;
}
type Shaped = { readonly shape: readonly (number | null)[] };

/** Which accuracy or crossentropy a bare name means. */
export function kindOf(yTrue: Shaped, yPred: Shaped): "binary" | "sparse" | "categorical" {
  const [trueLast, predLast] = [yTrue.shape.at(-1), yPred.shape.at(-1)];
  if (predLast === 1) return "binary";
  const sparse = yTrue.shape.length < yPred.shape.length || (trueLast === 1 && (predLast ?? 0) > 1);
  return sparse ? "sparse" : "categorical";
}

function resolve(identifier: unknown, yTrue: Tensor, yPred: Tensor): losses.Loss {
  if (typeof identifier === "string" && ["crossentropy", "ce"].includes(identifier.toLowerCase())) {
    const kind = kindOf(yTrue, yPred);
    const name =
      kind === "categorical"
        ? "categorical_crossentropy"
        : `${kind === "sparse" ? "sparse_categorical" : kind}_crossentropy`;
    return losses.get(name);
  }
  return losses.get(identifier as losses.LossIdentifier);
}

/** The total loss of all outputs, and a running mean for each if there are several. */
export class CompileLoss {
  readonly #spec: LossSpec;
  readonly #weights: unknown;
  readonly #outputNames: readonly string[] | undefined;
  #parts: Part[] | undefined;
  readonly metrics: Metric[] = [];

  constructor(spec: LossSpec, weights: unknown, outputNames: readonly string[] | undefined) {
    this.#spec = spec;
    this.#weights = weights;
    this.#outputNames = outputNames;
  }
  get built(): boolean {
    return this.#parts !== undefined;
  }

  /** Decides which loss belongs to which output. */
  build(yTrue: tree.Tree<Tensor>, yPred: tree.Tree<Tensor>): void {
    if (this.built) return;
    const aligned = this.#align(yTrue, yPred);
    const spec = this.#alignSpec(this.#spec, aligned.yPred);
    const weights =
      this.#weights === undefined || this.#weights === null ? undefined : this.#alignSpec(this.#weights, aligned.yPred);
    const parts: Part[] = [];
    const names = tree.packAs(aligned.yPred as tree.Tree<unknown>, this.#namesOf(aligned.yPred));
    const visit = (s: unknown, w: unknown, t: unknown, p: unknown, n: unknown, path: Path): void => {
      if (s === null || s === undefined) return;
      if (tree.isBranch(p) && !Array.isArray(p) && tree.isBranch(s) && !Array.isArray(s)) {
        for (const key of Object.keys(s)) {
          requireKey(key, t, p);
          visit(child(s, key), child(w, key), child(t, key), child(p, key), child(n, key), [...path, key]);
        }
      } else if (Array.isArray(s) && Array.isArray(p) && s.length <= p.length && s.length === p.length) {
        s.forEach((one, i) => visit(one, child(w, i), child(t, i), child(p, i), child(n, i), [...path, i]));
      } else if (Array.isArray(s)) {
        s.forEach((one, i) => visit(one, Array.isArray(w) ? w[i] : w, t, p, n, path));
      } else if (tree.isBranch(p)) {
        for (const key of Array.isArray(p) ? p.keys() : Object.keys(p))
          visit(s, w, child(t, key), child(p, key), child(n, key), [...path, key]);
      } else {
        const loss = resolve(s, t as Tensor, p as Tensor);
        parts.push({
          path,
          loss,
          weight: typeof w === "number" ? w : undefined,
          name: (n as string | undefined) ?? loss.name,
        });
      }
    };
    visit(spec, weights, aligned.yTrue, aligned.yPred, names, []);
    if (parts.length > 1) for (const part of parts) this.metrics.push(new Mean({ name: `${part.name}_loss` }));
    this.#parts = parts;
  }

  /** The scalar loss. */
  apply(yTrue: tree.Tree<Tensor>, yPred: tree.Tree<Tensor>, sampleWeight: tree.Tree<Tensor> | undefined): Tensor {
    this.build(yTrue, yPred);
    const aligned = this.#align(yTrue, yPred);
    const batch = tree.flatten(yPred)[0]?.shape[0] ?? 1;
    const values = (this.#parts as readonly Part[]).map((part, i) => {
      const weights =
        sampleWeight !== undefined && tree.isBranch(sampleWeight) ? at(sampleWeight, part.path) : sampleWeight;
      const target = at(aligned.yTrue, part.path) as Tensor;
      const value = part.loss.apply(target, at(aligned.yPred, part.path) as Tensor, {
        sampleWeight: weights as Tensor | undefined,
      });
      this.metrics[i]?.updateState(value, { sampleWeight: batch });
      return part.weight === undefined ? value : value.multiply(part.weight);
    });
    return values.length === 1 ? (values[0] as Tensor) : values.reduce((sum, value) => sum.add(value), ops.zeros([]));
  }

  #namesOf(yPred: tree.Tree<Tensor>): (string | undefined)[] {
    const leaves = tree.flattenWithPath(yPred);
    if (this.#outputNames !== undefined && this.#outputNames.length === leaves.length && leaves.length > 1) {
      return tree.isBranch(yPred) && !Array.isArray(yPred)
        ? leaves.map(([path]) => path.join("/"))
        : [...this.#outputNames];
    }
    return leaves.map(([path]) => (typeof path[0] === "string" ? path.join("/") : undefined));
  }

  // A loss or weight given by output name becomes positional where the outputs are, and the other way round.
  #alignSpec(spec: unknown, yPred: tree.Tree<Tensor>): unknown {
    const names = this.#outputNames;
    if (!tree.isBranch(spec) || Array.isArray(spec) || names === undefined) return spec;
    if (tree.isBranch(yPred) && !Array.isArray(yPred)) return spec;
    const keys = Object.keys(spec);
    const unknown = keys.find((key) => !names.includes(key));
    if (unknown !== undefined) {
      const must = "the keys of a loss must be names of outputs";
      throw new ConfigError(
        complain("compile", { must, got: `"${unknown}"`, todo: `The outputs are ${names.join(", ")}` }),
      );
    }
    const list = names.map((name) => (spec as Record<string, unknown>)[name] ?? null);
    return Array.isArray(yPred) ? list : list[0];
  }

  #align(yTrue: tree.Tree<Tensor>, yPred: tree.Tree<Tensor>): { yTrue: tree.Tree<Tensor>; yPred: tree.Tree<Tensor> } {
    if (tree.sameStructure(yTrue, yPred)) return { yTrue, yPred };
    const names = this.#outputNames;
    if (Array.isArray(yPred) && tree.isBranch(yTrue) && !Array.isArray(yTrue) && names !== undefined) {
      return { yTrue: names.map((name) => (yTrue as Readonly<Record<string, Tensor>>)[name] as Tensor), yPred };
    }
    const flatTrue = tree.flatten(yTrue);
    const flatPred = tree.flatten(yPred);
    if (flatTrue.length === flatPred.length)
      return { yTrue: tree.packAs(yPred as tree.Tree<unknown>, flatTrue), yPred };
    const wanted = tree.flatten(this.#spec as tree.Tree<unknown>);
    const used = wanted.flatMap((s, i) => (s === null || s === undefined ? [] : [i]));
    if (wanted.length === flatPred.length && used.length === flatTrue.length) {
      const spread = flatPred.map((_, i) =>
        used.includes(i) ? (flatTrue[used.indexOf(i)] as Tensor) : (flatPred[i] as Tensor),
      );
      return { yTrue: tree.packAs(yPred as tree.Tree<unknown>, spread), yPred };
    }
    const got = `${flatTrue.length} target${flatTrue.length === 1 ? "" : "s"} for ${flatPred.length} outputs`;
    throw new ShapeError(
      complain("loss", {
        must: "targets must have the structure of the outputs",
        got,
        todo: "Pass one target for each output",
      }),
    );
  }
}

function child(branch: unknown, key: string | number): unknown {
  return tree.isBranch(branch) ? (branch as Readonly<Record<string | number, unknown>>)[key] : branch;
}
const at = (branch: unknown, path: Path): unknown => path.reduce<unknown>((inner, key) => child(inner, key), branch);

function requireKey(key: string, ...branches: readonly unknown[]): void {
  if (branches.every((b) => tree.isBranch(b) && key in b)) return;
  const must = `the loss for "${key}" needs an output and a target of that name`;
  throw new ConfigError(
    complain("compile", { must, got: "none", todo: "Use the names of the outputs as keys of loss and targets" }),
  );
}
