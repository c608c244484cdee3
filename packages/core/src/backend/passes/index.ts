import type { Graph } from "../../graph/index.ts";
import { simplify } from "./algebra.ts";
import { sinkBroadcasts } from "./broadcasts.ts";
import { shareCommon } from "./cse.ts";
import { foldFactors } from "./factors.ts";
import { foldConstants } from "./fold.ts";
import { hoistScans } from "./hoist-scans.ts";
import { joinPads } from "./join-pads.ts";
import { mergeScans } from "./merge-scans.ts";
import { poolFirst } from "./pools.ts";
import { joinScales } from "./scales.ts";

/** A rewriting of graphs that keeps what they compute, to rounding. */
export interface GraphPass {
  /** Its name in an engine's `passes` and in explanations. */
  readonly name: string;
  readonly run: (graph: Graph) => Graph;
}

/** What makes loops cheap, in this order, before short ones are unrolled. */
export const loopPasses: readonly GraphPass[] = [
  { name: "joinPads", run: joinPads },
  { name: "mergeScans", run: mergeScans },
  { name: "hoistScans", run: hoistScans },
];

/** What helps every engine, in this order. An engine can switch each off by name. Nodes that nothing needs are in no graph at all. */
export const graphPasses: readonly GraphPass[] = [
  { name: "broadcasts", run: sinkBroadcasts },
  { name: "fold", run: foldConstants },
  { name: "algebra", run: simplify },
  { name: "factors", run: (graph) => foldFactors(graph) },
  { name: "scales", run: joinScales },
  { name: "pools", run: poolFirst },
  { name: "common", run: shareCommon },
];
