// Numbers and conventions that ops fall back on. Source: keras/src/backend/config.py.
import { ConfigError, complain, ValueError } from "../errors/index.ts";

let fuzz = 1e-7;
/** The small number that keeps logarithms and divisions finite. */
export const epsilon = (): number => fuzz;
/** Sets it. @throws ValueError unless it is a number. */
export function setEpsilon(value: number): void {
  if (typeof value !== "number" || Number.isNaN(value)) {
    throw new ValueError(
      complain("setEpsilon", { must: "epsilon must be a number", got: String(value), todo: "Pass a small number" }),
    );
  }
  fuzz = value;
}

export type DataFormat = "channels_last" | "channels_first";
let format: DataFormat = "channels_last";
/** Where images keep their channels unless an op or layer is told otherwise. */
export const imageDataFormat = (): DataFormat => format;
/** Sets it. */
export function setImageDataFormat(value: string): void {
  format = standardizeDataFormat(value);
}
/** A data format by its name (either spelling), the default for null. @throws ConfigError for another name. */
export function standardizeDataFormat(value: string | null | undefined, where = "dataFormat"): DataFormat {
  if (value === null || value === undefined) return format;
  if (value === "channels_last" || value === "channelsLast") return "channels_last";
  if (value === "channels_first" || value === "channelsFirst") return "channels_first";
  const must = 'the data format must be "channels_last" or "channels_first"';
  throw new ConfigError(complain(where, { must, got: JSON.stringify(value), todo: "Use one of these" }));
}
