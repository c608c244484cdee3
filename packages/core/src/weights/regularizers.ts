import type { Tensor } from "../graph/index.ts";
import type { Config, Serializable } from "../registry/index.ts";

/** A penalty on a weight or output, added to the loss. */
export abstract class Regularizer implements Serializable {
  static readonly className: string = "Regularizer";
  static readonly module: string = "keras.regularizers";
  abstract call(x: Tensor): Tensor;
  abstract getConfig(): Config;
}
