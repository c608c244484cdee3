// losses.json and activations.json: values and gradients.
import { activations, gradients, losses, ops, type Tensor } from "@keras-ts/core";
import { pythonOperationTable } from "@keras-ts/core/backend";
import { type Expectation, type GoldenCase, type GoldenGroup, groupBy, readGoldens, stateless } from "./case.ts";
import { camel, loose, readPlain, type Stored, type Tolerance, toHost } from "./stored.ts";

interface Serialized {
  readonly class_name: string;
  readonly config: Readonly<Record<string, unknown>>;
}
interface LossCase {
  readonly loss: Serialized;
  readonly y_true: Stored;
  readonly y_pred: Stored;
  readonly sample_weight: Stored | null;
  readonly output: Stored;
  readonly gradient: Stored;
}
interface FunctionCase extends Omit<LossCase, "loss" | "sample_weight"> {
  readonly function: string;
  readonly options: Readonly<Record<string, unknown>>;
}
interface LossFile {
  readonly cases: readonly LossCase[];
  readonly functions: readonly FunctionCase[];
}
interface ActivationCase {
  readonly name: string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly input: Stored;
  readonly output: Stored;
  readonly cotangent?: Stored;
  readonly gradient?: Stored;
}
type Loss = InstanceType<typeof losses.Loss>;
const plain: Tolerance = { relative: { ...loose.relative, float32: 1e-5 }, scale: 1 };

/** Loss classes by name, then the loss functions. */
export function lossGoldens(): GoldenGroup[] {
  const { cases, functions } = readGoldens("losses") as LossFile;
  const classes = [...groupBy(cases, (one) => one.loss.class_name)];
  return [
    ...classes.map(([name, list]) => ({ name: `losses.${name}`, cases: list.map(lossCase) })),
    { name: "loss functions", cases: functions.map(functionCase) },
  ];
}

function lossCase(one: LossCase, index: number): GoldenCase {
  const weights = one.sample_weight === null ? [] : [one.sample_weight];
  return {
    name: `${index} ${JSON.stringify(one.loss.config)}`,
    inputs: [one.y_true, one.y_pred, ...weights].map(toHost),
    prepare: stateless(([yTrue, yPred, sampleWeight = null]) =>
      withGradient(lossOf(one).apply(yTrue as Tensor, yPred as Tensor, { sampleWeight }), yPred as Tensor),
    ),
    expected: both(one),
  };
}
// Keras' configs of losses do not say the dtype: it is that of the result.
const lossOf = ({ loss, output }: LossCase): Loss =>
  output.dtype === "float32"
    ? losses.get(loss)
    : losses.get({ ...loss, config: { ...loss.config, dtype: output.dtype } });

function functionCase(one: FunctionCase, index: number): GoldenCase {
  const options = Object.fromEntries(Object.entries(one.options).map(([name, value]) => [camel(name), value]));
  const known = losses as unknown as Readonly<Record<string, (...args: unknown[]) => Tensor>>;
  const f = known[camel(one.function)] as (...args: unknown[]) => Tensor;
  return {
    name: `${index} ${one.function}`,
    inputs: [one.y_true, one.y_pred].map(toHost),
    prepare: stateless(([yTrue, yPred]) => withGradient(f(yTrue, yPred, options), yPred as Tensor)),
    expected: both(one),
  };
}

const withGradient = (out: Tensor, at: Tensor): Tensor[] => [out, ...gradients(ops.sum(out), [at])];
const both = ({ output, gradient }: { readonly output: Stored; readonly gradient: Stored }): Expectation[] => [
  { what: "output", value: output, tolerance: plain },
  { what: "gradient", value: gradient, tolerance: plain },
];

/** Activations by name. */
export function activationGoldens(): GoldenGroup[] {
  const { cases } = readGoldens("activations") as { readonly cases: readonly ActivationCase[] };
  const list = cases.map((one, i): GoldenCase => {
    const f = activations.get(one.name) as unknown as (...args: unknown[]) => Tensor;
    // What has no default in Python is positional here.
    const { required = [] } = pythonOperationTable().get(camel(one.name)) ?? {};
    const given = Object.entries(one.options).map(([name, value]) => [name, readPlain(value)] as const);
    const positional = required.slice(1).map((name) => given.find(([other]) => other === name)?.[1]);
    const options = Object.fromEntries(
      given.filter(([name]) => !required.includes(name)).map(([name, x]) => [camel(name), x]),
    );
    const args = [...positional, ...(Object.keys(options).length > 0 ? [options] : [])];
    const wanted: Expectation[] = [{ what: "output", value: one.output, tolerance: loose }];
    if (one.gradient !== undefined) wanted.push({ what: "gradient", value: one.gradient, tolerance: loose });
    return {
      name: `${i} ${one.name} ${JSON.stringify(one.options)}`,
      inputs: [one.input, ...(one.cotangent === undefined ? [] : [one.cotangent])].map(toHost),
      prepare: stateless(([x, g]) => {
        const y = f(x, ...args);
        return g === undefined ? [y] : [y, ...gradients(ops.sum(ops.multiply(y, g)), [x as Tensor])];
      }),
      expected: wanted,
    };
  });
  return [{ name: "activations", cases: list }];
}
