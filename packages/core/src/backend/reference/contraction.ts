// Matrix products and convolutions. A convolution is a matrix product of the patches of its input.
import { type HostArray, isFloat, sizeOf, type TypedArray } from "../../aval/index.ts";
import { freeAxes } from "../../primitives/contraction.ts";
import type { KernelTable } from "../contract.ts";
import { finish, outOf, permuted } from "./arrays.ts";
import { connections, NOWHERE } from "./windows.ts";

type Contraction = "dotGeneral" | "conv" | "convInputGrad" | "convFilterGrad";

/** A matrix `[rows, inner]` inside an array; steps between neighbours down and right. */
interface Left {
  readonly data: TypedArray;
  readonly offset: number;
  readonly down: number;
  readonly right: number;
}

// Rows as doubles, one after the other, with rows of zeros up to a multiple of the block's height.
function packed({ data, offset, down, right }: Left, rows: number, inner: number, block: number): Float64Array {
  const out = new Float64Array(Math.ceil(rows / block) * block * inner);
  for (let i = 0, to = 0; i < rows; i++) {
    for (let j = 0, from = offset + i * down; j < inner; j++, from += right) out[to++] = data[from] as number;
  }
  return out;
}

// acc[m, n] += left[m, k] right[k, n], the right matrix row-major. Blocks of 4 by 2 results, so that sums stay in registers.
function multiplyFloats(
  acc: TypedArray,
  left: Left,
  right: TypedArray,
  at: number,
  m: number,
  k: number,
  n: number,
): void {
  const a = packed(left, m, k, 4);
  const b = packed({ data: right, offset: at, down: 1, right: n }, n, k, 2);
  const sums = new Float64Array(8);
  for (let i = 0; i < m; i += 4) {
    const row = i * k;
    for (let o = 0; o < n; o += 2) {
      const column = o * k;
      let s00 = 0;
      let s01 = 0;
      let s10 = 0;
      let s11 = 0;
      let s20 = 0;
      let s21 = 0;
      let s30 = 0;
      let s31 = 0;
      for (let j = 0; j < k; j++) {
        const x0 = a[row + j] as number;
        const x1 = a[row + k + j] as number;
        const x2 = a[row + 2 * k + j] as number;
        const x3 = a[row + 3 * k + j] as number;
        const y0 = b[column + j] as number;
        const y1 = b[column + k + j] as number;
        s00 += x0 * y0;
        s01 += x0 * y1;
        s10 += x1 * y0;
        s11 += x1 * y1;
        s20 += x2 * y0;
        s21 += x2 * y1;
        s30 += x3 * y0;
        s31 += x3 * y1;
      }
      sums[0] = s00;
      sums[1] = s01;
      sums[2] = s10;
      sums[3] = s11;
      sums[4] = s20;
      sums[5] = s21;
      sums[6] = s30;
      sums[7] = s31;
      for (let r = 0; r < 4 && i + r < m; r++) {
        for (let c = 0; c < 2 && o + c < n; c++) {
          const place = (i + r) * n + o + c;
          acc[place] = (acc[place] as number) + (sums[2 * r + c] as number);
        }
      }
    }
  }
}

// The same for integers, wrapping at 32 bits.
function multiplyIntegers(
  acc: TypedArray,
  left: Left,
  right: TypedArray,
  at: number,
  m: number,
  k: number,
  n: number,
): void {
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < k; j++) {
      const a = left.data[left.offset + i * left.down + j * left.right] as number;
      for (let o = 0; o < n; o++)
        acc[i * n + o] = (acc[i * n + o] as number) + Math.imul(a, right[at + j * n + o] as number);
    }
  }
}

interface Arithmetic {
  readonly multiply: typeof multiplyFloats;
  /** Sums: doubles, or wrapping integers. */
  readonly sums: (length: number) => TypedArray;
}
const floats: Arithmetic = { multiply: multiplyFloats, sums: (length) => new Float64Array(length) };
const integers: Arithmetic = { multiply: multiplyIntegers, sums: (length) => new Int32Array(length) };
const arithmeticOf = (x: HostArray): Arithmetic => (isFloat(x.dtype) ? floats : integers);

const dotGeneral: KernelTable<HostArray>["dotGeneral"] = (inputs, p, avals) => {
  const [a, b] = inputs as readonly [HostArray, HostArray];
  const { multiply, sums } = arithmeticOf(a);
  const aFree = freeAxes(a.shape.length, p.lhsContract, p.lhsBatch);
  const bFree = freeAxes(b.shape.length, p.rhsContract, p.rhsBatch);
  const size = (x: HostArray, axes: readonly number[]): number => sizeOf(axes.map((i) => x.shape[i] as number));
  const [batch, m, k, n] = [size(a, p.lhsBatch), size(a, aFree), size(a, p.lhsContract), size(b, bFree)];
  const left = permuted(a, [...p.lhsBatch, ...aFree, ...p.lhsContract]);
  const right = permuted(b, [...p.rhsBatch, ...p.rhsContract, ...bFree]);
  const out = sums(batch * m * n);
  for (let i = 0; i < batch; i++) {
    const part = out.subarray(i * m * n, (i + 1) * m * n);
    multiply(part, { data: left, offset: i * m * k, down: k, right: 1 }, right, i * k * n, m, k, n);
  }
  return finish(outOf(avals), out);
};

/** Sizes of a convolution, whichever of its three arrays is being computed. */
interface Plan extends Arithmetic {
  readonly batch: number;
  readonly inputs: number;
  readonly outputs: number;
  readonly taps: number;
  readonly channels: number;
  readonly filters: number;
  readonly groups: number;
  readonly table: Int32Array;
}
type Shapes = { readonly x: readonly number[]; readonly kernel: readonly number[]; readonly y: readonly number[] };
type Geometry = Parameters<KernelTable<HostArray>["conv"]>[1];
function planOf({ x, kernel, y }: Shapes, p: Geometry, arithmetic: Arithmetic): Plan {
  const rank = p.strides.length;
  const window = kernel.slice(0, rank);
  const [input, output] = [x.slice(1, rank + 1), y.slice(1, rank + 1)];
  return {
    ...arithmetic,
    batch: x[0] as number,
    inputs: sizeOf(input),
    outputs: sizeOf(output),
    taps: sizeOf(window),
    channels: kernel[rank] as number,
    filters: (kernel[rank + 1] as number) / p.groups,
    groups: p.groups,
    table: connections(input, output, { window, strides: p.strides, padding: p.padding, dilation: p.dilation }),
  };
}

// Patches of one image and group: row `position`, column `(tap, channel)`.
function patchesOf(plan: Plan, x: TypedArray, image: number, group: number, patches: TypedArray): void {
  const { inputs, channels, groups, table } = plan;
  for (let i = 0; i < table.length; i++) {
    const from = table[i] as number;
    const at = ((image * inputs + from) * groups + group) * channels;
    for (let c = 0; c < channels; c++) patches[i * channels + c] = from === NOWHERE ? 0 : (x[at + c] as number);
  }
}
// Columns `group * width ..` of a matrix with `groups * width` columns.
function columnsOf(
  matrix: TypedArray,
  start: number,
  rows: number,
  width: number,
  group: number,
  groups: number,
): TypedArray {
  if (groups === 1) return matrix.subarray(start, start + rows * width);
  const out = new (matrix.constructor as { new (length: number): TypedArray })(rows * width);
  for (let i = 0; i < rows; i++) {
    const from = start + (i * groups + group) * width;
    for (let j = 0; j < width; j++) out[i * width + j] = matrix[from + j] as number;
  }
  return out;
}
function putColumns(
  out: TypedArray,
  start: number,
  part: TypedArray,
  width: number,
  group: number,
  groups: number,
): void {
  for (let i = 0; i * width < part.length; i++) {
    const to = start + (i * groups + group) * width;
    for (let j = 0; j < width; j++) out[to + j] = part[i * width + j] as number;
  }
}

const conv: KernelTable<HostArray>["conv"] = (inputs, p, avals) => {
  const [x, kernel] = inputs as readonly [HostArray, HostArray];
  const aval = outOf(avals);
  const plan = planOf({ x: x.shape, kernel: kernel.shape, y: aval.shape }, p, arithmeticOf(x));
  const { multiply, sums, batch, outputs, taps, channels, filters, groups } = plan;
  const patches = sums(outputs * taps * channels);
  const out = sums(sizeOf(aval.shape));
  const part = sums(outputs * filters);
  const inner = taps * channels;
  for (let group = 0; group < groups; group++) {
    const weights = columnsOf(kernel.data, 0, inner, filters, group, groups);
    for (let image = 0; image < batch; image++) {
      patchesOf(plan, x.data, image, group, patches);
      part.fill(0);
      multiply(part, { data: patches, offset: 0, down: inner, right: 1 }, weights, 0, outputs, inner, filters);
      putColumns(out, image * outputs * filters * groups, part, filters, group, groups);
    }
  }
  return finish(aval, out);
};

const convInputGrad: KernelTable<HostArray>["convInputGrad"] = (inputs, p, avals) => {
  const [g, kernel] = inputs as readonly [HostArray, HostArray];
  const aval = outOf(avals);
  const plan = planOf({ x: aval.shape, kernel: kernel.shape, y: g.shape }, p, arithmeticOf(g));
  const { multiply, sums, batch, outputs, taps, channels, filters, groups, table } = plan;
  const patches = sums(outputs * taps * channels);
  const out = sums(sizeOf(aval.shape));
  const inner = taps * channels;
  for (let group = 0; group < groups; group++) {
    const weights = columnsOf(kernel.data, 0, inner, filters, group, groups);
    const turned = permuted({ shape: [inner, filters], dtype: kernel.dtype, data: weights }, [1, 0]);
    for (let image = 0; image < batch; image++) {
      const part = columnsOf(g.data, image * outputs * filters * groups, outputs, filters, group, groups);
      patches.fill(0);
      multiply(patches, { data: part, offset: 0, down: filters, right: 1 }, turned, 0, outputs, filters, inner);
      for (let i = 0; i < table.length; i++) {
        const to = table[i] as number;
        if (to === NOWHERE) continue;
        const at = ((image * plan.inputs + to) * groups + group) * channels;
        for (let c = 0; c < channels; c++)
          out[at + c] = (out[at + c] as number) + (patches[i * channels + c] as number);
      }
    }
  }
  return finish(aval, out);
};

const convFilterGrad: KernelTable<HostArray>["convFilterGrad"] = (inputs, p, avals) => {
  const [x, g] = inputs as readonly [HostArray, HostArray];
  const aval = outOf(avals);
  const plan = planOf({ x: x.shape, kernel: aval.shape, y: g.shape }, p, arithmeticOf(x));
  const { multiply, sums, batch, outputs, taps, channels, filters, groups } = plan;
  const patches = sums(outputs * taps * channels);
  const out = sums(sizeOf(aval.shape));
  const inner = taps * channels;
  for (let group = 0; group < groups; group++) {
    const total = sums(inner * filters);
    for (let image = 0; image < batch; image++) {
      const part = columnsOf(g.data, image * outputs * filters * groups, outputs, filters, group, groups);
      patchesOf(plan, x.data, image, group, patches);
      multiply(total, { data: patches, offset: 0, down: 1, right: inner }, part, 0, inner, outputs, filters);
    }
    putColumns(out, 0, total, filters, group, groups);
  }
  return finish(aval, out);
};

/** Kernels of the products and convolutions of `primitives/contraction.ts`. */
export const contractionKernels: Pick<KernelTable<HostArray>, Contraction> = {
  dotGeneral,
  conv,
  convInputGrad,
  convFilterGrad,
};
