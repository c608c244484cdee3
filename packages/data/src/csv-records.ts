// Chunks of text to rows of cells. Quoting is papaparse's business; cutting the stream at row ends is ours.
import { ValueError } from "@keras-ts/core";
import { complain } from "@keras-ts/core/backend";

/** A row and the line (from 1) where it starts. */
export interface CsvRecord {
  readonly cells: readonly string[];
  readonly line: number;
}
export interface RecordOptions {
  readonly skipLines?: number;
  readonly delimiter?: string;
  readonly comment?: string;
}
// A chunk is parsed once it has this many characters, so that many small chunks are not slow.
const ENOUGH = 1 << 16;

/** The rows of a CSV text that comes in chunks. Empty lines are left out. */
export async function* records(
  where: string,
  chunks: AsyncIterable<string> | Iterable<string>,
  { skipLines = 0, delimiter = ",", comment }: RecordOptions,
): AsyncGenerator<CsvRecord> {
  const { default: papa } = await import("papaparse");
  let text = "";
  let line = 1;
  let toSkip = skipLines;
  let first = true;
  // All rows of `text`; the last one stays for the next chunk, since it may go on there.
  const rows = (last: boolean): CsvRecord[] => {
    while (toSkip > 0) {
      const end = text.indexOf("\n");
      if (end < 0 && !last) return [];
      text = end < 0 ? "" : text.slice(end + 1);
      line++;
      toSkip--;
    }
    const found: { readonly cells: string[]; readonly end: number; readonly broken: string | undefined }[] = [];
    papa.parse<string[]>(text, {
      delimiter,
      newline: text.includes("\r\n") ? "\r\n" : "\n",
      ...(comment === undefined ? {} : { comments: comment }),
      step: ({ data, meta, errors }) => {
        found.push({ cells: data, end: meta.cursor, broken: errors.find(({ type }) => type === "Quotes")?.message });
      },
    });
    const complete = last ? found : found.slice(0, -1);
    let from = 0;
    const made: CsvRecord[] = [];
    for (const { cells, end, broken } of complete) {
      if (broken !== undefined) {
        const todo = "Double the quotes inside quoted cells, or close the last one";
        throw new ValueError(
          complain(`${where} (line ${line})`, { must: "quotes must be balanced", got: broken, todo }),
        );
      }
      if (cells.length > 1 || (cells[0] as string).trim() !== "") made.push({ cells, line });
      line += linesIn(text, from, end);
      from = end;
    }
    text = last ? "" : text.slice(from);
    return made;
  };
  for await (const chunk of chunks) {
    text += first && chunk.startsWith("\uFEFF") ? chunk.slice(1) : chunk;
    first &&= chunk === "";
    if (text.length >= ENOUGH) yield* rows(false);
  }
  yield* rows(true);
}

function linesIn(text: string, from: number, to: number): number {
  let count = 0;
  for (let i = text.indexOf("\n", from); i >= 0 && i < to; i = text.indexOf("\n", i + 1)) count++;
  return count;
}

/** @throws ValueError unless the row has a cell for each column. */
export function checkRow(where: string, { cells, line }: CsvRecord, names: readonly string[]): void {
  if (cells.length === names.length) return;
  const must = `every row must have ${names.length} cells`;
  const todo = "Check quotes and the delimiter in that line";
  throw new ValueError(complain(`${where} (line ${line})`, { must, got: `${cells.length}`, todo }));
}
