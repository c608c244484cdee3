// Programs have fixed sizes. Written for three numbers of samples they differ only where that number shows, which tells how it goes in.
import { BackendError, complain } from "@keras-ts/core/backend";
import { arrayOf, bytesOf, castNumber, type Info } from "../builder.ts";
import { type Program, readsOf } from "../program.ts";
import type { Attribute, GraphData, Initializer, NodeData, OnnxType, ValueInfo } from "../proto.ts";

/** A whole number that hangs on the number of samples `n`: `slope n + base`. */
interface Line {
  readonly slope: number;
  readonly base: number;
}

/**
 * Numbers of samples to write a program for. Primes, so that each shows in a size only as itself or a multiple; and large, so that what
 * is chosen by size (small constants are computed at once, say) is chosen as for many samples, each time alike.
 */
export const samples = [1031, 1103, 1259] as const;

/** A program for any number of samples. */
export interface OpenProgram {
  readonly program: Program;
  /** What is to be written about a value: sizes that hang on the number of samples have names. */
  readonly valueInfo: (name: string) => ValueInfo;
}

/** The name of the open size. */
export const BATCH = "batch";

/**
 * One program for any number of samples out of three that were written for `samples`. Sizes, and whole numbers in constants, must be
 * `slope n + base`: two programs give the line, the third proves it; other constants may be `c / n`, as means have them. Constants that
 * change are computed from the size of the input
 * `source.name` along its first axis.
 * @throws BackendError if something hangs on the number of samples in another way.
 */
export function openBatch(
  { where, todo }: { readonly where: string; readonly todo: string },
  programs: readonly Program[],
  source: string,
): OpenProgram {
  const [first, ...others] = programs as readonly [Program, ...Program[]];
  const all = [first, ...others];
  const refuse = (what: string): BackendError => {
    const must = "the program must be the same for any number of samples";
    return new BackendError(complain(where, { must, got: `${what} that depends on it in an irregular way`, todo }));
  };

  const lineOf = (values: readonly number[], what: string): Line => {
    const [a, b, c] = values as readonly [number, number, number];
    const slope = (b - a) / (samples[1] - samples[0]);
    const base = a - slope * samples[0];
    if (!Number.isInteger(slope) || !Number.isInteger(base) || slope * samples[2] + base !== c) throw refuse(what);
    return { slope, base };
  };
  const sizeOf = (values: readonly number[], what: string): number | string => {
    if (values.every((n) => n === values[0])) return values[0] as number;
    const { slope, base } = lineOf(values, what);
    const times = slope === 1 ? BATCH : `${slope}*${BATCH}`;
    return base === 0 ? times : `${times}${base > 0 ? "+" : ""}${base}`;
  };
  const shapeOf = (name: string): ValueInfo["shape"] => {
    const infos = all.map((program) => program.infos.get(name) as Info);
    const one = infos[0] as Info;
    if (infos.some(({ shape }) => shape.length !== one.shape.length)) throw refuse(`the rank of ${name}`);
    return one.shape.map((_, axis) =>
      sizeOf(
        infos.map(({ shape }) => shape[axis] as number),
        `the shape of ${name}`,
      ),
    );
  };
  const valueInfo = (name: string): ValueInfo => ({
    name,
    type: (first.infos.get(name) as Info).type,
    shape: shapeOf(name),
  });

  // Same operators, same attributes.
  const sameNodes = (lists: readonly (readonly NodeData[])[]): void => {
    const [one, ...rest] = lists as readonly [readonly NodeData[], ...(readonly NodeData[])[]];
    for (const list of rest) {
      if (list.length !== one.length) throw refuse("a number of operators");
      for (const [i, node] of one.entries()) {
        const other = list[i] as NodeData;
        const plain = ({ op, domain, inputs, outputs, attributes }: NodeData): string => {
          const own = Object.entries(attributes).filter(([, value]) => value.kind !== "graph");
          return JSON.stringify([op, domain, inputs, outputs, own]);
        };
        if (plain(node) !== plain(other)) throw refuse(`an operator ${node.op} of ${node.name.split("/")[0]}`);
      }
    }
    for (const [i, node] of one.entries()) {
      for (const [name, value] of Object.entries(node.attributes)) {
        if (value.kind !== "graph") continue;
        sameNodes(lists.map((list) => (graphOf(list[i]?.attributes[name]) ?? value.value).nodes));
      }
    }
  };
  sameNodes(all.map((program) => program.nodes));

  const head: NodeData[] = [];
  const made = new Map<string, Initializer>();
  const infos = new Map(first.infos);
  const newName = (info: Info): string => {
    const name = `batch_${infos.size}`;
    infos.set(name, info);
    return name;
  };
  const constant = (type: OnnxType, shape: readonly number[], values: readonly number[]): string => {
    const name = newName({ type, shape });
    made.set(name, { name, type, shape, data: bytesOf(type, values) });
    return name;
  };
  const write = (
    op: string,
    inputs: readonly string[],
    info: Info,
    attributes: Record<string, Attribute> = {},
    output = newName(info),
  ): string => {
    head.push({ op, domain: "", inputs, outputs: [output], attributes, name: `batch/${op}_${head.length}` });
    return output;
  };
  let count: string | undefined;
  const batch = (): string => {
    const attributes: Record<string, Attribute> = { start: { kind: "int", value: 0 }, end: { kind: "int", value: 1 } };
    count ??= write("Shape", [source], { type: "int64", shape: [1] }, attributes);
    return count;
  };
  /** `slopes n + bases` under the name of a constant that is none. */
  const compute = (lines: readonly Line[], { type, shape }: Info, name: string): void => {
    const info: Info = { type: "int64", shape: [lines.length] };
    const slopes = constant(
      "int64",
      info.shape,
      lines.map((line) => line.slope),
    );
    const bases = constant(
      "int64",
      info.shape,
      lines.map((line) => line.base),
    );
    let value = write("Add", [write("Mul", [batch(), slopes], info), bases], info);
    if (shape.length !== 1)
      value = write("Reshape", [value, constant("int64", [shape.length], shape)], { type: "int64", shape });
    if (type === "int64") write("Identity", [value], { type, shape }, {}, name);
    else write("Cast", [value], { type, shape }, { to: { kind: "int", value: castNumber[type] } }, name);
  };

  /** `shares / n` under the name of a constant that is none. */
  const divide = (shares: readonly number[], { type, shape }: Info, name: string): void => {
    const info: Info = { type, shape: [1] };
    const amount = write("Cast", [batch()], info, { to: { kind: "int", value: castNumber[type] } });
    const divisor = write("Reshape", [amount, constant("int64", [0], [])], { type, shape: [] });
    write("Div", [constant(type, shape, shares), divisor], { type, shape }, {}, name);
  };

  const used = new Set(first.nodes.flatMap(readsOf));
  const initializers = new Map<string, Initializer>();
  const readers = new Map<string, NodeData[]>();
  for (const node of first.nodes)
    for (const name of node.inputs) readers.set(name, [...(readers.get(name) ?? []), node]);
  for (const [name, one] of first.initializers) {
    if (!used.has(name) && !first.outputs.includes(name)) continue;
    const versions = all.map((program) => program.initializers.get(name));
    if (versions.some((x) => x === undefined || x.type !== one.type)) throw refuse(`the constant ${name}`);
    const known = versions as readonly Initializer[];
    if (known.every((x) => sameBytes(x.data, one.data) && String(x.shape) === String(one.shape))) {
      initializers.set(name, one);
      continue;
    }
    if (known.some((x) => String(x.shape) !== String(one.shape))) throw refuse(`the size of the constant ${name}`);
    const columns = known.map(numbersOf);
    const changing = (columns[0] as number[]).map((_, i) => columns.map((values) => values[i] as number));
    const shares = one.type === "float32" ? changing.map(shareOf) : [];
    if (shares.length > 0 && shares.every((share) => share !== undefined)) {
      divide(shares, { type: one.type, shape: one.shape }, name);
      continue;
    }
    const lines = changing.map((values) => lineOf(values, `the constant ${name}`));
    const places = lines.filter(({ slope }) => slope !== 0);
    // A reshape fills one size in by itself.
    const fills = (readers.get(name) ?? []).every((node) => node.op === "Reshape" && node.inputs[1] === name);
    if (fills && places.length === 1 && lines.every(({ base, slope }) => slope !== 0 || base > 0)) {
      const sizes = lines.map(({ slope, base }) => (slope === 0 ? base : -1));
      initializers.set(name, { ...one, data: bytesOf("int64", sizes) });
      continue;
    }
    compute(lines, { type: one.type, shape: one.shape }, name);
  }
  const renewed = (node: NodeData): NodeData => {
    const attributes = Object.entries(node.attributes).map(([name, value]): [string, Attribute] => [
      name,
      value.kind === "graph" ? { ...value, value: renewGraph(value.value) } : value,
    ]);
    return { ...node, attributes: Object.fromEntries(attributes) };
  };
  const renewGraph = (graph: GraphData): GraphData => ({
    ...graph,
    nodes: graph.nodes.map(renewed),
    inputs: graph.inputs.map(({ name }) => valueInfo(name)),
    outputs: graph.outputs.map(({ name }) => valueInfo(name)),
  });
  const nodes = [...head, ...first.nodes.map(renewed)];
  const program = { ...first, nodes, initializers: new Map([...initializers, ...made]), infos };
  return { program, valueInfo };
}

/** `c` of values `c / n`, as means have them. */
function shareOf(values: readonly number[]): number | undefined {
  const products = values.map((value, i) => value * (samples[i] as number));
  const share = products[0] as number;
  return share !== 0 && products.every((x) => Math.abs(x / share - 1) < 1e-6) ? share : undefined;
}

const graphOf = (attribute: Attribute | undefined): GraphData | undefined =>
  attribute?.kind === "graph" ? attribute.value : undefined;

const sameBytes = (a: Uint8Array, b: Uint8Array): boolean =>
  a.length === b.length && (a === b || a.every((byte, i) => byte === b[i]));

const views = { ...arrayOf, int64: BigInt64Array, uint64: BigUint64Array } as const;

/** The numbers in a constant. */
export function numbersOf({ type, data }: Initializer): number[] {
  return Array.from(new views[type](data.slice().buffer) as ArrayLike<number | bigint>, Number);
}
