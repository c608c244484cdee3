// What the page and the worker of the engine say to each other.
import type { Device, OrtData, OrtSessionOptions, OrtType, WasmPaths } from "./ort.ts";

/** The value of a `start`: versions of the parts of ONNX Runtime. */
export type Versions = Readonly<Record<string, string | undefined>>;

/** Loads ONNX Runtime. */
export interface Start {
  readonly kind: "start";
  readonly call: number;
  /** Where to load the builds from; undefined for what the worker was bundled with. */
  readonly modules: Readonly<Record<Device, string | undefined>>;
  readonly device: Device;
  readonly threads: number | undefined;
  readonly wasmPaths: WasmPaths | undefined;
}

type Names = readonly (readonly [name: string, tensor: number])[];

/** Requests with a `call` are answered; the page chooses all ids. */
export type Request =
  | Start
  | {
      readonly kind: "upload";
      readonly id: number;
      readonly type: OrtType;
      readonly data: OrtData;
      readonly dims: readonly number[];
    }
  | { readonly kind: "read"; readonly call: number; readonly ids: readonly number[] }
  | { readonly kind: "drop"; readonly ids: readonly number[] }
  | {
      readonly kind: "open";
      readonly call: number;
      readonly id: number;
      readonly model: Uint8Array;
      readonly options: OrtSessionOptions | undefined;
    }
  | {
      readonly kind: "run";
      readonly call: number;
      readonly id: number;
      readonly feeds: Names;
      readonly fetches: Names;
    }
  | { readonly kind: "close"; readonly id: number };

/** An answer to a call, or a failure of something that nobody waits for. */
export type Answer =
  | { readonly call: number; readonly value: unknown }
  | { readonly call: number | undefined; readonly error: string; readonly name: string };

/** The value of a `run`: type and shape of each result, in the order of the fetches. */
export type MadeTensors = readonly (readonly [type: string, dims: readonly number[]])[];
