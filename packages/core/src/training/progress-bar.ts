// Keras' progress bar. Source: keras/src/utils/progbar.py.

/** Where text goes: a terminal, or anything that takes strings. */
export interface TextSink {
  write(text: string): unknown;
  /** True if the line can be rewritten. */
  readonly isTTY?: boolean | undefined;
}

/** The process' standard output, or the console in browsers (which gets whole lines). */
export function defaultSink(): TextSink {
  const { process } = globalThis as { readonly process?: { readonly stdout?: TextSink } };
  if (process?.stdout !== undefined) return process.stdout;
  return { write: (text: string) => console.log(text.replace(/[\n\r\b]+/g, "")), isTTY: false };
}

/** Seconds without a line after which one is written where lines cannot be rewritten. */
const SILENCE = 10;

export interface ProgressBarOptions {
  /** Steps expected; undefined if unknown. */
  readonly target: number | undefined;
  /** Characters of the bar. */
  readonly width?: number;
  /** 0 silent, 1 bar, 2 one line when finished. */
  readonly verbose?: number;
  /** Least seconds between two drawings. */
  readonly interval?: number;
  readonly unitName?: string;
  readonly sink?: TextSink;
  /** Seconds; for tests. */
  readonly now?: () => number;
}

const bold = (text: string): string => `\u001b[1m${text}\u001b[0m`;
const colored = (code: number, text: string): string => `\u001b[${code}m${text}\u001b[0m`;
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the terminal's codes
const visibleLength = (text: string): number => text.replace(/\u001b\[\d+m/g, "").length;

/**
 * Shows how far a run is, with running values.
 * @example
 * const bar = new ProgressBar({ target: 10 });
 * bar.update(3, { loss: 0.5 });
 */
export class ProgressBar {
  target: number | undefined;
  readonly #width: number;
  readonly #verbose: number;
  readonly #interval: number;
  readonly #unit: string;
  readonly #sink: TextSink;
  readonly #now: () => number;
  readonly #start: number;
  #lastDrawn = Number.NEGATIVE_INFINITY;
  #afterFirst: number | undefined;
  #previousWidth = 0;
  #values: Readonly<Record<string, number>> = {};

  constructor({
    target,
    width = 20,
    verbose = 1,
    interval = 0.05,
    unitName = "step",
    sink = defaultSink(),
    now,
  }: ProgressBarOptions) {
    this.target = target;
    this.#width = width;
    this.#verbose = verbose;
    this.#interval = interval;
    this.#unit = unitName;
    this.#sink = sink;
    this.#now = now ?? (() => performance.now() / 1000);
    this.#start = this.#now();
  }

  /** True if an update now would be drawn: values need not be read otherwise. */
  get due(): boolean {
    return this.#verbose === 1 && this.#isDue(this.#now());
  }
  // Lines that cannot be rewritten come only when there was silence for long.
  #isDue(now: number): boolean {
    if (this.#sink.isTTY === true) return now - this.#lastDrawn >= this.#interval;
    return now - Math.max(this.#lastDrawn, this.#start) >= SILENCE;
  }

  /** Step `current` is done. Values are shown as they are. */
  update(
    current: number,
    values: Readonly<Record<string, number>> = {},
    finalize: boolean = current === this.target,
  ): void {
    this.#values = { ...this.#values, ...values };
    const now = this.#now();
    const perStep = this.#secondsPerStep(current, now);
    if (this.#verbose === 1) {
      if (!finalize && !this.#isDue(now)) return;
      this.#draw(current, now, perStep, finalize);
      this.#lastDrawn = now;
    } else if (this.#verbose === 2 && finalize && this.target !== undefined && this.target > 0) {
      const parts = [`${this.#counter(current)} - ${fixed(now - this.#start, 0)}s`, `${this.#speed(perStep).trim()}`];
      for (const [name, value] of Object.entries(this.#values))
        parts.push(`${name}: ${value > 1e-3 ? fixed(value, 4) : exponential(value)}`);
      this.#sink.write(`${parts.join(" - ")}\n`);
    }
  }

  // The first step compiles, so it does not count once there are more.
  #secondsPerStep(current: number, now: number): number {
    if (current === 0) return 0;
    const later = this.#afterFirst !== undefined && current > 1;
    const estimate = later ? (now - (this.#afterFirst as number)) / (current - 1) : (now - this.#start) / current;
    if (current === 1) this.#afterFirst = now;
    return estimate;
  }

  #counter(current: number): string {
    const { target } = this;
    if (target === undefined || target <= 0) return `${String(current).padStart(7)}/Unknown`;
    return `${String(current).padStart(String(target).length)}/${target}`;
  }

  #draw(current: number, now: number, perStep: number, finalize: boolean): void {
    const { target } = this;
    const known = target !== undefined && target > 0;
    let bar = this.#counter(current);
    if (known) {
      const done = Math.min(this.#width, Math.floor((this.#width * current) / target));
      bar = `${bold(bar)} ${done > 0 ? colored(32, "━".repeat(done)) : ""}${colored(37, "━".repeat(this.#width - done))}`;
    }
    const clock = known && !finalize ? duration(perStep * (target - current)) : `${fixed(now - this.#start, 0)}s`;
    let info = ` ${bold(clock)}${this.#speed(perStep)}`;
    for (const [name, value] of Object.entries(this.#values)) {
      info += ` - ${name}: ${Math.abs(value) > 1e-3 ? fixed(value, 4) : exponential(value)}`;
    }
    const width = visibleLength(bar + info);
    const rewrites = this.#sink.isTTY === true;
    const rest = rewrites ? " ".repeat(Math.max(0, this.#previousWidth - width)) : "";
    if (rewrites) this.#sink.write(`${"\b".repeat(this.#previousWidth)}\r${bar}${info}${rest}${finalize ? "\n" : ""}`);
    else this.#sink.write(`${plain(bar)}${plain(info)}\n`);
    this.#previousWidth = width;
  }

  #speed(seconds: number): string {
    if (seconds >= 1 || seconds === 0) return ` ${fixed(seconds, 0)}s/${this.#unit}`;
    if (seconds >= 1e-3) return ` ${fixed(seconds * 1e3, 0)}ms/${this.#unit}`;
    return ` ${fixed(seconds * 1e6, 0)}us/${this.#unit}`;
  }
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the terminal's codes
const plain = (text: string): string => text.replace(/\u001b\[\d+m/g, "");

/** Python's `%.4e`: at least two digits in the exponent. */
function exponential(value: number): string {
  return Number.isFinite(value) ? value.toExponential(4).replace(/e([+-])(\d)$/, "e$10$2") : special(value);
}
/** Python's `%.4f`: halves go to the even digit. */
function fixed(value: number, digits: number): string {
  if (!Number.isFinite(value)) return special(value);
  const text = value.toFixed(digits);
  // Far more digits than a tie can have: if all that is cut off is a 5, it is one.
  const exact = Math.abs(value).toFixed(digits + 60);
  if (!/^50*$/.test(exact.slice(-60)) || /[02468]$/.test(text)) return text;
  const kept = exact.slice(0, -60).replace(/\.$/, "");
  return /[02468]$/.test(kept) ? `${value < 0 ? "-" : ""}${kept}` : text;
}
const special = (value: number): string => (Number.isNaN(value) ? "nan" : value > 0 ? "inf" : "-inf");

function duration(seconds: number): string {
  const whole = Math.floor(seconds);
  const pad = (n: number): string => String(n).padStart(2, "0");
  if (seconds > 3600) return `${Math.floor(whole / 3600)}:${pad(Math.floor((whole % 3600) / 60))}:${pad(whole % 60)}`;
  if (seconds > 60) return `${Math.floor(whole / 60)}:${pad(whole % 60)}`;
  return `${whole}s`;
}
