// The examples of ops and random numbers on every engine. They share one core, so that all of them together take seconds.
import { numpy } from "@keras-ts/backend-numpy";
import { onnx } from "@keras-ts/backend-onnx";
import { tfjs } from "@keras-ts/backend-tfjs";
import { setBackend } from "@keras-ts/core";
import { type Backend, reference } from "@keras-ts/core/backend";
import { expect, test } from "vitest";
import { findPython } from "../../packages/backend-numpy/test/engines.ts";
import { isOfOps, writeExamples } from "./write.ts";

const { written } = writeExamples("engines");
const examples = written.filter((one) => isOfOps(one) && one.mode === "run");
const python = await findPython();

async function runAll(name: string, engine: Backend): Promise<void> {
  setBackend(engine);
  const failed: string[] = [];
  for (const { where, path } of examples) {
    try {
      // The name makes it another module on each engine.
      await import(/* @vite-ignore */ `${path}?${name}`);
    } catch (error) {
      failed.push(`${where}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  setBackend(reference() as Backend);
  await engine.dispose?.();
  expect(failed).toEqual([]);
}

test("there are examples", () => {
  expect(examples.length).toBeGreaterThan(250);
});
test("reference", async () => runAll("reference", reference() as Backend));
test("onnx", async () => runAll("onnx", (await onnx({ engine: "node", threads: 1 })) as Backend));
test("tfjs", async () => runAll("tfjs", (await tfjs({ device: "cpu" })) as Backend));
test("numpy", async ({ skip }) => {
  if ("reason" in python) return skip(python.reason);
  return runAll("numpy", (await numpy({ runtime: "native", ...python })) as Backend);
});
