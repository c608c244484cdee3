import type { Backend } from "@keras-ts/core/backend";

// What an engine calls a tensor does not matter here.
const any = <H>(backend: Backend<H>): Backend => backend as unknown as Backend;

/** The engines that the example can run on, and how each is made. Only the chosen one is loaded. */
export const backends: Readonly<Record<string, () => Promise<Backend>>> = {
  onnx: async () => any(await (await import("@keras-ts/backend-onnx")).onnx({ engine: "node" })),
  "onnx-web": async () => any(await (await import("@keras-ts/backend-onnx")).onnx({ engine: "web" })),
  tfjs: async () => any(await (await import("@keras-ts/backend-tfjs")).tfjs()),
  numpy: async () => any(await (await import("@keras-ts/backend-numpy")).numpy()),
  reference: async () => any((await import("@keras-ts/core/backend")).reference()),
};
