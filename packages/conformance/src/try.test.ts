import { setBackend } from "@keras-ts/core";
import { onnx } from "@keras-ts/backend-onnx";
import { describe, test, beforeAll } from "vitest";
import { reference } from "@keras-ts/core/backend";
import { checkCases, goldenGroups } from "./goldens/index.ts";
describe.each(["eager","traced"] as const)("%s", (mode) => {
  beforeAll(async () => { setBackend(process.env.E === "onnx" ? await onnx({engine:"node",threads:1}) : reference()); });
  test.each(goldenGroups().map((g) => [g.name, g.cases] as const))("%s", async (_, cases) => { await checkCases(cases, mode); });
});
