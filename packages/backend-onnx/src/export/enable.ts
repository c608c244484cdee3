import { registerExporter } from "@keras-ts/core/backend";

/**
 * Makes `model.export("model.onnx")` work while another engine is in use. `onnx()` does so by itself.
 * @example enableOnnxExport();
 */
export function enableOnnxExport(): void {
  registerExporter("onnx", async (...args) => {
    const { exportLayer } = await import("./export-onnx.ts");
    await exportLayer(...args);
  });
}
