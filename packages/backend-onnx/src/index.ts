export { type OnnxOptions, type OrtHandle, onnx } from "./backend.ts";
export { limitations } from "./limitations.ts";
export type { Engine, InjectedOrt } from "./ort.ts";
