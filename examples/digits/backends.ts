import type { Backend } from "@keras-ts/core/backend";

/** The engines that the example can run on, and how each is made. Only the chosen one is loaded. */
export const backends: Readonly<Record<string, () => Promise<Backend<never>>>> = {
  onnx: async () => (await import("@keras-ts/backend-onnx")).onnx({ engine: "node" }) as Promise<Backend<never>>,
  "onnx-web": async () => (await import("@keras-ts/backend-onnx")).onnx({ engine: "web" }) as Promise<Backend<never>>,
  tfjs: async () => (await import("@keras-ts/backend-tfjs")).tfjs() as Promise<Backend<never>>,
  numpy: async () => (await import("@keras-ts/backend-numpy")).numpy() as Promise<Backend<never>>,
  reference: async () => (await import("@keras-ts/core/backend")).reference() as Backend<never>,
};
