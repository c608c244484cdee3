// Where the values of a tensor are.
import type { OrtData, OrtTensor } from "./ort.ts";

/** A tensor whose values the engine must be asked for. */
export type RemoteOrtTensor = OrtTensor & { getData(): Promise<OrtData>; dispose(): void };
export const isRemote = (tensor: OrtTensor): tensor is RemoteOrtTensor => (tensor.location ?? "cpu") !== "cpu";
