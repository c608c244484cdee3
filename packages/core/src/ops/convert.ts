// The door from values to tensors. Whoever makes a tensor gets its operators with it: that is why they are installed here and in op.ts.
import { provideTensorMethods } from "../graph/index.ts";
import { tensorMethods } from "./operators.ts";

provideTensorMethods(tensorMethods);

export * from "./convert-core.ts";
