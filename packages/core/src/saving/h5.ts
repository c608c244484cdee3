import type { HostArray } from "../aval/index.ts";
import { BeyondDialect, readH5Dialect, refuse } from "./h5-read.ts";
import type { H5Dataset, H5Group, H5Node } from "./h5-tree.ts";
import { writeH5 } from "./h5-write.ts";

/** The variables of one object (layer, optimizer ...) of a saved model. */
export interface WeightGroup {
  /** Where the object hangs, in Python attribute names: `layers/dense_1`, `optimizer`; the root object is `""`. */
  readonly path: string;
  /** The object's own name, `dense_7`; empty if the file does not say. */
  readonly name: string;
  /** Its variables in order: the arrays `0`, `1`, ... */
  readonly vars: readonly HostArray[];
  /** Arrays with other names, which layers with their own way of saving may write. */
  readonly named?: Readonly<Record<string, HostArray>>;
}

/** Any HDF5 file as a tree; h5wasm is loaded only for files that Keras would not write. @throws ConfigError */
export async function readH5(bytes: Uint8Array): Promise<H5Group> {
  try {
    return readH5Dialect(bytes);
  } catch (error) {
    if (!(error instanceof BeyondDialect)) throw error;
    const { readForeignH5 } = await import("./h5-foreign.ts");
    return readForeignH5(bytes);
  }
}

/**
 * A `.weights.h5` file (also the member `model.weights.h5` of a `.keras` file): a group `<path>/vars` per object.
 *
 * Objects without variables have their (empty) group too, as in Keras.
 * @throws ConfigError if two groups have one path, or a path or name is malformed.
 * @example
 * const bias: HostArray = { shape: [2], dtype: "float32", data: new Float32Array([1, 2]) };
 * writeWeightsH5([{ path: "layers/dense", name: "dense", vars: [bias] }]);
 */
export function writeWeightsH5(groups: readonly WeightGroup[]): Uint8Array {
  const root = emptyGroup();
  for (const group of groups) {
    const where = `weights "${group.path}"`;
    let place = root;
    for (const part of group.path === "" ? ["vars"] : [...group.path.split("/"), "vars"]) {
      if (part === "" || part === "." || part.includes("\0")) {
        refuse(
          where,
          "a path must be names joined by /",
          JSON.stringify(group.path),
          "Name the parts of the model plainly",
        );
      }
      const next = place.children.get(part) ?? emptyGroup();
      if (next.kind === "dataset")
        return refuse(where, "a path must not pass through a variable", group.path, "Rename it");
      place.children.set(part, next);
      place = next;
    }
    if (place.written)
      refuse(where, "every object must have its own path", "two with this one", "Save each object once");
    place.written = true;
    if (group.name !== "") place.attributes.set("name", group.name);
    for (const [i, value] of group.vars.entries()) place.children.set(String(i), datasetOf(value));
    for (const [key, value] of Object.entries(group.named ?? {})) {
      if (key === "" || key.includes("/") || place.children.has(key)) {
        refuse(where, "every variable must have a name of its own, without /", JSON.stringify(key), "Rename it");
      }
      place.children.set(key, datasetOf(value));
    }
  }
  return writeH5(root as H5Group);
}

interface Draft {
  readonly kind: "group";
  readonly attributes: Map<string, string>;
  readonly children: Map<string, Draft | H5Dataset>;
  written: boolean;
}

const emptyGroup = (): Draft => ({ kind: "group", attributes: new Map(), children: new Map(), written: false });

const datasetOf = (value: HostArray): H5Dataset => ({
  kind: "dataset",
  attributes: new Map(value.dtype === "bfloat16" ? [["dtype", "bfloat16"]] : []),
  value,
});

/**
 * The groups of a `.weights.h5` file, sorted by path.
 * @throws ConfigError for a file that is not HDF5, is cut short, damaged or hostile, or holds no weights of Keras 3.
 */
export async function readWeightsH5(bytes: Uint8Array): Promise<WeightGroup[]> {
  const root = await readH5(bytes);
  const groups: WeightGroup[] = [];
  collect(root, "", groups);
  if (groups.length === 0) {
    const legacy = root.children.has("model_weights") || root.attributes.has("layer_names");
    refuse(
      "weights file",
      'an HDF5 file of weights must have groups named "vars"',
      legacy
        ? "a whole model in the legacy .h5 format of Keras 2"
        : `the groups ${[...root.children.keys()].join(", ") || "(none)"}`,
      legacy
        ? 'Load it in Python and save it with model.save("model.keras")'
        : "Give a file written by model.save_weights or model.save of Keras 3",
    );
  }
  return groups.sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
}

function collect(group: H5Group, path: string, out: WeightGroup[]): void {
  for (const [name, child] of group.children) {
    if (child.kind === "dataset") continue;
    if (name === "vars" && holdsVariables(child)) out.push(weightGroup(path, child));
    collect(child, path === "" ? name : `${path}/${name}`, out);
  }
}

// An attribute of a layer may itself be called "vars"; then the group of that name holds groups.
const holdsVariables = ({ attributes, children }: H5Group): boolean =>
  attributes.has("name") || children.size === 0 || [...children.values()].some((child) => child.kind === "dataset");

function weightGroup(path: string, { attributes, children }: H5Group): WeightGroup {
  const vars: HostArray[] = [];
  const named: Record<string, HostArray> = Object.create(null) as Record<string, HostArray>;
  const numbered = [...children].filter(
    (entry): entry is [string, H5Dataset] => isArray(entry[1]) && /^\d+$/.test(entry[0]),
  );
  for (let i = 0; i < numbered.length; i++) {
    const child = children.get(String(i));
    if (child === undefined || child.kind !== "dataset") {
      return refuse(
        `weights "${path}"`,
        "variables must be numbered 0, 1, 2 ...",
        `[${numbered.map(([key]) => key).join(", ")}]`,
        "Save the weights again with Keras 3",
      );
    }
    vars.push(child.value);
  }
  for (const [key, child] of children) if (isArray(child) && !/^\d+$/.test(key)) named[key] = child.value;
  const name = attributes.get("name");
  const group = { path, name: typeof name === "string" ? name : "", vars };
  return Object.keys(named).length > 0 ? { ...group, named } : group;
}

const isArray = (node: H5Node): node is H5Dataset => node.kind === "dataset";
