// Models with a model of another tool inside, for the proofs of export.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { OnnxLayer } from "@keras-ts/backend-onnx";
import { input, type KerasTensor, layers, Model, setRandomSeed, tree } from "@keras-ts/core";
import type { Exported } from "../keras-files/export-data.ts";
import { run } from "../lib/process.ts";
import { root } from "../lib/workspace.ts";
import { pythonEnvironment } from "../python.ts";

/** An exported model, with the operator sets that its file must have. */
export interface WithForeign extends Exported {
  readonly domains: readonly string[];
  readonly opset: number;
}
interface Listed {
  readonly name: string;
  readonly file: string;
  readonly domains: readonly string[];
  readonly opset: number;
  readonly shape: readonly number[];
  readonly dtype: "float32" | "int32";
}

/** Has Python write the models into `folder`; each stands before a layer with weights. */
export async function foreignModels(python: string, folder: string): Promise<WithForeign[]> {
  const script = join(root, "tools", "onnx-files", "foreign_files.py");
  const { code } = await run(python, [script, folder], { env: pythonEnvironment, quiet: true, timeoutMs: 120_000 });
  if (code !== 0) throw new Error(`${script} must run to its end`);
  const listed = JSON.parse(readFileSync(join(folder, "foreign.json"), "utf8")) as readonly Listed[];
  return listed.map(({ name, file, domains, opset, shape, dtype }) => ({
    name: `foreign ${name}`,
    domains,
    opset,
    make: async () => {
      setRandomSeed(1);
      const inputs = input({ shape, dtype });
      const layer = new OnnxLayer({ filepath: join(folder, file), name: "foreign" });
      const results = tree.flatten<KerasTensor>(layer.apply<tree.Tree<KerasTensor>>(inputs));
      const after = new layers.Dense({ units: 2, name: "after" }).apply<KerasTensor>(
        new layers.Flatten().apply<KerasTensor>(results.at(-1) as KerasTensor),
      );
      const samples = [3, ...shape];
      const count = samples.reduce((n, size) => n * size, 1);
      const numbers = Array.from({ length: count }, (_, i) => (dtype === "int32" ? i - 4 : 2 * Math.sin(i * 1.3)));
      const data = dtype === "int32" ? Int32Array.from(numbers) : Float32Array.from(numbers);
      return {
        model: new Model({ inputs, outputs: [...results, after], name: "whole" }),
        inputs: [{ shape: samples, dtype, data }],
      };
    },
  }));
}
