export { onnx, type OnnxOptions, type OrtHandle } from "./backend.ts";
export { limitations } from "./limitations.ts";
export type { Engine, InjectedOrt } from "./ort.ts";
