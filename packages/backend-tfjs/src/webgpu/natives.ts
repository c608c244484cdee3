// Programs in place of kernels that TensorFlow.js' WebGPU device has, under their names and with their attributes. Its own hold whole
// numbers in floats on their way, which keep 24 bits of them, and pass over nan, infinities, signs of zero and last digits.
import { range, type Shape, sizeOf, stridesOf } from "@keras-ts/core/backend";
import type { Native, Natives } from "../additions.ts";
import type { Engine, NativeDType, Tensor } from "../engine.ts";
import { BINARY, UNARY } from "../functions/floats.ts";
import { elementByElement } from "./elementwise.ts";
import { placeOf, stridesFor } from "./indexing.ts";
import { coordinates, listed, strided, weighted } from "./places.ts";
import { runProgram } from "./program.ts";
import { argumentOf, reduced, running } from "./reduction.ts";

const isWhole = (x: Tensor): boolean => x.dtype !== "float32";
const infoOf = (x: Tensor, shape: Shape = x.shape): { shape: Shape; dtype: NativeDType } => ({
  shape,
  dtype: x.dtype as NativeDType,
});

/** Names of kernels to what they do to `x` and `y`. */
const WHOLE: Readonly<Record<string, string>> = {
  Add: "x + y",
  Sub: "x - y",
  Multiply: "x * y",
  Maximum: "max(x, y)",
  Minimum: "min(x, y)",
};
const COMPARED: Readonly<Record<string, string>> = {
  Equal: "==",
  NotEqual: "!=",
  Less: "<",
  LessEqual: "<=",
  Greater: ">",
  GreaterEqual: ">=",
};
/** The kernels of TensorFlow.js that are not asked, of an engine on WebGPU. */
export function nativesOf(e: Engine): Natives {
  const unary = Object.entries(UNARY).map(([name, [code, before]]): [string, Native] => [
    name,
    ({ x }) =>
      isWhole(x as Tensor)
        ? undefined
        : elementByElement(e, name, [x as Tensor], infoOf(x as Tensor), `result[index] = ${code};`, before),
  ]);
  const pair =
    (name: string, code: string, dtype?: "bool"): Native =>
    ({ a, b }) => {
      const [x, y] = [a as Tensor, b as Tensor];
      if (!isWhole(x)) return undefined;
      const shape = e.tf.backend_util.assertAndGetBroadcastShape(x.shape, y.shape);
      return elementByElement(e, name, [x, y], { shape, dtype: dtype ?? (x.dtype as NativeDType) }, code);
    };
  const pairs = [
    ...Object.entries(WHOLE).map(([name, code]): [string, Native] => [name, pair(name, `result[index] = ${code};`)]),
    ...Object.entries(COMPARED).map(([name, sign]): [string, Native] => [
      name,
      pair(name, `result[index] = select(0, 1, x ${sign} y);`, "bool"),
    ]),
  ];
  const reductions = (["Sum", "Prod", "Max", "Min"] as const).map((name): [string, Native] => [
    name,
    ({ x }, { axis, reductionIndices }) =>
      isWhole(x as Tensor) ? reduced(e, name, x as Tensor, (axis ?? reductionIndices) as number[]) : undefined,
  ]);
  return {
    ...Object.fromEntries([...unary, ...pairs, ...reductions]),
    ArgMax: ({ x }, { axis }) => argumentOf(e, x as Tensor, (axis as number[])[0] as number, true),
    ArgMin: ({ x }, { axis }) => argumentOf(e, x as Tensor, (axis as number[])[0] as number, false),
    Cumsum: ({ x }, { axis, reverse }) => running(e, "Sum", x as Tensor, axis as number, reverse === true),
    Cumprod: ({ x }, { axis, reverse }) => running(e, "Prod", x as Tensor, axis as number, reverse === true),
    Select: ({ condition, t, e: other }) =>
      elementByElement(
        e,
        `Select ${(t as Tensor).dtype}`,
        [condition as Tensor, t as Tensor, other as Tensor],
        infoOf(t as Tensor),
        "if (x != 0) { result[index] = y; } else { result[index] = z; }",
      ),
    Pow: ({ a, b }) => floats(e, "Pow", a as Tensor, b as Tensor),
    Atan2: ({ a, b }) => floats(e, "Atan2", a as Tensor, b as Tensor),
    Erf: ({ x }) => withZeros(e, "Erf", x as Tensor),
    Cast: ({ x }, { dtype }) => castTo(e, x as Tensor, dtype as NativeDType),
    ...movements(e),
  };
}

function floats(e: Engine, name: "Pow" | "Atan2", a: Tensor, b: Tensor): Tensor {
  const [code, before] = BINARY[name];
  const shape = e.tf.backend_util.assertAndGetBroadcastShape(a.shape, b.shape);
  return elementByElement(e, name, [a, b], { shape, dtype: "float32" }, `result[index] = ${code};`, before);
}

// The device's own kernel, but zeros keep their sign.
function withZeros(e: Engine, name: string, x: Tensor): Tensor {
  return e.scoped(() => {
    const raw: Tensor = e.tf.engine().runKernel(name, { x });
    const code = "result[index] = select(y, x, x == 0.0 || isnan(x));";
    return elementByElement(e, `zeros of ${name}`, [x, raw], infoOf(x), code);
  });
}

// Floats beyond the range saturate, nan is 0. The device's own casts of whole numbers to floats leave them as they are, and only call
// them floats.
function castTo(e: Engine, x: Tensor, dtype: NativeDType): Tensor | undefined {
  const out = { shape: x.shape, dtype };
  if (isWhole(x)) {
    return dtype === "float32" ? elementByElement(e, "to float", [x], out, "result[index] = f32(x);") : undefined;
  }
  if (dtype !== "int32") return undefined;
  const code = `
    var whole = 0;
    if (x >= 2147483648.0) { whole = 2147483647; }
    else if (x <= -2147483648.0) { whole = -2147483647 - 1; }
    else if (!isnan(x)) { whole = i32(x); }
    result[index] = whole;`;
  return elementByElement(e, "to int", [x], out, code);
}

// Whole numbers in other places.
function movements(e: Engine): Natives {
  const block = (x: Tensor, shape: Shape, begin: readonly number[]): Tensor => {
    const strides = stridesOf(x.shape);
    const offset = begin.reduce((sum, start, axis) => sum + start * (strides[axis] as number), 0);
    return strided(e, x, shape, strides, offset);
  };
  return {
    Transpose: ({ x }, { perm }) => {
      const [input, order] = [x as Tensor, perm as number[]];
      if (!isWhole(input)) return undefined;
      const strides = stridesOf(input.shape);
      const shape = order.map((axis) => input.shape[axis] as number);
      return strided(
        e,
        input,
        shape,
        order.map((axis) => strides[axis] as number),
      );
    },
    Slice: ({ x }, { begin, size }) =>
      isWhole(x as Tensor) ? block(x as Tensor, size as number[], begin as number[]) : undefined,
    Reverse: ({ x }, { dims }) => {
      const input = x as Tensor;
      if (!isWhole(input)) return undefined;
      const turned = range(input.rank).map((axis) => (dims as number[]).includes(axis));
      const strides = stridesOf(input.shape).map((stride, axis) => (turned[axis] ? -stride : stride));
      const offset = strides.reduce(
        (sum, stride, axis) => (turned[axis] ? sum - stride * ((input.shape[axis] as number) - 1) : sum),
        0,
      );
      return strided(e, input, input.shape, strides, offset);
    },
    PadV2: ({ x }, { paddings, constantValue }) => {
      const input = x as Tensor;
      // Its own has no fifth axis.
      if (!isWhole(input) && input.rank <= 4) return undefined;
      const bits = new Int32Array(Float32Array.of(constantValue as number).buffer)[0] as number;
      const around = paddings as (readonly [number, number])[];
      const { rank } = input;
      const shape = input.shape.map((n, axis) => n + (around[axis]?.[0] ?? 0) + (around[axis]?.[1] ?? 0));
      return runProgram(e, {
        name: `PadV2 ${rank} ${input.dtype}`,
        inputs: { x: input },
        numbers: {
          value: isWhole(input) ? (constantValue as number) : bits,
          ...listed("size", shape),
          ...listed("own", input.shape),
          ...listed("stride", stridesOf(input.shape)),
          ...listed(
            "low",
            around.map(([low]) => low),
          ),
        },
        out: infoOf(input, shape),
        code: `
          var rest = index;
          ${coordinates(rank, "size", "p")}
          ${range(rank)
            .map((d) => `let c${d} = p${d} - uniforms.low${d};`)
            .join(" ")}
          let isInside = ${["true", ...range(rank).map((d) => `c${d} >= 0 && c${d} < uniforms.own${d}`)].join(" && ")};
          result[index] = ${isWhole(input) ? "uniforms.value" : "bitcast<f32>(uniforms.value)"};
          if (isInside) { result[index] = x[${weighted(rank, "stride")}]; }`,
      });
    },
    Concat: (inputs, { axis }) => {
      const parts = Object.values(inputs).filter((x) => x.size > 0);
      const [first] = parts;
      if (first === undefined || !isWhole(first)) return undefined;
      const at = axis as number;
      const inner = sizeOf(first.shape.slice(at + 1));
      const total = parts.reduce((sum, x) => sum + (x.shape[at] as number), 0);
      const out = infoOf(
        first,
        first.shape.map((n, i) => (i === at ? total : n)),
      );
      let written: Tensor | undefined;
      let before = 0;
      for (const x of parts) {
        const own = x.shape[at] as number;
        written = runProgram(e, {
          name: "Concat",
          inputs: { x },
          numbers: { own: own * inner, total: total * inner, before: before * inner },
          out: written ?? out,
          times: x.size,
          code: "result[(index / uniforms.own) * uniforms.total + uniforms.before + index % uniforms.own] = x[index];",
        });
        before += own;
      }
      return written;
    },
    GatherV2: ({ x, indices }, { axis }) => {
      const [input, places] = [x as Tensor, indices as Tensor];
      if (!isWhole(input)) return undefined;
      const at = axis as number;
      return runProgram(e, {
        name: "GatherV2",
        inputs: { x: input, places },
        numbers: { inner: sizeOf(input.shape.slice(at + 1)), own: input.shape[at] as number, taken: places.size },
        out: infoOf(input, [...input.shape.slice(0, at), ...places.shape, ...input.shape.slice(at + 1)]),
        code: `
          let inner = index % uniforms.inner;
          let place = places[(index / uniforms.inner) % uniforms.taken];
          let outer = index / (uniforms.inner * uniforms.taken);
          result[index] = x[(outer * uniforms.own + place) * uniforms.inner + inner];`,
      });
    },
    GatherNd: ({ params, indices }) => {
      const [x, places] = [params as Tensor, indices as Tensor];
      if (!isWhole(x)) return undefined;
      const depth = places.shape.at(-1) as number;
      const rest = x.shape.slice(depth);
      return runProgram(e, {
        name: `GatherNd ${depth}`,
        inputs: { x, indices: places },
        numbers: { block: sizeOf(rest), ...stridesFor(x.shape, depth) },
        out: infoOf(x, [...places.shape.slice(0, -1), ...rest]),
        before: placeOf(depth),
        code: "result[index] = x[placeOf(index / uniforms.block) + index % uniforms.block];",
      });
    },
  };
}
