import { complain, ShapeError } from "../errors/index.ts";

/** Plain objects and arrays with leaves of type `T`. Object keys are visited in sorted order, as `keras.tree` does. */
export type Tree<T> = T | readonly Tree<T>[] | { readonly [key: string]: Tree<T> };

/** True for arrays and plain objects; class instances, typed arrays and primitives are leaves. */
export function isBranch(value: unknown): value is readonly unknown[] | Readonly<Record<string, unknown>> {
  if (Array.isArray(value)) return true;
  if (typeof value !== "object" || value === null) return false;
  // `{ shape, dtype, data }` with a typed array is one array, not three children.
  if ("data" in value && ArrayBuffer.isView(value.data) && "shape" in value) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** The leaves in order. @example flatten({ b: 1, a: [2, 3] }) // [2, 3, 1] */
export function flatten<T>(tree: Tree<T>): T[] {
  const leaves: T[] = [];
  walk(tree, [], (leaf) => leaves.push(leaf as T));
  return leaves;
}

/** The leaves with where they sit. @example flattenWithPath({ a: [7] }) // [[["a", 0], 7]] */
export function flattenWithPath<T>(tree: Tree<T>): [path: (string | number)[], leaf: T][] {
  const leaves: [(string | number)[], T][] = [];
  walk(tree, [], (leaf, path) => leaves.push([[...path], leaf as T]));
  return leaves;
}

/** The same structure with every leaf replaced. */
export function map<T, R>(tree: Tree<T>, f: (leaf: T, path: readonly (string | number)[]) => R): Tree<R> {
  return mapWalk(tree, [], f as (leaf: unknown, path: readonly (string | number)[]) => R);
}

/** The structure of `tree` filled with `leaves`, in the order of `flatten`. @throws ShapeError if their number differs. */
export function packAs<R>(tree: Tree<unknown>, leaves: readonly R[]): Tree<R> {
  let next = 0;
  const packed = map(tree, () => {
    if (next >= leaves.length) throw wrongCount(tree, leaves.length);
    return leaves[next++] as R;
  });
  if (next !== leaves.length) throw wrongCount(tree, leaves.length);
  return packed;
}

/** True if both have the same branches; leaves may differ. */
export function sameStructure(a: unknown, b: unknown): boolean {
  if (Array.isArray(a) || Array.isArray(b)) {
    return Array.isArray(a) && Array.isArray(b) && a.length === b.length && a.every((x, i) => sameStructure(x, b[i]));
  }
  if (isBranch(a) !== isBranch(b)) return false;
  if (!isBranch(a)) return true;
  const left = a as Record<string, unknown>;
  const right = b as Record<string, unknown>;
  const keys = Object.keys(left);
  return keys.length === Object.keys(right).length && keys.every((k) => k in right && sameStructure(left[k], right[k]));
}

function walk(
  tree: unknown,
  path: (string | number)[],
  visit: (leaf: unknown, path: (string | number)[]) => void,
): void {
  if (!isBranch(tree)) return void visit(tree, path);
  for (const [key, child] of entries(tree)) {
    path.push(key);
    walk(child, path, visit);
    path.pop();
  }
}

function mapWalk<R>(
  tree: unknown,
  path: readonly (string | number)[],
  f: (leaf: unknown, path: readonly (string | number)[]) => R,
): Tree<R> {
  if (!isBranch(tree)) return f(tree, path);
  if (Array.isArray(tree)) return tree.map((child, i) => mapWalk(child, [...path, i], f));
  return Object.fromEntries(entries(tree).map(([key, child]) => [key, mapWalk(child, [...path, key], f)]));
}

function entries(tree: readonly unknown[] | Readonly<Record<string, unknown>>): [string | number, unknown][] {
  if (Array.isArray(tree)) return tree.map((child, i) => [i, child]);
  const object = tree as Readonly<Record<string, unknown>>;
  return Object.keys(object)
    .sort()
    .map((key) => [key, object[key]]);
}

function wrongCount(tree: Tree<unknown>, count: number): ShapeError {
  const must = `the structure has ${flatten(tree).length} leaves and needs as many values`;
  return new ShapeError(complain("tree.packAs", { must, got: String(count), todo: "Pass one value for each leaf" }));
}
