// Operators of one version of ONNX' operator set as operators of another.
import { type Attribute, encodeAttribute } from "../proto.ts";
import { NotAPart } from "./not-a-part.ts";
import { type AttributeValue, type ForeignNode, readAttribute } from "./read-graph.ts";

/** The oldest version that is understood: before it, broadcasting was said by attributes. */
const OLDEST = 7;

type Own = Exclude<Attribute, { readonly kind: "raw" }>;

/** Appends what a changed operator stands on. */
class Writer {
  readonly nodes: ForeignNode[] = [];
  readonly #newName: () => string;

  constructor(newName: () => string) {
    this.#newName = newName;
  }
  op(op: string, inputs: readonly string[], attributes: Readonly<Record<string, Own>> = {}): string {
    const output = this.#newName();
    const encoded = Object.entries(attributes).map(([name, value]) => [name, encodeAttribute(name, value)] as const);
    this.nodes.push({
      op,
      domain: "",
      overload: "",
      inputs,
      outputs: [output],
      name: output,
      attributes: new Map(encoded),
    });
    return output;
  }
  ints(value: readonly number[]): string {
    return this.op("Constant", [], { value_ints: { kind: "ints", value } });
  }
  /** A number of the element type of another value. */
  number(value: number, like: string): string {
    return this.op("CastLike", [this.op("Constant", [], { value_float: { kind: "float", value } }), like]);
  }
}

/** Gives the operator in the version in which it changed; what it needs before it is appended. */
type Change = (node: ForeignNode, writer: Writer) => ForeignNode;

/** @throws Error if a function's caller gives the value, which then is not known here. */
function attributeOf(node: ForeignNode, name: string): AttributeValue | undefined {
  const bytes = node.attributes.get(name);
  const value = bytes === undefined ? undefined : readAttribute(bytes);
  if (value?.isReference === true) throw new Error(`${node.op}, whose ${name} the caller of a function gives`);
  return value;
}

/** The operator with other inputs, and attributes set or (by `undefined`) taken away. */
function changed(
  node: ForeignNode,
  { op = node.op, inputs = node.inputs }: { readonly op?: string; readonly inputs?: readonly string[] },
  attributes: Readonly<Record<string, Own | undefined>> = {},
): ForeignNode {
  const all = new Map(node.attributes);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined) all.delete(name);
    else all.set(name, encodeAttribute(name, value));
  }
  return { ...node, op, inputs, attributes: all };
}

const text = (value: string): Own => ({ kind: "string", value });
const first = (node: ForeignNode): string => node.inputs[0] as string;

/** A list of whole numbers that was an attribute is an input, the second. */
const listToInput =
  (name: string): Change =>
  (node, w) => {
    const list = attributeOf(node, name);
    if (list === undefined) return node;
    return changed(node, { inputs: [first(node), w.ints(list.ints)] }, { [name]: undefined });
  };

/** The operator worked on a matrix: axes before `axis`, and the others. */
const alongMatrix: Change = (node, w) => {
  const axis = attributeOf(node, "axis")?.int ?? 1;
  const shape = w.op("Shape", [first(node)]);
  const flat = w.op("Flatten", [first(node)], { axis: { kind: "int", value: axis } });
  const result = w.op(node.op, [flat], { axis: { kind: "int", value: -1 } });
  return { ...changed(node, { op: "Reshape", inputs: [result, shape] }), attributes: new Map() };
};

const refuse =
  (what: string, mayStay: (node: ForeignNode) => boolean = () => false): Change =>
  (node) => {
    if (mayStay(node)) return node;
    throw new Error(`${node.op}, which newer operator sets do not have ${what}`);
  };

const oneResult = (node: ForeignNode): boolean => node.outputs.slice(1).every((name) => name === "");

const reductions =
  "ReduceMax ReduceMin ReduceMean ReduceProd ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceSumSquare";

/** What operators became, by the version that changed them; where only types were added nothing is here. */
const changes: Readonly<Record<string, Readonly<Record<number, Change>>>> = {
  BatchNormalization: {
    9: (node) => {
      if ((attributeOf(node, "spatial")?.int ?? 1) === 1) return changed(node, {}, { spatial: undefined });
      throw new Error("BatchNormalization with spatial: 0, which newer operator sets do not have");
    },
    14: refuse("for training", oneResult),
  },
  Clip: {
    11: (node, w) => {
      const limit = (name: string): string => {
        const value = attributeOf(node, name)?.float;
        return value === undefined ? "" : w.number(value, first(node));
      };
      const inputs = [first(node), limit("min"), limit("max")];
      return changed(node, { inputs }, { min: undefined, max: undefined });
    },
  },
  DFT: {
    20: (node, w) => {
      const axis = w.op("Constant", [], { value_int: { kind: "int", value: attributeOf(node, "axis")?.int ?? 1 } });
      return changed(node, { inputs: [first(node), node.inputs[1] ?? "", axis] }, { axis: undefined });
    },
  },
  Dropout: {
    10: refuse("with a mask of numbers", oneResult),
    12: (node) => changed(node, {}, { ratio: undefined }),
  },
  GridSample: {
    20: (node) => {
      const renamed = { bilinear: "linear", bicubic: "cubic" }[attributeOf(node, "mode")?.text ?? ""];
      return renamed === undefined ? node : changed(node, {}, { mode: text(renamed) });
    },
  },
  GroupNormalization: { 21: refuse("with scales for each group") },
  Hardmax: { 13: alongMatrix },
  LogSoftmax: { 13: alongMatrix },
  Pad: {
    11: (node, w) => {
      const value = w.number(attributeOf(node, "value")?.float ?? 0, first(node));
      const inputs = [first(node), w.ints(attributeOf(node, "pads")?.ints ?? []), value];
      return changed(node, { inputs }, { pads: undefined, value: undefined });
    },
  },
  ReduceSum: { 13: listToInput("axes") },
  ...Object.fromEntries(reductions.split(" ").map((op) => [op, { 18: listToInput("axes") }])),
  Resize: {
    11: (node) => {
      const how = { coordinate_transformation_mode: text("asymmetric"), nearest_mode: text("floor") };
      return changed(node, { inputs: [first(node), "", node.inputs[1] as string] }, how);
    },
    // Where sizes are given, scales were there and empty.
    13: (node) => {
      const [x, regions = "", , sizes = ""] = node.inputs;
      return sizes === "" ? node : changed(node, { inputs: [x as string, regions, "", sizes] });
    },
  },
  RoiAlign: { 16: (node) => changed(node, {}, { coordinate_transformation_mode: text("output_half_pixel") }) },
  Scan: { 9: refuse("over batches") },
  Scatter: { 11: (node) => changed(node, { op: "ScatterElements" }) },
  Slice: {
    10: (node, w) => {
      const [starts, ends, axes] = ["starts", "ends", "axes"].map((name) => attributeOf(node, name)?.ints);
      const lists = axes === undefined ? [starts, ends] : [starts, ends, axes];
      const inputs = [first(node), ...lists.map((list) => w.ints(list ?? []))];
      return changed(node, { inputs }, { starts: undefined, ends: undefined, axes: undefined });
    },
  },
  Softmax: { 13: alongMatrix },
  Split: {
    13: listToInput("split"),
    18: (node) => {
      if ((node.inputs[1] ?? "") !== "") return node;
      return changed(node, {}, { num_outputs: { kind: "int", value: node.outputs.length } });
    },
  },
  Squeeze: { 13: listToInput("axes") },
  TopK: {
    10: (node, w) => {
      const count = w.ints([attributeOf(node, "k")?.int ?? 0]);
      return changed(node, { inputs: [first(node), count] }, { k: undefined });
    },
  },
  Unsqueeze: { 13: listToInput("axes") },
  Upsample: {
    9: (node, w) => {
      const value = attributeOf(node, "scales")?.floats ?? [];
      const scales = w.op("Constant", [], { value_floats: { kind: "floats", value } });
      return changed(node, { inputs: [first(node), scales] }, { scales: undefined });
    },
    10: (node) => changed(node, { op: "Resize" }),
  },
};

const quantized =
  "Cast CastLike Constant ConstantOfShape DequantizeLinear Flatten Identity If Loop Pad QuantizeLinear Reshape Scan Shape Size Squeeze Transpose Unsqueeze";
/** Operators that are new or took new types or options, by version, from the oldest that we write on. */
const news: Readonly<Record<number, string>> = {
  19: "AveragePool Cast CastLike Constant DeformConv DequantizeLinear Equal Identity If Loop Pad QuantizeLinear Reshape Resize Scan Shape Size",
  20: "AffineGrid ConstantOfShape DFT Gelu GridSample ImageDecoder IsInf IsNaN ReduceMax ReduceMin RegexFullMatch StringConcat StringSplit",
  21: `${quantized} GroupNormalization QLinearMatMul`,
  22:
    "Acos Acosh Asin Asinh Atan Atanh AveragePool Bernoulli Conv ConvTranspose Cos Cosh DeformConv Det Dropout Elu EyeLike GRU " +
    "GlobalAveragePool GlobalLpPool GlobalMaxPool GridSample HardSigmoid HardSwish InstanceNormalization LSTM LpNormalization LpPool " +
    "MaxPool MaxRoiPool MaxUnpool Mish Multinomial NegativeLogLikelihoodLoss RNN RandomNormal RandomNormalLike RandomUniform " +
    "RandomUniformLike RoiAlign Round Selu Sin Sinh Softplus Softsign Tan ThresholdedRelu",
  23: `${quantized} Attention RMSNormalization RotaryEmbedding`,
  24: `${quantized} Attention SplitToSequence Swish TensorScatter TopK`,
  25: `${quantized} Attention`,
  26: "BitCast CumProd",
};

/** The version that an operator must at least have, if that is newer than `to`; all after the newest known count as changed. */
export function newerThan(op: string, from: number, to: number): number | undefined {
  for (let version = from; version > to; version--) {
    const list = news[version];
    if (list === undefined || list.split(" ").includes(op)) return version;
  }
  return undefined;
}

/** Versions of ONNX' operator set between which operators are converted. */
export interface Versions {
  readonly from: number;
  readonly to: number;
}

/**
 * What computes the same in another version of ONNX' operator set; operators of other domains stay.
 * @param newName gives a name that no value has
 * @throws Error for what that version does not have; the message names the operator.
 */
export function convert(node: ForeignNode, { from, to }: Versions, newName: () => string): readonly ForeignNode[] {
  if (node.domain !== "" || from === to) return [node];
  if (from < OLDEST) throw new Error(`operators of set ${from}; those of ${OLDEST} and later are understood`);
  const newer = newerThan(node.op, from, to);
  if (newer !== undefined)
    throw new NotAPart(`${node.op} of operator set ${newer} where ${to} is asked for`, "Leave opsetVersion out");
  const writer = new Writer(newName);
  let result = node;
  for (let version = from + 1; version <= to; version++)
    result = changes[result.op]?.[version]?.(result, writer) ?? result;
  return [...writer.nodes, result];
}
