// Runs every page in tools/pages in Chromium. A page sets `window.__result` to `{ checks: { name: true or a reason } }`.
import { basename, join } from "node:path";
import { runPage } from "./browser.ts";
import { display, files, root } from "./lib/workspace.ts";

let passed = 0;
let failed = 0;
for (const path of files(join(root, "tools", "pages"), (name) => name.endsWith(".page.ts"))) {
  const name = basename(path, ".page.ts");
  try {
    const outcome = await runPage({ entry: display(path) });
    if ("notRun" in outcome) {
      console.log(`not run: ${outcome.notRun}`);
      continue;
    }
    const { checks } = outcome.result as { readonly checks: Readonly<Record<string, true | string>> };
    for (const [check, verdict] of Object.entries(checks)) {
      if (verdict === true) passed++;
      else failed++;
      console.log(
        `  ${verdict === true ? "ok    " : "FAILED"} ${name}: ${check}${verdict === true ? "" : `: ${verdict}`}`,
      );
    }
  } catch (error) {
    failed++;
    console.log(`  FAILED ${name}: ${error instanceof Error ? error.message : String(error)}`);
  }
}
process.exitCode = failed ? 1 : 0;
if (passed + failed > 0) console.log(`${passed} passed, ${failed} failed`);
