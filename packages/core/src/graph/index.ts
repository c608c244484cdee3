export * from "./graph.ts";
export * from "./primitive.ts";
export * from "./tensor.ts";
