// Nothing of `keras.ops` and `keras.random` is absent, no option of Keras is refused, no default differs.
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { argumentsOf, camel, type PythonCall } from "../../testing/python-call.ts";
import { Tensor } from "../graph/index.ts";
import * as random from "../random/index.ts";
import * as tree from "../tree/index.ts";
import * as ops from "./catalog.ts";
import { pythonOperationTable } from "./python.ts";

type Function = (...args: unknown[]) => unknown;
const spaces: Readonly<Record<string, Readonly<Record<string, unknown>>>> = { ops, random };
// `keras.ops.image` is a namespace of its own in Keras as well; the table has its functions by their last name.
function find(name: string): unknown {
  const [space, own] = name.includes(".") ? (name.split(".") as [string, string]) : ["ops", name];
  const { image = {} } = ops as unknown as Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  return spaces[space]?.[own] ?? image[own];
}
const table = pythonOperationTable();

test("the table has all of Keras 3.15.1", () => {
  expect([...table.keys()].filter((name) => name.startsWith("random.")).length).toBe(10);
  expect(table.size).toBe(363);
});
// Being written; an op that exists must leave this list.
const absent: ReadonlySet<string> = new Set(
  `adaptiveAveragePool adaptiveMaxPool affineTransform bartlett bincount blackman cdist cholesky choleskyInverse corrcoef correlate cropImages ctcDecode ctcLoss depthToSpace det eig eigh elasticTransform erfc extractPatches extractPatches3d extractSequences fft fft2 fold gaussianBlur gcd geomspace hamming hanning histogram hsvToRgb i0 ifft2 imag inv irfft isin istft jvp kaiser lcm logdet lstsq luFactor mapCoordinates matrixRank median nanargmax nanargmin nancumprod nancumsum nanmedian nanpercentile nanquantile nextafter padImages percentile perspectiveTransform pinv polar psnr qr quantile real rearrange resize rfft rgbToGrayscale rgbToHsv scaleAndTranslate slogdet sobelEdges solve solveTriangular spaceToDepth ssim stft svd unfold unique vander vectorize view viewAsComplex viewAsReal random.beta random.binomial random.gamma`.split(
    /\s+/,
  ),
);
test.each([...table.keys()])("%s exists", (name) => {
  expect(typeof find(name)).toBe(absent.has(name) ? "undefined" : "function");
});
// One right call of each op, from its golden file.
const folder = new URL("../../../conformance/goldens/", import.meta.url);
const right = new Map<string, PythonCall>();
for (const file of readdirSync(folder).filter((name) => name.startsWith("ops-")))
  for (const one of (JSON.parse(readFileSync(new URL(file, folder), "utf8")) as { cases: PythonCall[] }).cases)
    if (!right.has(camel(one.op)) && Object.keys(one.kwargs ?? {}).length === 0) right.set(camel(one.op), one);

async function hosts(made: unknown): Promise<unknown> {
  const leaves = tree.flatten((await made) as tree.Tree<unknown>);
  return Promise.all(leaves.map((leaf) => (leaf instanceof Tensor ? leaf.host() : leaf)));
}
const callable = [...table.values()].filter(({ op, optional }) => optional.length > 0 && right.has(op) && find(op));
describe.each(callable.map((entry) => [entry.op, entry] as const))("%s", (op, { optional, defaults }) => {
  test("takes Keras' options, and leaves them at Keras' defaults", async () => {
    const args = argumentsOf(right.get(op) as PythonCall);
    const last = args.at(-1);
    const isOptions = typeof last === "object" && last !== null && Object.getPrototypeOf(last) === Object.prototype;
    const [positional, given] = isOptions ? [args.slice(0, -1), last as object] : [args, {}];
    const call = find(op) as Function;
    const usual = await hosts(call(...args));
    for (const name of optional) {
      const named = { [camel(name)]: defaults[name], ...given };
      expect(await hosts(call(...positional, named))).toEqual(usual);
    }
  });
});
