import type { ParamsOf } from "@keras-ts/core/backend";
import type { JaxArray, JaxModule } from "./library.ts";
import { dtypeOf, type Kernel, lacking, type Rows, take } from "./rows.ts";

type Names =
  | "reshape"
  | "transpose"
  | "broadcastTo"
  | "slice"
  | "pad"
  | "reverse"
  | "concat"
  | "iota"
  | "reduceSum"
  | "reduceMax"
  | "reduceMin"
  | "reduceProd"
  | "reduceAnd"
  | "reduceOr"
  | "argMax"
  | "argMin"
  | "cumSum"
  | "cumProd"
  | "cumMax"
  | "cumMin";

const whole = (size: number): [number, number] => [0, size];

/** Every `stride`-th element of one axis: a reshape puts what is left out on an axis of its own. */
export function strided(jax: JaxModule, x: JaxArray, axis: number, stride: number): JaxArray {
  if (stride === 1) return x;
  const shape = [...x.shape];
  const size = shape[axis] as number;
  const kept = Math.ceil(size / stride);
  const widths = shape.map((_, i): [number, number] => [0, i === axis ? kept * stride - size : 0]);
  const even = kept * stride === size ? x : jax.numpy.pad(x, widths);
  const split = even.reshape([...shape.slice(0, axis), kept, stride, ...shape.slice(axis + 1)]);
  const index = [...shape.slice(0, axis).map(whole), whole(kept), 0, ...shape.slice(axis + 1).map(whole)];
  return split.slice(...index);
}

/** Zeros around and between the elements; negative widths cut off. */
export function padded(
  jax: JaxModule,
  x: JaxArray,
  low: readonly number[],
  high: readonly number[],
  interior: readonly number[],
): JaxArray {
  let y = x;
  interior.forEach((gap, axis) => {
    if (gap === 0 || (y.shape[axis] as number) < 2) return;
    const shape = [...y.shape];
    const size = shape[axis] as number;
    const lifted = y.reshape([...shape.slice(0, axis + 1), 1, ...shape.slice(axis + 1)]);
    const widths = lifted.shape.map((_, i): [number, number] => [0, i === axis + 1 ? gap : 0]);
    const spread = jax.numpy
      .pad(lifted, widths)
      .reshape([...shape.slice(0, axis), size * (gap + 1), ...shape.slice(axis + 1)]);
    y = spread.slice(...spread.shape.map((n, i): [number, number] => [0, i === axis ? n - gap : n]));
  });
  if (low.some((n) => n > 0) || high.some((n) => n > 0)) {
    y = jax.numpy.pad(
      y,
      y.shape.map((_, i): [number, number] => [Math.max(0, low[i] as number), Math.max(0, high[i] as number)]),
    );
  }
  if (low.some((n) => n < 0) || high.some((n) => n < 0)) {
    y = y.slice(
      ...y.shape.map((n, i): [number, number] => [
        Math.max(0, -(low[i] as number)),
        n - Math.max(0, -(high[i] as number)),
      ]),
    );
  }
  return y;
}

export function structural(jax: JaxModule): Rows<Names> {
  const { numpy: np } = jax;
  const running =
    (f: (x: JaxArray, axis: number) => JaxArray): Kernel<ParamsOf<"cumSum">> =>
    (inputs, { axis, reverse }) => {
      const x = take(inputs);
      return reverse ? np.flip(f(np.flip(x, axis), axis), axis) : f(x, axis);
    };
  return {
    reshape: (inputs, { shape }) => take(inputs).reshape([...shape]),
    transpose: (inputs, { permutation }) => np.transpose(take(inputs), [...permutation]),
    broadcastTo: (inputs, { shape }) => np.broadcastTo(take(inputs), [...shape]),
    slice: (inputs, { starts, limits, strides }) => {
      const cut = take(inputs).slice(...starts.map((start, i): [number, number] => [start, limits[i] as number]));
      return strides.reduce((x, stride, axis) => strided(jax, x, axis, stride), cut);
    },
    pad: (inputs, { low, high, interior }) => padded(jax, take(inputs), low, high, interior),
    reverse: (inputs, { axes }) => np.flip(take(inputs), [...axes]),
    concat: (inputs, { axis }) =>
      np.concatenate(
        inputs.map((_, i) => take(inputs, i)),
        axis,
      ),
    iota: (_, { shape, axis, dtype }) => {
      const line = np.arange(0, shape[axis] as number, 1, { dtype: jax.DType.Int32 }).astype(dtypeOf(jax, dtype));
      return np.broadcastTo(line.reshape(shape.map((n, i) => (i === axis ? n : 1))), [...shape]);
    },
    reduceSum: (inputs, { axes }) => np.sum(take(inputs), [...axes]),
    reduceMax: (inputs, { axes }) => np.max(take(inputs), [...axes]),
    reduceMin: (inputs, { axes }) => np.min(take(inputs), [...axes]),
    reduceProd: (inputs, { axes }) => np.prod(take(inputs), [...axes]),
    reduceAnd: (inputs, { axes }) => np.all(take(inputs), [...axes]),
    reduceOr: (inputs, { axes }) => np.any(take(inputs), [...axes]),
    argMax: (inputs, { axis }) => np.argmax(take(inputs), axis),
    argMin: (inputs, { axis }) => np.argmin(take(inputs), axis),
    cumSum: running((x, axis) => np.cumsum(x, axis)),
    cumProd: running((x, axis) => np.cumprod(x, axis)),
    cumMax: lacking("cumMax"),
    cumMin: lacking("cumMin"),
  };
}
