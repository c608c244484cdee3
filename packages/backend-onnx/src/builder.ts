// Collects the operators and constants of a program being written. Values are named; their shapes and types are known.
import { type Aval, BackendError, complain, type DType, type Graph, sizeOf } from "@keras-ts/core/backend";
import type { ForeignModel } from "./foreign/foreign-model.ts";
import type { Attribute, Initializer, NodeData, OnnxType } from "./proto.ts";

/** What is known of a value. */
export interface Info {
  readonly type: OnnxType;
  readonly shape: readonly number[];
}

export type AttributeInput = number | string | readonly number[] | Attribute;

/** The element type that holds a dtype of core; float64 only inside of our own kernels. @throws BackendError for dtypes that core must lower first. */
export function typeOf(dtype: DType): OnnxType {
  if (dtype === "float32" || dtype === "int32" || dtype === "uint32" || dtype === "bool" || dtype === "float64")
    return dtype;
  const must = "programs must be lowered to float32, int32, uint32 and bool";
  throw new BackendError(
    complain("onnx backend", { must, got: dtype, todo: "Compile through core, which lowers dtypes" }),
  );
}

/** The classes of arrays that hold numbers of up to 53 bits, by element type. */
export const arrayOf: Readonly<{
  float32: typeof Float32Array;
  float64: typeof Float64Array;
  int32: typeof Int32Array;
  uint32: typeof Uint32Array;
  uint8: typeof Uint8Array;
  bool: typeof Uint8Array;
}> = {
  float32: Float32Array,
  float64: Float64Array,
  int32: Int32Array,
  uint32: Uint32Array,
  uint8: Uint8Array,
  bool: Uint8Array,
};

/** Little-endian bytes of numbers in an element type. */
export function bytesOf(type: OnnxType, values: ArrayLike<number>): Uint8Array {
  const array =
    type === "int64" || type === "uint64"
      ? (type === "int64" ? BigInt64Array : BigUint64Array).from(Array.from(values, BigInt))
      : arrayOf[type].from(values);
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}

const floatAttributes: ReadonlySet<string> = new Set(["alpha", "beta", "epsilon", "value_float"]);

function attribute(name: string, value: AttributeInput): Attribute {
  if (typeof value === "number") return { kind: floatAttributes.has(name) ? "float" : "int", value };
  if (typeof value === "string") return { kind: "string", value };
  return "kind" in value ? value : { kind: "ints", value };
}

/** Which operators a program may have. */
export interface Operators {
  /** The version of ONNX' own operators. */
  readonly opset: number;
  /** True if those of `com.microsoft` may be there too, which both builds of ONNX Runtime have. */
  readonly contrib: boolean;
  /** True if a branch may stand where values are almost never as in the other one: on the CPU, which branches without a copy. */
  readonly branches?: boolean;
  /** Models from elsewhere that the program has, in the order in which they were met; without a list none may be in it. */
  readonly models?: ForeignModel[];
  /** True if the version may be raised for them. */
  readonly mayRaise?: boolean;
}
/** The newest operator set that both builds support in full, and what they have beside it. */
export const everything: Operators = { opset: 21, contrib: true, branches: true };

/** What all builders of one program share: names, constants, and what is known of values. */
export interface Shared {
  readonly infos: Map<string, Info>;
  readonly initializers: Map<string, Initializer>;
  readonly constantKeys: Map<string, string>;
  readonly operators: Operators;
  /** Values with -0 separated from 0, and what they were made of. */
  readonly separated: Map<string, string>;
  count: number;
}

export type Inline = (builder: Builder, graph: Graph, inputs: readonly string[]) => string[];

/** The body of a model, or of a branch or loop in one. Constants always live in the outermost body. */
export class Builder {
  readonly nodes: NodeData[] = [];
  readonly shared: Shared;
  readonly #inline: Inline;
  /** Name of the primitive being written, for the names of its operators. */
  place = "node";

  constructor(inline: Inline, shared?: Shared, operators: Operators = everything) {
    this.#inline = inline;
    const maps = { infos: new Map(), initializers: new Map(), constantKeys: new Map(), separated: new Map() };
    this.shared = shared ?? { ...maps, operators, count: 0 };
  }

  /** A builder for a nested body, which sees all values of this one. */
  nested(): Builder {
    return new Builder(this.#inline, this.shared);
  }

  /** A name that nobody has, for a value of the given type and shape. */
  name(info: Info, hint = "v"): string {
    const name = `${hint}${this.shared.count++}`;
    this.shared.infos.set(name, info);
    return name;
  }

  info(name: string): Info {
    const info = this.shared.infos.get(name);
    if (info !== undefined) return info;
    const must = "a value must be written before it is used";
    throw new BackendError(complain("onnx emitter", { must, got: `"${name}"`, todo: "Report this" }));
  }
  shape(name: string): readonly number[] {
    return this.info(name).shape;
  }

  /** Appends an operator with several results. */
  ops(
    op: string,
    inputs: readonly string[],
    outs: readonly Info[],
    attributes: Record<string, AttributeInput> = {},
    domain = "",
  ): string[] {
    const outputs = outs.map((info) => this.name(info));
    this.nodes.push({
      op,
      domain,
      inputs,
      outputs,
      attributes: Object.fromEntries(Object.entries(attributes).map(([name, value]) => [name, attribute(name, value)])),
      name: `${this.place}/${op}_${this.shared.count++}`,
    });
    return outputs;
  }

  /** Appends an operator with one result. */
  op(
    op: string,
    inputs: readonly string[],
    out: Info,
    attributes: Record<string, AttributeInput> = {},
    domain = "",
  ): string {
    return this.ops(op, inputs, [out], attributes, domain)[0] as string;
  }

  /** A constant; equal small ones are stored once. */
  constant(type: OnnxType, shape: readonly number[], values: ArrayLike<number>): string {
    const data = bytesOf(type, values);
    const key = data.length <= 1024 ? `${type}[${shape.join()}]${data.join()}` : undefined;
    const known = key === undefined ? undefined : this.shared.constantKeys.get(key);
    if (known !== undefined) return known;
    const name = this.name({ type, shape }, "c");
    this.shared.initializers.set(name, { name, type, shape, data });
    if (key !== undefined) this.shared.constantKeys.set(key, name);
    return name;
  }
  scalar(value: number, type: OnnxType = "float32"): string {
    return this.constant(type, [], [value]);
  }
  /** An int64 list: shapes, axes, pads. */
  ints(values: readonly number[]): string {
    return this.constant("int64", [values.length], values);
  }
  /** A constant of one repeated number; large ones are made when the session starts. */
  full(info: Info, value: number): string {
    const size = sizeOf(info.shape);
    if (size <= 256) return this.constant(info.type, info.shape, new Float64Array(size).fill(value));
    return this.op("Expand", [this.scalar(value, info.type), this.ints(info.shape)], info);
  }

  /** The values of a constant, if `name` is one. */
  constantOf(name: string): Initializer | undefined {
    return this.shared.initializers.get(name);
  }

  // The operators that kernels of every family use.
  cast(x: string, type: OnnxType): string {
    const info = this.info(x);
    return info.type === type ? x : this.op("Cast", [x], { type, shape: info.shape }, { to: castNumber[type] });
  }
  reshape(x: string, shape: readonly number[]): string {
    const info = this.info(x);
    if (info.shape.length === shape.length && info.shape.every((n, i) => n === shape[i])) return x;
    return this.op("Reshape", [x, this.ints(shape)], { type: info.type, shape }, { allowzero: 1 });
  }
  transpose(x: string, perm: readonly number[]): string {
    const info = this.info(x);
    if (perm.every((axis, i) => axis === i)) return x;
    return this.op("Transpose", [x], { type: info.type, shape: perm.map((a) => info.shape[a] as number) }, { perm });
  }
  expand(x: string, shape: readonly number[]): string {
    const info = this.info(x);
    if (info.shape.length === shape.length && info.shape.every((n, i) => n === shape[i])) return x;
    // No values, so no operator: inside of a program ONNX Runtime takes an Expand from size 1 to 0 out as if it did nothing.
    if (shape.includes(0)) return this.constant(info.type, shape, []);
    return this.op("Expand", [x, this.ints(shape)], { type: info.type, shape });
  }
  slice(x: string, starts: readonly number[], limits: readonly number[], steps?: readonly number[]): string {
    const info = this.info(x);
    const stride = (i: number): number => steps?.[i] ?? 1;
    const axes = info.shape
      .map((_, i) => i)
      .filter((i) => starts[i] !== 0 || limits[i] !== info.shape[i] || stride(i) !== 1);
    if (axes.length === 0) return x;
    const shape = info.shape.map((_, i) =>
      Math.max(0, Math.ceil(((limits[i] as number) - (starts[i] as number)) / stride(i))),
    );
    const pick = (values: readonly number[]): string => this.ints(axes.map((i) => values[i] as number));
    const inputs = [x, pick(starts), pick(limits), this.ints(axes), pick(info.shape.map((_, i) => stride(i)))];
    return this.op("Slice", inputs, { type: info.type, shape });
  }
  /** Negative amounts crop. */
  pad(x: string, low: readonly number[], high: readonly number[], value = 0): string {
    const info = this.info(x);
    if ([...low, ...high].every((n) => n === 0)) return x;
    const cropped = this.slice(
      x,
      low.map((n) => Math.max(0, -n)),
      info.shape.map((n, i) => n - Math.max(0, -(high[i] as number))),
    );
    const [before, after] = [low.map((n) => Math.max(0, n)), high.map((n) => Math.max(0, n))];
    if ([...before, ...after].every((n) => n === 0)) return cropped;
    const shape = this.shape(cropped).map((n, i) => n + (before[i] as number) + (after[i] as number));
    const inputs = [cropped, this.ints([...before, ...after]), this.scalar(value, info.type)];
    return this.op("Pad", inputs, { type: info.type, shape });
  }
  concat(xs: readonly string[], axis: number): string {
    if (xs.length === 1) return xs[0] as string;
    const first = this.info(xs[0] as string);
    const total = xs.reduce((n, x) => n + (this.shape(x)[axis] as number), 0);
    return this.op(
      "Concat",
      xs,
      { type: first.type, shape: first.shape.map((n, i) => (i === axis ? total : n)) },
      { axis },
    );
  }
  /** An elementwise operator with broadcasting; the result has the type of the first input unless given. */
  map(
    op: string,
    inputs: readonly string[],
    type?: OnnxType,
    attributes: Record<string, AttributeInput> = {},
    domain = "",
  ): string {
    const infos = inputs.map((x) => this.info(x));
    const rank = Math.max(...infos.map((x) => x.shape.length));
    const shape = Array.from({ length: rank }, (_, i) => {
      const sizes = infos.map((x) => x.shape[i - rank + x.shape.length] ?? 1);
      return sizes.find((n) => n !== 1) ?? 1;
    });
    return this.op(op, inputs, { type: type ?? (infos[0] as Info).type, shape }, attributes, domain);
  }
  reduce(op: string, x: string, axes: readonly number[], keep = false): string {
    const { type, shape } = this.info(x);
    const out = keep ? shape.map((n, i) => (axes.includes(i) ? 1 : n)) : shape.filter((_, i) => !axes.includes(i));
    return this.op(op, [x, this.ints(axes)], { type, shape: out }, { keepdims: keep ? 1 : 0 });
  }

  /** Writes all of `graph` here, over values of this builder. */
  inline(graph: Graph, inputs: readonly string[]): string[] {
    return this.#inline(this, graph, inputs);
  }
}

/** `TensorProto.DataType` as the attribute of Cast. */
export const castNumber: Readonly<Record<OnnxType, number>> = {
  float32: 1,
  uint8: 2,
  int32: 6,
  int64: 7,
  bool: 9,
  float64: 11,
  uint32: 12,
  uint64: 13,
};

/** What is known of an aval's value. */
export function infoOf(aval: Aval): Info {
  return { type: typeOf(aval.dtype), shape: aval.shape };
}

export const isFloatType = (type: OnnxType): boolean => type === "float32" || type === "float64";
