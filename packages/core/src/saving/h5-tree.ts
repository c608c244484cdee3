import type { HostArray } from "../aval/index.ts";

// A whole HDF5 file, as far as Keras uses the format: groups, arrays, and attributes that are text or numbers.

export type H5Attribute = string | number | readonly string[] | readonly number[];

export interface H5Group {
  readonly kind: "group";
  readonly attributes: ReadonlyMap<string, H5Attribute>;
  readonly children: ReadonlyMap<string, H5Node>;
}

export interface H5Dataset {
  readonly kind: "dataset";
  readonly attributes: ReadonlyMap<string, H5Attribute>;
  readonly value: HostArray;
}

export type H5Node = H5Group | H5Dataset;

/** How an array element lies in the file. */
export interface ElementType {
  readonly class: "int" | "uint" | "float" | "bool" | "opaque" | "text" | "other";
  readonly size: number;
  readonly littleEndian: boolean;
}

/** Files of another make declare sizes; no honest array unpacks to this many times the whole file. */
export const MAX_EXPANSION = 1000;
/** Below this size a declared array is believed whatever the size of the file. */
export const EXPANSION_FLOOR = 0x1000_0000;
