// Values from a file into a model: everything is compared first, so that a file that does not fit changes nothing.
import { type HostArray, sameShape } from "../aval/index.ts";
import { ConfigError, complain, ShapeError, StateError, showShape, warnOnce } from "../errors/index.ts";
import { literal, type Tensor } from "../graph/index.ts";
import type { Layer } from "../layers/index.ts";
import { convertToTensor } from "../ops/index.ts";
import { Optimizer } from "../optimizers/index.ts";
import { readFile } from "./atomic-file.ts";
import { readWeightsH5, type WeightGroup } from "./h5.ts";
import { unpackKerasFile } from "./keras-file.ts";
import { describeBytes, startsWith } from "./sniff.ts";
import { type SavedObject, type SavedWeight, savedObjects } from "./weights-tree.ts";

/** A path (where there are files), or what a file holds. */
export type FileSource = string | Uint8Array | ArrayBuffer | { arrayBuffer(): Promise<ArrayBuffer> };

/** The bytes of a file given in any form. @throws ConfigError if it cannot be read. */
export async function bytesOf(where: string, source: FileSource): Promise<Uint8Array> {
  if (typeof source === "string") return readFile(source);
  if (source instanceof Uint8Array) return source;
  if (source instanceof ArrayBuffer) return new Uint8Array(source);
  if (typeof source?.arrayBuffer === "function") return new Uint8Array(await source.arrayBuffer());
  const must = "a file must be given as a path, bytes or a Blob";
  throw new ConfigError(
    complain(where, {
      must,
      got: String(source),
      todo: "Pass for example the result of fetch(...).then(r => r.blob())",
    }),
  );
}

export interface LoadWeightsOptions {
  /** True to leave out objects whose weights do not fit, with a warning. */
  readonly skipMismatch?: boolean;
}

/**
 * Loads the weights of a model, and its optimizer's state if the file has it, from a `.weights.h5` or `.keras` file.
 * @throws ShapeError or ConfigError if the file does not fit the model; then nothing is changed. @throws StateError for an unbuilt model.
 * @example
 * const model = new Sequential([input({ shape: [2] }), new layers.Dense({ units: 1 })]);
 * await saving.loadWeights(model, await saving.weightsToBytes(model));
 */
export async function loadWeights(model: Layer, source: FileSource, options: LoadWeightsOptions = {}): Promise<void> {
  const bytes = await bytesOf("loadWeights", source);
  const zip = startsWith(bytes, "PK");
  if (!zip && !startsWith(bytes, "\x89HDF")) {
    const must = "it must be a .weights.h5 or a .keras file";
    throw new ConfigError(
      complain("loadWeights", { must, got: describeBytes(bytes), todo: "Give a file written by saveWeights or save" }),
    );
  }
  const groups = zip ? (await unpackKerasFile(bytes)).weights : await readWeightsH5(bytes);
  assignWeights(model, groups, options);
}

/** Puts the groups of a file into a model. */
export function assignWeights(
  model: Layer,
  groups: readonly WeightGroup[],
  { skipMismatch = false }: LoadWeightsOptions = {},
): void {
  const byPath = new Map(renamed(groups).map((group) => [group.path, group]));
  const assignments: [SavedWeight, Tensor][] = [];
  const objects = savedObjects(model);
  for (const object of objects) {
    try {
      assignments.push(...matched(object, byPath.get(object.path)));
    } catch (error) {
      if (!skipMismatch) throw error;
      warnOnce(`${error instanceof Error ? error.message : String(error)} It was left out.`);
    }
  }
  const known = new Set(objects.map(({ path }) => path));
  const extra = [...byPath.values()].filter(
    ({ path, vars }) => vars.length > 0 && !known.has(path) && !isOptimizerPath(path),
  );
  if (extra.length > 0 && !skipMismatch) {
    const got = `weights for ${extra
      .slice(0, 4)
      .map(({ path, name }) => `"${path}" (${name})`)
      .join(", ")} as well`;
    const must = "the file must hold the weights of this model and no others";
    throw new ConfigError(
      complain(`${model.name}.loadWeights`, { must, got, todo: "Load it into the model that it was saved from" }),
    );
  }
  for (const [weight, value] of assignments) weight.assign(value);
}

// An uncompiled model has no optimizer to take this.
const isOptimizerPath = (path: string): boolean => path === "optimizer" || path.startsWith("optimizer/");

// Keras before 2.14 called the container of layers by another name.
function renamed(groups: readonly WeightGroup[]): readonly WeightGroup[] {
  const old = "_layer_checkpoint_dependencies";
  if (!groups.some(({ path }) => path.split("/").includes(old))) return groups;
  return groups.map((group) => ({
    ...group,
    path: group.path
      .split("/")
      .map((part) => (part === old ? "layers" : part))
      .join("/"),
  }));
}

function matched(
  { path, name, object, weights }: SavedObject,
  group: WeightGroup | undefined,
): [SavedWeight, Tensor][] {
  const vars = group?.vars ?? [];
  if (object instanceof Optimizer) {
    if (group === undefined) return [];
    if (vars.length !== weights.length) {
      const todo = "It starts afresh; training goes on as with a new optimizer.";
      warnOnce(
        `Optimizer "${name}" has ${weights.length} variables and the file ${vars.length}: its state was not loaded. ${todo}`,
      );
      return [];
    }
  }
  const where = `loading weights of "${name}"`;
  if (object instanceof Optimizer ? false : !object.built && weights.length < vars.length) {
    const todo = "Build it before: call it once on data, or give it an input shape";
    throw new StateError(
      complain(where, { must: "the layer must be built", got: "a layer without its weights", todo }),
    );
  }
  if (vars.length !== weights.length) {
    const got = group === undefined ? `no group "${path}" in the file` : `${vars.length} in "${path}" (${group.name})`;
    const must = `there must be ${weights.length} arrays`;
    throw new ConfigError(complain(where, { must, got, todo: "Load it into the model that it was saved from" }));
  }
  return weights.map((weight, i): [SavedWeight, Tensor] => [weight, fitting(where, weight, vars[i] as HostArray)]);
}

function fitting(where: string, weight: SavedWeight, value: HostArray): Tensor {
  if (!sameShape(value.shape, weight.shape)) {
    const got = `${showShape(value.shape)} for "${weight.path}" of shape ${showShape(weight.shape)}`;
    const todo = "Load it into the model that it was saved from";
    throw new ShapeError(complain(where, { must: "arrays must have the shapes of the weights", got, todo }));
  }
  return convertToTensor(literal(value), { dtype: weight.dtype });
}
