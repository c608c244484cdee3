export { copyStrided } from "./arrays.ts";
export { chooseOver, type Loop, loopOver, loops, repeatOver } from "./loops.ts";
export * from "./reference.ts";
