// The namespace `ops.image`: what Keras has under keras.ops.image.
export * from "./color.ts";
export * from "./elastic.ts";
export { type GaussianBlurOptions, gaussianBlur, type SsimOptions, sobelEdges, ssim } from "./filters.ts";
export * from "./frames.ts";
export * from "./patches.ts";
export * from "./resize.ts";
export type { AffineTransformOptions, FillMode, MapCoordinatesOptions, TransformOptions } from "./sampling.ts";
export { affineTransform, mapCoordinates, perspectiveTransform } from "./sampling.ts";
