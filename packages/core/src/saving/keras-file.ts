import { ConfigError, complain } from "../errors/index.ts";
import { readWeightsH5, type WeightGroup, writeWeightsH5 } from "./h5.ts";
import { decodeUtf8Strict, encodeUtf8 } from "./platform.ts";
import { parsePythonJson, stringifyPythonJson } from "./python-json.ts";
import { readZip, writeZip, type ZipMember } from "./zip.ts";

/** `metadata.json`: who saved the model, and when. */
export interface KerasMetadata {
  readonly keras_version: string;
  /** `YYYY-MM-DD@HH:MM:SS`, local time. */
  readonly date_saved: string;
}

/** What a `.keras` file holds. */
export interface KerasFile {
  readonly metadata: KerasMetadata;
  /** The serialized model, snake_case, as `serialize_keras_object` gives it. */
  readonly config: unknown;
  readonly weights: readonly WeightGroup[];
  /** Files that layers keep beside their weights (vocabularies ...), by path below `assets/`. */
  readonly assets?: Readonly<Record<string, Uint8Array>>;
}

const METADATA = "metadata.json";
const CONFIG = "config.json";
const WEIGHTS = "model.weights.h5";
const WEIGHTS_NPZ = "model.weights.npz";
const ASSETS = "assets/";

/** The version of Keras whose files we write. */
export const kerasVersion = "3.15.1";

/** Metadata for a model saved now. */
export function kerasMetadata(now: Date = new Date()): KerasMetadata {
  const two = (value: number): string => String(value).padStart(2, "0");
  const day = `${now.getFullYear()}-${two(now.getMonth() + 1)}-${two(now.getDate())}`;
  return {
    keras_version: kerasVersion,
    date_saved: `${day}@${two(now.getHours())}:${two(now.getMinutes())}:${two(now.getSeconds())}`,
  };
}

/**
 * The bytes of a `.keras` file, members in Keras' order.
 * @throws ConfigError for weights or asset paths that cannot be written.
 * @example
 * packKerasFile({ metadata: kerasMetadata(), config: {}, weights: [{ path: "layers/dense", name: "dense", vars: [] }] });
 */
export function packKerasFile({ metadata, config, weights, assets = {} }: KerasFile): Uint8Array {
  const members: ZipMember[] = [
    { name: METADATA, bytes: encodeUtf8(stringifyPythonJson(metadata)) },
    { name: CONFIG, bytes: encodeUtf8(stringifyPythonJson(config)) },
    { name: WEIGHTS, bytes: writeWeightsH5(weights) },
    ...Object.entries(assets).map(([path, bytes]) => ({ name: ASSETS + path, bytes })),
  ];
  return writeZip(members);
}

/**
 * What is in a `.keras` file.
 * @throws ConfigError for a file that is not one, is cut short or damaged, or is hostile.
 */
export async function unpackKerasFile(bytes: Uint8Array): Promise<Required<KerasFile>> {
  const files = await readZip(bytes);
  const config = files.get(CONFIG);
  if (config === undefined) {
    return wrong(
      `have a member ${CONFIG}`,
      listed(files),
      "Give a file written by model.save, not another zip archive",
    );
  }
  const weights = files.get(WEIGHTS);
  if (weights === undefined) {
    const todo = files.has(WEIGHTS_NPZ) ? 'Save it again with weights_format="h5"' : "Save the model again";
    return wrong(`have a member ${WEIGHTS}`, listed(files), todo);
  }
  const metadata = files.get(METADATA);
  // No prototype: a member may be called "__proto__".
  const assets = Object.create(null) as Record<string, Uint8Array>;
  for (const [name, file] of files) if (name.startsWith(ASSETS)) assets[name.slice(ASSETS.length)] = file;
  return {
    // Keras itself loads files without metadata.
    metadata: metadataOf(metadata === undefined ? undefined : json(METADATA, metadata)),
    config: json(CONFIG, config),
    weights: await readWeightsH5(weights),
    assets,
  };
}

function json(name: string, bytes: Uint8Array): unknown {
  try {
    return parsePythonJson(decodeUtf8Strict(bytes));
  } catch (cause) {
    return wrong(`have JSON in ${name}`, "text that is not JSON", "Save the model again", { cause });
  }
}

function metadataOf(value: unknown): KerasMetadata {
  const { keras_version, date_saved } = (value ?? {}) as Partial<Record<keyof KerasMetadata, unknown>>;
  return {
    keras_version: typeof keras_version === "string" ? keras_version : "",
    date_saved: typeof date_saved === "string" ? date_saved : "",
  };
}

const listed = (files: ReadonlyMap<string, unknown>): string =>
  files.size === 0 ? "an empty archive" : `members ${[...files.keys()].slice(0, 8).join(", ")}`;

function wrong(must: string, got: string, todo: string, options?: ErrorOptions): never {
  throw new ConfigError(complain(".keras file", { must: `it must ${must}`, got, todo }), options);
}
