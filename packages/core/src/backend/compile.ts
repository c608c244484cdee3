import type { DType, HostArray } from "../aval/index.ts";
import { castData } from "../aval/index.ts";
import type { Graph } from "../graph/index.ts";
import type { Backend, CompileOptions, Executable } from "./contract.ts";
import { shareCommon } from "./passes/cse.ts";
import { carrierOf, lowerDtypes } from "./passes/dtypes.ts";
import { hoistScans } from "./passes/hoist-scans.ts";
import { inlineComposites } from "./passes/inline.ts";
import { joinPads } from "./passes/join-pads.ts";
import { mergeScans } from "./passes/merge-scans.ts";
import { unrollScans } from "./passes/unroll.ts";
import { interpret } from "./plan.ts";

/** A graph in the terms of one engine: composites it lacks inlined, dtypes it lacks carried by others, equal nodes shared. */
export function lower<H>(graph: Graph, backend: Backend<H>): Graph {
  const native = (name: string): boolean =>
    backend.compile === undefined
      ? Object.hasOwn(backend.kernels ?? {}, name)
      : (backend.composites?.has(name as never) ?? false);
  let lowered = joinPads(shareCommon(inlineComposites(graph, native)));
  lowered = hoistScans(mergeScans(lowered));
  if (backend.unrollLimit !== undefined) lowered = unrollScans(lowered, backend.unrollLimit);
  lowered = lowerDtypes(shareCommon(lowered), backend);
  return shareCommon(lowered);
}

/** The graph as a program of the engine. */
export function compileGraph<H>(
  graph: Graph,
  backend: Backend<H>,
  options: CompileOptions = {},
): Executable<H> | Promise<Executable<H>> {
  const lowered = lower(graph, backend);
  if (backend.compile !== undefined) return backend.compile(lowered, options);
  return interpret(
    lowered,
    backend,
    (options.donate ?? []).map(([input]) => input),
  );
}

/** Values in the dtype in which the engine carries them. */
export function toCarrier(host: HostArray, backend: Backend): HostArray {
  const dtype = carrierOf(host.dtype, backend);
  return dtype === host.dtype ? host : { shape: host.shape, dtype, data: castData(host.data, dtype, host.dtype) };
}

/** The inverse of `toCarrier`. */
export function fromCarrier(host: HostArray, dtype: DType): HostArray {
  return dtype === host.dtype ? host : { shape: host.shape, dtype, data: castData(host.data, dtype, host.dtype) };
}
