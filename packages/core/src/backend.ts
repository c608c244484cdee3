// The entry point "@keras-ts/core/backend": what authors of engines build on.
export * from "./aval/index.ts";
export * from "./backend/index.ts";
export * from "./errors/index.ts";
export * from "./graph/index.ts";
export * as primitives from "./primitives/index.ts";
export { type PythonOperation, pythonOperationTable } from "./ops/python.ts";
