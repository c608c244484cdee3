// The namespace `ops`: what Keras has under keras.ops, and nothing else.
export * from "./activations.ts";
export * from "./attention.ts";
export * from "./binary.ts";
export * from "./contraction.ts";
export * from "./conv.ts";
export * from "./core.ts";
export * from "./creation.ts";
export * from "./crossentropy.ts";
export * from "./elementwise.ts";
export * from "./encoding.ts";
export * from "./indexing.ts";
export * from "./joining.ts";
export * from "./normalization.ts";
export * from "./pooling.ts";
export * from "./reduction.ts";
export * from "./shape.ts";
export * from "./sorting.ts";
