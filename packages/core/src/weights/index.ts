export { Constraint, get as getConstraint } from "./constraints.ts";
export * from "./dtype-policy.ts";
export {
  get as getInitializer,
  Initializer,
  type InitializerFunction,
  type InitializerOptions,
  type Seed,
  VarianceScaling,
} from "./initializers.ts";
export { get as getRegularizer, Regularizer } from "./regularizers.ts";
export * from "./variable.ts";
