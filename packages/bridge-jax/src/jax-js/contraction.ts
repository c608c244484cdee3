// Products, convolutions and pools. Core is channels-last, jax-js channels-first.
import type { ParamsOf } from "@keras-ts/core/backend";
import type { JaxArray, JaxModule } from "./library.ts";
import { type Kernel, lacking, type Rows, take, upload } from "./rows.ts";
import { padded } from "./structural.ts";

type Names =
  | "dotGeneral"
  | "conv"
  | "convInputGrad"
  | "convFilterGrad"
  | "maxPool"
  | "sumPool"
  | "maxPoolGrad"
  | "maxPoolGather"
  | "sumPoolGrad";

const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);
const channelsFirst = (rank: number): number[] => [0, rank - 1, ...range(rank - 2).map((i) => i + 1)];
const channelsLast = (rank: number): number[] => [0, ...range(rank - 2).map((i) => i + 2), 1];
const spatial = (rank: number): number[] => range(rank - 2);

export function contraction(jax: JaxModule): Rows<Names> {
  const { numpy: np, lax } = jax;
  const pool =
    (fill: number, reduce: (windows: JaxArray) => JaxArray): Kernel<ParamsOf<"maxPool">> =>
    (inputs, { window, strides, padding }) => {
      const x = np.transpose(take(inputs), channelsFirst(window.length + 2));
      const widths = [[0, 0], [0, 0], ...padding] as [number, number][];
      const border = widths.some(([low, high]) => low + high > 0);
      const ready = !border ? x : fill === 0 ? np.pad(x, widths) : padWith(x, widths, fill);
      const pooled = lax.reduceWindow(ready, reduce, [...window], [...strides]);
      return np.transpose(pooled, channelsLast(window.length + 2));
    };
  // Padding with a value: pad with zeros, then put it where a mask says so. The mask is data, see fold.ts.
  const padWith = (x: JaxArray, widths: [number, number][], fill: number): JaxArray => {
    const shape = x.shape.map((n, i) =>
      i < 2 ? 1 : n + (widths[i] as [number, number])[0] + (widths[i] as [number, number])[1],
    );
    const data = new Uint8Array(shape.reduce((n, s) => n * s, 1));
    for (let at = 0; at < data.length; at++) {
      let rest = at;
      let inside = true;
      for (let axis = shape.length - 1; axis >= 2; axis--) {
        const place = rest % (shape[axis] as number);
        rest = Math.floor(rest / (shape[axis] as number));
        const low = (widths[axis] as [number, number])[0];
        inside &&= place >= low && place < low + (x.shape[axis] as number);
      }
      data[at] = Number(inside);
    }
    return np.where(upload(jax, { shape, dtype: "bool", data }), np.pad(x, widths), fill);
  };
  return {
    dotGeneral: (inputs, { lhsContract, rhsContract, lhsBatch, rhsBatch }) =>
      lax.dot(take(inputs), take(inputs, 1), {
        lhsContractingDims: [...lhsContract],
        rhsContractingDims: [...rhsContract],
        lhsBatchDims: [...lhsBatch],
        rhsBatchDims: [...rhsBatch],
      }),
    conv: (inputs, { strides, padding, dilation, groups }) => {
      const rank = strides.length + 2;
      const x = np.transpose(take(inputs), channelsFirst(rank));
      const kernel = np.transpose(take(inputs, 1), [rank - 1, rank - 2, ...spatial(rank)]);
      const y = lax.convGeneralDilated(
        x,
        kernel,
        [...strides],
        padding.map(([low, high]): [number, number] => [low, high]),
        {
          rhsDilation: [...dilation],
          featureGroupCount: groups,
        },
      );
      return np.transpose(y, channelsLast(rank));
    },
    // The gradient is a convolution of the spread-out cotangent with the kernel, flipped and with its channels swapped.
    convInputGrad: (inputs, { strides, padding, dilation, groups, inputSpatial }, { ins: [g, k] }) => {
      const rank = strides.length + 2;
      const kernelShape = k?.shape ?? [];
      const perGroup = kernelShape[rank - 2] as number;
      const outputs = kernelShape[rank - 1] as number;
      const flipped = np.flip(take(inputs, 1), spatial(rank));
      const split = flipped.reshape([...kernelShape.slice(0, rank - 2), perGroup, groups, outputs / groups]);
      const swapped = np
        .transpose(split, [rank - 1, rank - 2, rank, ...spatial(rank)])
        .reshape([groups * perGroup, outputs / groups, ...kernelShape.slice(0, rank - 2)]);
      const widths = strides.map((stride, i): [number, number] => {
        const reach = ((kernelShape[i] as number) - 1) * (dilation[i] as number);
        const low = reach - (padding[i] as readonly [number, number])[0];
        const spread = ((g?.shape[i + 1] as number) - 1) * stride + 1;
        return [low, (inputSpatial[i] as number) + reach - low - spread];
      });
      const first = np.transpose(take(inputs), channelsFirst(rank));
      const zero = [0, 0];
      const wide = padded(
        jax,
        first,
        [...zero, ...widths.map(([low]) => low)],
        [...zero, ...widths.map(([, high]) => high)],
        [...zero, ...strides.map((stride) => stride - 1)],
      );
      const x = lax.convGeneralDilated(
        wide,
        swapped,
        strides.map(() => 1),
        strides.map((): [number, number] => [0, 0]),
        {
          rhsDilation: [...dilation],
          featureGroupCount: groups,
        },
      );
      return np.transpose(x, channelsLast(rank));
    },
    convFilterGrad: lacking("convFilterGrad"),
    maxPool: pool(Number.NEGATIVE_INFINITY, (windows) => np.max(windows)),
    sumPool: pool(0, (windows) => np.sum(windows)),
    maxPoolGrad: lacking("maxPoolGrad"),
    maxPoolGather: lacking("maxPoolGather"),
    sumPoolGrad: lacking("sumPoolGrad"),
  };
}
