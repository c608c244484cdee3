// A graph with models from elsewhere in it: they run between the programs of its other parts.
import {
  BackendError,
  type CompileOptions,
  complain,
  type Executable,
  Graph,
  type Node,
  placeholder,
  rebuild,
  type Tensor,
} from "@keras-ts/core/backend";
import { type ForeignModel, type ForeignParams, foreignDefinition } from "./foreign-model.ts";

/** True for a node that runs a model from elsewhere. */
const isForeign = (node: Node): boolean => node.definition.name === foreignDefinition.name;
/** Also in bodies of nodes: remat has one. */
export const hasForeign = (graph: Graph): boolean =>
  graph.nodes.some(
    (node) => isForeign(node) || Object.values(node.params).some((x) => x instanceof Graph && hasForeign(x)),
  );

/** What an engine does for the stages. */
export interface StageEngine<H> {
  compile(graph: Graph, options: CompileOptions): Promise<Executable<H>>;
  /** Runs the model; results are handles in its order of outputs. */
  runForeign(model: ForeignModel, inputs: readonly H[], outs: Node["outs"]): Promise<readonly H[]>;
  release(handle: H): void;
}

/**
 * Before each model stands a program for its inputs; the last program gives the graph's outputs. What several of them need they each
 * compute: models mostly stand first, after little.
 */
export async function compileStages<H>(
  graph: Graph,
  options: CompileOptions,
  engine: StageEngine<H>,
): Promise<Executable<H>> {
  const models = graph.nodes.filter(isForeign);
  const made = graph.outputsOf();
  const stages: { readonly before: Executable<H>; readonly node: Node; readonly results: readonly Tensor[] }[] = [];
  const known: Tensor[] = [...graph.inputs];
  const program = (outputs: readonly Tensor[], more: CompileOptions): Promise<Executable<H>> => {
    const inputs = known.map((x) => placeholder(x));
    return engine.compile(new Graph(inputs, rebuild(new Graph(known, outputs), inputs)), more);
  };
  const label = options.label ?? "program";
  for (const node of models) {
    const before = await program(node.inputs, { label: `${label} before a model` });
    const row = made.get(node) ?? [];
    const results = node.outs.map((aval, i) => row[i] ?? placeholder(aval));
    stages.push({ before, node, results });
    known.push(...results);
  }
  const last = await program(graph.outputs, options);
  return {
    async run(inputs) {
      const handles = [...inputs];
      const temporary: H[] = [];
      try {
        for (const { before, node } of stages) {
          const ready = await before.run(handles);
          temporary.push(...ready);
          const { model } = node.params as unknown as ForeignParams;
          const results = await engine.runForeign(model(), ready, node.outs);
          handles.push(...results);
          temporary.push(...results);
        }
        return await last.run(handles);
      } finally {
        for (const handle of temporary) engine.release(handle);
      }
    },
    dispose() {
      for (const { before } of stages) before.dispose();
      last.dispose();
    },
  };
}

/** @throws BackendError if results do not have the shape that was told. */
export function checkResult(
  { where }: ForeignModel,
  name: string,
  dims: readonly number[],
  wanted: readonly number[],
): void {
  if (dims.length === wanted.length && dims.every((n, i) => n === wanted[i])) return;
  const must = `output "${name}" must have shape [${wanted.join(", ")}]`;
  const todo = `Pass outputShapes: { "${name}": [...] } with the right one`;
  throw new BackendError(complain(where, { must, got: `[${dims.join(", ")}]`, todo }));
}
