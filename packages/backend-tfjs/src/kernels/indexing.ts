// Reading and writing at computed places, sorting, random bits.
import { type Aval, isFloat, type Kernel, type KernelTable, sizeOf } from "@keras-ts/core/backend";
import type { Engine, Tensor } from "../engine.ts";
import { asInteger, joined, reshaped, sliced, transposed } from "./structural.ts";

export type IndexingTable = Pick<
  KernelTable<Tensor>,
  "take" | "gatherNd" | "scatterNd" | "dynamicSlice" | "dynamicUpdateSlice" | "sort" | "argSort" | "topK" | "randomBits"
>;

export function indexing(e: Engine): IndexingTable {
  const take: Kernel<"take", Tensor> = (inputs, { axis }, { outs }) => {
    const [x, indices] = inputs as readonly [Tensor, Tensor];
    const { shape } = outs[0] as Aval;
    if (e.device !== "wasm") {
      return e.scoped(() => {
        const flat = reshaped(e, indices, [indices.size]);
        return reshaped(e, e.run("GatherV2", { x, indices: flat }, { axis, batchDims: 0 }), shape);
      });
    }
    // wasm's GatherNd copies whole rows and is 100 times faster than GatherV2.
    return asInteger(e, x, (values) =>
      e.scoped(() => {
        const outer = sizeOf(x.shape.slice(0, axis));
        const inner = sizeOf(x.shape.slice(axis + 1));
        const rows = transposed(e, reshaped(e, values, [outer, x.shape[axis] as number, inner]), [1, 0, 2]);
        const taken = e.run("GatherNd", { params: rows, indices: reshaped(e, indices, [indices.size, 1]) });
        return reshaped(e, transposed(e, taken, [1, 0, 2]), shape);
      }),
    );
  };
  const hostGather = e.host("gatherNd");
  const gatherNd: Kernel<"gatherNd", Tensor> = (inputs, params, avals) => {
    const [x, indices] = inputs as readonly [Tensor, Tensor];
    if (indices.shape.at(-1) === 0) return hostGather(inputs, params, avals);
    return asInteger(e, x, (values) => e.run("GatherNd", { params: values, indices }));
  };
  const hostScatter = e.host("scatterNd");
  const scatterNd: Kernel<"scatterNd", Tensor> = (inputs, params, avals) => {
    const [x, indices, updates] = inputs as readonly [Tensor, Tensor, Tensor];
    if (updates.size === 0) return e.run("Identity", { x });
    const { shape, dtype } = avals.outs[0] as Aval;
    const depth = indices.shape.at(-1) as number;
    const native = isFloat(dtype) && params.mode === "add" && depth > 0;
    if (!native) return hostScatter(inputs, params, avals);
    return e.scoped(() => e.run("Add", { a: x, b: e.run("ScatterNd", { indices, updates }, { shape: [...shape] }) }));
  };

  // A start moved so that the block is inside.
  const clamped = (starts: Tensor, shape: readonly number[], sizes: readonly number[]): number[] =>
    shape.map((n, i) => Math.max(0, Math.min(e.read(starts)[i] as number, n - (sizes[i] as number))));
  const dynamicSlice: Kernel<"dynamicSlice", Tensor> = (inputs, { sizes }) => {
    const [x, starts] = inputs as readonly [Tensor, Tensor];
    return e.scoped(() =>
      sliced(
        e,
        x,
        clamped(starts, x.shape, sizes),
        sizes,
        sizes.map(() => 1),
      ),
    );
  };
  // A copy along one axis when the block is whole on all the others: what a loop over time steps does.
  const hostUpdate = e.host("dynamicUpdateSlice");
  const dynamicUpdateSlice: Kernel<"dynamicUpdateSlice", Tensor> = (inputs, params, avals) => {
    const [x, update, starts] = inputs as readonly [Tensor, Tensor, Tensor];
    if (update.size === 0) return e.run("Identity", { x });
    const partial = x.shape.flatMap((n, i) => (n === update.shape[i] ? [] : [i]));
    if (partial.length === 0) return e.run("Identity", { x: update });
    if (partial.length > 1) return hostUpdate(inputs, params, avals);
    const axis = partial[0] as number;
    const [outer, inner] = [sizeOf(x.shape.slice(0, axis)), sizeOf(x.shape.slice(axis + 1))];
    const size = x.shape[axis] as number;
    const start = clamped(starts, x.shape, update.shape)[axis] as number;
    const end = start + (update.shape[axis] as number);
    return e.scoped(() => {
      const flat = reshaped(e, x, [outer, size * inner]);
      const part = (from: number, to: number): Tensor =>
        sliced(e, flat, [0, from * inner], [outer, (to - from) * inner], [1, 1]);
      const middle = reshaped(e, update, [outer, (end - start) * inner]);
      const parts = [...(start > 0 ? [part(0, start)] : []), middle, ...(end < size ? [part(end, size)] : [])];
      return reshaped(e, joined(e, parts, 1), x.shape);
    });
  };

  return {
    take,
    gatherNd,
    scatterNd,
    dynamicSlice,
    dynamicUpdateSlice,
    sort: e.host("sort"),
    argSort: e.host("argSort"),
    topK: e.host("topK"),
    randomBits: e.host("randomBits"),
  };
}
