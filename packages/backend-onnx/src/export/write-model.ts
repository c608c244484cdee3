// Programs as files that leave the process.
import { BackendError, complain, hasFiles, saveBlob, writeFileAtomic } from "@keras-ts/core/backend";
import { encodeModel, type GraphData, type ModelData } from "../proto.ts";
import { version } from "../version.ts";

/** The most that protobuf lets a message have, less room for everything but weights. */
const LARGEST = 2 ** 31 - 2 ** 24;
/** Constants up to this size are never put elsewhere: shapes must be in the model. */
const SMALL = 1024;
/** External data starts at pages, so that a runtime can map it. */
const PAGE = 4096;

/** A program to be written. */
export interface Artifact extends Pick<ModelData, "graph" | "opsets" | "functions" | "leastIr"> {
  readonly metadata: Readonly<Record<string, string>>;
}

/** The model's bytes, and those of the file beside it in parts, if weights are there. */
export interface Encoded {
  readonly model: Uint8Array;
  readonly data: readonly Uint8Array[] | undefined;
}

/** True if all constants do not fit into one file. */
const tooLarge = (constants: GraphData["initializers"]): boolean =>
  constants.reduce((sum, { data }) => sum + data.length, 0) > LARGEST;

/** @param location the name of the file for weights, if they are to be, or must be, in one of their own */
export function encode(
  where: string,
  { metadata, graph, ...more }: Artifact,
  { externalData, location }: { readonly externalData: boolean | undefined; readonly location: string | undefined },
): Encoded {
  const large = tooLarge(graph.initializers);
  if (large && (externalData === false || location === undefined)) {
    const must = "weights of more than 2 GB must be in a second file";
    const todo = "Leave externalData out, and export to a path";
    throw new BackendError(complain(where, { must, got: "externalData: false", todo }));
  }
  const parts: Uint8Array[] = [];
  let offset = 0;
  const outside = (externalData === true || large) && location !== undefined;
  const initializers = graph.initializers.map((x) => {
    if (!outside || x.data.length <= SMALL) return x;
    const gap = (PAGE - (offset % PAGE)) % PAGE;
    if (gap > 0) parts.push(new Uint8Array(gap));
    const placed = { ...x, external: { location, offset: offset + gap } };
    parts.push(x.data);
    offset += gap + x.data.length;
    return placed;
  });
  const model = encodeModel({ ...more, graph: { ...graph, initializers }, producerVersion: version, metadata });
  return { model, data: parts.length > 0 ? parts : undefined };
}

/** Writes both files, weights first; in a page they are offered as downloads. */
export async function writeArtifact(
  where: string,
  path: string,
  artifact: Artifact,
  externalData: boolean | undefined,
): Promise<void> {
  if (!path.endsWith(".onnx")) {
    const must = "the name of an ONNX file must end in .onnx";
    throw new BackendError(complain(where, { must, got: `"${path}"`, todo: 'Name it for example "model.onnx"' }));
  }
  const name = path.slice(Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\")) + 1);
  const { model, data } = encode(where, artifact, { externalData, location: `${name}.data` });
  if (hasFiles()) {
    if (data !== undefined) await writeFileAtomic(`${path}.data`, data);
    await writeFileAtomic(path, model);
    return;
  }
  if (data !== undefined) {
    const whole = new Uint8Array(data.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of data) {
      whole.set(part, at);
      at += part.length;
    }
    saveBlob(`${name}.data`, whole);
  }
  saveBlob(name, model);
}
