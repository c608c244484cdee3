// Reading and writing at computed places, sorting, random bits.
import { type Aval, isFloat, type Kernel, type KernelTable, sizeOf } from "@keras-ts/core/backend";
import type { Engine, Tensor } from "../engine.ts";
import { broadcast } from "./broadcast.ts";
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
  const gatherNd: Kernel<"gatherNd", Tensor> = (inputs, _, { outs }) => {
    const [x, indices] = inputs as readonly [Tensor, Tensor];
    // Without coordinates each row of indices names all of x.
    if (indices.shape.at(-1) === 0) return broadcast(e, x, (outs[0] as Aval).shape);
    return asInteger(e, x, (values) => e.run("GatherNd", { params: values, indices }));
  };
  const ownScatter = e.own("scatterNd");
  const scatterNd: Kernel<"scatterNd", Tensor> = (inputs, params, avals) => {
    const [x, indices, updates] = inputs as readonly [Tensor, Tensor, Tensor];
    if (updates.size === 0) return e.run("Identity", { x });
    const { shape, dtype } = avals.outs[0] as Aval;
    const depth = indices.shape.at(-1) as number;
    const native = isFloat(dtype) && params.mode === "add" && depth > 0;
    if (!native) return ownScatter(inputs, params, avals);
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
  // A block is put between its neighbours along one axis after the other, the last first: rows to planes, planes to the whole.
  const dynamicUpdateSlice: Kernel<"dynamicUpdateSlice", Tensor> = (inputs) => {
    const [x, update, starts] = inputs as readonly [Tensor, Tensor, Tensor];
    if (update.size === 0) return e.run("Identity", { x });
    const begin = clamped(starts, x.shape, update.shape);
    return e.scoped(() => {
      let block = update;
      for (let axis = x.rank - 1; axis >= 0; axis--) {
        const [size, start] = [x.shape[axis] as number, begin[axis] as number];
        const count = update.shape[axis] as number;
        if (count === size) continue;
        const beside = (from: number, to: number): Tensor[] => {
          if (from === to) return [];
          const at = begin.map((n, i) => (i < axis ? n : i === axis ? from : 0));
          const sizes = x.shape.map((n, i) => (i < axis ? (update.shape[i] as number) : i === axis ? to - from : n));
          return [sliced(e, x, at, sizes, new Array<number>(x.rank).fill(1))];
        };
        block = joined(e, [...beside(0, start), block, ...beside(start + count, size)], axis);
      }
      return block;
    });
  };

  return {
    take,
    gatherNd,
    scatterNd,
    // WebGPU gives the values of starts only later.
    dynamicSlice: e.device === "webgpu" ? e.own("dynamicSlice") : dynamicSlice,
    dynamicUpdateSlice: e.device === "webgpu" ? e.own("dynamicUpdateSlice") : dynamicUpdateSlice,
    sort: e.own("sort"),
    argSort: e.own("argSort"),
    topK: e.own("topK"),
    randomBits: e.own("randomBits"),
  };
}
