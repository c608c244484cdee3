import { describeBackend } from "@keras-ts/conformance";
import { test } from "vitest";
import { findEngines } from "../test/engines.ts";
import { limitations } from "./index.ts";

for (const found of await findEngines()) {
  if ("make" in found) describeBackend(`numpy, ${found.name}`, found.make, { limitations });
  else test(`${found.name} not run: ${found.reason}`, ({ skip }) => skip(found.reason));
}
