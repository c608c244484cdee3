export * from "./compile.ts";
export * from "./contract.ts";
export { carrierOf } from "./passes/dtypes.ts";
export { type GraphPass, graphPasses, loopPasses } from "./passes/index.ts";
export { throughBodies } from "./passes/rewrite.ts";
export { Later } from "./plan.ts";
export { chooseOver, copyStrided, type Loop, loopOver, loops, reference, repeatOver } from "./reference/index.ts";
export * from "./runtime.ts";
