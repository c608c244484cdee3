import { liveNodes, type Program, readsOf } from "../program.ts";
import type { Attribute, GraphData, NodeData, ValueInfo } from "../proto.ts";

/** Gives values names for people; others get out of their way. */
export class Names {
  readonly #names = new Map<string, string>();
  readonly #taken = new Set<string>();
  readonly #values = new Map<string, string>();

  /** Wants `wanted` for `value`; where that is taken, a number is added. Gives the name. */
  give(value: string, wanted: string): string {
    let name = wanted;
    for (let i = 1; this.#taken.has(name); i++) name = `${wanted}_${i}`;
    this.#taken.add(name);
    this.#names.set(value, name);
    this.#values.set(name, value);
    return name;
  }
  of(value: string): string {
    const known = this.#names.get(value);
    if (known !== undefined || value === "") return known ?? value;
    return this.give(value, value);
  }

  /** What has a name that was given. */
  valueOf(name: string): string {
    return this.#values.get(name) as string;
  }

  /** The whole program in the new names. */
  apply(program: Program, infoOf: (name: string) => ValueInfo): NamedProgram {
    const value = (info: ValueInfo): ValueInfo => ({ ...info, name: this.of(info.name) });
    const nodes = (list: readonly NodeData[]): NodeData[] =>
      list.map((node) => {
        const entries = Object.entries(node.attributes).map(([name, a]): [string, Attribute] => [
          name,
          a.kind === "graph" ? { ...a, value: inside(a.value) } : a,
        ]);
        const [inputs, outputs] = [node.inputs, node.outputs].map((list_) => list_.map((name) => this.of(name)));
        return { ...node, attributes: Object.fromEntries(entries), inputs, outputs } as NodeData;
      });
    const inside = (graph: GraphData): GraphData => ({
      ...graph,
      nodes: nodes(graph.nodes),
      inputs: graph.inputs.map(value),
      outputs: graph.outputs.map(value),
    });
    const live = liveNodes(program);
    const read = new Set([...live.flatMap(readsOf), ...program.outputs]);
    const constants = [...program.initializers.values()].filter(({ name }) => read.has(name));
    return {
      nodes: nodes(live),
      initializers: constants.map((x) => ({ ...x, name: this.of(x.name) })),
      inputs: program.inputs.map((name) => value(infoOf(name))),
      outputs: program.outputs.map((name) => value(infoOf(name))),
    };
  }
}

/** A program as it is written into a file. */
export type NamedProgram = Omit<GraphData, "name">;
