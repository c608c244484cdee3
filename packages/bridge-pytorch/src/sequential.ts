import { Layer, type Tensor } from "@keras-ts/core";
import { toModule } from "./keras-module.ts";
import { Module } from "./module.ts";

/**
 * Modules (or Keras layers) one after the other, named "0", "1" ... as in PyTorch.
 * @example
 * const net = new nn.Sequential(new layers.Dense({ units: 3 }), new layers.ReLU());
 * net.forward(tensor([[1, 2]])).shape; // [1, 3]
 */
export class Sequential extends Module {
  readonly #modules: readonly Module[];

  constructor(...modules: readonly (Module | Layer)[]) {
    super();
    this.#modules = modules.map((module) => (module instanceof Layer ? toModule(module) : module));
  }
  override *namedChildren(): Generator<[string, Module]> {
    for (const [i, module] of this.#modules.entries()) yield [String(i), module];
  }
  override forward(x: Tensor): Tensor {
    return this.#modules.reduce((y, module) => module.forward(...([y] as never[])) as Tensor, x);
  }
}
