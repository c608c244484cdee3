// Sorting by bits against a stable sort by comparisons.
import { expect, test } from "vitest";
import { castData, type DType, type HostArray, sizeOf } from "../../aval/index.ts";
import { reference } from "./reference.ts";

const kernels = reference().kernels as NonNullable<ReturnType<typeof reference>["kernels"]>;

// Nan last; 0 and -0 are equal.
function ascending(a: number, b: number): number {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
  return a < b ? -1 : a > b ? 1 : 0;
}
const lineOf = (x: HostArray): number[] => [...x.data];
const special = [0, -0, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1e-40, -1e-40, 1, -1, 3e38];

function numbers(dtype: DType, n: number): HostArray {
  let state = n + 1;
  const next = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  const isFloat = dtype.startsWith("float");
  const values = Array.from({ length: n }, () => {
    if (isFloat && next() < 0.3) return special[Math.floor(next() * special.length)] as number;
    return isFloat ? (next() - 0.5) * 10 ** (next() * 20 - 10) : Math.floor((next() - 0.5) * 2 ** 33);
  });
  return { shape: [n], dtype, data: castData(Float64Array.from(values), dtype, "float64") };
}

test.each(["float32", "float64", "int32", "uint32", "int8", "uint8", "float16"] as const)(
  "%s in the order of comparisons",
  (dtype) => {
    for (const n of [1, 2, 7, 33, 300, 5000]) {
      const x = numbers(dtype, n);
      const values = lineOf(x);
      const order = values.map((_, i) => i).sort((i, j) => ascending(values[i] as number, values[j] as number));
      const places = { shape: [n], dtype: "int32" as const };
      const sorted = kernels.sort([x], { axis: 0 }, { ins: [x], outs: [x] });
      expect(lineOf(sorted)).toEqual(order.map((i) => values[i]));
      expect(lineOf(kernels.argSort([x], { axis: 0 }, { ins: [x], outs: [places] }))).toEqual(order);
      const down = values.map((_, i) => i).sort((i, j) => ascending(values[j] as number, values[i] as number));
      for (const k of [1, Math.ceil(n / 20), n]) {
        const outs = [
          { shape: [k], dtype },
          { shape: [k], dtype: "int32" as const },
        ];
        const [top, at] = kernels.topK([x], { k }, { ins: [x], outs }) as readonly [HostArray, HostArray];
        expect(lineOf(at)).toEqual(down.slice(0, k));
        expect(lineOf(top)).toEqual(down.slice(0, k).map((i) => values[i]));
      }
    }
  },
);

test("lines along any axis", () => {
  const x: HostArray = { ...numbers("float32", 60), shape: [3, 4, 5] };
  const sorted = kernels.sort([x], { axis: 1 }, { ins: [x], outs: [x] });
  for (let i = 0; i < 3; i++)
    for (let j = 0; j < 5; j++) {
      const line = (y: HostArray): number[] => [0, 1, 2, 3].map((k) => y.data[i * 20 + k * 5 + j] as number);
      expect(line(sorted)).toEqual(line(x).sort(ascending));
    }
  expect(sizeOf(sorted.shape)).toBe(60);
});
