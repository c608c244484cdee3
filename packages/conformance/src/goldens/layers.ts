// layers.json: outputs, gradients and new state of every layer. Eagerly a layer is called and its variables change; traced, the same
// calls are one pure function of all state.
import { convertToTensor, gradients, type layers, ops, saving, setRandomSeed, Tensor, tree } from "@keras-ts/core";
import { isFloat, primitives } from "@keras-ts/core/backend";
import { type Compute, type Expectation, type GoldenCase, type GoldenGroup, groupBy, readGoldens } from "./case.ts";
import { camel, isRecord, isStored, loose, looser, revive, type Stored, storedLeaves, toHost } from "./stored.ts";

interface Named {
  readonly path: string;
  readonly value: Stored;
}
interface Call {
  readonly args: readonly unknown[];
  readonly kwargs: Readonly<Record<string, unknown>>;
  readonly outputs: unknown;
  readonly state: readonly Named[];
  readonly losses?: readonly Stored[];
  readonly cotangents?: readonly Stored[];
  readonly input_gradients?: readonly unknown[];
  readonly kwarg_gradients?: Readonly<Record<string, unknown>>;
  readonly weight_gradients?: readonly Named[];
}
/** A case of layers.json. */
export interface LayerCase {
  readonly layer: saving.SerializedObject;
  readonly weights: readonly Named[];
  readonly initial_state: readonly Named[];
  readonly calls: readonly Call[];
}
type AnyLayer = InstanceType<typeof layers.Layer>;
type State = readonly (readonly [cell: AnyLayer["variables"][number], value: Tensor])[];

/** The cases of layers.json. */
export const layerCases = (): readonly LayerCase[] =>
  (readGoldens("layers") as { readonly cases: readonly LayerCase[] }).cases;

/** The cases of layers.json, by class. */
export function layerGoldens(): GoldenGroup[] {
  const groups = groupBy(layerCases(), (one) => one.layer.class_name);
  return [...groups].map(([name, list]) => ({ name: `layers.${name}`, cases: list.map(layerCase) }));
}

// Layers that carry their state from batch to batch: it is no weight, so it is not among what a pure call is given.
export const carries = ({ layer }: LayerCase): boolean => layer.config["stateful"] === true;

/** The layer with its weights, as it was before the first call. */
export function make(one: LayerCase): AnyLayer {
  setRandomSeed(0);
  const layer = saving.deserializeKerasObject(one.layer) as unknown as AnyLayer;
  const first = (one.calls[0] as Call).args.filter((arg) => storedLeaves(arg).length > 0);
  // What the call left that built them in the goldens: it is no state to Keras, so nobody put it back.
  if (carries(one)) layer.invoke(first.map((arg) => revive(arg, (x) => convertToTensor(toHost(x)))));
  layer.buildFrom(...(first.map((arg) => revive(arg, ({ shape }) => shape)) as readonly (readonly number[])[]));
  layer.setWeights(one.weights.map(({ value }) => toHost(value)));
  return layer;
}

function layerCase(one: LayerCase, index: number): GoldenCase {
  const gradient = one.calls[0]?.cotangents ?? [];
  return {
    name: `${index} ${JSON.stringify({ ...one.layer.config, name: undefined, trainable: undefined, dtype: undefined }).slice(0, 200)}`,
    inputs: [...one.calls.flatMap(({ args, kwargs }) => storedLeaves([args, kwargs])), ...gradient].map(toHost),
    prepare: () => {
      const layer = make(one);
      return { eager: eagerly(one, layer), traced: carries(one) ? eagerly(one, layer) : purely(one, layer) };
    },
    ...(carries(one) ? { assigns: true } : {}),
    expected: [...gradientsOf(one.calls[0] as Call), ...one.calls.flatMap(resultsOf)],
  };
}

const gradientsOf = (call: Call): Expectation[] =>
  [
    ...storedLeaves([call.input_gradients ?? [], call.kwarg_gradients ?? {}]),
    ...(call.weight_gradients ?? []).map((x) => x.value),
  ].map((value, i) => ({ what: `gradient ${i}`, value, tolerance: looser }));
const resultsOf = (call: Call, at: number): Expectation[] => {
  const named = (what: string, list: readonly Stored[]): Expectation[] =>
    list.map((value, i) => ({ what: `call ${at}, ${what} ${i}`, value, tolerance: { ...loose, scale: 1 } }));
  const state = call.state.map(({ path, value }) => ({
    what: `call ${at}, ${path}`,
    value,
    tolerance: { ...loose, scale: 1 },
  }));
  return [...named("output", storedLeaves(call.outputs)), ...state, ...named("loss", call.losses ?? [])];
};

/** Arguments of each call, inputs the layer was not given left out, the options last. */
function argumentsOf(
  one: LayerCase,
  layer: AnyLayer,
  inputs: readonly Tensor[],
): { readonly args: unknown[]; readonly call: Call }[] {
  let next = 0;
  const take = (): Tensor => inputs[next++] as Tensor;
  return one.calls.map((call) => {
    const args = revive(call.args, take, camel) as unknown[];
    const options = revive(call.kwargs, take, camel);
    const { numInputs } = layer.constructor as typeof layers.Layer;
    const missing = Array.from({ length: Math.max(0, numInputs - args.length) }, () => undefined);
    return { args: [...args, ...missing, options], call };
  });
}
const tensorsIn = (x: unknown): Tensor[] =>
  tree.flatten(x as tree.Tree<unknown>).filter((leaf): leaf is Tensor => leaf instanceof Tensor);
const lossesOf = (layer: AnyLayer, call: Call): readonly Tensor[] => (call.losses === undefined ? [] : layer.losses);

function eagerly(one: LayerCase, layer: AnyLayer): Compute {
  return (inputs) => {
    const calls = argumentsOf(one, layer, inputs);
    const slopes = (): Tensor[] => {
      const now: State = layer.variables.map((cell) => [cell, alias(cell.tensor)]);
      const { args, call } = calls[0] as (typeof calls)[number];
      const aliased = tree.map(args as unknown as tree.Tree<unknown>, (x) => (x instanceof Tensor ? alias(x) : x));
      return slopesOf(layer, now, { args: aliased as unknown as readonly unknown[], call }, inputs);
    };
    const before = carries(one) ? undefined : slopes();
    const results = calls.map(({ args, call }, i) => {
      const outs = tensorsIn(layer.invoke(args));
      const all = [...outs, ...layer.nonTrainableVariables.map((cell) => cell.tensor), ...lossesOf(layer, call)];
      return i === 0 && before === undefined ? [...slopes(), ...all] : all;
    });
    return [...(before ?? []), ...results.flat()];
  };
}

// A node of its own with the same values: carried state may depend on the same tensor, and Keras' gradients do not reach through it.
function alias(x: Tensor): Tensor {
  return primitives.reshape(primitives.reshape(x, { shape: [1, ...x.shape] }), { shape: x.shape });
}

function purely(one: LayerCase, layer: AnyLayer): Compute {
  return (inputs) => {
    const calls = argumentsOf(one, layer, inputs);
    // Weights and state come in from outside of the trace, as inputs of the program.
    const trainable = layer.trainableVariables.map((v) => v.value);
    let state: readonly Tensor[] = layer.nonTrainableVariables.map((cell) => cell.tensor);
    const before: State = [
      ...layer.trainableVariables.map((cell, i) => [cell, trainable[i] as Tensor] as const),
      ...layer.nonTrainableVariables.map((cell, i) => [cell, state[i] as Tensor] as const),
    ];
    const slopes = slopesOf(layer, before, calls[0] as (typeof calls)[number], inputs);
    const results = calls.flatMap(({ args, call }) => {
      const [outputs, after] = layer.statelessCall<unknown>(trainable, state, ...args);
      state = after;
      return [...tensorsIn(outputs), ...after, ...lossesOf(layer, call)];
    });
    return [...slopes, ...results];
  };
}

// Of the sum of all float outputs of the first call, each times its cotangent.
function slopesOf(
  layer: AnyLayer,
  before: State,
  { args, call }: { readonly args: readonly unknown[]; readonly call: Call },
  inputs: readonly Tensor[],
): Tensor[] {
  const { cotangents, input_gradients = [], kwarg_gradients = {}, weight_gradients = [] } = call;
  if (cotangents === undefined) return [];
  const values = new Map(before);
  const valueOf = (cell: State[number][0]): Tensor => values.get(cell) as Tensor;
  const trainable = layer.trainableVariables.map(valueOf);
  const [outputs] = layer.statelessCall<unknown>(trainable, layer.nonTrainableVariables.map(valueOf), ...args);
  const given = inputs.slice(inputs.length - cotangents.length);
  const parts = tensorsIn(outputs)
    .filter((y) => isFloat(y.dtype))
    .map((y, i) => ops.sum(ops.multiply(ops.cast(y, "float32"), ops.cast(given[i] as Tensor, "float32"))));
  const options = (args.at(-1) ?? {}) as Readonly<Record<string, unknown>>;
  const wanted = [
    ...input_gradients.flatMap((g, i) => wantedIn(g, args[i])),
    ...Object.entries(kwarg_gradients).flatMap(([name, g]) => wantedIn(g, options[camel(name)])),
    ...weight_gradients.map(
      ({ path }) => trainable[layer.trainableVariables.findIndex((v) => v.path === path)] as Tensor,
    ),
  ];
  return wanted.length === 0
    ? []
    : gradients(
        parts.reduce((a, b) => a.add(b)),
        wanted,
      );
}

// The tensors of an argument for which a gradient is written down.
function wantedIn(gradient: unknown, argument: unknown): Tensor[] {
  if (isStored(gradient)) return [argument as Tensor];
  if (Array.isArray(gradient)) return gradient.flatMap((g, i) => wantedIn(g, (argument as readonly unknown[])[i]));
  if (!isRecord(gradient)) return [];
  return Object.entries(gradient).flatMap(([key, g]) =>
    wantedIn(g, (argument as Readonly<Record<string, unknown>>)[key]),
  );
}
