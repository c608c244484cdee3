// The corpus on both ways to run Python; Pyodide, the same programs more slowly, runs a sample of the cases of real Keras.
import { describeBackend } from "@keras-ts/conformance";
import { test } from "vitest";
import { findEngines } from "../test/engines.ts";
import { limitations } from "./index.ts";

for (const found of await findEngines()) {
  const goldens = found.name === "native" ? "all" : "sample";
  if ("make" in found) describeBackend(`numpy, ${found.name}`, found.make, { limitations, goldens });
  else test(`${found.name} not run: ${found.reason}`, ({ skip }) => skip(found.reason));
}
