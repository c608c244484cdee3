// The entry point "@keras-ts/core/backend": what authors of engines and of bridges to other libraries build on.
export * from "./aval/index.ts";
export * from "./backend/index.ts";
export * from "./errors/index.ts";
export * from "./graph/index.ts";
export { type PythonOperation, publicOp, pythonOperationTable } from "./ops/python.ts";
export * as primitives from "./primitives/index.ts";
export type { Config } from "./registry/index.ts";
export { hasFiles, readFile, saveBlob, writeFileAtomic } from "./saving/atomic-file.ts";
export { type Exporter, type ExportOptions, registerExporter, type TrainingStepOptions } from "./saving/exporters.ts";
export { kerasVersion } from "./saving/keras-file.ts";
export { describeBytes } from "./saving/sniff.ts";
export * from "./transforms/index.ts";
