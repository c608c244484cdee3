import type { Tensor } from "../../graph/index.ts";
import { Layer, type LayerConfig } from "../layer.ts";

/** Gives its input back. Source: keras/src/layers/core/identity.py. @example new layers.Identity() */
export class Identity extends Layer {
  static override readonly className: string = "Identity";
  static readonly module: string = "keras.layers";
  constructor(config: LayerConfig = {}) {
    super(config);
    this.supportsMasking = true;
    this.buildAtInit();
  }
  override call(x: Tensor): Tensor {
    return x;
  }
}
