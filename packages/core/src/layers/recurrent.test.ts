// GRU, SimpleRNN and Bidirectional beyond the golden files: state that is carried, copies, errors.
import { beforeEach, describe, expect, test } from "vitest";
import type { Tensor } from "../graph/index.ts";
import { Sequential } from "../models/index.ts";
import { flip, resetNames, tensor } from "../ops/index.ts";
import { registerBuiltins } from "../registry/index.ts";
import * as layers from "./index.ts";

beforeEach(() => {
  resetNames();
  registerBuiltins([...Object.values(layers), Sequential]);
});
const { Bidirectional, Dense, GRU, LSTM, RNN, SimpleRNN } = layers;

const x = tensor(
  Array.from({ length: 2 }, (_, b) => Array.from({ length: 4 }, (_, t) => [Math.sin(b + t), Math.cos(3 * t), 0.5])),
);
const read = async (y: unknown): Promise<number[]> => [...((await (y as Tensor).data()) as Float32Array)];

test("a stateful pair carries the states of both directions, and forgets them when asked", async () => {
  const make = (stateful: boolean): InstanceType<typeof Bidirectional> =>
    new Bidirectional({ layer: new LSTM({ units: 2, stateful, returnState: true }) });
  const [pair, plain] = [make(true), make(false)];
  const [first, ...states] = pair.apply(x) as unknown as Tensor[];
  plain.apply(x);
  plain.setWeights(await pair.getWeights());
  const [second] = pair.apply(x) as unknown as Tensor[];
  const [again] = plain.apply(x, { initialState: states }) as unknown as Tensor[];
  expect(await read(second)).toEqual(await read(again));
  expect(await read(second)).not.toEqual(await read(first));
  expect(pair.states?.length).toBe(4);
  pair.resetState();
  expect(await read((pair.apply(x) as unknown as Tensor[])[0])).toEqual(await read(first));
  expect(() => plain.resetState()).toThrow("must be stateful to be reset");
});

test("each direction is the layer alone, over the sequence or its reverse", async () => {
  const pair = new Bidirectional({ layer: new GRU({ units: 2, returnSequences: true }), mergeMode: null });
  const [there, back] = pair.apply(x) as unknown as Tensor[];
  const weights = await pair.getWeights();
  const alone = async (own: typeof weights, input: Tensor): Promise<Tensor> => {
    const layer = new GRU({ units: 2, returnSequences: true });
    layer.buildFrom(x.shape);
    layer.setWeights(own);
    return layer.apply(input) as unknown as Tensor;
  };
  expect(await read(there)).toEqual(await read(await alone(weights.slice(0, 3), x)));
  const reversed = await alone(weights.slice(3), flip(x, { axis: 1 }));
  expect(await read(back)).toEqual(await read(flip(reversed, { axis: 1 })));
});

test("the layer that is given is not part of the pair; weights begin with those that are given", async () => {
  const layer = new SimpleRNN({ units: 2, useBias: false, name: "own" });
  layer.apply(x);
  const given = await layer.getWeights();
  const pair = new Bidirectional({ layer, weights: [...given, ...given].map((w) => tensor(w as never)) });
  pair.apply(x);
  expect(pair.weights.map(({ path }) => path.split("/")[1])).toEqual([
    "forward_own",
    "forward_own",
    "backward_own",
    "backward_own",
  ]);
  expect(pair.forwardLayer).not.toBe(layer);
  const weights = await Promise.all(pair.weights.map((w) => read(w.value)));
  expect(weights.slice(0, 2)).toEqual(weights.slice(2));
});

test("a cell of your own need not be registered to run both ways", () => {
  class Half extends layers.SimpleRNNCell {
    static override readonly className = "Half";
    static override readonly module: string = "mine";
  }
  const pair = new Bidirectional({ layer: new RNN({ cell: new Half({ units: 2 }) }) });
  expect((pair.apply(x) as unknown as Tensor).shape).toEqual([2, 4]);
});

test("activation: null is none", async () => {
  const [none, linear] = [null, "linear"].map((activation) => new SimpleRNN({ units: 2, activation, seed: 1 }));
  none?.apply(x);
  linear?.buildFrom(x.shape);
  linear?.setWeights((await none?.getWeights()) as never);
  expect(await read(none?.apply(x))).toEqual(await read(linear?.apply(x)));
});

describe("errors", () => {
  const there = (): InstanceType<typeof GRU> => new GRU({ units: 2, returnSequences: true });
  const cases: readonly [string, () => unknown, string][] = [
    ["units", () => new GRU({ units: 0 }), "GRU: units must be a positive integer, got 0."],
    [
      "useCudnn",
      () => new GRU({ units: 1, useCudnn: "no" as never }),
      'useCudnn must be "auto", true or false, got "no".',
    ],
    ["no useCudnn", () => new SimpleRNN({ units: 1, useCudnn: true } as never), 'got "useCudnn".'],
    [
      "layer",
      () => new Bidirectional({ layer: new Dense({ units: 1 }) as never }),
      "layer must be a recurrent layer, got Dense.",
    ],
    ["no layer", () => new Bidirectional({} as never), "layer must be a recurrent layer, got undefined."],
    [
      "mode",
      () => new Bidirectional({ layer: there(), mergeMode: "max" as never }),
      'must be one of "concat", "sum", "ave", "mul", null, got "max".',
    ],
    [
      "directions",
      () => new Bidirectional({ layer: there(), backwardLayer: there() }),
      "got goBackwards: false in both.",
    ],
    [
      "options",
      () => new Bidirectional({ layer: there(), backwardLayer: new GRU({ units: 2, goBackwards: true }) }),
      "returnSequences must be the same in both layers, got true and false.",
    ],
    ["not awaited", () => there().setWeights(there().getWeights() as never), "one for each weight, got a promise."],
    ["rank", () => new Bidirectional({ layer: there() }).apply(tensor([[1, 2]])), "got"],
  ];
  test.each(cases)("%s", (_, make, message) => {
    expect(make).toThrow(message);
  });
});
