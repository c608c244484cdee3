export { backward, Loss, noGrad } from "./autograd.ts";
export { KerasModule, toModule } from "./keras-module.ts";
export { type LoadResult, Module, type StateDict } from "./module.ts";
export * as nn from "./nn.ts";
export * as optim from "./optim/index.ts";
export { Buffer, Parameter } from "./parameter.ts";
