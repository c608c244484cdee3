// A table drawn with box characters, its cells wrapped at words as the Python package rich wraps them.

export interface Column {
  readonly title: string;
  /** Characters for the text, before the table is made to fit. */
  readonly width: number;
  readonly align: "left" | "right" | "center";
}

/** The lines of a table of exactly `total` characters, or less if the columns are narrower. */
export function renderTable(columns: readonly Column[], rows: readonly (readonly string[])[], total: number): string[] {
  const widths = fitWidths(
    columns.map((column) => column.width),
    total,
  );
  const line = (left: string, fill: string, between: string, right: string): string =>
    left + widths.map((width) => fill.repeat(width + 2)).join(between) + right;
  const row = (cells: readonly string[], bar: string): string[] => {
    const wrapped = cells.map((cell, i) => wrap(cell, widths[i] as number));
    const height = Math.max(...wrapped.map((lines) => lines.length));
    return Array.from({ length: height }, (_, n) => {
      const parts = wrapped.map(
        (lines, i) => ` ${align(lines[n] ?? "", widths[i] as number, (columns[i] as Column).align)} `,
      );
      return bar + parts.join(bar) + bar;
    });
  };
  const body = rows.flatMap((cells, i) => [...(i === 0 ? [] : [line("├", "─", "┼", "┤")]), ...row(cells, "│")]);
  return [
    line("┏", "━", "┳", "┓"),
    ...row(
      columns.map((column) => column.title),
      "┃",
    ),
    line("┡", "━", "╇", "┩"),
    ...body,
    line("└", "─", "┴", "┘"),
  ];
}

// Columns that are too wide together give up the excess evenly; halves are rounded to even, as Python rounds.
function fitWidths(widths: readonly number[], total: number): number[] {
  const padded = widths.map((width) => width + 2);
  const excess = padded.reduce((a, b) => a + b, 0) - (total - widths.length - 1);
  if (excess <= 0) return [...widths];
  let left = excess;
  return padded.map((width, i) => {
    const share = Math.min(width, roundHalfEven(left / (padded.length - i)));
    left -= share;
    return width - share - 2;
  });
}

function roundHalfEven(value: number): number {
  const low = Math.floor(value);
  if (value - low !== 0.5) return Math.round(value);
  return low % 2 === 0 ? low : low + 1;
}

/** Lines of at most `width` characters, broken between words; words that are longer are cut off with an ellipsis. */
function wrap(text: string, width: number): string[] {
  const breaks: number[] = [];
  let offset = 0;
  for (const match of text.matchAll(/\s*\S+\s*/g)) {
    const [word] = match;
    const length = word.trimEnd().length;
    if (width - offset >= length) {
      offset += word.length;
    } else {
      // The first word stays where it is.
      if (match.index > 0 && (length > width || offset > 0)) breaks.push(match.index);
      offset = word.length;
    }
  }
  const starts = [0, ...breaks];
  return starts.map((start, i) => {
    const part = text.slice(start, starts[i + 1]).trimEnd();
    return part.length > width ? `${part.slice(0, width - 1)}…` : part;
  });
}

function align(text: string, width: number, how: Column["align"]): string {
  if (how === "left") return text.padEnd(width);
  if (how === "right") return text.padStart(width);
  return text.padStart(text.length + Math.floor((width - text.length) / 2)).padEnd(width);
}
