// Control flow over closed graphs. Interpreted by core or emitted by backends; differentiated here.
import { type Aval, sameShape } from "../aval/index.ts";
import { complain, DtypeError, ShapeError, showAval } from "../errors/index.ts";
import {
  apply,
  type Definition,
  Graph,
  type Marked,
  marked,
  type Node,
  type Params,
  placeholder,
  rebuild,
  Tensor,
} from "../graph/index.ts";
import { floatPlaces, vjpGraph } from "./differentiate.ts";
import { add } from "./elementwise.ts";
import { full } from "./structural.ts";

function sameAvals(where: string, what: string, a: readonly Aval[], b: readonly Aval[]): void {
  const same =
    a.length === b.length && a.every((x, i) => x.dtype === b[i]?.dtype && sameShape(x.shape, (b[i] as Aval).shape));
  if (same) return;
  const got = `${a.map(showAval).join(", ")} and ${b.map(showAval).join(", ")}`;
  throw new ShapeError(
    complain(where, { must: `${what} must have equal shapes and dtypes`, got, todo: "Cast or reshape" }),
  );
}

function requireBool(where: string, x: Aval): void {
  if (x.dtype === "bool" && x.shape.length === 0) return;
  throw new DtypeError(
    complain(where, { must: "the condition must be a bool scalar", got: showAval(x), todo: "Compare or cast" }),
  );
}

export type CondParams = { readonly then: Graph; readonly otherwise: Graph };
const condDefinition: Definition<CondParams> = {
  name: "cond",
  infer: ([condition, ...operands], { then, otherwise }) => {
    requireBool("cond", condition as Aval);
    sameAvals("cond", "operands and branch inputs", operands, then.inputs);
    sameAvals("cond", "both branches", then.outputs, otherwise.outputs);
    return then.outputs.map(({ shape, dtype }) => ({ shape, dtype }));
  },
  vjp: ({ gs, inputs, outs, params: { then, otherwise } }) => {
    const [condition, ...operands] = inputs as readonly [Tensor, ...Tensor[]];
    const flowing = floatPlaces(outs).map((i) => gs[i] as Tensor);
    const back = cond(condition, [...operands, ...flowing], { then: vjpGraph(then), otherwise: vjpGraph(otherwise) });
    return [null, ...scatterTo(operands, back)];
  },
};
/** The outputs of `then(operands)` if the bool scalar holds, else those of `otherwise(operands)`; only one runs. */
export const cond: ((condition: Tensor, operands: readonly Tensor[], params: CondParams) => readonly Tensor[]) &
  Marked<CondParams, "control"> = marked(
  (condition: Tensor, operands: readonly Tensor[], params: CondParams) =>
    apply(condDefinition, [condition, ...operands], params),
  "control",
  condDefinition,
);

// Values for the float places, null elsewhere.
function scatterTo(operands: readonly Tensor[], values: readonly Tensor[]): (Tensor | null)[] {
  const places = floatPlaces(operands);
  return operands.map((_, i) => (places.includes(i) ? (values[places.indexOf(i)] as Tensor) : null));
}

export type WhileParams = { readonly condition: Graph; readonly body: Graph; readonly numConsts: number };
const whileDefinition: Definition<WhileParams> = {
  name: "whileLoop",
  infer: (inputs, { condition, body, numConsts }) => {
    const carry = inputs.slice(numConsts);
    requireBool("whileLoop", condition.outputs[0] as Aval);
    sameAvals("whileLoop", "the carried values and the body's results", carry, body.outputs);
    return carry.map(({ shape, dtype }) => ({ shape, dtype }));
  },
  vjp: () => {
    const must = "a whileLoop whose number of steps is not known cannot be differentiated backwards";
    throw new ShapeError(complain("whileLoop", { must, got: "a gradient request", todo: "Use foriLoop or scan" }));
  },
};
/** Carried values after `body(consts, carry)` ran as long as `condition(consts, carry)` held. Inputs: constants, then the carry. */
export const whileLoop: ((inputs: readonly Tensor[], params: WhileParams) => readonly Tensor[]) &
  Marked<WhileParams, "control"> = marked(
  (inputs: readonly Tensor[], params: WhileParams) => apply(whileDefinition, inputs, params),
  "control",
  whileDefinition,
);

export type ScanParams = {
  /** Inputs: constants, carry, one slice of each `xs`. Outputs: carry, one slice of each `ys`. */
  readonly body: Graph;
  readonly numConsts: number;
  readonly numCarry: number;
  readonly length: number;
  /** From the last slice to the first. */
  readonly reverse: boolean;
};
const scanDefinition: Definition<ScanParams> = {
  name: "scan",
  infer: (inputs, { body, numConsts, numCarry, length }) => {
    const carry = inputs.slice(numConsts, numConsts + numCarry);
    const slices = inputs.slice(numConsts + numCarry).map(({ shape, dtype }) => {
      if (shape[0] !== length) {
        const got = `${showAval({ shape, dtype })} for ${length} steps`;
        throw new ShapeError(
          complain("scan", { must: "every input's first axis must be the number of steps", got, todo: "Check xs" }),
        );
      }
      return { shape: shape.slice(1), dtype };
    });
    sameAvals("scan", "the carry and the body's new carry", carry, body.outputs.slice(0, numCarry));
    sameAvals("scan", "the slices and the body's inputs", slices, body.inputs.slice(numConsts + numCarry));
    const ys = body.outputs.slice(numCarry).map((y) => ({ shape: [length, ...y.shape], dtype: y.dtype }));
    return [...carry.map(({ shape, dtype }) => ({ shape, dtype })), ...ys];
  },
  vjp: ({ gs, inputs, outs, params }) => scanVjp(gs, inputs, outs, params),
};
/** Runs `body` over the first axis of `xs`, handing a carry from step to step and stacking the results. */
export const scan: ((inputs: readonly Tensor[], params: ScanParams) => readonly Tensor[]) &
  Marked<ScanParams, "control"> = marked(
  (inputs: readonly Tensor[], params: ScanParams) => apply(scanDefinition, inputs, params),
  "control",
  scanDefinition,
);

// The forward scan once more, stacking what the derivatives read of each step (one loop with the first run, once equal loops are
// merged), then a scan the other way that pulls cotangents through the body.
function scanVjp(
  gs: readonly Tensor[],
  inputs: readonly Tensor[],
  outs: readonly Tensor[],
  { body, numConsts, numCarry, length, reverse }: ScanParams,
): (Tensor | null)[] {
  const consts = inputs.slice(0, numConsts);
  const carry = inputs.slice(numConsts, numConsts + numCarry);
  const xs = inputs.slice(numConsts + numCarry);
  const back = vjpGraph(body);
  const residuals = residualsOf(body, back, numConsts, numCarry);
  const kept = residuals.map(([first]) => first as Tensor);
  const recording = new Graph(body.inputs, [...body.outputs.slice(0, numCarry), ...kept]);
  const recorded = scan(inputs, { body: recording, numConsts, numCarry, length, reverse }).slice(numCarry);

  const constPlaces = floatPlaces(consts);
  const carryPlaces = floatPlaces(carry);
  const gCarry = carryPlaces.map((i) => gs[i] as Tensor);
  const yPlaces = floatPlaces(outs.slice(numCarry));
  const gYs = yPlaces.map((i) => gs[numCarry + i] as Tensor);

  // Backward body. Constants: consts. Carry: summed gradients of consts, gradients of the carry. Slices: residuals, xs, gradients of ys.
  const p = (x: Aval): Tensor => placeholder(x);
  const slice = (x: Tensor): Aval => ({ shape: x.shape.slice(1), dtype: x.dtype });
  const inConsts = consts.map(p);
  const inSums = constPlaces.map((i) => p(consts[i] as Tensor));
  const inGCarry = gCarry.map(p);
  const inKept = kept.map(p);
  const inXs = xs.map((x) => p(slice(x)));
  const inGYs = gYs.map((g) => p(slice(g)));
  const names = residuals.flatMap((tensors, i) => tensors.map((x) => [x, inKept[i] as Tensor] as const));
  const given = [...body.inputs.slice(0, numConsts), ...body.inputs.slice(numConsts + numCarry)];
  const incoming = back.inputs.slice(body.inputs.length);
  const cotangents = rebuild(new Graph([...given, ...incoming, ...names.map(([x]) => x)], back.outputs), [
    ...inConsts,
    ...inXs,
    ...inGCarry,
    ...inGYs,
    ...names.map(([, x]) => x),
  ]);
  const sums = inSums.map((sum, i) => add(sum, cotangents[i] as Tensor));
  const backward = new Graph(
    [...inConsts, ...inSums, ...inGCarry, ...inKept, ...inXs, ...inGYs],
    [...sums, ...cotangents.slice(constPlaces.length)],
  );
  const zeros = constPlaces.map((i) => full((consts[i] as Tensor).shape, 0, (consts[i] as Tensor).dtype));
  const results = scan([...consts, ...zeros, ...gCarry, ...recorded, ...xs, ...gYs], {
    body: backward,
    numConsts,
    numCarry: zeros.length + gCarry.length,
    length,
    reverse: !reverse,
  });
  return scatterTo(inputs, results);
}

/**
 * What the backward body reads of the forward one: values that change from step to step, and the carry. Each with all the tensors that
 * name it.
 */
function residualsOf(body: Graph, back: Graph, numConsts: number, numCarry: number): Tensor[][] {
  const forward = new Set(body.nodes);
  const varying = new Set<Node>();
  const changing = new Set(body.inputs.slice(numConsts));
  const changes = (x: Tensor): boolean => changing.has(x) || (x.source.kind === "op" && varying.has(x.source.node));
  for (const node of body.nodes) if (node.inputs.some(changes)) varying.add(node);
  const carry = new Set(body.inputs.slice(numConsts, numConsts + numCarry));
  const found = new Map<Tensor | Node, Map<number, Set<Tensor>>>();
  const read = (x: Tensor): void => {
    const { source } = x;
    const [place, index] = source.kind === "op" && !changing.has(x) ? [source.node, source.index] : [x, 0];
    if (place instanceof Tensor ? !carry.has(place) : !varying.has(place)) return;
    const row = found.get(place) ?? new Map<number, Set<Tensor>>();
    found.set(place, row.set(index, (row.get(index) ?? new Set<Tensor>()).add(x)));
  };
  for (const node of back.nodes) if (!forward.has(node)) node.inputs.forEach(read);
  back.outputs.forEach(read);
  return [...found.values()].flatMap((row) => [...row.values()].map((names) => [...names]));
}

export type CustomParams = Params & {
  readonly body: Graph;
  /** Maps cotangents and the inputs to cotangents of the inputs. */
  readonly pullback: (
    gs: readonly Tensor[],
    inputs: readonly Tensor[],
    outs: readonly Tensor[],
  ) => readonly (Tensor | null)[];
};
const customDefinition: Definition<CustomParams> = {
  name: "customGradient",
  infer: (inputs, { body }) => {
    sameAvals("customGradient", "the inputs and the function's parameters", inputs, body.inputs);
    return body.outputs.map(({ shape, dtype }) => ({ shape, dtype }));
  },
  vjp: ({ gs, inputs, outs, params }) => params.pullback(gs, inputs, outs),
  body: (inputs, { body }) => rebuild(body, inputs),
};
/** `body(inputs)` with a differentiation rule of the caller's. */
export const customGradient: ((inputs: readonly Tensor[], params: CustomParams) => readonly Tensor[]) &
  Marked<CustomParams, "control"> = marked(
  (inputs: readonly Tensor[], params: CustomParams) => apply(customDefinition, inputs, params),
  "control",
  customDefinition,
);
