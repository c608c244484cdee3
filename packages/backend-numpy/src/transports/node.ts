type Builtins = {
  "node:buffer": typeof import("node:buffer");
  "node:child_process": typeof import("node:child_process");
  "node:fs": typeof import("node:fs");
  "node:os": typeof import("node:os");
  "node:path": typeof import("node:path");
  "node:url": typeof import("node:url");
  "node:worker_threads": typeof import("node:worker_threads");
  "node:module": typeof import("node:module");
};

/** A module of Node, undefined elsewhere. Bundlers for browsers never see an import. */
export function node<Name extends keyof Builtins>(name: Name): Builtins[Name] | undefined {
  const host = (globalThis as { readonly process?: { getBuiltinModule?: (name: string) => unknown } }).process;
  return host?.getBuiltinModule?.(name) as Builtins[Name] | undefined;
}
