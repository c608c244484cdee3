// What a sample must fulfil: an engine computes what the reference computes, and rules agree with finite differences.
import {
  type Backend,
  carrierOf,
  type DType,
  Graph,
  type HostArray,
  isDifferentiable,
  primitives,
  reference,
  type Tensor,
} from "@keras-ts/core/backend";
import { prepareProgram, runProgram } from "./run.ts";
import { type Program, scattered } from "./sample.ts";

/** Relative to `1 + |expected|`; integers and bool must be equal. */
const tolerances: Readonly<Partial<Record<DType, number>>> = {
  float64: 1e-10,
  float32: 4e-6,
  complex64: 4e-6,
  float16: 2e-3,
  bfloat16: 1.6e-2,
};

const show = ({ dtype, shape, data }: HostArray): string =>
  `${dtype} [${shape.join(", ")}] ${Array.from(data).join(" ")}`;

/** @throws Error that shows both, if shapes or dtypes differ or a value is further off than the tolerance. */
export function expectClose(what: string, actual: HostArray, expected: HostArray, tolerance: number): void {
  const shapes = actual.dtype === expected.dtype && String(actual.shape) === String(expected.shape);
  const differs = (i: number): boolean => {
    const [a, e] = [actual.data[i] as number, expected.data[i] as number];
    if (Object.is(a, e) || a === e) return false;
    if (!isDifferentiable(expected.dtype) || !Number.isFinite(e)) return true;
    return !(Math.abs(a - e) <= tolerance * (1 + Math.abs(e)));
  };
  const place = shapes ? Array.from(expected.data.keys()).find(differs) : -1;
  if (place === undefined && actual.data.length === expected.data.length) return;
  throw new Error(`${what}: must be ${show(expected)}, got ${show(actual)} (first difference at ${place})`);
}

/** The engine's results are the reference's, to a tolerance by dtype. @throws Error that shows both. */
export async function checkProgram<H>(backend: Backend<H>, program: Program, slack = 1): Promise<void> {
  const expected = await runProgram(reference(), program);
  const actual = await runProgram(backend, program);
  expected.forEach((x, i) => {
    const carrier = carrierOf(x.dtype, backend as Backend);
    const tolerance = Math.max(tolerances[x.dtype] ?? 0, tolerances[carrier] ?? 0);
    expectClose(`output ${i}`, actual[i] as HostArray, x, tolerance * slack);
  });
}

// Central differences of step h are off by about h^2 and 1e-16 / h.
const STEP = 1e-5;
const DIFFERENCE_TOLERANCE = 1e-6;

function weigh(outs: readonly HostArray[], weights: readonly HostArray[]): number {
  let sum = 0;
  outs.forEach(({ data }, k) => {
    for (let i = 0; i < data.length; i++) sum += (data[i] as number) * (weights[k]?.data[i] as number);
  });
  return sum;
}

/**
 * The derivative rules below `program` (float64) agree with central finite differences on the reference; with `order` 2 those of the
 * gradient program too. @throws Error that shows both.
 */
export async function checkGradient({ graph, inputs }: Program, order: 1 | 2 = 1): Promise<void> {
  const backend = reference();
  const places = primitives.floatPlaces(graph.outputs);
  const flowing = places.map((i) => graph.outputs[i] as Tensor);
  const weights = flowing.map(({ shape }, i) => scattered(shape, -1, 1, "float64", i + 7));
  const gradient = primitives.vjpGraph(graph);
  const exact = await runProgram(backend, { graph: gradient, inputs: [...inputs, ...weights] });
  const forward = await prepareProgram(backend, new Graph(graph.inputs, flowing));
  const xs = primitives.floatPlaces(inputs);
  for (const [k, place] of xs.entries()) {
    const x = inputs[place] as HostArray;
    const estimate = Float64Array.from(x.data);
    for (let i = 0; i < estimate.length; i++) {
      const moved = async (by: number): Promise<number> => {
        const data = Float64Array.from(x.data);
        data[i] = (data[i] as number) + by;
        return weigh(await forward.run(inputs.map((input, at) => (at === place ? { ...x, data } : input))), weights);
      };
      estimate[i] = ((await moved(STEP)) - (await moved(-STEP))) / (2 * STEP);
    }
    const label = `gradient of input ${place}`;
    expectClose(
      label,
      exact[k] as HostArray,
      { ...x, data: estimate },
      DIFFERENCE_TOLERANCE * (1 + Math.max(0, ...estimate.map(Math.abs))),
    );
  }
  if (order === 2) await checkGradient({ graph: gradient, inputs: [...inputs, ...weights] });
}
