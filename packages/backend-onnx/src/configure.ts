import type { InjectedOrt, WasmPaths } from "./ort.ts";

/** Settings that hold for all of a copy of `onnxruntime-web`. */
export function configure(ort: InjectedOrt, threads: number | undefined, wasmPaths: WasmPaths | undefined): void {
  ort.env.logLevel = "error";
  if (ort.env.wasm === undefined) return;
  if (threads !== undefined) ort.env.wasm.numThreads = threads;
  if (wasmPaths !== undefined) ort.env.wasm.wasmPaths = wasmPaths;
}
