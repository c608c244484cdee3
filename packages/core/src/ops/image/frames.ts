// Images made larger by zeros, or cut.
import type { SymbolicShape } from "../../aval/index.ts";
import { ConfigError, complain, ShapeError, showShape } from "../../errors/index.ts";
import type { Tensor } from "../../graph/index.ts";
import * as p from "../../primitives/index.ts";
import { convertToTensor, type TensorLike } from "../convert-core.ts";
import { KerasTensor } from "../keras-tensor.ts";
import { type Op, op } from "../op.ts";
import { type FormatOption, imageLayout } from "./layout.ts";

type Amount = number | null;
/** What is known of one axis: two of the three. */
interface Side {
  readonly before: Amount;
  readonly after: Amount;
  readonly target: Amount;
}
type Names = readonly [before: string, after: string, target: string];

// How much there is before and after, and the size of the result; null where the size of the image is not known.
function resolve(where: string, size: Amount, side: Side, names: Names, sign: 1 | -1): [Amount, Amount, Amount] {
  const given = [side.before, side.after, side.target];
  const show = (values: readonly Amount[]): string => names.map((name, i) => `${name} ${values[i]}`).join(", ");
  if (given.filter((n) => n === null).length !== 1) {
    const must = `exactly two of ${names.join(", ")} must be given`;
    throw new ConfigError(complain(where, { must, got: show(given), todo: "Leave one of them out" }));
  }
  let { before, after, target } = side;
  if (size !== null) {
    target ??= size + sign * ((before as number) + (after as number));
    const total = sign * (target - size);
    before ??= total - (after as number);
    after ??= total - before;
  }
  const all = [before, after, target];
  if (all.some((n) => n !== null && (n < 0 || !Number.isInteger(n)))) {
    const must = `${names.join(", ")} must be whole numbers, at least 0`;
    throw new ShapeError(complain(where, { must, got: `${show(all)} for size ${size}`, todo: "Check the sizes" }));
  }
  return [before, after, target];
}

/** A function on tensors and its shapes on symbolic ones, from how one axis changes. */
interface Frame {
  readonly rows: [Amount, Amount, Amount];
  readonly columns: [Amount, Amount, Amount];
  readonly height: number;
  readonly width: number;
}
const framed = (shape: SymbolicShape, { rows, columns, height, width }: Frame): Amount[] =>
  shape.map((n, i) => (i === height ? rows[2] : i === width ? columns[2] : n));

export interface PadImagesOptions extends FormatOption {
  readonly topPadding?: number | null;
  readonly leftPadding?: number | null;
  readonly bottomPadding?: number | null;
  readonly rightPadding?: number | null;
  readonly targetHeight?: number | null;
  readonly targetWidth?: number | null;
}
function padFrame(shape: SymbolicShape, options: PadImagesOptions): Frame {
  const { topPadding = null, bottomPadding = null, targetHeight = null } = options;
  const { leftPadding = null, rightPadding = null, targetWidth = null, dataFormat = null } = options;
  const { height, width } = imageLayout("padImages", shape, dataFormat);
  const vertical = { before: topPadding, after: bottomPadding, target: targetHeight };
  const horizontal = { before: leftPadding, after: rightPadding, target: targetWidth };
  const [h, w] = [shape[height] as Amount, shape[width] as Amount];
  const rows = resolve("padImages", h, vertical, ["topPadding", "bottomPadding", "targetHeight"], 1);
  const columns = resolve("padImages", w, horizontal, ["leftPadding", "rightPadding", "targetWidth"], 1);
  return { rows, columns, height, width };
}
const beside = (x: Tensor, { height, width }: Frame, rows: Amount, columns: Amount): number[] =>
  x.shape.map((_, i) => (i === height ? (rows as number) : i === width ? (columns as number) : 0));

/**
 * Zeros around images `[N, H, W, C]` or `[H, W, C]` (or channels first). Of top, bottom and target height two are given, and of
 * left, right and target width.
 * @throws ConfigError unless two of three are given. @throws ShapeError if an image is larger than its target.
 * Source: keras.ops.image.pad_images.
 * @example ops.image.padImages(ops.ones([4, 5, 1]), { topPadding: 1, leftPadding: 0, targetHeight: 8, targetWidth: 8 }).shape; // [8, 8, 1]
 */
export const padImages: Op<(images: TensorLike, options?: PadImagesOptions) => Tensor> = /* @__PURE__ */ op(
  "padImages",
  (images: TensorLike, options: PadImagesOptions = {}): Tensor => {
    const x = convertToTensor(images);
    const frame = padFrame(x.shape, options);
    const low = beside(x, frame, frame.rows[0], frame.columns[0]);
    const high = beside(x, frame, frame.rows[1], frame.columns[1]);
    return p.pad(x, { low, high, interior: x.shape.map(() => 0) });
  },
  (images, options = {}) =>
    new KerasTensor(framed(images.shape, padFrame(images.shape, options)), { dtype: images.dtype }),
);

export interface CropImagesOptions extends FormatOption {
  readonly topCropping?: number | null;
  readonly leftCropping?: number | null;
  readonly bottomCropping?: number | null;
  readonly rightCropping?: number | null;
  readonly targetHeight?: number | null;
  readonly targetWidth?: number | null;
}
function cropFrame(shape: SymbolicShape, options: CropImagesOptions): Frame {
  const { topCropping = null, bottomCropping = null, targetHeight = null } = options;
  const { leftCropping = null, rightCropping = null, targetWidth = null, dataFormat = null } = options;
  const { height, width } = imageLayout("cropImages", shape, dataFormat);
  const vertical = { before: topCropping, after: bottomCropping, target: targetHeight };
  const horizontal = { before: leftCropping, after: rightCropping, target: targetWidth };
  const [h, w] = [shape[height] as Amount, shape[width] as Amount];
  const rows = resolve("cropImages", h, vertical, ["topCropping", "bottomCropping", "targetHeight"], -1);
  const columns = resolve("cropImages", w, horizontal, ["leftCropping", "rightCropping", "targetWidth"], -1);
  if (rows[2] === null || columns[2] === null) {
    const must = "targetHeight and targetWidth must be given where the size of the images is not known";
    throw new ShapeError(complain("cropImages", { must, got: showShape(shape), todo: "Pass the target sizes" }));
  }
  return { rows, columns, height, width };
}

/**
 * A part of images `[N, H, W, C]` or `[H, W, C]` (or channels first). Of top, bottom and target height two are given, and of left,
 * right and target width.
 * @throws ConfigError unless two of three are given. @throws ShapeError if the part sticks out. Source: keras.ops.image.crop_images.
 * @example ops.image.cropImages(ops.ones([8, 8, 1]), { topCropping: 1, leftCropping: 2, targetHeight: 4, targetWidth: 4 }).shape; // [4, 4, 1]
 */
export const cropImages: Op<(images: TensorLike, options?: CropImagesOptions) => Tensor> = /* @__PURE__ */ op(
  "cropImages",
  (images: TensorLike, options: CropImagesOptions = {}): Tensor => {
    const x = convertToTensor(images);
    const frame = cropFrame(x.shape, options);
    const starts = beside(x, frame, frame.rows[0], frame.columns[0]);
    const limits = framed(x.shape, frame).map((n, i) => (n as number) + (starts[i] as number));
    return p.slice(x, { starts, limits, strides: x.shape.map(() => 1) });
  },
  (images, options = {}) =>
    new KerasTensor(framed(images.shape, cropFrame(images.shape, options)), { dtype: images.dtype }),
);
