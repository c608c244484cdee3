import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { findChromium, runPage } from "../../../tools/browser.ts";
import { findWheel } from "../test/engines.ts";

const wheel = await findWheel();
const missing = findChromium() === undefined ? "no Chromium" : "reason" in wheel ? wheel.reason : undefined;

test("the engine runs in a browser", async ({ skip }) => {
  skip(missing !== undefined, missing);
  const pyodide = fileURLToPath(new URL(".", import.meta.resolve("pyodide/pyodide.mjs")));
  const outcome = await runPage({
    entry: fileURLToPath(new URL("../test/pyodide.page.ts", import.meta.url)),
    serve: { "/pyodide/": pyodide, "/wheels/": "packageDir" in wheel ? wheel.packageDir : "" },
  });
  expect(outcome).toEqual({ result: { runtime: "pyodide", values: [7, 10, 15, 22] } });
});
