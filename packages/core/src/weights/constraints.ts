import type { Tensor } from "../graph/index.ts";
import type { Config, Serializable } from "../registry/index.ts";

/** A projection of a weight, applied after each update. */
export abstract class Constraint implements Serializable {
  static readonly className: string = "Constraint";
  static readonly module: string = "keras.constraints";
  abstract call(x: Tensor): Tensor;
  abstract getConfig(): Config;
}
