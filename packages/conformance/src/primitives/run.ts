// Samples as programs, and programs on engines.
import {
  apply,
  type Backend,
  compileGraph,
  copyNode,
  type Definition,
  type DType,
  type Executable,
  fromCarrier,
  Graph,
  type HostArray,
  isFloat,
  literal,
  type Params,
  placeholder,
  primitives,
  rebuild,
  type Tensor,
  toCarrier,
} from "@keras-ts/core/backend";
import type { GraphSample, PrimitiveSample, Program, SampleName } from "./sample.ts";

/** The definition behind a name. */
export const definitionOf = (name: SampleName): Definition => primitives[name].definition as unknown as Definition;

/** A graph over placeholders for the given values. */
export function programOf(inputs: readonly HostArray[], build: GraphSample["build"]): Program {
  const places = inputs.map((x) => placeholder(x));
  return { graph: new Graph(places, build(places)), inputs };
}

/** A primitive's sample as a program, with what it asks for before and after. */
export function primitiveProgram(name: SampleName, sample: PrimitiveSample): Program {
  const { prepare = (xs) => xs, observe = (xs) => xs, params } = sample;
  return programOf(sample.inputs, (xs) => observe(apply(definitionOf(name), prepare(xs), params as Params)));
}

const widened = (dtype: DType): DType => (isFloat(dtype) ? "float64" : dtype);
/** The same sample in double precision. */
export function inDouble<S extends { readonly inputs: readonly HostArray[] }>(sample: S): S {
  const inputs = sample.inputs.map(({ shape, dtype, data }) => ({
    shape,
    dtype: widened(dtype),
    data: isFloat(dtype) ? Float64Array.from(data) : data,
  }));
  return { ...sample, inputs };
}

/** The same graph with every float in double precision. */
export function graphInDouble(graph: Graph): Graph {
  const wide = (x: Tensor): Tensor => {
    if (x.source.kind !== "literal") return x;
    const [value] = inDouble({ inputs: [x.source.value] }).inputs;
    return literal(value as HostArray);
  };
  const inputs = graph.inputs.map(({ shape, dtype }) => placeholder({ shape, dtype: widened(dtype) }));
  const outputs = rebuild(graph, inputs, (node, ins) => {
    const outs = node.outs.map(({ shape, dtype }) => ({ shape, dtype: widened(dtype) }));
    const params = Object.entries(node.params).map(([key, value]) => [
      key,
      value instanceof Graph ? graphInDouble(value) : key === "dtype" ? widened(value as DType) : value,
    ]);
    return copyNode({ ...node, outs, params: Object.fromEntries(params) as Params, inputs: [] }, ins.map(wide));
  });
  return new Graph(inputs, outputs.map(wide));
}

/** A program compiled once, for any number of runs with other inputs. */
export async function prepareProgram<H>(
  backend: Backend<H>,
  graph: Graph,
): Promise<{ run(inputs: readonly HostArray[]): Promise<HostArray[]>; dispose(): void }> {
  const program: Executable<H> = await compileGraph(graph, backend);
  return {
    run: async (inputs) => {
      const handles = inputs.map((x) => backend.upload(toCarrier(x, backend as Backend)));
      const outs = await program.run(handles);
      const results: HostArray[] = [];
      for (let i = 0; i < outs.length; i++) {
        const { dtype } = graph.outputs[i] as Tensor;
        results.push(fromCarrier(await backend.download(outs[i] as H), dtype));
      }
      for (const handle of [...handles, ...outs]) backend.release(handle);
      return results;
    },
    dispose: () => program.dispose(),
  };
}

/** Values of a program's outputs on an engine. Everything it uploaded is released. */
export async function runProgram<H>(backend: Backend<H>, { graph, inputs }: Program): Promise<HostArray[]> {
  const prepared = await prepareProgram(backend, graph);
  try {
    return await prepared.run(inputs);
  } finally {
    prepared.dispose();
  }
}

/** Values of one application of a primitive on an engine. */
export const runPrimitive = <H>(backend: Backend<H>, name: SampleName, sample: PrimitiveSample): Promise<HostArray[]> =>
  runProgram(backend, primitiveProgram(name, sample));
