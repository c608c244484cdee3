// What the parameters of Keras' ops take, by their names: one name means one thing everywhere, but for the few ops listed last.
import { Tensor } from "../graph/index.ts";
import { isSymbolic } from "./keras-tensor.ts";

/** What an argument must be, in words and as a test. */
export interface Kind {
  readonly must: string;
  readonly holds: (x: unknown) => boolean;
}
const isArray = (x: unknown): boolean => Array.isArray(x) || (ArrayBuffer.isView(x) && !(x instanceof DataView));
// Tensors of an engine, host arrays and variables are known by what they have.
const isHolder = (x: unknown): boolean =>
  typeof x === "object" && x !== null && (("shape" in x && "dtype" in x) || "value" in x || "data" in x);
const isTensorLike = (x: unknown): boolean =>
  x instanceof Tensor || typeof x === "number" || typeof x === "boolean" || isSymbolic(x) || isArray(x) || isHolder(x);
const isWhole = (x: unknown): boolean => Number.isInteger(x);
const isWholes = (x: unknown): boolean => isArray(x) && Array.from(x as ArrayLike<unknown>).every(isWhole);
const isSize = (x: unknown): boolean => x === null || isWhole(x);
const isList = (x: unknown): boolean => isArray(x) || x instanceof Tensor || isSymbolic(x);
const isText = (x: unknown): boolean => typeof x === "string";

const kind = (must: string, holds: (x: unknown) => boolean): Kind => ({ must, holds });
const tensor = kind("a tensor, a number or an array of numbers", isTensorLike);
const maybeTensor = kind("a tensor, a number, an array of numbers or null", (x) => x === null || isTensorLike(x));
const tensors = kind("an array of tensors", isList);
const count = kind("a whole number", isWhole);
const counts = kind("a whole number or an array of them", (x) => isWhole(x) || isWholes(x) || x instanceof Tensor);
const sizes = kind(
  "a whole number or an array of them",
  (x) => isWhole(x) || (Array.isArray(x) && x.every((n) => isSize(n) || n instanceof Tensor)),
);
const number = kind("a number", (x) => typeof x === "number");
const numbers = kind("a number or an array of numbers", isTensorLike);
const nested = kind("an array of whole numbers or of pairs of them", (x) => isWhole(x) || isList(x));
const flag = kind("true or false", (x) => typeof x === "boolean" || x === 0 || x === 1);
const text = kind("a string", isText);
const dtype = kind("the name of a dtype, a string", isText);
const callable = kind("a function", (x) => typeof x === "function");
const callables = kind("an array of functions", (x) => Array.isArray(x) && x.every((f) => typeof f === "function"));
const anything = kind("given", (x) => x !== undefined);

const named = (of: Kind, names: string): readonly (readonly [string, Kind])[] =>
  names.split(" ").map((name) => [name, of] as const);
const kinds: ReadonlyMap<string, Kind> = new Map([
  ...named(tensor, "a abs alpha angle array b bins condition coordinates counts data depthwiseKernel end endPoints"),
  ...named(tensor, "fillValue fromPoints image1 image2 images indices inputs kernel logits mean output outputLength"),
  ...named(tensor, "pointwiseKernel pred predictions primal probabilities query scale segmentIds sequenceLengths"),
  ...named(tensor, "sortedSequence startPoints stop target targetLength targets tensor toPoints transform translation"),
  ...named(
    tensor,
    "updates value values variable variance volumes x x1 x2 y start bias mask offset beta gamma weights",
  ),
  ...named(maybeTensor, "xMin xMax"),
  ...named(tensors, "xs condlist choicelist"),
  ...named(count, "N M n k kth axis1 axis2 axisa axisb axisc blockSize numClasses numSamples num decimals minlength"),
  ...named(count, "sequenceLength sequenceStride fftLength maskIndex beamWidth topPaths length maximumIterations"),
  ...named(count, "numSegments targetHeight targetWidth topCropping bottomCropping leftCropping rightCropping"),
  ...named(count, "topPadding bottomPadding leftPadding rightPadding filterSize"),
  ...named(counts, "axis axes repeats shift source destination"),
  ...named(sizes, "shape newshape size outputSize kernelSize poolSize strides dilationRate outputPadding noiseShape"),
  ...named(sizes, "stride dilation spatialDims outputShape"),
  ...named(nested, "padWidth indicesOrSections"),
  ...named(number, "negativeSlope threshold defaultValue rate rtol atol epsilon rcond tol filterSigma k1 k2 maxVal dx"),
  ...named(number, "attnLogitsSoftCap step base posinf neginf nan initial"),
  ...named(numbers, "q sigma constantValues default range minval maxval stddev"),
  ...named(flag, "keepdims fromLogits isCausal flashAttention equalNan endpoint retstep reverse returnIndex sparse"),
  ...named(flag, "returnInverse returnCounts sorted upper lower fullMatrices computeUv approximate antialias center"),
  ...named(
    flag,
    "cropToAspectRatio padToAspectRatio increasing assumeUnique invert synchronized mergeRepeated hasAux rmsScaling ragged",
  ),
  ...named(text, "subscripts pattern dataFormat interpolation fillMode mode side indexing strategy method reduction"),
  ...named(dtype, "dtype"),
  ...named(callable, "f fun function pyfunc trueFn falseFn cond body bodyFun"),
  ...named(callables, "branches"),
]);
// Where a name means something else.
const exceptions: ReadonlyMap<string, Kind> = new Map([
  ["elu.alpha", number],
  ["celu.alpha", number],
  ["elasticTransform.alpha", tensor],
  ["squareplus.b", number],
  ["batchNormalization.axis", count],
  ["mapCoordinates.order", count],
  ["slice.startIndices", anything],
  ["map.xs", anything],
  ["scan.xs", anything],
  ["trapezoid.dx", tensor],
  ["where.x1", maybeTensor],
  ["where.x2", maybeTensor],
  ["tensordot.axes", kind("a whole number or two arrays of them", (x) => isWhole(x) || Array.isArray(x))],
  ["foriLoop.lower", tensor],
  ["foriLoop.upper", tensor],
  ["getItem.key", kind("an array of indices", (x) => Array.isArray(x))],
  ["arange.start", number],
  ["arange.stop", number],
  ["random.randint.minval", numbers],
  ["isTensor.x", anything],
  ["histogram.bins", numbers],
]);

/** What `name` takes in `op`. */
export const kindOf = (op: string, name: string): Kind =>
  exceptions.get(`${op}.${name}`) ?? kinds.get(name) ?? anything;
