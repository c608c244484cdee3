// Functions of single elements (or of small blocks) made functions of tensors.
import { broadcastShapes, range, type Shape, sizeOf } from "../aval/index.ts";
import { ConfigError, complain, ShapeError, showShape } from "../errors/index.ts";
import type { Tensor } from "../graph/index.ts";
import * as p from "../primitives/index.ts";
import { withChecks } from "./arguments.ts";
import { map } from "./control.ts";
import { convertToTensor, type TensorLike } from "./convert-core.ts";

export interface VectorizeOptions {
  /** Positions of arguments that are handed on as they are. */
  readonly excluded?: readonly number[] | null;
  /** The axes of blocks, as NumPy writes them: `(m,n),(n)->(m)`. Scalars by default. */
  readonly signature?: string | null;
}
type Elementwise = (...args: (Tensor | TensorLike)[]) => Tensor | readonly Tensor[];
type Vectorized = (...args: readonly TensorLike[]) => Tensor | readonly Tensor[];
type Blocks = readonly (readonly string[])[];

function parseSignature(signature: string): readonly [inputs: Blocks, outputs: Blocks] {
  const text = signature.replace(/\s/g, "");
  const list = String.raw`\((?:\w+(?:,\w+)*)?\)`;
  if (!new RegExp(`^${list}(?:,${list})*->${list}(?:,${list})*$`).test(text)) {
    const must = "a signature must be lists of axes in parentheses on both sides of ->";
    throw new ConfigError(
      complain("vectorize", { must, got: `"${signature}"`, todo: 'Write it like "(m,n),(n)->(m)"' }),
    );
  }
  const blocks = (side: string): Blocks => (side.match(/\([^)]*\)/g) ?? []).map((part) => part.match(/\w+/g) ?? []);
  return text.split("->").map(blocks) as unknown as readonly [Blocks, Blocks];
}

// Sizes by name, checked: a name has one size.
function noteSizes(sizes: Map<string, number>, names: readonly string[], shape: Shape): void {
  names.forEach((name, i) => {
    const size = shape[shape.length - names.length + i];
    const known = sizes.get(name);
    if (size === undefined || (known !== undefined && known !== size)) {
      const must = `axis ${name} of the signature must have one size`;
      const got = `${size ?? "no axis"}${known === undefined ? "" : ` and ${known}`} in ${showShape(shape)}`;
      throw new ShapeError(complain("vectorize", { must, got, todo: "Check the shapes and the signature" }));
    }
    sizes.set(name, size);
  });
}

/**
 * `f`, a function of scalars (of blocks, with `signature`), as a function of tensors whose other axes broadcast. `f` runs once, as a
 * program that is then repeated. @throws ShapeError if shapes do not broadcast. Source: keras.ops.vectorize.
 * @example
 * const smaller = vectorize((a, b) => ops.minimum(a as Tensor, b as Tensor));
 * await (smaller([1, 5], 3) as Tensor).array(); // [1, 3]
 */
export const vectorize: (f: Elementwise, options?: VectorizeOptions) => Vectorized = /* @__PURE__ */ withChecks(
  "vectorize",
  (f: Elementwise, { excluded = null, signature = null }: VectorizeOptions = {}): Vectorized => {
    const kept = new Set(excluded ?? []);
    const wrong = [...kept].find((i) => !Number.isInteger(i) || i < 0);
    if (wrong !== undefined) {
      const must = "excluded must be positions of arguments, from 0 on";
      throw new ConfigError(complain("vectorize", { must, got: String(wrong), todo: "Count positional arguments" }));
    }
    const parsed = signature === null ? null : parseSignature(signature);
    return (...args) => {
      const places = range(args.length).filter((i) => !kept.has(i));
      const xs = places.map((i) => convertToTensor(args[i] as TensorLike));
      if (parsed !== null && parsed[0].length !== xs.length) {
        const got = `${xs.length} for "${signature}"`;
        const must = `there must be ${parsed[0].length} arguments`;
        throw new ShapeError(complain("vectorize", { must, got, todo: "Check the signature" }));
      }
      const sizes = new Map<string, number>();
      const blocks = xs.map((x, i) => {
        const names = parsed?.[0][i] ?? [];
        noteSizes(sizes, names, x.shape);
        return x.shape.slice(x.ndim - names.length);
      });
      const loop = broadcastShapes(
        "vectorize",
        ...xs.map((x, i) => x.shape.slice(0, x.ndim - (blocks[i] as Shape).length)),
      );
      const call = (values: readonly Tensor[]): Tensor | readonly Tensor[] => {
        const full: (Tensor | TensorLike)[] = [...args];
        places.forEach((place, i) => {
          full[place] = values[i] as Tensor;
        });
        const made = f(...full);
        const outs = (Array.isArray(made) ? made : [made]) as readonly Tensor[];
        if (parsed !== null) checkResults(outs, parsed[1], sizes, signature as string);
        return made;
      };
      if (loop.length === 0) return call(xs);
      const rows = xs.map((x, i) => {
        const block = blocks[i] as Shape;
        return p.reshape(p.broadcastTo(x, { shape: [...loop, ...block] }), { shape: [sizeOf(loop), ...block] });
      });
      const made = map((row: readonly Tensor[]) => call(row), rows);
      const unflat = (y: Tensor): Tensor => p.reshape(y, { shape: [...loop, ...y.shape.slice(1)] });
      return Array.isArray(made) ? (made as readonly Tensor[]).map(unflat) : unflat(made as Tensor);
    };
  },
);

function checkResults(outs: readonly Tensor[], wanted: Blocks, sizes: Map<string, number>, signature: string): void {
  if (outs.length !== wanted.length || outs.some((y, i) => y.ndim !== (wanted[i] as readonly string[]).length)) {
    const got = `${outs.map((y) => showShape(y.shape)).join(", ")} for "${signature}"`;
    const must = "results must have the axes that the signature gives them";
    throw new ShapeError(complain("vectorize", { must, got, todo: "Check the function's result" }));
  }
  outs.forEach((y, i) => {
    noteSizes(sizes, wanted[i] as readonly string[], y.shape);
  });
}
