// Fourier transforms along the last axis.
import { literal, primitives as p, type Tensor } from "@keras-ts/core/backend";
import type { Builder } from "../builder.ts";

export function fftByMatrix([a, c]: readonly Tensor[], { inverse }: p.FftParams): readonly Tensor[] {
  const [re, im] = [a as Tensor, c as Tensor];
  const n = re.shape[re.ndim - 1] as number;
  const table = (f: (angle: number) => number): Tensor => {
    const data = new Float64Array(n * n);
    for (let i = 0; i < n; i++)
      for (let j = 0; j < n; j++) data[i * n + j] = f((2 * Math.PI * ((i * j) % n)) / n) / (inverse ? n : 1);
    return p.cast(literal({ shape: [n, n], dtype: "float64", data }), { dtype: re.dtype });
  };
  const [cos, sin] = [table(Math.cos), table(Math.sin)];
  const times = (x: Tensor, m: Tensor): Tensor =>
    p.dotGeneral(x, m, { lhsContract: [x.ndim - 1], rhsContract: [0], lhsBatch: [], rhsBatch: [] });
  // e^(-i w) = cos w - i sin w; the inverse turns the other way.
  const turned = inverse ? p.neg(sin) : sin;
  return [p.add(times(re, cos), times(im, turned)), p.sub(times(im, cos), times(re, turned))];
}

// In double precision: the operator's float32 path loses four digits where the length is no power of two.
export function fftByOperator(
  b: Builder,
  [re, im]: readonly [string, string],
  shape: readonly number[],
  inverse: boolean,
): string[] {
  const { type } = b.info(re);
  const n = shape[shape.length - 1] as number;
  const rows = sizeOf(shape) / n;
  const column = (x: string): string => b.reshape(b.cast(x, "float64"), [rows, n, 1]);
  const both = b.concat([column(re), column(im)], 2);
  const out = b.op(
    "DFT",
    [both, "", b.scalar(1, "int64")],
    { type: "float64", shape: [rows, n, 2] },
    { inverse: inverse ? 1 : 0 },
  );
  return [0, 1].map((part) => b.reshape(b.cast(b.slice(out, [0, 0, part], [rows, n, part + 1]), type), shape));
}
