import type { Model } from "@keras-ts/core";
import { registerExporter } from "@keras-ts/core/backend";

/**
 * Makes `model.export("model.onnx")` and `model.exportTrainingStep` work while another engine is in use. `onnx()` does so by itself.
 * @example enableOnnxExport();
 */
export function enableOnnxExport(): void {
  registerExporter("onnx", {
    model: async (model, path, options) => {
      const { exportOnnx } = await import("./export-onnx.ts");
      await exportOnnx(model as Model, path, options);
    },
    trainingStep: async (model, path, options) => {
      const { exportTrainingStep } = await import("./training-step.ts");
      await exportTrainingStep(model as Model, path, options);
    },
  });
}
