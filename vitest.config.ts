import { readdirSync } from "node:fs";
import { defineConfig } from "vitest/config";
import { LongFirst } from "./tools/lib/vitest-sequencer.ts";

// Workspace packages resolve to their sources, so a test never waits for a build.
const conditions = ["@keras-ts/source", "module", "node", "development|production"];
const packages = readdirSync(new URL("packages", import.meta.url));

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: ["node"] } },
  test: {
    pool: "forks",
    maxWorkers: 2,
    sequence: { sequencer: LongFirst },
    testTimeout: 60_000,
    hookTimeout: 120_000,
    projects: [
      ...packages.map((name) => ({
        extends: true as const,
        test: { name, include: [`packages/${name}/**/*.test.ts`], exclude: ["**/node_modules/**", "**/dist/**"] },
      })),
      { extends: true, test: { name: "tools", include: ["tools/**/*.test.ts", "bench/**/*.test.ts"] } },
      { extends: true, test: { name: "docs", include: ["tools/doctest/*.doctest.ts"] } },
      { extends: true, test: { name: "examples", include: ["examples/**/*.test.ts"] } },
    ],
  },
});
