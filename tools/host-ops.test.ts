// What docs/coverage.md says about ops that visit the host, which tools/coverage.ts counts.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { root } from "./lib/workspace.ts";

/** The share of ops, in percent, that visit the host on a device. */
function shareOn(device: string): number {
  const page = readFileSync(join(root, "docs/coverage.md"), "utf8");
  const [, away, all] = new RegExp(`\\| tfjs ${device} \\| (\\d+) of (\\d+) \\|`).exec(page) ?? [];
  return (100 * Number(away)) / Number(all);
}

test("at most 2 % of the ops visit the host on WebGPU", () => {
  expect(shareOn("webgpu")).toBeLessThanOrEqual(2);
});
