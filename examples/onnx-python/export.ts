// Writes the digits model for Python: npx tsx examples/onnx-python/export.ts folder
import { join } from "node:path";
import { enableOnnxExport } from "@keras-ts/backend-onnx";
import { type Sequential, setRandomSeed } from "@keras-ts/core";
import { isMain } from "../../tools/lib/process.ts";
import { digitsModel } from "../digits/model.ts";

/** `digits.onnx` predicts, `step.onnx` trains, `step.start.onnx` gives the state to start from. Gives the model. */
export async function exportDigits(folder: string, seed = 1): Promise<Sequential> {
  enableOnnxExport();
  setRandomSeed(seed);
  const model = digitsModel();
  await model.export(join(folder, "digits.onnx"));
  await model.exportTrainingStep(join(folder, "step.onnx"));
  return model;
}

if (isMain(import.meta)) await exportDigits(process.argv[2] ?? ".");
