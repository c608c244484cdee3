// Where the time of a program goes: ONNX Runtime's own profile, told in the primitives that asked for each operator.

/** One operator that ran, in microseconds. */
export interface ProfiledOperator {
  readonly primitive: string;
  readonly operator: string;
  readonly start: number;
  readonly duration: number;
}
/** A primitive's part of a program. Times are milliseconds of one run, on average. */
export interface ProfileRow {
  readonly primitive: string;
  readonly milliseconds: number;
  /** Part of the time of all operators, in [0, 1]. */
  readonly share: number;
  /** Milliseconds of one run by ONNX operator, largest first. */
  readonly operators: Readonly<Record<string, number>>;
}
export interface ProfiledProgram {
  readonly label: string;
  readonly runs: number;
  /** Largest first. */
  readonly rows: readonly ProfileRow[];
  readonly events: readonly ProfiledOperator[];
}
/** What `profile` gives. */
export interface Profile {
  readonly programs: readonly ProfiledProgram[];
  /** A table for each program: primitive, milliseconds a run, share, its operators. */
  toString(): string;
  /** JSON for `chrome://tracing` and Perfetto: a row for each program, a box for each operator that ran. */
  chromeTrace(): string;
  /** A picture: for each program its primitives as bars. */
  svg(): string;
}

interface RawEvent {
  readonly cat?: string;
  readonly name?: string;
  readonly ts?: number;
  readonly dur?: number;
  readonly args?: { readonly op_name?: string };
}

/** The operators in a profile file of ONNX Runtime. Ours are named `primitive/Operator_number`; the engine's own count for `engine`. */
export function readProfile(label: string, json: string): ProfiledProgram {
  const raw = JSON.parse(json) as readonly RawEvent[];
  const runs = raw.filter(({ name }) => name === "model_run").length;
  const events = raw.flatMap(({ cat, name = "", ts = 0, dur = 0, args }) => {
    if (cat !== "Node" || !name.endsWith("_kernel_time")) return [];
    const primitive = /([A-Za-z]\w*)\/[A-Za-z]+_\d+/.exec(name)?.[1] ?? "engine";
    return [{ primitive, operator: args?.op_name ?? "?", start: ts, duration: dur }];
  });
  return { label, runs, rows: rowsOf(events, Math.max(1, runs)), events };
}

function rowsOf(events: readonly ProfiledOperator[], runs: number): ProfileRow[] {
  const table = new Map<string, Map<string, number>>();
  let total = 0;
  for (const { primitive, operator, duration } of events) {
    const row = table.get(primitive) ?? new Map<string, number>();
    table.set(primitive, row.set(operator, (row.get(operator) ?? 0) + duration));
    total += duration;
  }
  const inMs = (microseconds: number): number => microseconds / 1000 / runs;
  return [...table]
    .map(([primitive, row]) => {
      const sum = [...row.values()].reduce((a, b) => a + b, 0);
      const operators = [...row].sort((a, b) => b[1] - a[1]).map(([name, time]) => [name, inMs(time)] as const);
      return {
        primitive,
        milliseconds: inMs(sum),
        share: sum / Math.max(1, total),
        operators: Object.fromEntries(operators),
      };
    })
    .sort((a, b) => b.milliseconds - a.milliseconds);
}

export const profileOf = (programs: readonly ProfiledProgram[]): Profile => ({
  programs,
  toString: () => programs.map(table).join("\n\n"),
  chromeTrace: () => JSON.stringify({ traceEvents: programs.flatMap(traceEvents) }),
  svg: () => drawing(programs),
});

function table({ label, runs, rows }: ProfiledProgram): string {
  const width = Math.max(9, ...rows.map(({ primitive }) => primitive.length));
  const total = rows.reduce((sum, { milliseconds }) => sum + milliseconds, 0);
  const lines = rows.map(({ primitive, milliseconds, share, operators }) => {
    const parts = Object.entries(operators).map(([name, ms]) => `${name} ${ms.toFixed(2)}`);
    const percent = `${(share * 100).toFixed(1)} %`.padStart(7);
    return `  ${primitive.padEnd(width)} ${milliseconds.toFixed(2).padStart(8)} ${percent}  ${parts.join(", ")}`;
  });
  const head = `  ${"primitive".padEnd(width)}  ms a run   share  operators`;
  return [`${label}: ${runs} runs, ${total.toFixed(2)} ms in operators a run`, head, ...lines].join("\n");
}

function traceEvents({ label, events }: ProfiledProgram, row: number): object[] {
  const name = { name: "process_name", ph: "M", pid: row, args: { name: label } };
  const boxes = events.map(({ primitive, operator, start, duration }) => {
    return { name: primitive, cat: operator, ph: "X", pid: row, tid: 0, ts: start, dur: duration, args: { operator } };
  });
  return [name, ...boxes];
}

const escape = (text: string): string => text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");

const [LINE, LEFT, BAR, WIDTH] = [18, 150, 420, 720];

function drawing(programs: readonly ProfiledProgram[]): string {
  const parts: string[] = [];
  let y = LINE;
  const text = (x: number, content: string, style = ""): void => {
    parts.push(`<text x="${x}" y="${y}"${style}>${escape(content)}</text>`);
  };
  for (const { label, runs, rows } of programs) {
    text(8, `${label} (${runs} runs)`, ' font-weight="bold"');
    y += LINE;
    const longest = rows[0]?.milliseconds ?? 1;
    for (const { primitive, milliseconds, share } of rows) {
      text(8, primitive);
      const width = Math.max(1, (milliseconds / longest) * BAR).toFixed(1);
      parts.push(`<rect x="${LEFT}" y="${y - 11}" width="${width}" height="13" fill="#4c78a8"/>`);
      text(LEFT + Number(width) + 6, `${milliseconds.toFixed(2)} ms, ${(share * 100).toFixed(1)} %`);
      y += LINE;
    }
    y += LINE;
  }
  const size = `width="${WIDTH}" height="${y}" viewBox="0 0 ${WIDTH} ${y}"`;
  return `<svg xmlns="http://www.w3.org/2000/svg" ${size} font-family="sans-serif" font-size="12">\n${parts.join("\n")}\n</svg>\n`;
}
