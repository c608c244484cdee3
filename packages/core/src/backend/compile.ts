import type { DType, HostArray } from "../aval/index.ts";
import { castData, isComplex } from "../aval/index.ts";
import type { Graph } from "../graph/index.ts";
import type { Backend, CompileOptions, Executable } from "./contract.ts";
import { carriedAval, lowerComplex } from "./passes/complex.ts";
import { carrierOf, lowerDtypes } from "./passes/dtypes.ts";
import { type GraphPass, graphPasses, loopPasses } from "./passes/index.ts";
import { inlineComposites } from "./passes/inline.ts";
import { unrollScans } from "./passes/unroll.ts";
import { interpret } from "./plan.ts";

/** Called with the graph after each step of lowering; the first is the graph as it came. */
export type LoweringWatcher = (step: string, graph: Graph) => void;

/** What lowering asks of an engine. */
export type LoweringTarget<H = unknown> = Pick<
  Backend<H>,
  "name" | "dtypes" | "compile" | "kernels" | "composites" | "unrollLimit" | "passes"
>;

/** A graph in the terms of one engine: composites it lacks inlined, complex numbers as pairs, dtypes it lacks carried by others, and simplified by passes. */
export function lower<H>(graph: Graph, backend: LoweringTarget<H>, watch: LoweringWatcher = () => {}): Graph {
  const native = (name: string): boolean =>
    backend.compile === undefined
      ? Object.hasOwn(backend.kernels ?? {}, name)
      : (backend.composites?.has(name as never) ?? false);
  let lowered = graph;
  const step = (name: string, result: Graph): void => {
    lowered = result;
    watch(name, lowered);
  };
  step("recorded", graph);
  step("inline", inlineComposites(lowered, native));
  const isOn = ({ name }: GraphPass): boolean => backend.passes?.[name] !== false;
  for (const { name, run } of loopPasses.filter(isOn)) step(name, run(lowered));
  if (backend.unrollLimit !== undefined) step("unroll", unrollScans(lowered, backend.unrollLimit));
  const real = lowerComplex(lowered);
  if (real !== lowered) step("complex", real);
  const passes = graphPasses.filter(isOn);
  for (const { name, run } of passes) step(name, run(lowered));
  const carried = lowerDtypes(lowered, backend);
  if (carried === lowered) return lowered;
  step("dtypes", carried);
  for (const { name, run } of passes) step(name, run(lowered));
  return lowered;
}

/** The graph as a program of the engine. */
export function compileGraph<H>(
  graph: Graph,
  backend: Backend<H>,
  options: CompileOptions = {},
): Executable<H> | Promise<Executable<H>> {
  if (backend.compile !== undefined && backend.lowers === true) return backend.compile(graph, options);
  const lowered = lower(graph, backend);
  if (backend.compile !== undefined) return backend.compile(lowered, { ...options, source: graph });
  return interpret(
    lowered,
    backend,
    (options.donate ?? []).map(([input]) => input),
  );
}

/** Values in the dtype in which the engine carries them. */
export function toCarrier(host: HostArray, backend: Pick<Backend, "dtypes" | "name">): HostArray {
  if (isComplex(host.dtype)) return { ...host, ...carriedAval(host) };
  const dtype = carrierOf(host.dtype, backend);
  return dtype === host.dtype ? host : { shape: host.shape, dtype, data: castData(host.data, dtype, host.dtype) };
}

/** The inverse of `toCarrier`. */
export function fromCarrier(host: HostArray, dtype: DType): HostArray {
  if (isComplex(dtype)) return { shape: host.shape.slice(0, -1), dtype, data: host.data };
  return dtype === host.dtype ? host : { shape: host.shape, dtype, data: castData(host.data, dtype, host.dtype) };
}
