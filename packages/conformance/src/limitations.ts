// Whether an engine says that it cannot run a program.
import { type DType, Graph, type Limitation } from "@keras-ts/core/backend";
import { type GoldenCase, graphOf, toHost } from "./goldens/index.ts";

/** What is said about the engine under test. */
export interface Limits {
  /** What the engine says it cannot do: each is run and must fail, so that a stale entry breaks the suite. */
  readonly limitations?: readonly Limitation[];
  /** The device under test, for limitations of single devices. */
  readonly device?: string;
}

const usesDtype = (graph: Graph, dtype: DType): boolean =>
  [...graph.inputs, ...graph.outputs, ...graph.nodes.flatMap((node) => node.inputs)].some((x) => x.dtype === dtype);
const usesOp = (graph: Graph, op: string): boolean =>
  graph.nodes.some(
    ({ definition, params }) =>
      definition.name === op || Object.values(params).some((value) => value instanceof Graph && usesOp(value, op)),
  );

const holdsOn = ({ devices }: Limitation, device: string | undefined): boolean =>
  devices === undefined || (device !== undefined && devices.includes(device));

/** The limitations of a device by which only signs of zeros get lost. */
export const zeroSignLimitations = ({ limitations = [], device }: Limits): Limitation[] =>
  limitations.filter((one) => one.zeroSigns === true && holdsOn(one, device));
const losesZeroSigns = (graph: Graph, limits: Limits): boolean =>
  zeroSignLimitations(limits).some((one) => matches(one, graph, ""));

/** The limitations of a device by which only nan and infinities get lost. */
export const nonFiniteLimitations = ({ limitations = [], device }: Limits): Limitation[] =>
  limitations.filter((one) => one.nonFinite === true && holdsOn(one, device));

/** The limitations of a device that hold for some values only. */
export const sometimesLimitations = ({ limitations = [], device }: Limits): Limitation[] =>
  limitations.filter((one) => one.sometimes === true && holdsOn(one, device));
/** The cases that are under a limitation, whatever it says of them. */
export const allCasesUnder = (limitation: Limitation, cases: readonly GoldenCase[]): GoldenCase[] =>
  cases.filter((one) => isUnder(limitation, one));

const hasNonFinite = ({ inputs, expected }: GoldenCase): boolean =>
  [...inputs, ...expected.map(({ value }) => toHost(value))].some(({ data }) =>
    data.some((x) => !Number.isFinite(Number(x))),
  );
/** The cases with nan or infinities that are under the limitation: one at least must fail. */
export const nonFiniteCases = (limitation: Limitation, cases: readonly GoldenCase[]): GoldenCase[] =>
  cases.filter(hasNonFinite).filter((one) => isUnder(limitation, one));
function isUnder(limitation: Limitation, one: GoldenCase): boolean {
  const graph = graphOf(one);
  return graph === undefined ? limitation.op === "*" : matches(limitation, graph, one.name);
}

/** The cases with a negative zero in what is expected that are under the limitation: one at least must fail. */
export function casesUnder(limitation: Limitation, cases: readonly GoldenCase[]): GoldenCase[] {
  const hasNegativeZero = ({ expected }: GoldenCase): boolean =>
    expected.some(
      ({ value, tolerance }) => tolerance.signedZeros === true && toHost(value).data.some((x) => Object.is(x, -0)),
    );
  return cases.filter(hasNegativeZero).filter((one) => {
    const graph = graphOf(one);
    return graph !== undefined && matches(limitation, graph, "");
  });
}

/** The limitation that says that a program cannot run, if there is one. */
export function limitationOf(graph: Graph, name: string, { limitations = [], device }: Limits): Limitation | undefined {
  return limitations.find(
    (one) =>
      one.zeroSigns !== true &&
      one.nonFinite !== true &&
      one.onHost !== true &&
      holdsOn(one, device) &&
      matches(one, graph, name),
  );
}
/** The limitation that says that a model does not train as closely as real Keras: its op is `fit`, its sample the model. */
export const trainingLimitation = (model: string, { limitations = [], device }: Limits): Limitation | undefined =>
  limitations.find((one) => one.op === "fit" && one.sample === model && holdsOn(one, device));

function matches({ op, dtype, sample }: Limitation, graph: Graph, name: string): boolean {
  return (
    (op === "*" || usesOp(graph, op)) &&
    (dtype === undefined || usesDtype(graph, dtype)) &&
    (sample === undefined || sample === name)
  );
}

/**
 * The cases that the engine can run, to be compared as closely as it says, those that must fail, and those that may. Cases with nan and
 * infinities on an engine that loses them are in none.
 */
export function split(
  cases: readonly GoldenCase[],
  limits: Limits,
): [possible: GoldenCase[], limited: GoldenCase[], uncertain: GoldenCase[]] {
  if ((limits.limitations ?? []).length === 0) return [[...cases], [], []];
  const [possible, limited, uncertain]: [GoldenCase[], GoldenCase[], GoldenCase[]] = [[], [], []];
  const losing = nonFiniteLimitations(limits);
  for (const one of cases) {
    if (losing.length > 0 && hasNonFinite(one) && losing.some((limitation) => isUnder(limitation, one))) continue;
    const graph = graphOf(one);
    const found = graph && limitationOf(graph, one.name, limits);
    if (found !== undefined) (found.sometimes === true ? uncertain : limited).push(one);
    else possible.push(graph !== undefined && losesZeroSigns(graph, limits) ? withoutZeroSigns(one) : one);
  }
  return [possible, limited, uncertain];
}
function withoutZeroSigns(one: GoldenCase): GoldenCase {
  const expected = one.expected.map((e) => ({ ...e, tolerance: { ...e.tolerance, signedZeros: false } }));
  return { ...one, expected };
}
