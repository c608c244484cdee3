export { type OnnxBackend, type OnnxOptions, type OrtHandle, onnx } from "./backend.ts";
export type { ExplainedProgram, ExplainedStep, Explanation } from "./explain.ts";
export { enableOnnxExport } from "./export/enable.ts";
export { exportOnnx, type OnnxExportOptions, onnxBytes } from "./export/export-onnx.ts";
export { OnnxLayer, type OnnxLayerConfig } from "./foreign/onnx-layer.ts";
export { limitations } from "./limitations.ts";
export type { Engine, InjectedOrt } from "./ort.ts";
export type { PassSwitches } from "./passes/index.ts";
export type { Profile, ProfiledOperator, ProfiledProgram, ProfileRow } from "./profile.ts";
