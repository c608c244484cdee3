// The table of `model.summary()`, line for line as Keras prints it with rich. Source: keras/src/utils/summary_utils.py.
import { bitsOf, type SymbolicShape } from "../aval/index.ts";
import { ConfigError, complain } from "../errors/index.ts";
import { Layer } from "../layers/index.ts";
import { classNameOf } from "../ops/class-names.ts";
import { type KerasTensor, type Operation, OpOperation } from "../ops/index.ts";
import type { StateCell } from "../transforms/index.ts";
import type { Model } from "./model.ts";
import { type Column, renderTable } from "./text-table.ts";

export interface SummaryOptions {
  /** Width of the table in characters; by default 88 (108 with connections), or what the terminal has. */
  readonly lineLength?: number | null;
  /** Where columns end, as fractions of the width. */
  readonly positions?: readonly number[] | null;
  /** Gets the whole text; the console by default. */
  readonly printFn?: ((text: string) => void) | null;
  /** True to list the layers of inner models too. */
  readonly expandNested?: boolean;
  /** True for a column that says which layers train. */
  readonly showTrainable?: boolean;
  /** The first and the last layer to show: names or patterns. */
  readonly layerRange?: readonly [first: string, last: string] | null;
}

/** Prints the summary. @throws ConfigError if the width leaves no room, or no layer matches the range. */
export function printSummary(model: Model, options: SummaryOptions = {}): void {
  const { printFn } = options;
  const text = summaryText(model, options);
  if (printFn) printFn(text);
  else console.log(text.slice(0, -1));
}

/** The text of the summary; it ends with a line break. */
export function summaryText(model: Model, options: SummaryOptions = {}): string {
  const { expandNested = false, showTrainable = false } = options;
  const terminal = terminalWidth();
  const chain = isChain(model);
  const operations = operationsOf(model);
  const positions = options.positions ?? (chain ? [0.45, 0.8, 1] : [0.3, 0.56, 0.74, 1]);
  const titles = [
    "Layer (type)",
    "Output Shape",
    "Param #",
    ...(chain ? [] : ["Connected to"]),
    ...(showTrainable ? ["Trainable"] : []),
  ];
  const width = options.lineLength ?? Math.min((chain ? 88 : 108) + (showTrainable ? 12 : 0), terminal - 4);
  const ends = showTrainable ? [...positions.map((p) => p * 0.9), 1] : positions;
  const columns = columnsOf(model.name, titles, ends, width);

  const rows: string[][] = [];
  const add = (operation: Operation, level: number): void => {
    const prefix = level === 0 ? "" : `${"   ".repeat(level)}└ `;
    rows.push([
      `${prefix}${operation.name} (${classOf(operation)})`,
      outputShapeOf(operation),
      parametersOf(operation),
      ...(chain ? [] : [connectionsOf(model, operation)]),
      ...(showTrainable ? [trainableOf(operation)] : []),
    ]);
    if (expandNested) for (const inner of (operation as Partial<Model>).layers ?? []) add(inner, level + 1);
  };
  const [first, last] = rangeOf(model.name, operations, options.layerRange);
  for (const operation of operations.slice(first, last)) add(operation, 0);

  const lines = [
    `Model: "${model.name}"`,
    ...renderTable(columns, rows, width).map((line) => line.slice(0, terminal)),
    ...totals(model),
  ];
  return `${lines.join("\n")}\n`;
}

function terminalWidth(): number {
  const { process } = globalThis as {
    readonly process?: {
      readonly env?: Readonly<Record<string, string | undefined>>;
      readonly stdout?: { readonly columns?: number };
    };
  };
  const columns = Number(process?.env?.COLUMNS);
  return Number.isInteger(columns) && columns > 0 ? columns : (process?.stdout?.columns ?? 80);
}

function columnsOf(name: string, titles: readonly string[], ends: readonly number[], width: number): Column[] {
  let current = 0;
  return titles.map((title, i) => {
    const own = Math.trunc((ends[i] ?? 1) * width) - current;
    if (own < 4) {
      const got = `${own} characters for "${title}" of ${width}`;
      throw new ConfigError(
        complain(`${name}.summary`, {
          must: "every column needs at least 4 characters",
          got,
          todo: "Pass a larger lineLength",
        }),
      );
    }
    current += own;
    return { title, width: own, align: title === "Param #" ? "right" : title === "Trainable" ? "center" : "left" };
  });
}

// The inputs of a functional model are listed with its layers, the one of a Sequential is not.
const operationsOf = (model: Model): readonly Operation[] =>
  model.pythonClassName === "Functional" ? (model.functional?.graph.operations ?? []) : model.layers;

// Whether each call simply follows the one before; only then there is nothing to say about connections.
function isChain(model: Model): boolean {
  const { functional } = model;
  if (functional === undefined || model.pythonClassName !== "Functional") return true;
  const { nodes, depths } = functional.graph;
  const single = new Set(depths.values()).size === nodes.length && nodes.every((node) => node.inputs.length <= 1);
  return single && new Set(nodes.map((node) => node.operation)).size === nodes.length;
}

function classOf(operation: Operation): string {
  if (operation instanceof OpOperation) return classNameOf(operation.op);
  const { className } = operation.constructor as typeof Layer;
  return (operation as Operation & Partial<Model>).pythonClassName ?? className;
}

const showSizes = (shape: SymbolicShape): string =>
  `(${shape.map((n) => (n === null ? "None" : String(n))).join(", ")})`;

function outputShapeOf(operation: Operation): string {
  const node = operation.inboundNodes.at(-1);
  if (node !== undefined) {
    const shapes = node.outputs.map((x) => showSizes(x.shape));
    return shapes.length === 1 ? (shapes[0] as string) : `[${shapes.join(", ")}]`;
  }
  const { input_shape: shape } = (operation instanceof Layer ? operation.getBuildConfig() : undefined) ?? {};
  if (shape === undefined || shape === null) return "?";
  const outputs = (operation as Layer & { computeOutputShape?(shape: unknown): unknown }).computeOutputShape?.(shape);
  return Array.isArray(outputs) ? showSizes(outputs as SymbolicShape) : "?";
}

const count = (n: number): string => String(n).replace(/\B(?=(\d{3})+$)/g, ",");

function parametersOf(operation: Operation): string {
  if (!(operation instanceof Layer)) return "0";
  return operation.built ? count(operation.countParams()) : "0 (unbuilt)";
}

function connectionsOf(model: Model, operation: Operation): string {
  const kept = new Set(model.functional?.graph.nodes);
  const from = (x: KerasTensor): string =>
    `${x.history?.operation.name}[${x.history?.nodeIndex}][${x.history?.tensorIndex}]`;
  const inputs = operation.inboundNodes.filter((node) => kept.has(node)).flatMap((node) => node.inputs.map(from));
  return inputs.length === 0 ? "-" : inputs.join(", ");
}

function trainableOf(operation: Operation): string {
  if (!(operation instanceof Layer) || operation.weights.length === 0) return "-";
  return operation.trainable ? "Y" : "N";
}

function rangeOf(
  name: string,
  operations: readonly Operation[],
  range: SummaryOptions["layerRange"],
): [number, number] {
  if (!range) return [0, operations.length];
  const matching = (pattern: string): number[] => {
    const expression = new RegExp(`^(?:${pattern})`);
    return operations.flatMap((operation, i) => (expression.test(operation.name) ? [i] : []));
  };
  const [low, high] = [matching(range[0]), matching(range[1])];
  if (low.length === 0 || high.length === 0) {
    const todo = `The layers are ${operations.map((operation) => operation.name).join(", ")}`;
    const must = "layerRange must be two names (or patterns) of layers";
    throw new ConfigError(complain(`${name}.summary`, { must, got: range.join(" and "), todo }));
  }
  const [from, to] = [Math.min(...low), Math.max(...high)];
  return from > to ? [Math.min(...high), Math.max(...low) + 1] : [from, to + 1];
}

function totals(model: Model): string[] {
  const optimizer = model.compiled && model.optimizer.built ? model.optimizer.variables : undefined;
  const parts: [string, readonly StateCell[]][] = [
    ["Trainable", model.trainableWeights],
    ["Non-trainable", model.nonTrainableWeights],
    ...(optimizer === undefined ? [] : [["Optimizer", optimizer] as [string, readonly StateCell[]]]),
  ];
  const elements = (cells: readonly StateCell[]): number =>
    cells.reduce((n, cell) => n + cell.shape.reduce((a, b) => a * b, 1), 0);
  const bytes = (cells: readonly StateCell[]): number =>
    cells.reduce((n, cell) => n + (cell.shape.reduce((a, b) => a * b, 1) * bitsOf(cell.dtype)) / 8, 0);
  const line = (title: string, cells: readonly StateCell[]): string =>
    ` ${title} params: ${count(elements(cells))} (${memory(bytes(cells))})`;
  return [
    line(
      "Total",
      parts.flatMap(([, cells]) => cells),
    ),
    ...parts.map(([title, cells]) => line(title, cells)),
  ];
}

function memory(bytes: number): string {
  const units = ["B", "KB", "MB", "GB", "TB", "PB"];
  let size = bytes;
  let unit = 0;
  while (size / 1024 >= 1 && unit < units.length - 1) {
    size /= 1024;
    unit++;
  }
  return `${size.toFixed(2)} ${units[unit]}`;
}
