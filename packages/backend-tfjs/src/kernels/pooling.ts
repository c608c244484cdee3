// Windows that keep their maximum or their sum.
import {
  type Aval,
  isFloat,
  type Kernel,
  type KernelTable,
  type ParamsOf,
  range,
  type Shape,
} from "@keras-ts/core/backend";
import type { Engine, NativeDType, Tensor } from "../engine.ts";
import { select } from "./broadcast.ts";
import { windowViews } from "./convolution.ts";
import { hasNan } from "./reduction.ts";
import { padded, reshaped } from "./structural.ts";

export type PoolingTable = Pick<
  KernelTable<Tensor>,
  "maxPool" | "maxPoolGrad" | "maxPoolGather" | "sumPool" | "sumPoolGrad"
>;
type PoolParams = ParamsOf<"maxPool">;

const LOWEST = -3.4028234663852886e38;

function padSpatial(e: Engine, x: Tensor, p: PoolParams, value: number): Tensor {
  const low = [0, ...p.padding.map(([n]) => n), 0];
  const high = [0, ...p.padding.map(([, n]) => n), 0];
  return padded(
    e,
    x,
    low,
    high,
    x.shape.map(() => 0),
    value,
  );
}

/** A pool over one or two axes by the device's own kernel. */
function nativePool(e: Engine, name: "MaxPool" | "AvgPool", x: Tensor, p: PoolParams, spatial: Shape): Tensor {
  const one = p.window.length === 1;
  const input = one ? reshaped(e, x, [x.shape[0] as number, 1, ...x.shape.slice(1)]) : x;
  const filterSize = one ? [1, ...p.window] : [...p.window];
  const strides = one ? [1, ...p.strides] : [...p.strides];
  const out = e.run(name, { x: input }, { filterSize, strides, pad: "valid", dimRoundingMode: "floor" });
  return reshaped(e, out, [x.shape[0] as number, ...spatial, x.shape[x.rank - 1] as number]);
}

const isPadded = (p: PoolParams): boolean => p.padding.some(([low, high]) => low !== 0 || high !== 0);
const spatialOf = (aval: Aval): number[] => aval.shape.slice(1, -1) as number[];

export function pooling(e: Engine): PoolingTable {
  const views = (x: Tensor, p: PoolParams, counts: Shape): (() => Tensor)[] =>
    windowViews(
      e,
      x,
      p.window,
      p.strides,
      range(p.window.length).map(() => 1),
      counts,
    );

  const maxPool: Kernel<"maxPool", Tensor> = (inputs, p, avals) => {
    const x = inputs[0] as Tensor;
    const out = avals.outs[0] as Aval;
    // wasm's kernel passes over nan, which must be seen; integers and more axes have no kernel on every device.
    const native = isFloat(out.dtype) && p.window.length <= 2 && !(e.onHost && (x.size === 0 || hasNan(e, x)));
    if (!native && e.onHost) return e.own("maxPool")(inputs, p, avals);
    return e.scoped(() => {
      const wide = isPadded(p) ? padSpatial(e, x, p, LOWEST) : x;
      if (native) return nativePool(e, "MaxPool", wide, p, spatialOf(out));
      return fold(views(wide, p, spatialOf(out)), (a, b) => e.run("Maximum", { a, b }));
    });
  };

  // On devices whose memory is elsewhere: a mask for each place in the window, true where the window's first maximum stands.
  const firstHits = (x: Tensor, p: PoolParams, counts: Shape): (() => Tensor)[] => {
    const wide = padSpatial(e, x, p, LOWEST);
    const all = views(wide, p, counts);
    const top = fold(all, (a, b) => e.run("Maximum", { a, b }));
    let open = e.fill(top.shape, 1, "bool");
    return all.map((view) => () => {
      const hit = e.run("LogicalAnd", { a: open, b: e.run("Equal", { a: view(), b: top }) });
      open = e.run("LogicalAnd", { a: open, b: e.run("LogicalNot", { x: hit }) });
      return hit;
    });
  };
  const zerosLike = (x: Tensor): Tensor => e.fill(x.shape, 0, x.dtype as NativeDType);

  const gather: Kernel<"maxPoolGather", Tensor> = (inputs, p, { outs }) => {
    const [x, values] = inputs as readonly [Tensor, Tensor];
    const counts = spatialOf(outs[0] as Aval);
    return e.scoped(() => {
      const seen = views(padSpatial(e, values, p, 0), p, counts);
      const parts = firstHits(x, p, counts).map((hit, i) => () => {
        const t = (seen[i] as () => Tensor)();
        return select(e, hit(), t, zerosLike(t));
      });
      return fold(parts, (a, b) => e.run("Add", { a, b }));
    });
  };
  const grad: Kernel<"maxPoolGrad", Tensor> = (inputs, p) => {
    const [x, g] = inputs as readonly [Tensor, Tensor];
    return e.scoped(() => {
      const parts = firstHits(x, p, g.shape.slice(1, -1)).map((hit, flat) => () => {
        const part = select(e, hit(), g, zerosLike(g));
        return putBack(e, part, x.shape, p, flat);
      });
      return fold(parts, (a, b) => e.run("Add", { a, b }));
    });
  };

  const sumPool: Kernel<"sumPool", Tensor> = (inputs, p, { outs }) => {
    const x = inputs[0] as Tensor;
    const out = outs[0] as Aval;
    return e.scoped(() => {
      const wide = isPadded(p) ? padSpatial(e, x, p, 0) : x;
      return poolSum(e, wide, p, out);
    });
  };
  const sumPoolGrad: Kernel<"sumPoolGrad", Tensor> = (inputs, { inputSpatial, ...p }, { outs }) => {
    const g = inputs[0] as Tensor;
    const out = outs[0] as Aval;
    if (g.size === 0) return e.fill(out.shape, 0, out.dtype);
    // The sum over windows of the gradients spread by the strides.
    return e.scoped(() => {
      const edges = p.window.map((w, i): [number, number] => {
        const low = w - 1 - (p.padding[i] as readonly [number, number])[0];
        const spread = ((g.shape[i + 1] as number) - 1) * (p.strides[i] as number) + 1;
        return [low, (inputSpatial[i] as number) + w - 1 - spread - low];
      });
      const low = [0, ...edges.map(([n]) => n), 0];
      const high = [0, ...edges.map(([, n]) => n), 0];
      const wide = padded(e, g, low, high, [0, ...p.strides.map((s) => s - 1), 0]);
      return poolSum(
        e,
        wide,
        { ...p, strides: p.window.map(() => 1), padding: p.window.map(() => [0, 0] as const) },
        out,
      );
    });
  };
  const poolSum = (engine: Engine, wide: Tensor, p: PoolParams, out: Aval): Tensor => {
    // wasm's kernel makes minus infinity of nan.
    if (isFloat(out.dtype) && p.window.length <= 2 && !(engine.device === "wasm" && hasNan(engine, wide))) {
      const mean = nativePool(engine, "AvgPool", wide, p, spatialOf(out));
      return engine.run("Multiply", {
        a: mean,
        b: engine.fill(
          [],
          p.window.reduce((n, w) => n * w, 1),
          "float32",
        ),
      });
    }
    return fold(views(wide, p, spatialOf(out)), (a, b) => engine.run("Add", { a, b }));
  };

  return {
    maxPool,
    maxPoolGrad: e.onHost ? e.own("maxPoolGrad") : grad,
    maxPoolGather: e.onHost ? e.own("maxPoolGather") : gather,
    sumPool,
    sumPoolGrad,
  };
}

function fold(parts: readonly (() => Tensor)[], join: (a: Tensor, b: Tensor) => Tensor): Tensor {
  return parts.slice(1).reduce((total, part) => join(total, part()), (parts[0] as () => Tensor)());
}

// What the place `flat` of every window gives back to the input.
function putBack(e: Engine, part: Tensor, shape: Shape, p: PoolParams, flat: number): Tensor {
  const starts = new Array<number>(p.window.length);
  let rest = flat;
  for (let i = p.window.length - 1; i >= 0; i--) {
    starts[i] = (rest % (p.window[i] as number)) - (p.padding[i] as readonly [number, number])[0];
    rest = Math.floor(rest / (p.window[i] as number));
  }
  const interior = p.strides.map((s) => s - 1);
  const high = starts.map((start, i) => {
    const extent = ((part.shape[i + 1] as number) - 1) * (p.strides[i] as number) + 1;
    return (shape[i + 1] as number) - start - extent;
  });
  return padded(e, part, [0, ...starts, 0], [0, ...high, 0], [0, ...interior, 0]);
}
