import { expect, test } from "vitest";
import packageJson from "../../package.json" with { type: "json" };
import { Graph, placeholder } from "../graph/index.ts";
import { add, mul } from "../primitives/index.ts";
import { type Backend, type CompileOptions, compileGraph, coreVersion, lower, reference } from "./index.ts";

const x = placeholder({ shape: [2], dtype: "float32" });
const graph = new Graph([x], [mul(add(x, 0), 1)]);

function compiledBy(lowers: boolean): { readonly graph: Graph; readonly options: CompileOptions } {
  let got: { readonly graph: Graph; readonly options: CompileOptions } | undefined;
  const engine: Backend = {
    ...(reference() as Backend),
    lowers,
    compile: (given, options) => {
      got = { graph: given, options };
      return { run: () => [], dispose: () => {} };
    },
  };
  void compileGraph(graph, engine, { label: "step" });
  return got as NonNullable<typeof got>;
}

test("an engine gets a graph lowered, with the one that was recorded", () => {
  const { graph: given, options } = compiledBy(false);
  expect(given.nodes).toEqual([]);
  expect(options).toEqual({ label: "step", source: graph });
});

test("an engine that lowers itself gets the graph as it was recorded", () => {
  const { graph: given, options } = compiledBy(true);
  expect(given).toBe(graph);
  expect(options).toEqual({ label: "step" });
  expect(lower(graph, reference()).nodes).toEqual([]);
});

test("the version is the package's", () => {
  expect(coreVersion).toBe(packageJson.version);
});
