import { didYouMean, random, ShapeError, ValueError } from "@keras-ts/core";
import { complain, type HostArray } from "@keras-ts/core/backend";
import { refuse } from "./errors.ts";

export type ColumnType = "float32" | "int32" | "bool" | "string";
export interface FloatColumn {
  readonly type: "float32";
  /** NaN where a value is missing. */
  readonly values: Float32Array;
}
/** One column: a typed array, or strings (an empty one where a value is missing). */
export type Column =
  | FloatColumn
  | { readonly type: "int32"; readonly values: Int32Array }
  | { readonly type: "bool"; readonly values: Uint8Array }
  | { readonly type: "string"; readonly values: readonly string[] };
export type Cell = number | boolean | string;

/** What `toArrays` gives: arrays with shapes, as `fit` takes them. */
export interface TableArrays {
  /** float32 `[rows, features]`. */
  readonly x: HostArray;
  /** `[rows]` for one target, `[rows, targets]` for several; int32 for whole numbers and bool, else float32. */
  readonly y: HostArray | undefined;
}

/**
 * Named columns of equal length. Every method gives a new table; nothing changes in place.
 * @example
 * const table = new Table({ height: { type: "float32", values: Float32Array.of(1.5, 1.8) } });
 * table.numRows; // 2
 */
export class Table {
  readonly #columns: ReadonlyMap<string, Column>;
  readonly numRows: number;

  /** @throws ShapeError if the columns differ in length. */
  constructor(columns: Readonly<Record<string, Column>>) {
    this.#columns = new Map(Object.entries(columns));
    const lengths = new Set([...this.#columns.values()].map(({ values }) => values.length));
    if (lengths.size > 1) {
      const got = [...this.#columns].map(([name, { values }]) => `${name}: ${values.length}`).join(", ");
      throw new ShapeError(
        complain("Table", { must: "all columns must have the same length", got, todo: "Check the data" }),
      );
    }
    this.numRows = [...lengths][0] ?? 0;
  }

  get columnNames(): readonly string[] {
    return [...this.#columns.keys()];
  }
  /** The types of the columns by name. */
  get types(): Readonly<Record<string, ColumnType>> {
    return Object.fromEntries([...this.#columns].map(([name, { type }]) => [name, type]));
  }
  /** A column by name. @throws ConfigError if there is none. */
  column(name: string): Column {
    const found = this.#columns.get(name);
    if (found !== undefined) return found;
    const near = didYouMean(name, this.columnNames);
    const todo = `${near === "" ? "" : `${near} `}The columns are ${this.columnNames.join(", ")}`;
    throw refuse("Table", "the column must exist", `"${name}"`, todo);
  }
  #with(entries: Iterable<readonly [string, Column]>): Table {
    return new Table(Object.fromEntries(entries));
  }

  /** Only these columns, in this order. @throws ConfigError for an unknown name. */
  select(names: readonly string[]): Table {
    return this.#with(names.map((name) => [name, this.column(name)] as const));
  }
  /** All columns but these. @throws ConfigError for an unknown name. */
  drop(names: readonly string[]): Table {
    for (const name of names) this.column(name);
    return this.#with([...this.#columns].filter(([name]) => !names.includes(name)));
  }
  /** This table with one more column, or another one under a known name. */
  withColumn(name: string, column: Column): Table {
    return this.#with([...this.#columns, [name, column]]);
  }
  /** The rows at these positions, in this order. */
  rowsAt(indices: ArrayLike<number>): Table {
    return this.#with([...this.#columns].map(([name, column]) => [name, gather(column, indices)] as const));
  }
  /** The rows from `start` (counted) up to `stop` (not counted). */
  slice(start: number, stop: number = this.numRows): Table {
    const to = Math.min(stop, this.numRows);
    return this.rowsAt(Array.from({ length: Math.max(0, to - start) }, (_, i) => start + i));
  }
  /** The rows for which `keep` says yes. */
  filter(keep: (row: Readonly<Record<string, Cell>>) => boolean): Table {
    const kept: number[] = [];
    for (let i = 0; i < this.numRows; i++) if (keep(this.row(i))) kept.push(i);
    return this.rowsAt(kept);
  }
  /** Without the rows in which a value is missing. */
  dropMissing(): Table {
    const missing = (cell: Cell): boolean => cell === "" || (typeof cell === "number" && Number.isNaN(cell));
    return this.filter((row) => !Object.values(row).some(missing));
  }
  /** The rows in random order. */
  shuffle({ seed }: { readonly seed?: number } = {}): Table {
    const { numRows } = this;
    return this.rowsAt(
      seed === undefined ? random.permutation(numRows) : new random.NumpyRandomState(seed).permutation(numRows),
    );
  }
  /**
   * Two tables: the first with `fraction` of the rows, rounded; shuffled before unless told otherwise.
   * @throws ValueError if a part would be empty.
   */
  split(
    fraction: number,
    { shuffle = true, seed }: { readonly shuffle?: boolean; readonly seed?: number } = {},
  ): [Table, Table] {
    const at = Math.round(this.numRows * fraction);
    if (!(fraction > 0 && fraction < 1) || at === 0 || at === this.numRows) {
      const must = "the fraction must be in (0, 1) and leave a row on both sides";
      const got = `${fraction} of ${this.numRows} rows`;
      throw new ValueError(complain("Table.split", { must, got, todo: "Use for example 0.8" }));
    }
    const rows = shuffle ? this.shuffle(seed === undefined ? {} : { seed }) : this;
    return [rows.slice(0, at), rows.slice(at)];
  }

  /**
   * A text column as int32 classes, numbered in sorted order, or as `vocabulary` says.
   * @returns the new table and the names of the classes @throws ConfigError for a value that the vocabulary lacks
   */
  encode(name: string, vocabulary?: readonly string[]): [table: Table, vocabulary: readonly string[]] {
    const column = this.column(name);
    const texts = Array.from(column.values as ArrayLike<Cell>, String);
    const names = vocabulary ?? [...new Set(texts)].sort();
    const numbers = new Map(names.map((text, i) => [text, i]));
    const values = Int32Array.from(texts, (text) => {
      const number = numbers.get(text);
      if (number !== undefined) return number;
      throw refuse(
        `Table.encode("${name}")`,
        "every value must be in the vocabulary",
        `"${text}"`,
        `It holds ${names.join(", ")}`,
      );
    });
    return [this.withColumn(name, { type: "int32", values }), names];
  }

  /**
   * Arrays for training. Features are all columns but the targets by default, as float32 `[rows, features]`.
   * @throws ConfigError for unknown or text columns.
   */
  toArrays({
    features,
    target,
  }: {
    readonly features?: readonly string[];
    readonly target?: string | readonly string[];
  } = {}): TableArrays {
    const targets = target === undefined ? [] : typeof target === "string" ? [target] : target;
    const names = features ?? this.columnNames.filter((name) => !targets.includes(name));
    const x = this.#matrix(names, "float32");
    if (target === undefined) return { x, y: undefined };
    const whole = targets.every((name) => ["int32", "bool"].includes(this.column(name).type));
    const y = this.#matrix(targets, whole ? "int32" : "float32");
    return { x, y: typeof target === "string" ? { ...y, shape: [this.numRows] } : y };
  }
  #matrix(names: readonly string[], dtype: "float32" | "int32"): HostArray {
    const width = names.length;
    const data = dtype === "float32" ? new Float32Array(this.numRows * width) : new Int32Array(this.numRows * width);
    names.forEach((name, j) => {
      const column = this.column(name);
      if (column.type === "string") {
        const todo = `Leave it out, or number its values: table.encode("${name}")`;
        throw refuse("Table.toArrays", "columns must be numbers", `text in "${name}"`, todo);
      }
      for (let i = 0; i < this.numRows; i++) data[i * width + j] = column.values[i] as number;
    });
    return { shape: [this.numRows, width], dtype, data };
  }

  /** One row by name. */
  row(index: number): Readonly<Record<string, Cell>> {
    const cell = ({ type, values }: Column): Cell => (type === "bool" ? values[index] === 1 : (values[index] as Cell));
    return Object.fromEntries([...this.#columns].map(([name, column]) => [name, cell(column)]));
  }
  *[Symbol.iterator](): Generator<Readonly<Record<string, Cell>>> {
    for (let i = 0; i < this.numRows; i++) yield this.row(i);
  }
  toString(): string {
    return `Table(${this.numRows} rows: ${[...this.#columns].map(([name, { type }]) => `${name} ${type}`).join(", ")})`;
  }
}

function gather(column: Column, indices: ArrayLike<number>): Column {
  const at = (i: number): number => indices[i] as number;
  const { length } = indices;
  switch (column.type) {
    case "float32":
      return { type: "float32", values: Float32Array.from({ length }, (_, i) => column.values[at(i)] as number) };
    case "int32":
      return { type: "int32", values: Int32Array.from({ length }, (_, i) => column.values[at(i)] as number) };
    case "bool":
      return { type: "bool", values: Uint8Array.from({ length }, (_, i) => column.values[at(i)] as number) };
    case "string":
      return { type: "string", values: Array.from({ length }, (_, i) => column.values[at(i)] as string) };
    default:
      return column satisfies never;
  }
}
