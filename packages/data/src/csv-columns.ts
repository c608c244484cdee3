// Cells to values: what a column's type is, and how a text becomes such a value.
import { ValueError } from "@keras-ts/core";
import { complain } from "@keras-ts/core/backend";
import type { Cell, Column, ColumnType } from "./table.ts";

/** What becomes of a missing number. */
export type Missing = number | "error";

const isInt = (text: string): boolean => /^[+-]?\d+$/.test(text) && Math.abs(Number(text)) < 2 ** 31;
const isNumber = (text: string): boolean => /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$|^[+-]?inf(inity)?$/i.test(text);
const isBool = (text: string): boolean => /^(true|false)$/i.test(text);

/** The narrowest type for all values that are there; whole numbers with gaps are float32, since NaN is not whole. */
export function inferType(cells: readonly string[], missingTexts: ReadonlySet<string>, missing: Missing): ColumnType {
  const all = cells.map((cell) => cell.trim());
  const present = all.filter((cell) => !missingTexts.has(cell));
  const gaps = present.length < all.length;
  if (present.length === 0) return "float32";
  if (present.every(isInt))
    return gaps && !(typeof missing === "number" && Number.isInteger(missing)) ? "float32" : "int32";
  if (present.every(isNumber)) return "float32";
  if (present.every(isBool) && !gaps) return "bool";
  return "string";
}

/** One cell as a value of its column. @throws ValueError with the line if it does not fit. */
export function readCell(
  where: string,
  name: string,
  type: ColumnType,
  cell: string,
  line: number,
  missingTexts: ReadonlySet<string>,
  missing: Missing,
): Cell {
  const text = cell.trim();
  const fail = (must: string, todo: string): ValueError =>
    new ValueError(complain(`${where} (line ${line}, column "${name}")`, { must, got: `"${cell}"`, todo }));
  const gone = missingTexts.has(text);
  if (type === "string") return gone ? "" : cell;
  if (gone) {
    if (missing === "error") throw fail("a value must be there", "Fill it, or set missing to a number");
    if (type === "float32" || Number.isInteger(missing)) return missing;
    throw fail(`a missing ${type} needs a whole number in its place`, 'Set missing: 0, or the type to "float32"');
  }
  switch (type) {
    case "float32":
      if (isNumber(text)) return Number(text.replace(/inf(inity)?$/i, "Infinity"));
      throw fail("the value must be a number", 'Set its type to "string", or add it to missingValues');
    case "int32":
      if (isInt(text)) return Number(text);
      throw fail("the value must be a whole number below 2^31", 'Set its type to "float32" or "string"');
    case "bool":
      if (isBool(text)) return text.toLowerCase() === "true";
      if (text === "0" || text === "1") return text === "1";
      throw fail("the value must be true, false, 0 or 1", 'Set its type to "string"');
    default:
      return type satisfies never;
  }
}

/** A column of cells as a typed array. */
export function columnOf(
  where: string,
  name: string,
  type: ColumnType,
  cells: readonly string[],
  lines: readonly number[],
  missingTexts: ReadonlySet<string>,
  missing: Missing,
): Column {
  const read = (cell: string, i: number): Cell =>
    readCell(where, name, type, cell, lines[i] as number, missingTexts, missing);
  const number = (cell: string, i: number): number => Number(read(cell, i));
  switch (type) {
    case "string":
      return { type, values: cells.map((cell, i) => String(read(cell, i))) };
    case "float32":
      return { type, values: Float32Array.from(cells, number) };
    case "int32":
      return { type, values: Int32Array.from(cells, number) };
    case "bool":
      return { type, values: Uint8Array.from(cells, number) };
    default: {
      const must = "a column type must be float32, int32, bool or string";
      throw new ValueError(
        complain(`${where} (column "${name}")`, {
          must,
          got: `"${String(type satisfies never)}"`,
          todo: "Check types",
        }),
      );
    }
  }
}
