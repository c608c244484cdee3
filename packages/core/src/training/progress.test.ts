// What is written while a model trains, against the text of real Keras. Scenarios: tools/goldens/training.py.
import { beforeEach, expect, test } from "vitest";
import { begin, compiled, goldenOf, mlp, X, Y } from "../../testing/training-twins.ts";
import { ProgressBar, type TextSink } from "./index.ts";

beforeEach(() => begin());

class Screen implements TextSink {
  readonly isTTY: boolean;
  text = "";
  constructor(isTTY = true) {
    this.isTTY = isTTY;
  }
  write(text: string): void {
    this.text += text;
  }
}

interface Bar {
  readonly target: number | null;
  readonly verbose: number;
  readonly width?: number;
  readonly clock: readonly number[];
  readonly values: readonly (readonly (readonly [string, number | string])[])[];
  readonly text: string;
}
const clockOf = (steps: readonly number[]): (() => number) => {
  let now = 1000;
  let count = 0;
  return () => {
    now += steps[count++ % steps.length] as number;
    return now;
  };
};
const bars = goldenOf<{ cases: Bar[] }>("progress_bars").cases;
test.each(bars.map((golden, i) => [i, golden] as const))(
  "bar %i is Keras' to the byte",
  (_, { target, verbose, width = 20, clock, values, text }) => {
    const sink = new Screen();
    const bar = new ProgressBar({ target: target ?? undefined, verbose, width, sink, now: clockOf(clock) });
    const numberOf = (value: number | string): number =>
      value === "nan" ? Number.NaN : value === "inf" ? Number.POSITIVE_INFINITY : (value as number);
    values.forEach((pairs, i) =>
      bar.update(i + 1, Object.fromEntries(pairs.map(([name, value]) => [name, numberOf(value)]))),
    );
    expect(sink.text).toBe(text);
  },
);

// What is left on the screen, without the times.
const still = (text: string): string[] =>
  text.split("\n").map((line) =>
    (line.split("\r").at(-1) as string)
      // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the terminal's codes
      .replace(/\u001b\[\d+m/g, "")
      .trimEnd()
      .replace(/\d+(s|ms|us)(\/step)?/g, (_, __: string, per: string | undefined) => `T${per ?? ""}`),
  );

test("fit, evaluate and predict leave Keras' lines", async () => {
  const golden = goldenOf<Record<string, string[]>>("progress_of_fit");
  const run = async (options: object): Promise<{ lines: string[]; model: ReturnType<typeof mlp> }> => {
    begin(4);
    const model = compiled(mlp(), { metrics: ["mae"] });
    const sink = new Screen();
    await model.fit(X, Y, { batchSize: 8, sink, ...options });
    return { lines: still(sink.text), model };
  };
  expect((await run({ epochs: 1 })).lines).toEqual(golden.one);
  expect((await run({ epochs: 2 })).lines).toEqual(golden.two);
  expect((await run({ epochs: 2, verbose: 2 })).lines).toEqual(golden.lines);
  const { lines, model } = await run({ epochs: 2, validationSplit: 0.5 });
  expect(lines).toEqual(golden.held);
  const sink = new Screen();
  await model.evaluate(X, Y, { batchSize: 8, sink });
  await model.predict(X, { batchSize: 8, sink });
  expect(still(sink.text)).toEqual(golden.evaluate_predict);
});

test("without a terminal there is one plain line for each epoch", async () => {
  const sink = new Screen(false);
  await compiled(mlp()).fit(X, Y, { batchSize: 8, epochs: 2, sink });
  expect(still(sink.text)).toEqual([
    "Epoch 1/2",
    expect.stringMatching(/^3\/3 ━{20} T T\/step - loss: 0\.\d{4}$/),
    "Epoch 2/2",
    expect.stringMatching(/^3\/3 /),
    "",
  ]);
  expect(sink.text).not.toMatch(/[\r\b]/);
  expect(sink.text).not.toContain("\u001b");
});

test("without a terminal long work writes a line every ten seconds", () => {
  const sink = new Screen(false);
  const bar = new ProgressBar({ target: 50, sink, now: clockOf([1]) });
  for (let step = 1; step <= 50; step++) bar.update(step, { loss: 1 / step });
  expect(sink.text.split("\n").length - 1).toBe(5);
  expect(sink.text.split("\n")[0]).toBe("10/50 ━━━━━━━━━━━━━━━━━━━━ 40s 1s/step - loss: 0.1000");
});

test("an epoch of unknown length", async () => {
  function* batches(): Generator<unknown> {
    for (let i = 0; i < 3; i++) yield [X, Y];
  }
  const sink = new Screen(false);
  await compiled(mlp()).fit(batches, undefined, { epochs: 2, sink });
  expect(still(sink.text)).toEqual([
    "Epoch 1/2",
    expect.stringMatching(/^3\/3 /),
    "Epoch 2/2",
    expect.stringMatching(/^3\/3 /),
    "",
  ]);
});

test("verbose 0 writes nothing", async () => {
  const sink = new Screen();
  await compiled(mlp()).fit(X, Y, { verbose: 0, sink });
  expect(sink.text).toBe("");
});
