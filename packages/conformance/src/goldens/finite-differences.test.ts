// First and second derivatives of the smooth ops against differences in double precision on the reference engine.
import { gradients, ops, setBackend, Tensor, tensor, tree } from "@keras-ts/core";
import { type HostArray, isFloat, reference } from "@keras-ts/core/backend";
import { beforeAll, expect, test } from "vitest";
import { groupBy, readGoldens } from "./case.ts";
import { argumentsOf, type OpCall } from "./op-call.ts";
import { camel, type Stored, toHost } from "./stored.ts";

interface SmoothCase extends OpCall {
  readonly cotangents: readonly Stored[];
  readonly tangents: readonly Stored[];
}
const STEP = 1e-5;
const { cases } = readGoldens("ops-second") as { readonly cases: readonly SmoothCase[] };
beforeAll(() => setBackend(reference()));

const inDouble = (x: Stored): HostArray => {
  const host = toHost(x);
  return isFloat(host.dtype) ? { ...host, dtype: "float64", data: Float64Array.from(host.data) } : host;
};
const asTensor = (x: HostArray): Tensor => tensor(x);
const isDouble = (x: HostArray): boolean => x.dtype === "float64";
const dot = (xs: readonly Tensor[], ys: readonly HostArray[]): Tensor =>
  xs.map((x, i) => ops.sum(ops.multiply(x, asTensor(ys[i] as HostArray)))).reduce((a, b) => a.add(b));

// The inputs moved along the directions; those that are not floats stay.
function moved(inputs: readonly HostArray[], directions: readonly HostArray[], step: number): HostArray[] {
  let next = 0;
  return inputs.map((x) => {
    if (!isDouble(x)) return x;
    const along = directions[next++] as HostArray;
    return { ...x, data: Float64Array.from(x.data, (value, i) => value + step * (along.data[i] as number)) };
  });
}

test.each([...groupBy(cases, ({ op }) => op)])("%s", async (_, group) => {
  for (const one of group) {
    const { stored, run } = argumentsOf(one);
    const [inputs, weights, directions] = [stored, one.cotangents, one.tangents].map((xs) => xs.map(inDouble)) as [
      HostArray[],
      HostArray[],
      HostArray[],
    ];
    const value = (xs: readonly Tensor[]): Tensor => {
      const outs = tree.flatten(run(xs) as tree.Tree<unknown>).filter((x): x is Tensor => x instanceof Tensor);
      return dot(
        outs.filter((x) => isFloat(x.dtype)),
        weights,
      );
    };
    const slope = (xs: readonly Tensor[]): Tensor =>
      dot(
        gradients(
          value(xs),
          xs.filter((x) => x.dtype === "float64"),
        ),
        directions,
      );
    const along = async (f: (xs: readonly Tensor[]) => Tensor, step: number): Promise<number> =>
      (await f(moved(inputs, directions, step).map(asTensor)).host()).data[0] as number;
    const difference = async (f: (xs: readonly Tensor[]) => Tensor): Promise<number> =>
      ((await along(f, STEP)) - (await along(f, -STEP))) / (2 * STEP);
    const points = inputs.map(asTensor);
    const doubles = points.filter((x) => x.dtype === "float64");
    const first = (await slope(points).host()).data[0] as number;
    const second = (await dot(gradients(slope(points), doubles), directions).host()).data[0] as number;
    for (const [order, found, wanted] of [
      ["first", first, await difference(value)],
      ["second", second, await difference(slope)],
    ] as const) {
      const allowed = 1e-6 * Math.max(1, Math.abs(wanted));
      const what = `${order} derivative of ${camel(one.op)} ${JSON.stringify(one.kwargs)}: ${found} by rule, ${wanted} by difference`;
      expect(Math.abs(found - wanted), what).toBeLessThan(allowed);
    }
  }
});
