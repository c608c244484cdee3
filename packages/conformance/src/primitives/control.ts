// Programs with control flow, built as graphs.
import { Graph, type HostArray, placeholder, primitives, type Tensor } from "@keras-ts/core/backend";
import { array, type GraphSample, scattered } from "./sample.ts";

const { add, cond, cos, customGradient, exp, less, mul, scan, sin, sub, tanh, whileLoop } = primitives;

/** A closed graph of a function, over placeholders like the given tensors. */
function closed(like: readonly Tensor[], build: (inputs: readonly Tensor[]) => readonly Tensor[]): Graph {
  const inputs = like.map((x) => placeholder(x));
  return new Graph(inputs, build(inputs));
}
const at = (inputs: readonly Tensor[], i: number): Tensor => inputs[i] as Tensor;
const rowOf = (x: Tensor): Tensor => placeholder({ shape: x.shape.slice(1), dtype: x.dtype });

const branches = (inputs: readonly Tensor[]): readonly Tensor[] => {
  const [flag, x, y] = inputs as readonly [Tensor, Tensor, Tensor];
  const then = closed([x, y], ([a, b]) => [mul(a as Tensor, b as Tensor), a as Tensor]);
  const otherwise = closed([x, y], ([a, b]) => [sin(b as Tensor), exp(a as Tensor)]);
  return cond(flag, [x, y], { then, otherwise });
};

const counting = (inputs: readonly Tensor[]): readonly Tensor[] => {
  const [step, x, count] = inputs as readonly [Tensor, Tensor, Tensor];
  const condition = closed(inputs, (ins) => [less(at(ins, 2), 5)]);
  const body = closed(inputs, (ins) => [add(at(ins, 1), at(ins, 0)), add(at(ins, 2), 1)]);
  return whileLoop([step, x, count], { condition, body, numConsts: 1 });
};

// A small recurrent net: h' = tanh(w h + x), y = h' c
function recurrent(reverse: boolean): GraphSample["build"] {
  return (inputs) => {
    const [w, h, xs] = inputs as readonly [Tensor, Tensor, Tensor];
    const body = closed([w, h, rowOf(xs)], (ins) => {
      const next = tanh(add(mul(at(ins, 0), at(ins, 1)), at(ins, 2)));
      return [next, mul(next, cos(at(ins, 2)))];
    });
    return scan([w, h, xs], { body, numConsts: 1, numCarry: 1, length: xs.shape[0] as number, reverse });
  };
}

// Two carries (one of them an integer counter), two inputs a step, no constants.
const countingScan: GraphSample["build"] = (inputs) => {
  const [sum, count, xs, ys] = inputs as readonly [Tensor, Tensor, Tensor, Tensor];
  const body = closed([sum, count, rowOf(xs), rowOf(ys)], (ins) => [
    add(at(ins, 0), mul(at(ins, 2), at(ins, 3))),
    add(at(ins, 1), 1),
    sub(at(ins, 2), at(ins, 0)),
    at(ins, 1),
  ]);
  return scan([sum, count, xs, ys], { body, numConsts: 0, numCarry: 2, length: xs.shape[0] as number, reverse: false });
};

// A loop in a branch in a loop.
const nested: GraphSample["build"] = (inputs) => {
  const [x, xs] = inputs as readonly [Tensor, Tensor];
  const inner = closed([x, rowOf(xs)], (ins) => {
    const flag = less(at(ins, 1), 0);
    const then = closed(ins, ([a, b]) => [mul(a as Tensor, b as Tensor)]);
    const otherwise = closed(ins, ([a, b]) => {
      const sum = closed([a as Tensor, b as Tensor], ([p, q]) => [add(p as Tensor, q as Tensor), q as Tensor]);
      const [total] = scan([a as Tensor, primitives.broadcastTo(b as Tensor, { shape: [2] })], {
        body: sum,
        numConsts: 0,
        numCarry: 1,
        length: 2,
        reverse: false,
      });
      return [total as Tensor];
    });
    return cond(flag, ins, { then, otherwise });
  });
  return scan([x, xs], { body: inner, numConsts: 0, numCarry: 1, length: xs.shape[0] as number, reverse: false });
};

// sin with its derivative written by hand
const custom: GraphSample["build"] = ([x]) => {
  const body = closed([x as Tensor], ([a]) => [sin(a as Tensor)]);
  return customGradient([x as Tensor], { body, pullback: ([g], [a]) => [mul(g as Tensor, cos(a as Tensor))] });
};
// A value whose gradient is not that of the body, so that it shows whose rule is used: compared on engines, not differentiated.
const straightThrough: GraphSample["build"] = ([x]) => {
  const body = closed([x as Tensor], ([a]) => [primitives.round(a as Tensor)]);
  const [y] = customGradient([x as Tensor], { body, pullback: ([g]) => [g as Tensor] });
  const square = mul(y as Tensor, y as Tensor);
  const [g] = primitives.vjpWalk([square], [primitives.full(square.shape, 1, square.dtype)], [x as Tensor]);
  return [square, g as Tensor];
};

// z' = a z + w, in complex numbers, and what stays of each real part.
const spiral: GraphSample["build"] = (inputs) => {
  const [a, z, ws] = inputs as readonly [Tensor, Tensor, Tensor];
  const body = closed([a, z, rowOf(ws)], (ins) => {
    const next = add(mul(at(ins, 0), at(ins, 1)), at(ins, 2));
    return [next, primitives.real(next)];
  });
  return scan([a, z, ws], { body, numConsts: 1, numCarry: 1, length: ws.shape[0] as number, reverse: false });
};
const squaring: GraphSample["build"] = ([z]) => {
  const condition = closed([z as Tensor], (ins) => [
    less(primitives.reduceMax(primitives.abs(at(ins, 0)), { axes: [0] }), 100),
  ]);
  const body = closed([z as Tensor], (ins) => [mul(at(ins, 0), at(ins, 0))]);
  return whileLoop([z as Tensor], { condition, body, numConsts: 0 });
};
const complexNumbers = (data: readonly number[], shape: readonly number[]): HostArray => ({
  shape,
  dtype: "complex64",
  data: Float32Array.from(data),
});
const places = complexNumbers([1, 2, -0.5, 0.25, 0.5, -1.5], [3]);

const operands = [scattered([3]), scattered([3], -1, 1, "float32", 2)];
const counters = [array([0.5, 2]), array([1, 1]), array([0], "int32", [])];

export const controlSamples: readonly GraphSample[] = [
  { name: "cond: then", inputs: [array([1], "bool", []), ...operands], build: branches, gradient: "smooth" },
  { name: "cond: otherwise", inputs: [array([0], "bool", []), ...operands], build: branches, gradient: "smooth" },
  { name: "whileLoop: counts", inputs: counters, build: counting },
  { name: "whileLoop: never", inputs: [...counters.slice(0, 2), array([9], "int32", [])], build: counting },
  {
    name: "scan: recurrent",
    inputs: [array([0.7], "float32", []), scattered([2]), scattered([4, 2])],
    build: recurrent(false),
    gradient: "smooth",
  },
  {
    name: "scan: backwards",
    inputs: [array([0.7], "float32", []), scattered([2]), scattered([4, 2])],
    build: recurrent(true),
    gradient: "smooth",
  },
  {
    name: "scan: one step",
    inputs: [array([0.7], "float32", []), scattered([2]), scattered([1, 2])],
    build: recurrent(false),
    gradient: "first",
  },
  {
    name: "scan: counter and two inputs",
    inputs: [scattered([2]), array([0], "int32", []), scattered([3, 2]), scattered([3, 2], -1, 1, "float32", 2)],
    build: countingScan,
    gradient: "smooth",
  },
  {
    name: "scan and cond, nested",
    inputs: [scattered([]), array([0.5, -0.7, 1.5, -0.2])],
    build: nested,
    gradient: "first",
  },
  {
    name: "scan: complex numbers",
    inputs: [complexNumbers([0.6, 0.8], []), places, complexNumbers([1, 0, 0, 1, 0.5, 0.5, -1, 0, 2, 1, 0, 0], [2, 3])],
    build: spiral,
  },
  { name: "whileLoop: complex numbers", inputs: [places], build: squaring },
  {
    name: "cond: complex numbers",
    inputs: [array([0], "bool", []), places, complexNumbers([0, 1, 1, 0, 2, -1], [3])],
    build: branches,
  },
  { name: "customGradient: sine", inputs: [scattered([4])], build: custom, gradient: "smooth" },
  { name: "customGradient: straight through", inputs: [array([0.2, 1.7, -2.4])], build: straightThrough },
];
