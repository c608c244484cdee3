// Layout: kernels of channels-first operators are written with a transpose on each side. Here transposes travel down the program,
// through elementwise operators, reductions, slices and joins, until a pair cancels; few are left.
import { range, sizeOf } from "@keras-ts/core/backend";
import { type Program, readsOf } from "../program.ts";
import type { NodeData } from "../proto.ts";
import { elementwise, intAttribute, intsAttribute, Rewriter } from "./rewriter.ts";

/** A value that stands for `Transpose(source, perm)` and is written only if somebody needs it as it is. */
interface View {
  readonly source: string;
  readonly perm: readonly number[];
}

const identity = (rank: number): number[] => range(rank);
const isIdentity = (perm: readonly number[]): boolean => perm.every((axis, i) => axis === i);
const invert = (perm: readonly number[]): number[] => range(perm.length).map((i) => perm.indexOf(i));
const same = (a: readonly number[], b: readonly number[]): boolean =>
  a.length === b.length && a.every((x, i) => x === b[i]);
/** Only axes of size 1 change places: a reshape does it. */
const movesNothing = (shape: readonly number[], perm: readonly number[]): boolean => {
  const long = perm.filter((axis) => shape[axis] !== 1);
  return long.every((axis, i) => i === 0 || axis > (long[i - 1] as number));
};

class Mover {
  readonly r: Rewriter;
  readonly #views = new Map<string, View>();
  readonly #written = new Set<string>();
  /** Values that are graph inputs, or elementwise results of such: parameters and optimizer state, best left in their own layout. */
  readonly #anchored: Set<string>;

  /** Values of which several parts are taken: one transpose of all is cheaper than one of each part. */
  readonly #inParts: ReadonlySet<string>;

  constructor(program: Program) {
    this.r = new Rewriter(program);
    const taken = program.nodes.flatMap((node) => (node.op === "Slice" ? [node.inputs[0] as string] : []));
    this.#inParts = new Set(taken.filter((name, i) => taken.indexOf(name) !== i));
    this.#anchored = new Set(program.inputs);
  }

  run(): Program {
    const { program } = this.r;
    for (const node of program.nodes) {
      const moved =
        node.op === "Transpose"
          ? this.#transpose(node)
          : elementwise.has(node.op)
            ? this.#elementwise(node)
            : node.op.startsWith("Reduce")
              ? this.#reduce(node)
              : node.op === "Concat" || node.op === "Slice" || node.op === "Pad"
                ? this.#structural(node)
                : false;
      if (!moved) this.#keep(node);
    }
    return this.r.finish(this.#outputs());
  }

  /** An output that came back to the layout of a computed value is that value; others are written under their own names. */
  #outputs(): string[] {
    const { program, initializers } = this.r;
    const taken = new Set([...program.inputs, ...program.outputs]);
    return program.outputs.map((name) => {
      const view = this.#views.get(name);
      if (
        view !== undefined &&
        isIdentity(view.perm) &&
        !taken.has(view.source) &&
        !initializers.has(view.source) &&
        !this.#written.has(name)
      ) {
        taken.add(view.source);
        return view.source;
      }
      this.#materialize(name, program.nodes[0]);
      return name;
    });
  }

  #view(name: string): View {
    return this.#views.get(name) ?? { source: name, perm: identity(this.r.shape(name).length) };
  }

  /** The operator as it is, over values in their own layout. */
  #keep(node: NodeData): void {
    const captured = readsOf(node).slice(node.inputs.filter((x) => x !== "").length);
    for (const name of captured) this.#materialize(name, node);
    this.r.add({ ...node, inputs: node.inputs.map((x) => (x === "" ? x : this.#plain(x, node))) });
  }

  /** A value with the right layout; another name if that saves a copy. */
  #plain(name: string, node: NodeData): string {
    const view = this.#views.get(name);
    if (view === undefined || this.#written.has(name)) return name;
    if (isIdentity(view.perm)) return view.source;
    this.#materialize(name, node);
    return name;
  }

  /** Writes the value under its own name. */
  #materialize(name: string, node: NodeData | undefined): void {
    const view = this.#views.get(name);
    if (view === undefined || this.#written.has(name) || node === undefined) return;
    this.#written.add(name);
    this.#permuted(view.source, view.perm, node, name);
  }

  #permuted(source: string, perm: readonly number[], node: NodeData, output?: string): string {
    const { r } = this;
    const { type, shape } = r.info(source);
    const info = { type, shape: perm.map((axis) => shape[axis] as number) };
    if (isIdentity(perm)) return output === undefined ? source : r.op(node, "Identity", [source], info, {}, output);
    if (movesNothing(shape, perm)) {
      const target = r.constant("int64", [info.shape.length], info.shape);
      return r.op(node, "Reshape", [source, target], info, { allowzero: { kind: "int", value: 1 } }, output);
    }
    return r.op(node, "Transpose", [source], info, { perm: { kind: "ints", value: perm } }, output);
  }

  #transpose(node: NodeData): boolean {
    const view = this.#view(node.inputs[0] as string);
    const perm = intsAttribute(node, "perm").map((axis) => view.perm[axis] as number);
    this.#views.set(node.outputs[0] as string, { source: view.source, perm });
    return true;
  }

  /** Which layout most of the large operands are in. */
  #elect(inputs: readonly string[], size: number, rank: number): readonly number[] {
    const votes = new Map<string, { readonly perm: readonly number[]; count: number }>();
    for (const name of inputs) {
      if (
        name === "" ||
        this.r.size(name) !== size ||
        this.r.shape(name).length !== rank ||
        this.r.initializers.has(name)
      )
        continue;
      const { perm } = this.#view(name);
      const entry = votes.get(perm.join()) ?? { perm, count: 0 };
      entry.count += isIdentity(perm) && this.#anchored.has(name) ? 2 : 1;
      votes.set(perm.join(), entry);
    }
    let best: { readonly perm: readonly number[]; count: number } = { perm: identity(rank), count: 0 };
    for (const entry of votes.values()) {
      if (entry.count > best.count || (entry.count === best.count && isIdentity(best.perm))) best = entry;
    }
    return best.perm;
  }

  /** An operand brought into the layout in which `perm` gives the result. */
  #operand(name: string, perm: readonly number[], node: NodeData): string {
    const { r } = this;
    if (name === "" || r.size(name) === 1) return name === "" ? name : this.#scalar(name, node);
    const rank = perm.length;
    const inverse = invert(perm);
    if (r.shape(name).length === rank) {
      const view = this.#view(name);
      return this.#permuted(
        view.source,
        inverse.map((axis) => view.perm[axis] as number),
        node,
      );
    }
    const own = this.#plain(name, node);
    const { type, shape } = r.info(own);
    const padded = [...range(rank - shape.length).map(() => 1), ...shape];
    const wide = r.op(
      node,
      "Reshape",
      [own, r.constant("int64", [rank], padded)],
      { type, shape: padded },
      { allowzero: { kind: "int", value: 1 } },
    );
    return this.#permuted(wide, inverse, node);
  }

  // One element broadcasts the same in any layout.
  #scalar(name: string, node: NodeData): string {
    return this.#plain(name, node);
  }

  #elementwise(node: NodeData): boolean {
    const { r } = this;
    const out = node.outputs[0] as string;
    const { type, shape } = r.info(out);
    const perm = this.#elect(node.inputs, sizeOf(shape), shape.length);
    if (isIdentity(perm)) {
      const large = node.inputs.filter((x) => x !== "" && r.size(x) === sizeOf(shape));
      if (large.length > 0 && large.every((x) => this.#anchored.has(x))) this.#anchored.add(out);
      return false;
    }
    const inputs = node.inputs.map((x) => this.#operand(x, perm, node));
    const source = r.name({ type, shape: invert(perm).map((axis) => shape[axis] as number) });
    r.add({ ...node, inputs, outputs: [source] });
    this.#views.set(out, { source, perm });
    return true;
  }

  #reduce(node: NodeData): boolean {
    const { r } = this;
    const [x, axesName] = node.inputs as readonly [string, string];
    const view = this.#views.get(x);
    const axes = r.intsOf(axesName);
    if (view === undefined || axes === undefined) return false;
    const { perm } = view;
    const out = node.outputs[0] as string;
    const { type, shape } = r.info(out);
    const moved = axes.map((axis) => perm[axis] as number).sort((a, b) => a - b);
    const keep = intAttribute(node, "keepdims") === 1;
    // Where the axes that stay stand in the result, and in the result of the reduced source.
    const stay = range(perm.length)
      .filter((i) => keep || !axes.includes(i))
      .map((i) => perm[i] as number);
    const sorted = [...stay].sort((a, b) => a - b);
    const outPerm = stay.map((axis) => sorted.indexOf(axis));
    const source = r.name({ type, shape: invert(outPerm).map((axis) => shape[axis] as number) });
    r.add({ ...node, inputs: [view.source, r.constant("int64", [moved.length], moved)], outputs: [source] });
    this.#views.set(out, { source, perm: outPerm });
    return true;
  }

  #structural(node: NodeData): boolean {
    const { r } = this;
    const out = node.outputs[0] as string;
    const { type, shape } = r.info(out);
    const data = node.op === "Concat" ? node.inputs : node.inputs.slice(0, 1);
    const perm = data.map((x) => this.#view(x).perm).find((p) => !isIdentity(p));
    if (perm === undefined) return false;
    const source = { type, shape: invert(perm).map((axis) => shape[axis] as number) };
    let made: NodeData;
    if (node.op === "Concat") {
      if (!data.every((x) => same(this.#view(x).perm, perm))) return false;
      const axis = perm[intAttribute(node, "axis") as number] as number;
      made = {
        ...node,
        inputs: data.map((x) => this.#view(x).source),
        attributes: { axis: { kind: "int", value: axis } },
      };
    } else if (node.op === "Slice") {
      const axes = r.intsOf(node.inputs[3]);
      if (axes === undefined || this.#inParts.has(data[0] as string)) return false;
      const moved = r.constant(
        "int64",
        [axes.length],
        axes.map((axis) => perm[axis] as number),
      );
      made = {
        ...node,
        inputs: [
          this.#view(data[0] as string).source,
          node.inputs[1] as string,
          node.inputs[2] as string,
          moved,
          node.inputs[4] as string,
        ],
      };
    } else {
      const pads = r.intsOf(node.inputs[1]);
      if (pads === undefined) return false;
      const rank = perm.length;
      const inverse = invert(perm);
      const moved = [
        ...inverse.map((axis) => pads[axis] as number),
        ...inverse.map((axis) => pads[axis + rank] as number),
      ];
      made = {
        ...node,
        inputs: [
          this.#view(data[0] as string).source,
          r.constant("int64", [2 * rank], moved),
          node.inputs[2] as string,
        ],
      };
    }
    if (made.inputs.includes(undefined as unknown as string)) return false;
    const name = r.name(source);
    r.add({ ...made, outputs: [name] });
    this.#views.set(out, { source: name, perm });
    return true;
  }
}

/** Moves transposes towards each other; what cancels is gone, what stays is written where it is needed. */
export function moveTransposes(program: Program): Program {
  return program.nodes.some((node) => node.op === "Transpose") ? new Mover(program).run() : program;
}
