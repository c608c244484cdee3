// Elements of datasets: nested arrays and plain objects whose leaves are tensors or what can become one.
import { convertToTensor, readAll, ShapeError, Tensor, type TensorLike, tree } from "@keras-ts/core";
import { complain, type HostArray, literal, showShape, sizeOf } from "@keras-ts/core/backend";

/** What a dataset gives: one value, or several nested in arrays and plain objects. */
export type Element = tree.Tree<TensorLike>;

const isHost = (value: unknown): value is HostArray =>
  typeof value === "object" && value !== null && "shape" in value && "data" in value && ArrayBuffer.isView(value.data);
// The shape of a rectangular nested array of numbers; undefined for anything else.
function shapeOf(value: unknown): string | undefined {
  if (typeof value === "number" || typeof value === "boolean") return "";
  if (!Array.isArray(value)) return undefined;
  const shapes = new Set(value.map(shapeOf));
  const [inner = ""] = shapes;
  return shapes.size > 1 || shapes.has(undefined) ? undefined : `${value.length} ${inner}`;
}
const isLeaf = (value: unknown): boolean => isHost(value) || shapeOf(value) !== undefined || !tree.isBranch(value);

/** `f` of every leaf. Rectangular arrays of numbers and objects with `shape` and `data` are leaves, all else is structure. */
export function mapLeaves<R>(element: unknown, f: (leaf: TensorLike) => R): tree.Tree<R> {
  if (isLeaf(element)) return f(element as TensorLike);
  if (Array.isArray(element)) return element.map((item) => mapLeaves(item, f));
  const entries = Object.entries(element as Readonly<Record<string, unknown>>);
  return Object.fromEntries(entries.map(([key, item]) => [key, mapLeaves(item, f)]));
}

/** The element with its leaves as tensors. */
export const toTensors = (element: unknown): tree.Tree<Tensor> => mapLeaves(element, (leaf) => convertToTensor(leaf));

/** The leaves as host arrays, in one program if they still have to be computed. */
async function hostLeaves(elements: readonly tree.Tree<Tensor>[]): Promise<HostArray[][]> {
  const flat = elements.map((element) => tree.flatten(element));
  const hosts = await readAll(flat.flat());
  let next = 0;
  return flat.map((leaves) => leaves.map(() => hosts[next++] as HostArray));
}

/**
 * Several elements as one, each leaf with a new first axis: `[...]` of n elements becomes `[n, ...]`.
 * @throws ShapeError if structures, shapes or dtypes differ. @example await stack([[1, 2], [3, 4]]); // a tensor [2, 2]
 */
export async function stack(elements: readonly unknown[], where = "stack"): Promise<tree.Tree<Tensor>> {
  const ready = elements.map(toTensors);
  const [first] = ready;
  if (first === undefined) {
    throw new ShapeError(
      complain(where, { must: "there must be an element to stack", got: "none", todo: "Check the data" }),
    );
  }
  for (const element of ready) {
    if (tree.sameStructure(element, first)) continue;
    const must = "all elements of a batch must have the same structure";
    const got = `${tree.flatten(first).length} and ${tree.flatten(element).length} values`;
    throw new ShapeError(complain(where, { must, got, todo: "Give every element the same fields" }));
  }
  const rows = await hostLeaves(ready);
  const width = (rows[0] as HostArray[]).length;
  const stacked = Array.from({ length: width }, (_, k) =>
    literal(
      stackHosts(
        where,
        rows.map((row) => row[k] as HostArray),
      ),
    ),
  );
  return tree.packAs(first, stacked);
}

function stackHosts(where: string, parts: readonly HostArray[]): HostArray {
  const { shape, dtype, data } = parts[0] as HostArray;
  const size = sizeOf(shape);
  const out = new (data.constructor as new (n: number) => HostArray["data"])(size * parts.length);
  parts.forEach((part, i) => {
    if (part.dtype !== dtype || String(part.shape) !== String(shape)) {
      const got = `${dtype} ${showShape(shape)} and ${part.dtype} ${showShape(part.shape)}`;
      const todo = "Pad or crop them in map(), or batch elements of one shape";
      throw new ShapeError(
        complain(where, { must: "elements of a batch must have equal shapes and dtypes", got, todo }),
      );
    }
    out.set(part.data as never, i * size);
  });
  return { shape: [parts.length, ...shape], dtype, data: out };
}

/** The number of rows that all leaves share, and a function that cuts one out. */
export async function slicesOf(
  where: string,
  tensors: tree.Tree<Tensor>,
): Promise<{ readonly length: number; readonly at: (i: number) => tree.Tree<Tensor> }> {
  const [hosts = []] = await hostLeaves([tensors]);
  const lengths = new Set(hosts.map(({ shape }) => shape[0] ?? -1));
  if (lengths.size !== 1 || lengths.has(-1)) {
    const must = "all arrays must have the same number of rows (first axis)";
    const got = hosts.map(({ shape }) => showShape(shape)).join(", ") || "no arrays";
    throw new ShapeError(complain(where, { must, got, todo: "Check the sizes of the arrays" }));
  }
  const [length = 0] = lengths;
  const at = (i: number): tree.Tree<Tensor> =>
    tree.packAs(
      tensors,
      hosts.map((host) => literal(rowOf(host, i))),
    );
  return { length, at };
}

function rowOf({ shape, dtype, data }: HostArray, i: number): HostArray {
  const inner = shape.slice(1);
  const size = sizeOf(inner);
  return { shape: inner, dtype, data: data.subarray(i * size, (i + 1) * size) };
}

/** True for a tensor or number that says yes. */
export async function truth(answer: unknown): Promise<boolean> {
  const value = await answer;
  return value instanceof Tensor ? (await value.item()) !== 0 : Boolean(value);
}
