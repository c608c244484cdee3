// An engine that lacks a dtype gets it here, once for all engines: narrow integers wrap exactly inside int32, uint32 lives in the
// bits of int32, halves compute in float32 and are rounded after each operation.
import { castData, type DType, isComplex, isFloat, isInteger } from "../../aval/index.ts";
import { BackendError, complain } from "../../errors/index.ts";
import {
  copyNode,
  Graph,
  literal,
  type Node,
  type Params,
  placeholder,
  rebuild,
  scalar,
  type Tensor,
} from "../../graph/index.ts";
import * as p from "../../primitives/index.ts";
import type { Backend } from "../contract.ts";

/** The dtype in which the engine holds values of `dtype`; of complex64 both parts (see complex.ts). @throws BackendError if it cannot. */
export function carrierOf(dtype: DType, backend: Pick<Backend, "dtypes" | "name">): DType {
  if (backend.dtypes.has(dtype)) return dtype;
  if (isComplex(dtype)) return "float32";
  if (isInteger(dtype) && backend.dtypes.has("int32")) return "int32";
  if ((dtype === "float16" || dtype === "bfloat16") && backend.dtypes.has("float32")) return "float32";
  const must = `the engine must have dtype ${dtype} or one that can carry it`;
  const got = [...backend.dtypes].join(", ");
  throw new BackendError(
    complain(`${backend.name} backend`, { must, got, todo: "Cast to float32 or choose another backend" }),
  );
}

/** The graph with every tensor in a dtype that the engine has. Inputs and outputs change to their carriers too. */
export function lowerDtypes(graph: Graph, backend: Pick<Backend, "dtypes" | "name">): Graph {
  const lacking = (dtype: DType): boolean => !backend.dtypes.has(dtype);
  const uses = (g: Graph): boolean =>
    [...g.inputs, ...g.outputs].some((x) => lacking(x.dtype)) ||
    g.nodes.some(
      (node) =>
        node.outs.some((o) => lacking(o.dtype)) ||
        node.inputs.some((x) => lacking(x.dtype)) ||
        Object.values(node.params).some((value) => value instanceof Graph && uses(value)),
    );
  if (!uses(graph)) return graph;
  const carry = (dtype: DType): DType => carrierOf(dtype, backend);
  const rewrite = (g: Graph): Graph => {
    const inputs = g.inputs.map((x) => placeholder({ shape: x.shape, dtype: carry(x.dtype) }));
    const outputs = rebuild(g, inputs, (node, ins) => lowerNode(node, ins.map(lowerLiteral), carry, rewrite));
    return new Graph(inputs, outputs.map(lowerLiteral));
  };
  const lowerLiteral = (x: Tensor): Tensor => {
    if (x.source.kind !== "literal" || carry(x.dtype) === x.dtype) return x;
    const { shape, dtype, data } = x.source.value;
    return literal({ shape, dtype: carry(dtype), data: castData(data, carry(dtype), dtype) });
  };
  return rewrite(graph);
}

function lowerNode(
  node: Node,
  inputs: readonly Tensor[],
  carry: (dtype: DType) => DType,
  rewrite: (g: Graph) => Graph,
): readonly Tensor[] {
  const { name } = node.definition;
  const was = node.inputs[0]?.dtype;
  if (name === "cast") {
    const to = (node.params as p.CastParams).dtype;
    return [lowerCast(inputs[0] as Tensor, was as DType, to, carry)];
  }
  if (was === "uint32" && carry("uint32") === "int32") {
    const special = unsigned[name];
    if (special !== undefined) return special(inputs, node.params);
  }
  const shifted = was !== undefined && carry(was) !== was ? lowerShift(name, inputs, was) : undefined;
  if (shifted !== undefined) return [shifted];
  const outs = node.outs.map((o) => ({ shape: o.shape, dtype: carry(o.dtype) }));
  const params: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(node.params)) {
    params[key] = value instanceof Graph ? rewrite(value) : key === "dtype" ? carry(value as DType) : value;
  }
  const made = copyNode({ ...node, outs, params: params as Params, inputs: [] }, inputs);
  return made.map((x, i) => {
    const logical = (node.outs[i] as { dtype: DType }).dtype;
    return logical === x.dtype || exact.has(name) ? x : narrow(x, logical);
  });
}

// Shifts to the right see the top bit of the narrow type: carried signed values have copies of it above, unsigned ones zeros.
function lowerShift(name: string, [x, by]: readonly Tensor[], dtype: DType): Tensor | undefined {
  const bits = dtype.endsWith("16") ? 16 : 8;
  if (name === "shiftRightLogical" && (dtype === "int8" || dtype === "int16")) {
    return narrow(p.shiftRightLogical(p.and(x as Tensor, 2 ** bits - 1), by as Tensor), dtype);
  }
  if (name === "shiftRightArithmetic" && (dtype === "uint8" || dtype === "uint16")) {
    const high = p.shiftRightArithmetic(p.shiftLeft(x as Tensor, 32 - bits), by as Tensor);
    return p.shiftRightLogical(high, 32 - bits);
  }
  return undefined;
}

// Results are inputs unchanged, or chosen from them: nothing to wrap or round.
const exact: ReadonlySet<string> = new Set([
  ..."reshape transpose broadcastTo slice pad reverse concat reduceMax reduceMin cumMax cumMin maxPool maxPoolGather".split(
    " ",
  ),
  ..."take gatherNd dynamicSlice dynamicUpdateSlice sort topK max min where neg abs sign floor ceil round trunc rem"
    .split(" ")
    .filter((n) => n !== "neg" && n !== "abs"),
  ..."and or xor shiftRightArithmetic stopGradient cond whileLoop scan relu argMax argMin argSort randomBits encrypt oneHot".split(
    " ",
  ),
]);

/** Carried values brought back into the range (integers wrap) or precision (halves round) of `dtype`. */
export function narrow(x: Tensor, dtype: DType): Tensor {
  if (dtype === "bfloat16") return roundSignificand(x, 8);
  if (dtype === "float16") {
    const normal = roundSignificand(x, 11);
    // Below 2^-14 the spacing is constant; from 65520 on it is infinity.
    const tiny = p.mul(p.round(p.mul(x, 2 ** 24)), 2 ** -24);
    const rounded = p.where(p.less(p.abs(x), 2 ** -14), tiny, normal);
    return p.where(p.greaterEqual(p.abs(x), 65520), p.mul(p.sign(x), Number.POSITIVE_INFINITY), rounded);
  }
  if (dtype === "uint8") return p.and(x, 0xff);
  if (dtype === "uint16") return p.and(x, 0xffff);
  if (dtype === "int8" || dtype === "int16") {
    const shift = dtype === "int8" ? 24 : 16;
    return p.shiftRightArithmetic(p.shiftLeft(x, shift), shift);
  }
  return x;
}

// Veltkamp's splitting: c - (c - x) with c = x (2^s + 1) rounds x to 24 - s bits.
function roundSignificand(x: Tensor, bits: number): Tensor {
  const big = p.greater(p.abs(x), 2 ** 100);
  const safe = p.where(big, p.mul(x, 2 ** -64), x);
  const c = p.mul(safe, 2 ** (24 - bits) + 1);
  const high = p.sub(c, p.sub(c, safe));
  return p.where(p.isFinite(x), p.where(big, p.mul(high, 2 ** 64), high), x);
}

function lowerCast(x: Tensor, from: DType, to: DType, carry: (dtype: DType) => DType): Tensor {
  const target = carry(to);
  const unsignedBits = carry("uint32") === "int32";
  if (from === "uint32" && unsignedBits && isFloat(to)) {
    const high = p.cast(p.shiftRightLogical(x, 16), { dtype: target });
    const low = p.cast(p.and(x, 0xffff), { dtype: target });
    const whole = p.add(p.mul(high, 65536), low);
    return target === to ? whole : narrow(whole, to);
  }
  if (to === "uint32" && unsignedBits && isFloat(from)) {
    const top = p.greaterEqual(x, 2 ** 31);
    const wrapped = p.xor(p.cast(p.sub(x, 2 ** 31), { dtype: "int32" }), -(2 ** 31));
    return p.where(top, wrapped, p.cast(p.max(x, 0), { dtype: "int32" }));
  }
  if (isFloat(from) && isInteger(to) && target !== to) {
    const [low, high] = limits(to);
    return p.cast(p.min(p.max(p.where(p.isNan(x), 0, x), low), high), { dtype: target });
  }
  const same = p.cast(x, { dtype: target });
  return target === to ? same : narrow(same, to);
}

function limits(dtype: DType): readonly [number, number] {
  const bits = dtype.endsWith("16") ? 16 : 8;
  return dtype.startsWith("u") ? [0, 2 ** bits - 1] : [-(2 ** (bits - 1)), 2 ** (bits - 1) - 1];
}

// uint32 in the bits of int32: order comparisons flip the sign bit, division goes by halves.
const SIGN = -(2 ** 31);
const flip = (x: Tensor): Tensor => p.xor(x, SIGN);
const flipped =
  (f: (a: Tensor, b: Tensor) => Tensor) =>
  (ins: readonly Tensor[]): Tensor[] => [f(flip(ins[0] as Tensor), flip(ins[1] as Tensor))];
const around =
  (f: (a: Tensor, b: Tensor) => Tensor) =>
  (ins: readonly Tensor[]): Tensor[] => [flip(f(flip(ins[0] as Tensor), flip(ins[1] as Tensor)))];
const reduced =
  <P>(f: (x: Tensor, params: P) => Tensor, back = true) =>
  (ins: readonly Tensor[], params: Params): Tensor[] => {
    const result = f(flip(ins[0] as Tensor), params as unknown as P);
    return [back ? flip(result) : result];
  };
// Hacker's Delight 9-3: for d < 2^31, q = ((n >>> 1) / d) << 1, corrected by one; else the quotient is 0 or 1.
function unsignedQuotient(n: Tensor, d: Tensor): Tensor {
  const small = p.greaterEqual(d, scalar(0, "int32"));
  const divisor = p.where(small, p.max(d, 1), 1);
  const q = p.shiftLeft(p.div(p.shiftRightLogical(n, 1), divisor), 1);
  const r = p.sub(n, p.mul(q, divisor));
  const more = p.cast(p.greaterEqual(flip(r), flip(divisor)), { dtype: "int32" });
  const one = p.cast(p.greaterEqual(flip(n), flip(d)), { dtype: "int32" });
  const quotient = p.where(small, p.add(q, more), one);
  return p.where(p.equal(d, 0), -1, quotient);
}
const unsigned: Readonly<Record<string, (inputs: readonly Tensor[], params: Params) => Tensor[]>> = {
  less: flipped(p.less),
  lessEqual: flipped(p.lessEqual),
  greater: flipped(p.greater),
  greaterEqual: flipped(p.greaterEqual),
  max: around(p.max),
  min: around(p.min),
  reduceMax: reduced(p.reduceMax),
  reduceMin: reduced(p.reduceMin),
  cumMax: reduced(p.cumMax),
  cumMin: reduced(p.cumMin),
  sort: reduced(p.sort),
  argSort: reduced(p.argSort, false),
  argMax: reduced(p.argMax, false),
  argMin: reduced(p.argMin, false),
  maxPool: reduced(p.maxPool),
  scatterNd: ([x, indices, updates], params) => {
    const scatter = params as unknown as p.ScatterParams;
    const ordered = scatter.mode === "min" || scatter.mode === "max";
    const [into, values] = ordered ? [flip(x as Tensor), flip(updates as Tensor)] : [x as Tensor, updates as Tensor];
    const made = p.scatterNd(into, indices as Tensor, values, scatter);
    return [ordered ? flip(made) : made];
  },
  topK: ([x], params) => {
    const [values, indices] = p.topK(flip(x as Tensor), params as unknown as p.TopKParams);
    return [flip(values), indices];
  },
  abs: ([x]) => [x as Tensor],
  sign: ([x]) => [p.cast(p.notEqual(x as Tensor, 0), { dtype: "int32" })],
  div: ([n, d]) => [unsignedQuotient(n as Tensor, d as Tensor)],
  rem: ([n, d]) => {
    const [a, b] = [n as Tensor, d as Tensor];
    return [p.where(p.equal(b, 0), a, p.sub(a, p.mul(unsignedQuotient(a, b), b)))];
  },
};
