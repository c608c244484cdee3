// Products of whole numbers, which wrap: matrices, and convolutions with both gradients. Plain loops: the engines' own kernels,
// which are tiled, are for floats.
import { type Aval, type ParamsOf, range, sizeOf } from "@keras-ts/core/backend";
import type { Programs } from "../additions.ts";
import type { Engine, NativeDType, Tensor } from "../engine.ts";
import { arrangeBoth } from "../kernels/contraction.ts";
import { runProgram } from "./program.ts";

function dot(e: Engine, a: Tensor, b: Tensor, params: ParamsOf<"dotGeneral">, out: Aval): Tensor {
  return e.scoped(() => {
    const [left, right] = arrangeBoth(e, a, b, params);
    const k = sizeOf(params.lhsContract.map((axis) => a.shape[axis] as number));
    const batch = sizeOf(params.lhsBatch.map((axis) => a.shape[axis] as number));
    const [m, n] = [a.size / batch / k, b.size / batch / k];
    return runProgram(e, {
      name: `product ${out.dtype}`,
      inputs: { a: left.x, b: right.x },
      numbers: {
        m,
        k,
        n,
        aDown: left.transposed ? 1 : k,
        aRight: left.transposed ? m : 1,
        bDown: right.transposed ? 1 : n,
        bRight: right.transposed ? k : 1,
      },
      out: { shape: out.shape, dtype: out.dtype as NativeDType },
      code: `
        let column = index % uniforms.n;
        let row = (index / uniforms.n) % uniforms.m;
        let batch = (index / uniforms.n) / uniforms.m;
        var place = batch * uniforms.m * uniforms.k + row * uniforms.aDown;
        var at = batch * uniforms.k * uniforms.n + column * uniforms.bRight;
        var sum = 0;
        for (var i = 0; i < uniforms.k; i++) {
          sum += a[place] * b[at];
          place += uniforms.aRight;
          at += uniforms.bDown;
        }
        result[index] = ${out.dtype === "bool" ? "min(sum, 1)" : "sum"};`,
    });
  });
}

/** Sizes of a convolution, whichever of its three arrays is computed. The code is written for them: such convolutions are rare. */
interface Geometry {
  readonly batch: number;
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  readonly window: readonly number[];
  readonly channels: number;
  readonly filters: number;
  readonly params: ParamsOf<"conv">;
}
function geometryOf(
  x: readonly number[],
  kernel: readonly number[],
  y: readonly number[],
  params: ParamsOf<"conv">,
): Geometry {
  const rank = params.strides.length;
  return {
    batch: x[0] as number,
    inputs: x.slice(1, -1),
    outputs: y.slice(1, -1),
    window: kernel.slice(0, rank),
    channels: kernel[rank] as number,
    filters: kernel[rank + 1] as number,
    params: { strides: params.strides, padding: params.padding, dilation: params.dilation, groups: params.groups },
  };
}

// `index` taken apart into names, the last fastest.
const takeApart = (parts: readonly (readonly [name: string, size: number])[]): string =>
  `var rest = index; ${[...parts]
    .reverse()
    .map(([name, size]) => `let ${name} = rest % ${size}; rest = rest / ${size};`)
    .join(" ")}`;
const address = (parts: readonly (readonly [name: string, size: number])[]): string =>
  parts.reduce((sum, [name, size]) => (sum === "" ? name : `(${sum}) * ${size} + ${name}`), "");
const loops = (parts: readonly (readonly [name: string, size: number])[], body: string): string =>
  parts.reduceRight((inner, [name, size]) => `for (var ${name} = 0; ${name} < ${size}; ${name}++) { ${inner} }`, body);
const named = (name: string, sizes: readonly number[]): (readonly [string, number])[] =>
  sizes.map((size, d) => [`${name}${d}`, size]);

// Axes `i` of the input, `o` of the output and `t` of the window: i = o stride + t dilation - padding.
function convolution(
  e: Engine,
  g: Geometry,
  wanted: "y" | "x" | "kernel",
  inputs: readonly [Tensor, Tensor],
  out: Aval,
): Tensor {
  const { strides, padding, dilation, groups } = g.params;
  const axes = range(strides.length);
  const all = g.channels * groups;
  const places = {
    x: [["n", g.batch], ...named("i", g.inputs), ["whole", all]] as (readonly [string, number])[],
    kernel: [...named("t", g.window), ["c", g.channels], ["f", g.filters]] as (readonly [string, number])[],
    y: [["n", g.batch], ...named("o", g.outputs), ["f", g.filters]] as (readonly [string, number])[],
  };
  const low = (d: number): number => (padding[d] as readonly [number, number])[0];
  const input = axes
    .map(
      (d) => `
        let i${d} = o${d} * ${strides[d]} + t${d} * ${dilation[d]} - ${low(d)};
        if (i${d} < 0 || i${d} >= ${g.inputs[d]}) { continue; }`,
    )
    .join("");
  const output = axes
    .map(
      (d) => `
        let p${d} = i${d} + ${low(d)} - t${d} * ${dilation[d]};
        let o${d} = p${d} / ${strides[d]};
        if (p${d} < 0 || p${d} % ${strides[d]} != 0 || o${d} >= ${g.outputs[d]}) { continue; }`,
    )
    .join("");
  const perGroup = g.filters / groups;
  const add = (a: keyof typeof places, b: keyof typeof places): string =>
    `sum += a[${address(places[a])}] * b[${address(places[b])}];`;
  const code = {
    y: `${takeApart(places.y)} ${loops(
      named("t", g.window),
      `${input} for (var c = 0; c < ${g.channels}; c++) { let whole = (f / ${perGroup}) * ${g.channels} + c; ${add("x", "kernel")} }`,
    )}`,
    x: `${takeApart(places.x)} let c = whole % ${g.channels}; let first = (whole / ${g.channels}) * ${perGroup}; ${loops(
      named("t", g.window),
      `${output} for (var f = first; f < first + ${perGroup}; f++) { ${add("y", "kernel")} }`,
    )}`,
    kernel: `${takeApart(places.kernel)} let whole = (f / ${perGroup}) * ${g.channels} + c; ${loops(
      [["n", g.batch], ...named("o", g.outputs)],
      `${input} ${add("x", "y")}`,
    )}`,
  };
  return runProgram(e, {
    name: `convolution, ${wanted} of ${JSON.stringify(g)}`,
    inputs: { a: inputs[0], b: inputs[1] },
    out: { shape: out.shape, dtype: out.dtype as NativeDType },
    code: `var sum = ${out.dtype === "float32" ? "0.0" : "0"}; ${code[wanted]} result[index] = sum;`,
  });
}

export function contractionPrograms(e: Engine): Programs {
  type Pair = readonly [Tensor, Tensor];
  return {
    dotGeneral: (inputs, params, { outs }) => dot(e, ...(inputs as Pair), params, outs[0] as Aval),
    conv: (inputs, params, { outs }) => {
      const [x, kernel] = inputs as Pair;
      const out = outs[0] as Aval;
      return convolution(e, geometryOf(x.shape, kernel.shape, out.shape, params), "y", [x, kernel], out);
    },
    convInputGrad: (inputs, params, { outs }) => {
      const [g, kernel] = inputs as Pair;
      const out = outs[0] as Aval;
      return convolution(e, geometryOf(out.shape, kernel.shape, g.shape, params), "x", [g, kernel], out);
    },
    convFilterGrad: (inputs, params, { outs }) => {
      const [x, g] = inputs as Pair;
      const out = outs[0] as Aval;
      return convolution(e, geometryOf(x.shape, out.shape, g.shape, params), "kernel", [x, g], out);
    },
  };
}
