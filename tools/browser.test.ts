import { join } from "node:path";
import { expect, test } from "vitest";
import { findChromium, runPage } from "./browser.ts";
import { planted } from "./lib/planted.ts";

const missing = findChromium() ? undefined : "no Chromium on this machine";

test("a page's result, its log and the folders served beside it come through", async ({ skip }) => {
  skip(missing !== undefined, missing);
  const base = planted({
    "page.ts": `
      const text: string = await (await fetch("/more/a.json")).text();
      const outside = (await fetch("/more/%2e%2e/page.ts")).status;
      console.log("hello");
      Object.assign(window, { __result: { text, outside, isolated: crossOriginIsolated } });
    `,
    "served/a.json": "[1]",
  });
  const lines: string[] = [];
  const outcome = await runPage({
    entry: join(base, "page.ts"),
    serve: { "/more/": join(base, "served") },
    onLog: (line) => lines.push(line),
  });
  expect(outcome).toEqual({ result: { text: "[1]", outside: 404, isolated: true } });
  expect(lines).toContain("hello");
});

test("a page that throws, or never ends, is an error that says so", async ({ skip }) => {
  skip(missing !== undefined, missing);
  const base = planted({ "throws.ts": 'throw new Error("broken page");\nexport {};', "waits.ts": "export {};" });
  await expect(runPage({ entry: join(base, "throws.ts") })).rejects.toThrow("broken page");
  await expect(runPage({ entry: join(base, "waits.ts"), timeoutMs: 500 })).rejects.toThrow(
    "window.__result must be set within 0.5 s",
  );
});

test("a machine without Chromium is told so", async () => {
  const before = process.env["CHROMIUM"];
  process.env["CHROMIUM"] = "/nowhere/chromium";
  try {
    expect(await runPage({ entry: "tools/pages/smoke.page.ts" })).toEqual({
      notRun: "no Chromium (install it, or name it in $CHROMIUM)",
    });
  } finally {
    if (before === undefined) delete process.env["CHROMIUM"];
    else process.env["CHROMIUM"] = before;
  }
});
