import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { evaluate, expectClose } from "../test/compare.ts";
import { findEngines } from "../test/engines.ts";
import { graphOf } from "../test/sample.ts";
import { samples } from "../test/samples.ts";
import { getBackend } from "./core.ts";
import type { NumpyBackend } from "./index.ts";

for (const found of await findEngines()) {
  if ("reason" in found) {
    test(`${found.name} not run: ${found.reason}`, ({ skip }) => skip(found.reason));
    continue;
  }
  describe(found.name, () => {
    let engine: NumpyBackend;
    beforeAll(async () => {
      engine = await found.make();
    });
    afterAll(() => engine.dispose());
    for (const sample of samples) {
      test(sample.name, async () => {
        const graph = graphOf(sample);
        const want = await evaluate(getBackend(), graph, sample.inputs);
        const got = await evaluate(engine, graph, sample.inputs);
        want.forEach((value, i) => expectClose(got[i] as typeof value, value, sample.tolerance ?? 2e-6));
      });
    }
    test("nothing is left", async () => {
      expect(engine.memory?.()).toEqual({ handles: 0, bytes: 0 });
      expect(await engine.inspect()).toEqual({ handles: 0, bytes: 0, programs: 0 });
    });
  });
}
