// Whether other programs want the processors too: then idle threads that spin for the next operator would take them from those.

/** Milliseconds of processor time up to a moment. */
export interface Usage {
  readonly at: number;
  /** Of all processors, by all processes. */
  readonly all: number;
  /** Of that, by this process. */
  readonly own: number;
}

/** What is used of Node; this package is compiled without its types. */
interface NodeProcess {
  cpuUsage(): { readonly user: number; readonly system: number };
  getBuiltinModule?(name: "node:os"): { cpus(): readonly { readonly times: Times }[] };
}
type Times = Readonly<Record<"user" | "nice" | "sys", number>>;

/** Shorter times say nothing: processors count in steps of 10 milliseconds. */
const SHORTEST = 50;
/** Processors that others have to keep busy, to be seen. */
const MUCH = 0.5;

/** In Node only. */
export function usageNow(): Usage | undefined {
  const { process } = globalThis as unknown as { readonly process?: NodeProcess };
  const os = process?.getBuiltinModule?.("node:os");
  if (process === undefined || os === undefined) return undefined;
  const { user, system } = process.cpuUsage();
  const all = os.cpus().reduce((sum, { times }) => sum + times.user + times.nice + times.sys, 0);
  return { at: performance.now(), all, own: (user + system) / 1000 };
}

/** Whether others kept half a processor busy in between; undefined for too short a time. */
export function isBusyBeside(before: Usage, after: Usage): boolean | undefined {
  const elapsed = after.at - before.at;
  if (elapsed < SHORTEST) return undefined;
  return (after.all - before.all - (after.own - before.own)) / elapsed > MUCH;
}

let last = usageNow();
let seen = false;

/** Whether others were busy since the last call, or since this file was loaded. */
export function othersAreBusy(): boolean {
  const now = usageNow();
  const busy = last === undefined || now === undefined ? false : isBusyBeside(last, now);
  if (busy === undefined) return seen;
  [last, seen] = [now, busy];
  return busy;
}
