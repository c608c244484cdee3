import { ValueError } from "@keras-ts/core";
import { complain } from "@keras-ts/core/backend";
import { columnOf, inferType, type Missing, readCell } from "./csv-columns.ts";
import { type CsvRecord, checkRow, records } from "./csv-records.ts";
import { type CsvSource, textChunks } from "./csv-source.ts";
import { Dataset } from "./dataset.ts";
import { refuse } from "./errors.ts";
import { type Cell, type Column, type ColumnType, Table } from "./table.ts";

export type { CsvSource } from "./csv-source.ts";

export interface CsvOptions {
  /** True if the first row has the names (the default), false for `column0, column1, ...`, or the names. */
  readonly header?: boolean | readonly string[];
  /** Lines to leave out before anything else. */
  readonly skipLines?: number;
  readonly delimiter?: string;
  /** Lines that start with it are left out. */
  readonly comment?: string;
  /** Types of columns by name; the others are inferred from their values. */
  readonly types?: Readonly<Record<string, ColumnType>>;
  /** Only these columns. */
  readonly columns?: readonly string[];
  /** Texts that mean "no value". */
  readonly missingValues?: readonly string[];
  /** What becomes of a missing number: NaN, an error with the line, or this number. */
  readonly missing?: Missing;
}
const MISSING = ["", "NA", "N/A", "NaN", "nan", "null", "None"];

/**
 * A CSV text as a table. Columns are int32, float32, bool or string: as `types` says, else the narrowest that fits every value.
 * @throws ValueError for ragged rows, an empty text, or a value that does not fit its type (with the line).
 * @throws ConfigError for a column that does not exist or a name twice.
 * @example
 * const table = await parseCsv("width,kind\n1.5,cat\n2.5,dog\n");
 * table.types; // { "width": "float32", "kind": "string" }
 */
export async function parseCsv(text: string, options: CsvOptions = {}): Promise<Table> {
  return tableOf("parseCsv", [text], options);
}

/**
 * A CSV file as a table: a path (in Node), a URL, a `File`, `Blob` or `Response`, a stream, or chunks of text or bytes. Files that end in `.gz`
 * are unpacked. Errors as `parseCsv`.
 */
export async function readCsv(source: CsvSource, options: CsvOptions = {}): Promise<Table> {
  return tableOf("readCsv", textChunks("readCsv", source), options);
}

async function tableOf(
  where: string,
  chunks: AsyncIterable<string> | Iterable<string>,
  options: CsvOptions,
): Promise<Table> {
  const missing = new Set(options.missingValues ?? MISSING);
  let names: readonly string[] | undefined;
  const lines: number[] = [];
  const texts: string[][] = [];
  for await (const record of records(where, chunks, options)) {
    if (names === undefined) {
      const head = headOf(where, record, options);
      names = head.names;
      names.forEach(() => texts.push([]));
      if (head.isHeader) continue;
    }
    checkRow(where, record, names);
    lines.push(record.line);
    for (let j = 0; j < names.length; j++) (texts[j] as string[]).push(record.cells[j] as string);
  }
  if (names === undefined || lines.length === 0) {
    const got = names === undefined ? "an empty file" : "a header only";
    throw new ValueError(
      complain(where, { must: "there must be at least one row of data", got, todo: "Check the file and skipLines" }),
    );
  }
  const all = names;
  requireColumns(where, all, [...(options.columns ?? []), ...Object.keys(options.types ?? {})]);
  const wanted = options.columns ?? all;
  const columns = wanted.map((name): [string, Column] => {
    const cells = texts[all.indexOf(name)] as string[];
    const type = options.types?.[name] ?? inferType(cells, missing, options.missing ?? Number.NaN);
    return [name, columnOf(where, name, type, cells, lines, missing, options.missing ?? Number.NaN)];
  });
  return new Table(Object.fromEntries(columns));
}

function headOf(
  where: string,
  first: CsvRecord,
  { header = true }: CsvOptions,
): { readonly names: readonly string[]; readonly isHeader: boolean } {
  const names =
    header === true
      ? first.cells.map((name) => name.trim())
      : header === false
        ? first.cells.map((_, j) => `column${j}`)
        : header;
  const twice = names.find((name, j) => names.indexOf(name) !== j);
  if (twice !== undefined)
    throw refuse(where, "column names must differ", `"${twice}" twice`, "Pass the names as header, and skipLines: 1");
  return { names, isHeader: header === true };
}

function requireColumns(where: string, names: readonly string[], wanted: readonly string[]): void {
  for (const name of wanted) {
    if (names.includes(name)) continue;
    throw refuse(where, "the column must exist", `"${name}"`, `The columns are ${names.join(", ")}`);
  }
}

/**
 * The rows of a CSV file one after the other, for files larger than memory: objects with a value for each column. Types that are not given are
 * inferred from the first rows, so give them if later rows may differ. With `open` a function, the file is read again for each epoch.
 * @throws ValueError while iterating, as `parseCsv`.
 * @example
 * const rows = streamCsv(() => ["a,b\n1,2\n", "3,4\n"], { types: { a: "float32", b: "int32" } });
 * const data = rows.map(({ a, b }) => [[a], b]).batch(2);
 */
export function streamCsv(
  source: CsvSource | (() => CsvSource),
  options: CsvOptions & { readonly inferFrom?: number } = {},
): Dataset<Record<string, Cell>> {
  const where = "streamCsv";
  const missing = new Set(options.missingValues ?? MISSING);
  const fill = options.missing ?? Number.NaN;
  async function* rows(): AsyncGenerator<Record<string, Cell>> {
    let names: readonly string[] | undefined;
    let readers: readonly (readonly [name: string, index: number, type: ColumnType])[] | undefined;
    let early: CsvRecord[] = [];
    const start = (all: readonly string[]): void => {
      const typeOf = (name: string, j: number): ColumnType =>
        options.types?.[name] ??
        inferType(
          early.map((record) => record.cells[j] as string),
          missing,
          fill,
        );
      readers = (options.columns ?? all).map(
        (name) => [name, all.indexOf(name), typeOf(name, all.indexOf(name))] as const,
      );
    };
    const rowOf = ({ cells, line }: CsvRecord): Record<string, Cell> =>
      Object.fromEntries(
        (readers ?? []).map(([name, j, type]) => [
          name,
          readCell(where, name, type, cells[j] as string, line, missing, fill),
        ]),
      );
    for await (const record of records(
      where,
      textChunks(where, typeof source === "function" ? source() : source),
      options,
    )) {
      if (names === undefined) {
        const head = headOf(where, record, options);
        names = head.names;
        requireColumns(where, names, [...(options.columns ?? []), ...Object.keys(options.types ?? {})]);
        if (head.isHeader) continue;
      }
      checkRow(where, record, names);
      if (readers !== undefined) {
        yield rowOf(record);
        continue;
      }
      early.push(record);
      if (early.length < (options.inferFrom ?? 1000)) continue;
      start(names);
      yield* early.map(rowOf);
      early = [];
    }
    if (early.length > 0 && names !== undefined) {
      start(names);
      yield* early.map(rowOf);
    }
  }
  return Dataset.fromGenerator(rows);
}
