import { type ChildProcess, spawn } from "node:child_process";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { root } from "./workspace.ts";

/** How a command ended. */
export interface Finished {
  readonly code: number;
  /** The last part of what it wrote (stdout and stderr as they came). */
  readonly tail: string;
}

/** How to run a command. */
export interface RunOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Nothing is forwarded unless the command fails: for fast commands that chatter. */
  readonly quiet?: boolean;
  /** Nothing is forwarded at all: for questions whose failure is an answer. */
  readonly silent?: boolean;
  /** A line that is kept in `tail` but not shown. */
  readonly hide?: RegExp;
  /** Ends the command after this long, with exit code 124. */
  readonly timeoutMs?: number;
}

const TAIL = 64_000;
const living = new Set<ChildProcess>();
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.on(signal, () => {
    for (const child of living) child.kill(signal);
    process.exit(130);
  });
}

/** Runs a command, shows its output as it comes, and remembers the end of it. */
export function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<Finished> {
  return new Promise((settle) => {
    const child = spawn(command, args, {
      cwd: options.cwd ?? root,
      env: { ...process.env, ...options.env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    living.add(child);
    let tail = "";
    let timedOut = false;
    const timer = options.timeoutMs
      ? setTimeout(() => {
          timedOut = true;
          child.kill("SIGKILL");
        }, options.timeoutMs)
      : undefined;
    const show = (text: string): void => {
      tail = (tail + text).slice(-TAIL);
      if (!options.quiet && !options.silent) process.stdout.write(text);
    };
    const lines = options.hide ? lineFilter(show, options.hide, (hidden) => (tail += hidden)) : show;
    child.stdout.setEncoding("utf8").on("data", lines);
    child.stderr.setEncoding("utf8").on("data", show);
    const finish = (code: number): void => {
      clearTimeout(timer);
      living.delete(child);
      if (options.hide) lines("\n");
      if (options.quiet && code !== 0) process.stdout.write(tail.endsWith("\n") ? tail : `${tail}\n`);
      settle({ code: timedOut ? 124 : code, tail });
    };
    child.on("error", (error) => {
      show(`${command}: ${error.message}\n`);
      finish(127);
    });
    child.on("close", (code) => finish(code ?? 1));
  });
}

/** Passes whole lines on, except those that match. */
function lineFilter(show: (text: string) => void, hide: RegExp, keep: (text: string) => void): (text: string) => void {
  let rest = "";
  return (text) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) (hide.test(line) ? keep : show)(`${line}\n`);
  };
}

/** Arguments for `node` that run TypeScript with workspace packages resolved to their sources. */
export function nodeArgs(script: string, args: readonly string[] = []): string[] {
  return ["--conditions=@keras-ts/source", "--import", import.meta.resolve("tsx"), script, ...args];
}

/** Runs a TypeScript file of this repository in a Node of its own. */
export function runScript(script: string, args: readonly string[] = [], options: RunOptions = {}): Promise<Finished> {
  return run(process.execPath, nodeArgs(script, args), options);
}

/** Runs a command-line tool from `node_modules/.bin`. */
export function runBin(name: string, args: readonly string[], options: RunOptions = {}): Promise<Finished> {
  const suffix = process.platform === "win32" ? ".cmd" : "";
  return run(join(root, "node_modules", ".bin", name + suffix), args, options);
}

/** True when this module was started as a program and not imported. */
export function isMain(meta: ImportMeta): boolean {
  return process.argv[1] !== undefined && pathToFileURL(resolve(process.argv[1])).href === meta.url;
}
