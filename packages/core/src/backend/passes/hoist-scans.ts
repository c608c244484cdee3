// Work that a loop does not have to do step by step, done for all steps at once.
import { copyNode, Graph, type Node, placeholder, rebuild, type Tensor, transform } from "../../graph/index.ts";
import * as p from "../../primitives/index.ts";
import { batched } from "./batching.ts";
import { flattenNode, holdsGraph } from "./rewrite.ts";

/**
 * How a value in a loop's body comes about: from constants alone, from the step's row too (all rows can be computed at once), or from
 * what is carried.
 */
type Kind = "constant" | "row" | "carried";

/**
 * Moves out of scans what does not depend on the carry: as it is if it is the same in each step, for all steps in one operation else.
 * Sums and products are grouped for that. Sums that are only collected are taken over all steps after the loop.
 */
export function hoistScans(graph: Graph): Graph {
  if (!graph.nodes.some(holdsGraph)) return graph;
  const used = graph.outputsOf();
  return transform(graph, (node, inputs) => {
    const flat = flattenNode(node, inputs, hoistScans);
    if (node.definition.name !== "scan" || flat[0]?.source.kind !== "op") return flat;
    const params = flat[0].source.node.params as unknown as p.ScanParams;
    const wanted = node.outs.map((_, i) => used.get(node)?.[i] !== undefined);
    return params.length < 2 ? flat : new Hoist(inputs, params, wanted).run();
  });
}

class Hoist {
  readonly #inputs: readonly Tensor[];
  readonly #params: p.ScanParams;
  readonly #wanted: readonly boolean[];
  readonly #body: Graph;
  readonly #kinds = new Map<Tensor, Kind>();
  /** Values outside of the loop: constants as they are, rows stacked. */
  readonly #outside = new Map<Tensor, Tensor>();
  /** Values of the loop that are wanted outside, stacked. */
  readonly #stacked: Tensor[] = [];

  constructor(inputs: readonly Tensor[], params: p.ScanParams, wanted: readonly boolean[]) {
    this.#inputs = inputs;
    this.#params = params;
    this.#wanted = wanted;
    this.#body = this.#grouped(params.body);
    this.#classify();
  }

  #kindOfInput(i: number): Kind {
    const { numConsts, numCarry } = this.#params;
    return i < numConsts ? "constant" : i < numConsts + numCarry ? "carried" : "row";
  }

  // a + row + b + constant becomes (row + constant) + (a + b), products alike.
  #grouped(body: Graph): Graph {
    const uses = new Map<Node, number>();
    const count = (x: Tensor): void => {
      if (x.source.kind === "op") uses.set(x.source.node, (uses.get(x.source.node) ?? 0) + 1);
    };
    for (const node of body.nodes) node.inputs.forEach(count);
    body.outputs.forEach(count);
    const inputs = body.inputs.map((x) => placeholder(x));
    const moves = new Map<Tensor, boolean>(inputs.map((x, i) => [x, this.#kindOfInput(i) === "carried"]));
    type Terms = { readonly op: string; readonly carried: Tensor | undefined; readonly rest: Tensor | undefined };
    const terms = new Map<Tensor, Terms>();
    const outputs = rebuild(body, inputs, (node, ins) => {
      const { name } = node.definition;
      const carried = ins.some((x) => moves.get(x) === true);
      const plain = copyNode(node, ins);
      for (const out of plain) moves.set(out, carried);
      if ((name !== "add" && name !== "mul") || !carried) return plain;
      const combine = (a: Tensor | undefined, b: Tensor | undefined): Tensor | undefined =>
        a === undefined || b === undefined ? (a ?? b) : name === "add" ? p.add(a, b) : p.mul(a, b);
      const parts = ins.map((x, i): Terms => {
        if (moves.get(x) !== true) return { op: name, carried: undefined, rest: x };
        const known = terms.get(x);
        const { source } = node.inputs[i] as Tensor;
        const alone = source.kind === "op" && uses.get(source.node) === 1;
        return known?.op === name && alone ? known : { op: name, carried: x, rest: undefined };
      });
      const carriedPart = parts.map((x) => x.carried).reduce(combine);
      const rest = parts.map((x) => x.rest).reduce(combine);
      if (carriedPart !== undefined) moves.set(carriedPart, true);
      const made = rest === undefined ? (plain[0] as Tensor) : (combine(carriedPart, rest) as Tensor);
      moves.set(made, true);
      terms.set(made, { op: name, carried: carriedPart, rest });
      return [made];
    });
    return new Graph(inputs, outputs);
  }

  #kind(x: Tensor): Kind {
    return this.#kinds.get(x) ?? (x.source.kind === "literal" ? "constant" : "carried");
  }
  #outer(x: Tensor): Tensor {
    return this.#outside.get(x) ?? x;
  }

  #classify(): void {
    this.#body.inputs.forEach((x, i) => {
      const kind = this.#kindOfInput(i);
      this.#kinds.set(x, kind);
      if (kind !== "carried") this.#outside.set(x, this.#inputs[i] as Tensor);
    });
    const outputs = this.#body.outputsOf();
    for (const node of this.#body.nodes) {
      const outs = outputs.get(node) ?? [];
      const kinds = node.inputs.map((x) => this.#kind(x));
      if (kinds.includes("carried")) continue;
      if (!kinds.includes("row")) {
        const made = copyNode(
          node,
          node.inputs.map((x) => this.#outer(x)),
        );
        outs.forEach((x, i) => {
          if (x === undefined) return;
          this.#kinds.set(x, "constant");
          this.#outside.set(x, made[i] as Tensor);
        });
        continue;
      }
      const [out] = outs;
      if (out === undefined || node.outs.length > 1) continue;
      const operands = node.inputs.map((x, i) => ({ tensor: this.#outer(x), stacked: kinds[i] === "row" }));
      const made = batched(node, operands, this.#params.length);
      if (made === undefined) continue;
      this.#kinds.set(out, "row");
      this.#outside.set(out, made);
    }
  }

  /** The value of each step, stacked, as a promise: known at once for rows, an output of the new loop else. */
  #rowsOf(x: Tensor): (results: readonly Tensor[]) => Tensor {
    if (this.#kind(x) === "row") return () => this.#outer(x);
    if (this.#kind(x) === "constant") {
      const shape = [this.#params.length, ...x.shape];
      return () => p.broadcastTo(this.#outer(x), { shape });
    }
    const after = this.#afterwards(x);
    if (after !== undefined) return after;
    if (!this.#stacked.includes(x)) this.#stacked.push(x);
    const at = this.#stacked.indexOf(x);
    return (results) => results[at] as Tensor;
  }

  // A product of which the loop itself reads nothing can wait until the loop is over, and is then one product.
  #afterwards(x: Tensor): ((results: readonly Tensor[]) => Tensor) | undefined {
    if (x.source.kind !== "op" || x.source.node.definition.name !== "dotGeneral") return undefined;
    const { node } = x.source;
    const readers = this.#body.nodes.filter((other) => other.inputs.includes(x)).length;
    const asOutput = this.#body.outputs.slice(this.#params.numCarry).filter((y) => y === x).length;
    if (readers > 0 || asOutput !== 1 || this.#body.outputs.filter((y) => y === x).length > 1) return undefined;
    const operands = node.inputs.map((y) => {
      const stacked = this.#kind(y) !== "constant";
      return { stacked, rows: stacked ? this.#rowsOf(y) : () => this.#outer(y) };
    });
    return (results) => {
      const ready = operands.map(({ stacked, rows }) => ({ stacked, tensor: rows(results) }));
      return batched(node, ready, this.#params.length) as Tensor;
    };
  }

  // Terms of a sum that is only collected: `carry + term + term`, where nobody else looks at the carry. Undefined if it is not that.
  #collected(carry: Tensor, next: Tensor): Tensor[] | undefined {
    const terms: Tensor[] = [];
    const open = (x: Tensor): boolean => {
      if (x === carry) return true;
      const isSum = x.source.kind === "op" && x.source.node.definition.name === "add" && this.#dependsOn(x, carry);
      if (!isSum || x.source.kind !== "op") {
        terms.push(x);
        return false;
      }
      return x.source.node.inputs.map(open).filter(Boolean).length === 1;
    };
    return next !== carry && open(next) ? terms : undefined;
  }
  #dependsOn(x: Tensor, input: Tensor): boolean {
    return x.source.kind === "op" && new Graph([], [x]).nodes.some((node) => node.inputs.includes(input));
  }

  /** Writes the sum over all steps of a value of the loop; undefined where that is not worth it. */
  #total(x: Tensor): ((results: readonly Tensor[]) => Tensor) | undefined {
    if (x.source.kind !== "op") return undefined;
    const { definition, inputs, params } = x.source.node;
    const [a, b] = inputs;
    switch (definition.name) {
      case "dotGeneral": {
        if ([a, b].some((y) => this.#kind(y as Tensor) === "constant")) return undefined;
        const [left, right] = [this.#rowsOf(a as Tensor), this.#rowsOf(b as Tensor)];
        const { lhsContract, rhsContract, lhsBatch, rhsBatch } = params as p.DotParams;
        const up = (axes: readonly number[]): number[] => axes.map((axis) => axis + 1);
        const over = {
          lhsContract: [0, ...up(lhsContract)],
          rhsContract: [0, ...up(rhsContract)],
          lhsBatch: up(lhsBatch),
          rhsBatch: up(rhsBatch),
        };
        return (results) => p.dotGeneral(left(results), right(results), over);
      }
      case "reduceSum": {
        const rows = this.#rowsOf(a as Tensor);
        const axes = [0, ...(params as p.AxesParams).axes.map((axis) => axis + 1)];
        return (results) => p.reduceSum(rows(results), { axes });
      }
      case "transpose":
      case "reshape":
      case "neg": {
        const inner = this.#total(a as Tensor);
        const { node } = x.source;
        return inner && ((results) => copyNode(node, [inner(results)])[0] as Tensor);
      }
      default:
        return undefined;
    }
  }

  run(): Tensor[] {
    const { numConsts, numCarry, length, reverse } = this.#params;
    const body = this.#body;
    const carry = body.inputs.slice(numConsts, numConsts + numCarry);
    const finals: ((results: readonly Tensor[], carried: ReadonlyMap<Tensor, Tensor>) => Tensor)[] = [];
    const stays: number[] = [];
    carry.forEach((x, i) => {
      const totals = this.#totals(i);
      if (totals === undefined) {
        stays.push(i);
        finals.push((_, carried) => carried.get(x) as Tensor);
        return;
      }
      const start = this.#inputs[numConsts + i] as Tensor;
      finals.push((results) => totals.map((total) => total(results)).reduce((sum, t) => p.add(sum, t), start));
    });
    const ys = body.outputs
      .slice(numCarry)
      .map((y, i) => (this.#wanted[numCarry + i] === true ? this.#rowsOf(y) : undefined));
    const alive = this.#needed(stays, carry);
    const [results, carried] = this.#loop(alive, carry, { length, reverse });
    // Nobody asks for these: anything of the right shape and dtype will do.
    const none = ({ shape, dtype }: Tensor, lead: readonly number[]): Tensor => p.full([...lead, ...shape], 0, dtype);
    return [
      ...finals.map((final, i) =>
        this.#wanted[i] === true ? final(results, carried) : none(body.outputs[i] as Tensor, []),
      ),
      ...ys.map((y, i) => y?.(results) ?? none(body.outputs[numCarry + i] as Tensor, [length])),
    ];
  }

  #totals(i: number): ((results: readonly Tensor[]) => Tensor)[] | undefined {
    const { numConsts } = this.#params;
    const [x, next] = [this.#body.inputs[numConsts + i] as Tensor, this.#body.outputs[i] as Tensor];
    const terms = this.#collected(x, next);
    if (terms === undefined || terms.some((term) => this.#dependsOn(term, x))) return undefined;
    const elsewhere = this.#body.outputs.some((y, j) => j !== i && (y === x || this.#dependsOn(y, x)));
    if (elsewhere) return undefined;
    const before = this.#stacked.length;
    const totals = terms.map((term) => this.#total(term));
    if (totals.every((total) => total !== undefined)) return totals;
    this.#stacked.length = before;
    return undefined;
  }

  // Carried values that something wanted depends on.
  #needed(stays: readonly number[], carry: readonly Tensor[]): number[] {
    const needed = new Set(stays.filter((i) => this.#wanted[i] === true));
    for (;;) {
      const roots = [...[...needed].map((i) => this.#body.outputs[i] as Tensor), ...this.#stacked];
      const reads = new Set([...new Graph([], roots).nodes.flatMap((node) => node.inputs), ...roots]);
      const more = stays.filter((i) => !needed.has(i) && reads.has(carry[i] as Tensor));
      if (more.length === 0) return stays.filter((i) => needed.has(i));
      for (const i of more) needed.add(i);
    }
  }

  // The loop with what is left of its body.
  #loop(
    alive: readonly number[],
    carry: readonly Tensor[],
    { length, reverse }: { readonly length: number; readonly reverse: boolean },
  ): [results: Tensor[], carried: Map<Tensor, Tensor>] {
    if (alive.length === 0 && this.#stacked.length === 0) return [[], new Map()];
    const state = alive.map((i) => carry[i] as Tensor);
    const outputs = [...alive.map((i) => this.#body.outputs[i] as Tensor), ...this.#stacked];
    // Where the new body begins: values that are known outside.
    const edge = new Set<Tensor>();
    const seen = new Set<Tensor>();
    const stack = [...outputs];
    while (stack.length > 0) {
      const x = stack.pop() as Tensor;
      if (seen.has(x)) continue;
      seen.add(x);
      if (this.#kind(x) !== "carried") {
        if (x.source.kind !== "literal") edge.add(x);
      } else if (x.source.kind === "op") stack.push(...x.source.node.inputs);
    }
    const consts = [...edge].filter((x) => this.#kind(x) === "constant");
    const rows = [...edge].filter((x) => this.#kind(x) === "row");
    const old = [...consts, ...state, ...rows];
    const fresh = old.map((x) => placeholder(x));
    const body = new Graph(fresh, rebuild(new Graph(old, outputs), fresh));
    const starts = alive.map((i) => this.#inputs[this.#params.numConsts + i] as Tensor);
    const outs = p.scan([...consts.map((x) => this.#outer(x)), ...starts, ...rows.map((x) => this.#outer(x))], {
      body,
      numConsts: consts.length,
      numCarry: alive.length,
      length,
      reverse,
    });
    return [outs.slice(alive.length), new Map(state.map((x, i) => [x, outs[i] as Tensor]))];
  }
}
