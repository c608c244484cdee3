// Products that sum: matrix products, convolutions, and pooling windows, each family closed under differentiation.
import { type Aval, range, type Shape } from "../aval/index.ts";
import { complain, DtypeError, ShapeError, showAval, showShape } from "../errors/index.ts";
import {
  apply1,
  type Definition,
  type Marked,
  marked,
  type Params,
  type Tensor,
  type VjpRule,
} from "../graph/index.ts";
import { requireOrdered } from "./elementwise.ts";
import { transpose } from "./structural.ts";

export type Pairwise<P extends Params> = ((a: Tensor, b: Tensor, params: P) => Tensor) & Marked<P, "primitive">;

function pairwise<P extends Params>(
  name: string,
  infer: (a: Aval, b: Aval, params: P) => Shape,
  vjp: VjpRule<P>,
): Pairwise<P> {
  const definition: Definition<P> = {
    name,
    infer: (inputs, params) => {
      const [a, b] = inputs as readonly [Aval, Aval];
      if (a.dtype !== b.dtype) {
        const got = `${showAval(a)} and ${showAval(b)}`;
        throw new DtypeError(complain(name, { must: "inputs must have one dtype", got, todo: "Cast one of them" }));
      }
      return [{ shape: infer(a, b, params), dtype: a.dtype }];
    },
    vjp,
  };
  return marked((a: Tensor, b: Tensor, params: P) => apply1(definition, [a, b], params), "primitive", definition);
}

export type DotParams = {
  readonly lhsContract: readonly number[];
  readonly rhsContract: readonly number[];
  readonly lhsBatch: readonly number[];
  readonly rhsBatch: readonly number[];
};

/** Axes of an operand that are neither summed nor shared. */
export const freeAxes = (ndim: number, contract: readonly number[], batch: readonly number[]): number[] =>
  range(ndim).filter((i) => !contract.includes(i) && !batch.includes(i));

/** Sums products over the contracted axes; the result has the batch axes, then the free axes of `a`, then those of `b`. */
export const dotGeneral: Pairwise<DotParams> = pairwise<DotParams>(
  "dotGeneral",
  (a, b, { lhsContract, rhsContract, lhsBatch, rhsBatch }) => {
    const sizes = (x: Aval, axes: readonly number[]): number[] => axes.map((i) => x.shape[i] as number);
    const [k, l] = [sizes(a, lhsContract), sizes(b, rhsContract)];
    const [m, n] = [sizes(a, lhsBatch), sizes(b, rhsBatch)];
    if (String(k) !== String(l) || String(m) !== String(n)) {
      const [mine, other] = String(k) !== String(l) ? [k, l] : [m, n];
      const what = String(k) !== String(l) ? "inner sizes" : "batch sizes";
      const got = `${showShape(a.shape)} and ${showShape(b.shape)} (${mine.join(", ")} vs ${other.join(", ")})`;
      throw new ShapeError(
        complain("matmul", {
          must: `${what} must agree`,
          got,
          todo: "Transpose one input, or check the units of the layer before",
        }),
      );
    }
    const free = (x: Aval, c: readonly number[], bt: readonly number[]): number[] =>
      sizes(x, freeAxes(x.shape.length, c, bt));
    return [...m, ...free(a, lhsContract, lhsBatch), ...free(b, rhsContract, rhsBatch)];
  },
  ({ g, inputs, params: p }) => {
    const [a, b] = inputs as readonly [Tensor, Tensor];
    const swapped = {
      lhsContract: p.rhsContract,
      rhsContract: p.lhsContract,
      lhsBatch: p.rhsBatch,
      rhsBatch: p.lhsBatch,
    };
    return [dotVjpLeft(g, a, b, p, "after"), dotVjpLeft(g, b, a, swapped, "before")];
  },
);

// Gradient for `a`: contract g with b over b's free axes, then put the axes back in a's order.
function dotVjpLeft(g: Tensor, a: Tensor, b: Tensor, p: DotParams, side: "after" | "before"): Tensor {
  const batch = p.lhsBatch.length;
  const aFree = freeAxes(a.ndim, p.lhsContract, p.lhsBatch);
  const bFree = freeAxes(b.ndim, p.rhsContract, p.rhsBatch);
  const first = side === "after" ? batch + aFree.length : batch;
  const partial = dotGeneral(g, b, {
    lhsContract: bFree.map((_, i) => first + i),
    rhsContract: bFree,
    lhsBatch: range(batch),
    rhsBatch: p.rhsBatch,
  });
  // partial: batch, a's free axes, b's contracted axes in b's own order
  const contractedInOrder = range(p.rhsContract.length).sort(
    (i, j) => (p.rhsContract[i] as number) - (p.rhsContract[j] as number),
  );
  const now = [...p.lhsBatch, ...aFree, ...contractedInOrder.map((i) => p.lhsContract[i] as number)];
  return transpose(partial, { permutation: range(a.ndim).map((axis) => now.indexOf(axis)) });
}

export type WindowParams = {
  readonly strides: readonly number[];
  /** Zeros before and after on each spatial axis. */
  readonly padding: readonly (readonly [low: number, high: number])[];
};
export type ConvParams = WindowParams & { readonly dilation: readonly number[]; readonly groups: number };
export type ConvInputGradParams = ConvParams & { readonly inputSpatial: Shape };
export type ConvFilterGradParams = ConvParams & { readonly kernelSpatial: Shape };

const convOf = ({ strides, padding, dilation, groups }: ConvParams): ConvParams => ({
  strides,
  padding,
  dilation,
  groups,
});

/** Output size of a window sliding over one axis. */
export const windowedSize = (
  size: number,
  window: number,
  stride: number,
  low: number,
  high: number,
  dilation = 1,
): number => Math.max(0, Math.floor((size + low + high - ((window - 1) * dilation + 1)) / stride) + 1);

function refuseConv(must: string, x: Aval, kernel: Aval, todo: string): never {
  throw new ShapeError(
    complain("conv", { must, got: `input ${showShape(x.shape)} and kernel ${showShape(kernel.shape)}`, todo }),
  );
}

/**
 * Convolution (cross-correlation). Input `[N, ...spatial, C]`, kernel `[...window, C / groups, O]`, output `[N, ...spatial', O]`;
 * group `i` sees input channels `i C/groups ..` and gives output channels `i O/groups ..`.
 */
export const conv: Pairwise<ConvParams> = pairwise<ConvParams>(
  "conv",
  (x, kernel, p) => {
    const rank = p.strides.length;
    if (x.shape.length !== rank + 2 || kernel.shape.length !== rank + 2) {
      refuseConv(`input and kernel must have ${rank + 2} dimensions`, x, kernel, "Add a batch or channel axis");
    }
    const channels = x.shape[rank + 1] as number;
    if ((kernel.shape[rank] as number) * p.groups !== channels) {
      const must = `input channels must be the kernel's (${kernel.shape[rank]}) times groups (${p.groups})`;
      refuseConv(must, x, kernel, "Check the layer's input shape, its data format and groups");
    }
    if ((kernel.shape[rank + 1] as number) % p.groups !== 0) {
      refuseConv(`output channels must be divisible by groups (${p.groups})`, x, kernel, "Change filters or groups");
    }
    const spatial = range(rank).map((i) => {
      const [low, high] = p.padding[i] as readonly [number, number];
      return windowedSize(
        x.shape[i + 1] as number,
        kernel.shape[i] as number,
        p.strides[i] as number,
        low,
        high,
        p.dilation[i] as number,
      );
    });
    if (spatial.some((n, i) => n <= 0 && (x.shape[i + 1] as number) > 0)) {
      refuseConv(
        "the window must fit into the padded input",
        x,
        kernel,
        'Use padding "same", a smaller kernel, or larger images',
      );
    }
    return [x.shape[0] as number, ...spatial, kernel.shape[rank + 1] as number];
  },
  ({ g, inputs, params }) => {
    const [x, kernel] = inputs as readonly [Tensor, Tensor];
    const rank = params.strides.length;
    return [
      convInputGrad(g, kernel, { ...params, inputSpatial: x.shape.slice(1, rank + 1) }),
      convFilterGrad(x, g, { ...params, kernelSpatial: kernel.shape.slice(0, rank) }),
    ];
  },
);

/** The transpose of `conv` in its input: from output gradients `[N, ...spatial', O]` to `[N, ...inputSpatial, C]`. A transposed convolution. */
export const convInputGrad: Pairwise<ConvInputGradParams> = pairwise<ConvInputGradParams>(
  "convInputGrad",
  (g, kernel, { inputSpatial, groups }) => [
    g.shape[0] as number,
    ...inputSpatial,
    (kernel.shape[inputSpatial.length] as number) * groups,
  ],
  ({ g: h, inputs, params }) => {
    const [g, kernel] = inputs as readonly [Tensor, Tensor];
    const kernelSpatial = kernel.shape.slice(0, params.strides.length);
    return [conv(h, kernel, convOf(params)), convFilterGrad(h, g, { ...convOf(params), kernelSpatial })];
  },
);

/** The transpose of `conv` in its kernel: from input and output gradients to `[...kernelSpatial, C / groups, O]`. */
export const convFilterGrad: Pairwise<ConvFilterGradParams> = pairwise<ConvFilterGradParams>(
  "convFilterGrad",
  (x, g, { kernelSpatial, groups }) => [
    ...kernelSpatial,
    (x.shape[x.shape.length - 1] as number) / groups,
    g.shape[g.shape.length - 1] as number,
  ],
  ({ g: h, inputs, params }) => {
    const [x, g] = inputs as readonly [Tensor, Tensor];
    const inputSpatial = x.shape.slice(1, params.strides.length + 1);
    return [convInputGrad(g, h, { ...convOf(params), inputSpatial }), conv(x, h, convOf(params))];
  },
);

export type PoolParams = WindowParams & { readonly window: readonly number[] };
export type PoolGradParams = PoolParams & { readonly inputSpatial: Shape };
export type Pool = ((x: Tensor, params: PoolParams) => Tensor) & Marked<PoolParams, "primitive">;

/** Shape of a pooled `[N, ...spatial, C]`. @throws ShapeError if the window does not fit. */
export function pooledShape(where: string, x: Aval, { window, strides, padding }: PoolParams): number[] {
  const rank = window.length;
  const spatial = window.map((w, i) => {
    const [low, high] = padding[i] as readonly [number, number];
    return windowedSize(x.shape[i + 1] as number, w, strides[i] as number, low, high);
  });
  if (x.shape.length !== rank + 2 || spatial.some((n, i) => n <= 0 && (x.shape[i + 1] as number) > 0)) {
    const must = `the input must have ${rank + 2} dimensions and be at least as large as the window ${showShape(window)}`;
    throw new ShapeError(complain(where, { must, got: showAval(x), todo: 'Use padding "same" or a smaller poolSize' }));
  }
  return [x.shape[0] as number, ...spatial, x.shape[rank + 1] as number];
}

function pool(name: string, vjp: VjpRule<PoolParams>, ordered = false): Pool {
  const definition: Definition<PoolParams> = {
    name,
    infer: ([x], p) => {
      if (ordered) requireOrdered(name, x as Aval);
      return [{ shape: pooledShape(name, x as Aval, p), dtype: (x as Aval).dtype }];
    },
    vjp,
  };
  return marked((x: Tensor, params: PoolParams) => apply1(definition, [x], params), "primitive", definition);
}

const poolOf = ({ window, strides, padding }: PoolParams): PoolParams => ({ window, strides, padding });

/** Maximum of each window of `[N, ...spatial, C]`; padding counts as the lowest value. */
export const maxPool: Pool = pool(
  "maxPool",
  ({ g, inputs, params }) => [maxPoolGrad(inputs[0] as Tensor, g, poolOf(params))],
  true,
);
/** Sum of each window; padding counts as 0. */
export const sumPool: Pool = pool("sumPool", ({ g, inputs, params }) => {
  const x = inputs[0] as Tensor;
  return [sumPoolGrad(g, { ...poolOf(params), inputSpatial: x.shape.slice(1, -1) })];
});

/** Puts `g` where each window of `x` has its (first) maximum, and sums where windows overlap. */
export const maxPoolGrad: Pairwise<PoolParams> = pairwise<PoolParams>(
  "maxPoolGrad",
  (x) => x.shape,
  ({ g: h, inputs, params }) => [null, maxPoolGather(inputs[0] as Tensor, h, params)],
);
/** Takes from `values` (shaped as `x`) what stands where each window of `x` has its (first) maximum. */
export const maxPoolGather: Pairwise<PoolParams> = pairwise<PoolParams>(
  "maxPoolGather",
  (x, _, params) => pooledShape("maxPoolGather", x, params),
  ({ g: h, inputs, params }) => [null, maxPoolGrad(inputs[0] as Tensor, h, params)],
);

const sumPoolGradDefinition: Definition<PoolGradParams> = {
  name: "sumPoolGrad",
  infer: ([g], { inputSpatial }) => {
    const { shape, dtype } = g as Aval;
    return [{ shape: [shape[0] as number, ...inputSpatial, shape[shape.length - 1] as number], dtype }];
  },
  vjp: ({ g, params }) => [sumPool(g, poolOf(params))],
};
/** The transpose of `sumPool`: every window adds its `g` to all its elements. */
export const sumPoolGrad: ((g: Tensor, params: PoolGradParams) => Tensor) & Marked<PoolGradParams, "primitive"> =
  marked(
    (g: Tensor, params: PoolGradParams) => apply1(sumPoolGradDefinition, [g], params),
    "primitive",
    sumPoolGradDefinition,
  );
