// einops' notation: axes by name on both sides of an arrow, merged and split with parentheses.
import { range, sizeOf } from "../aval/index.ts";
import { complain, ShapeError, showShape } from "../errors/index.ts";
import type { Tensor } from "../graph/index.ts";
import * as p from "../primitives/index.ts";
import { convertToTensor, type TensorLike } from "./convert-core.ts";
import { type Op, op } from "./op.ts";

type Side = readonly (readonly string[])[];

function refuse(must: string, got: string, todo: string): never {
  throw new ShapeError(complain("rearrange", { must, got, todo }));
}

// "b (h w) c" as [["b"], ["h", "w"], ["c"]].
function parseSide(text: string, pattern: string): Side {
  const groups = text.match(/\w+|\([\w\s]+\)|\S/g) ?? [];
  return groups.map((group) => {
    const names = group.match(/\w+/g);
    if (names !== null) return names;
    const must = "a pattern must hold names of axes, and names in parentheses";
    return refuse(must, `"${group}" in "${pattern}"`, 'Write it like "b h w c -> b (h w) c"');
  });
}
function parse(pattern: string): readonly [Side, Side] {
  const sides = pattern.split("->");
  if (sides.length !== 2) refuse('a pattern must have one "->"', `"${pattern}"`, 'Write it like "b h w -> b w h"');
  const [from, to] = sides.map((side) => parseSide(side, pattern)) as [Side, Side];
  const [before, after] = [from.flat(), to.flat()];
  for (const side of [before, after]) {
    const twice = side.find((name, i) => side.indexOf(name) !== i);
    if (twice !== undefined) refuse("each side must name an axis once", `"${twice}" in "${pattern}"`, "Rename one");
  }
  const single = [...before, ...after].find((name) => !(before.includes(name) && after.includes(name)));
  if (single !== undefined) refuse("both sides must have the same axes", `"${single}" in "${pattern}"`, "Add it");
  return [from, to];
}

// Sizes of the named axes of one axis of `x`; one of them may follow from the others.
function sizesOf(
  names: readonly string[],
  size: number,
  given: ReadonlyMap<string, number>,
  pattern: string,
): number[] {
  const open = names.filter((name) => !given.has(name));
  const known = sizeOf(names.flatMap((name) => given.get(name) ?? []));
  if (open.length > 1) {
    const todo = `Pass all but one of their sizes: { ${open[0]}: 2 }`;
    refuse("the sizes of merged axes must be known but for one", `${open.join(" and ")} in "${pattern}"`, todo);
  }
  const rest = known === 0 ? 0 : size / known;
  if (open.length === 1 ? !Number.isInteger(rest) : known !== size) {
    const sizes = names.map((name) => `${name} = ${given.get(name) ?? "?"}`).join(", ");
    refuse(`sizes must multiply to ${size}, the axis that they split`, sizes, "Check the given sizes");
  }
  return names.map((name) => given.get(name) ?? rest);
}

function requireLengths(lengths: Readonly<Record<string, number>>, names: readonly string[], pattern: string): void {
  for (const [name, length] of Object.entries(lengths)) {
    if (!names.includes(name))
      refuse("sizes must be of axes in the pattern", `"${name}" for "${pattern}"`, "Check the name");
    if (!Number.isInteger(length) || length < 0) {
      refuse("sizes of axes must be whole numbers, at least 0", `${name} = ${String(length)}`, "Check the size");
    }
  }
}

/**
 * Axes reordered, split and merged as a pattern says. Sizes of split axes are given by name; one of each group may be left out.
 * @param tensor as the left side says: names are axes, names in parentheses are one axis made of several
 * @throws ShapeError for a pattern that does not fit. Source: Rogozhnikov 2022 (einops); keras.ops.rearrange.
 * @example rearrange(ops.zeros([2, 6, 3]), "b (h p) c -> b h (p c)", { p: 2 }).shape; // [2, 3, 6]
 */
export const rearrange: Op<
  (tensor: TensorLike, pattern: string, axesLengths?: Readonly<Record<string, number>>) => Tensor
> = /* @__PURE__ */ op(
  "rearrange",
  (tensor: TensorLike, pattern: string, axesLengths: Readonly<Record<string, number>> = {}): Tensor => {
    const x = convertToTensor(tensor);
    const [from, to] = parse(pattern);
    if (from.length !== x.ndim) {
      const got = `${from.length} in "${pattern}" for ${showShape(x.shape)}`;
      refuse(`the left side must name ${x.ndim} axes`, got, "Check the pattern");
    }
    const names = from.flat();
    requireLengths(axesLengths, names, pattern);
    const given = new Map(
      names.flatMap((name) => (axesLengths[name] === undefined ? [] : [[name, axesLengths[name]] as const])),
    );
    const sizes = from.flatMap((group, axis) => sizesOf(group, x.shape[axis] as number, given, pattern));
    const split = p.reshape(x, { shape: sizes });
    const moved = p.transpose(split, { permutation: to.flat().map((name) => names.indexOf(name)) });
    const sizeByName = new Map(range(names.length).map((i) => [names[i] as string, sizes[i] as number]));
    return p.reshape(moved, { shape: to.map((group) => sizeOf(group.map((name) => sizeByName.get(name) as number))) });
  },
);
