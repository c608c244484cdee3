// Data as host arrays, and how batches are cut from it.
import { arrayTypeOf, type DType, type HostArray, isFloat, sizeOf } from "../aval/index.ts";
import { ConfigError, complain, ShapeError, showShape, ValueError } from "../errors/index.ts";
import { Tensor } from "../graph/index.ts";
import { convertToTensor, floatx, type TensorLike } from "../ops/index.ts";
import { readAll } from "../transforms/index.ts";
import * as tree from "../tree/index.ts";

/** One array-like, or several nested as the model's inputs or outputs are. */
export type Data = tree.Tree<TensorLike>;
/** Inputs, targets and weights of one step. */
export interface Batch {
  readonly x: tree.Tree<Tensor>;
  readonly y: tree.Tree<Tensor> | undefined;
  readonly sampleWeight: tree.Tree<Tensor> | undefined;
}

/** A stream of batches that can be started again for each epoch. */
export interface BatchSource {
  /** Steps in an epoch; undefined if only the end of the stream tells. */
  readonly numBatches: number | undefined;
  epoch(): AsyncIterable<Batch> | Iterable<Batch>;
  /** A first batch to build with, which is not lost for the epochs; undefined if there is none. */
  peek(): Promise<Batch | undefined>;
}

export type ClassWeight = Readonly<Record<number, number>>;
export interface SourceOptions {
  readonly batchSize?: number | undefined;
  readonly steps?: number | undefined;
  readonly shuffle?: boolean | "batch" | undefined;
  readonly classWeight?: ClassWeight | undefined;
}

/** Arrays on the host, in the structure of the arguments. */
export interface HostData {
  readonly x: tree.Tree<HostArray>;
  readonly y: tree.Tree<HostArray> | undefined;
  readonly sampleWeight: tree.Tree<HostArray> | undefined;
}

/** All data as host arrays with one number of samples. */
export async function hostArrays(
  where: string,
  x: unknown,
  y: unknown,
  sampleWeight: unknown,
  classWeight: ClassWeight | undefined,
): Promise<HostData> {
  const data: HostData = {
    x: await toHost(x),
    y: y === undefined || y === null ? undefined : await toHost(y),
    sampleWeight: sampleWeight === undefined || sampleWeight === null ? undefined : await toHost(sampleWeight),
  };
  const counts = new Set(leavesOf(data).map((a) => a.shape[0] ?? -1));
  if (counts.size > 1 || counts.has(-1)) {
    const got = leavesOf(data)
      .map((a) => showShape(a.shape))
      .join(", ");
    const must = "x, y and sampleWeight must have the same number of samples (first axis)";
    throw new ShapeError(complain(where, { must, got, todo: "Check the sizes of the arrays" }));
  }
  if (counts.has(0)) {
    throw new ShapeError(
      complain(where, { must: "there must be at least one sample", got: "none", todo: "Check the data" }),
    );
  }
  return classWeight === undefined ? data : withClassWeight(where, data, classWeight);
}

export const leavesOf = (data: HostData): HostArray[] => [
  ...flat(data.x),
  ...(data.y === undefined ? [] : flat(data.y)),
  ...(data.sampleWeight === undefined ? [] : flat(data.sampleWeight)),
];

const isHost = (value: unknown): value is HostArray =>
  typeof value === "object" &&
  value !== null &&
  "data" in value &&
  "shape" in value &&
  ArrayBuffer.isView((value as HostArray).data);

// Host arrays are plain objects, so trees of them are walked with care.
function flat(data: tree.Tree<HostArray>): HostArray[] {
  if (isHost(data)) return [data];
  return Object.keys(data)
    .sort(Array.isArray(data) ? () => 0 : undefined)
    .flatMap((key) => flat((data as Readonly<Record<string, tree.Tree<HostArray>>>)[key] as tree.Tree<HostArray>));
}
export function mapHost<R>(data: tree.Tree<HostArray>, f: (a: HostArray) => R): tree.Tree<R> {
  if (isHost(data)) return f(data);
  if (Array.isArray(data)) return data.map((item) => mapHost(item as tree.Tree<HostArray>, f));
  return Object.fromEntries(Object.entries(data).map(([key, item]) => [key, mapHost(item as tree.Tree<HostArray>, f)]));
}

// An array of numbers is one tensor; an array of arrays of different kinds, or of tensors, is several.
function isSeveral(x: unknown): x is readonly unknown[] {
  return (
    Array.isArray(x) &&
    x.some((item) => item instanceof Tensor || ArrayBuffer.isView(item) || isHost(item) || isHolder(item))
  );
}
const isHolder = (item: unknown): boolean =>
  typeof item === "object" && item !== null && !Array.isArray(item) && "value" in item;

async function toHost(x: unknown): Promise<tree.Tree<HostArray>> {
  if (isSeveral(x)) return Promise.all(x.map(toHost)) as Promise<tree.Tree<HostArray>>;
  if (tree.isBranch(x) && !Array.isArray(x) && !isHost(x)) {
    const entries = await Promise.all(
      Object.entries(x).map(async ([key, value]) => [key, await toHost(value)] as const),
    );
    return Object.fromEntries(entries) as tree.Tree<HostArray>;
  }
  // A whole data set that is on the host already is not copied: rows are cut from it, and nothing writes to it.
  if (isHost(x) && x.data instanceof arrayTypeOf(x.dtype) && x.data.length === sizeOf(x.shape)) return toFloatx(x);
  const [host] = await readAll([convertToTensor(x as TensorLike)]);
  return toFloatx(host as HostArray);
}

// Floats of other widths become the default float, as Keras does.
function toFloatx(host: HostArray): HostArray {
  const dtype: DType = isFloat(host.dtype) ? floatx() : host.dtype;
  return dtype === host.dtype ? host : { shape: host.shape, dtype, data: Float32Array.from(host.data) };
}

function withClassWeight(where: string, data: HostData, classWeight: ClassWeight): HostData {
  if (data.sampleWeight !== undefined) {
    const must = "classWeight and sampleWeight must not both be given";
    throw new ConfigError(complain(where, { must, got: "both", todo: "Multiply them into sampleWeight yourself" }));
  }
  if (data.y === undefined || !isHost(data.y)) {
    const must = "classWeight needs one array of targets";
    throw new ConfigError(
      complain(where, { must, got: data.y === undefined ? "no y" : "several", todo: "Use sampleWeight" }),
    );
  }
  const { shape, data: values } = data.y;
  const rows = shape[0] as number;
  const width = sizeOf(shape.slice(1));
  const weights = Float32Array.from({ length: rows }, (_, i) => {
    let label = values[i * width] as number;
    if (shape.length >= 2 && shape.at(-1) !== 1) {
      label = 0;
      for (let j = 1; j < width; j++)
        if ((values[i * width + j] as number) > (values[i * width + label] as number)) label = j;
    }
    return classWeight[Math.round(label)] ?? 1;
  });
  return { ...data, sampleWeight: { shape: [rows], dtype: "float32", data: weights } };
}

/** Splits off the last fraction of the samples. Source: keras' train_validation_split. */
export function splitLast(
  where: string,
  data: HostData,
  fraction: number,
): readonly [train: HostData, validation: HostData] {
  const rows = (leavesOf(data)[0] as HostArray).shape[0] as number;
  const at = Math.floor(rows * (1 - fraction));
  if (!(fraction > 0 && fraction < 1) || at === 0 || at === rows) {
    const got = `${fraction} of ${rows} samples`;
    const must = "validationSplit must be in (0, 1) and leave at least one sample on both sides";
    throw new ValueError(complain(where, { must, got, todo: "Change the fraction, or pass validationData" }));
  }
  const part = (from: number, to: number): HostData => {
    const cut = (d: tree.Tree<HostArray>): tree.Tree<HostArray> => mapHost(d, (a) => rowsOf(a, from, to));
    return { x: cut(data.x), y: data.y && cut(data.y), sampleWeight: data.sampleWeight && cut(data.sampleWeight) };
  };
  return [part(0, at), part(at, rows)];
}

export function rowsOf({ shape, dtype, data }: HostArray, from: number, to: number): HostArray {
  const width = sizeOf(shape.slice(1));
  return { shape: [to - from, ...shape.slice(1)], dtype, data: data.subarray(from * width, to * width) };
}

/** The tensors of a batch. */
export const tensorsOf = (batch: Batch): Tensor[] =>
  [batch.x, batch.y, batch.sampleWeight].flatMap((part) => (part === undefined ? [] : tree.flatten(part)));
