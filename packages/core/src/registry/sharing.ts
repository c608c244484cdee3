// Objects that stand in several places of one saved model carry one number in all of them, so that loading makes one object.
import { isBranch } from "../tree/index.ts";

let ids: Map<object, number> | undefined;
let counts: Map<number, number> | undefined;

/** Notes that `object` was written as `form`. Outside of `withSharedObjects` nothing happens. */
export function recordShared<T extends object>(object: object, form: T): T {
  if (ids === undefined || counts === undefined) return form;
  const id = ids.get(object) ?? ids.size + 1;
  ids.set(object, id);
  counts.set(id, (counts.get(id) ?? 0) + 1);
  return { ...form, shared_object_id: id };
}

/** Runs `f`, which serializes; objects that it writes more than once get a `shared_object_id`. */
export function withSharedObjects(f: () => unknown): unknown {
  if (ids !== undefined) return f();
  ids = new Map();
  counts = new Map();
  try {
    return keepShared(f(), counts);
  } finally {
    ids = undefined;
    counts = undefined;
  }
}

// Only at the end is it known which objects came twice; the numbers of the others go.
function keepShared(value: unknown, times: ReadonlyMap<number, number>): unknown {
  if (Array.isArray(value)) return value.map((item) => keepShared(item, times));
  if (!isBranch(value)) return value;
  const entries = Object.entries(value).filter(
    ([key, v]) => key !== "shared_object_id" || (times.get(v as number) ?? 0) > 1,
  );
  return Object.fromEntries(entries.map(([key, v]) => [key, keepShared(v, times)]));
}
