export type { Device, Tensor as TfjsTensor, Tf } from "./engine.ts";
export { limitations } from "./limitations.ts";
export { type TfjsOptions, tfjs } from "./tfjs.ts";
