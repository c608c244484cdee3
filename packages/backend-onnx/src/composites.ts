// Composites that both builds of ONNX Runtime have as one operator.
import { type Aval, type Backend, type CompositeName, type Kernels, sizeOf } from "@keras-ts/core/backend";
import type { Builder } from "./builder.ts";
import { foreignDefinition } from "./foreign/foreign-model.ts";
import { encrypt } from "./kernels/encrypt.ts";
import { separateZeros } from "./kernels/rare.ts";

type Names =
  | "relu"
  | "softplus"
  | "silu"
  | "gelu"
  | "geluTanh"
  | "softmax"
  | "logSoftmax"
  | "normalize"
  | "multiplyAdd"
  | "encrypt"
  | "separateZeros"
  | "barrier";
/** A row gives nothing where the operator does not cover the case: the composite's body is written instead. */
export type CompositeRows = {
  readonly [N in Names]: (
    inputs: Parameters<NonNullable<Kernels<string>[N]>>[0],
    params: Parameters<NonNullable<Kernels<string>[N]>>[1],
    avals: { readonly ins: readonly Aval[] },
  ) => string | undefined;
};

const compositeNames: ReadonlySet<CompositeName> = new Set<Names>([
  "relu",
  "softplus",
  "silu",
  "gelu",
  "geluTanh",
  "softmax",
  "logSoftmax",
  "normalize",
  "multiplyAdd",
  "encrypt",
  "separateZeros",
  "barrier",
]);

/** What core's lowering must know of the programs that we write. */
export const traits: Required<Pick<Backend, "dtypes" | "composites" | "unrollLimit">> = {
  dtypes: new Set(["bool", "int32", "uint32", "float32"]),
  composites: new Set([...compositeNames, foreignDefinition.name as CompositeName]),
  unrollLimit: 1,
};

export function composites(b: Builder): CompositeRows {
  const { opset, contrib } = b.shared.operators;
  const none = (): undefined => undefined;
  const isFloat32 = (x: string): boolean => b.info(x).type === "float32";
  const unary =
    (op: string, domain = "", attributes: Record<string, number | string> = {}) =>
    ([x]: readonly string[]): string | undefined =>
      isFloat32(x as string) ? b.map(op, [x as string], undefined, attributes, domain) : undefined;
  // The operator takes one axis.
  const alongAxis =
    (op: string) =>
    ([x]: readonly string[], { axes }: { readonly axes: readonly number[] }): string | undefined => {
      const info = b.info(x as string);
      if (axes.length !== 1 || info.type !== "float32" || sizeOf(info.shape) === 0) return undefined;
      return b.op(op, [x as string], info, { axis: axes[0] as number });
    };
  const doubles = new Map<string, string>();
  const inDouble = (x: string): string => {
    const known = doubles.get(x);
    if (known !== undefined) return known;
    const { shape } = b.info(x);
    const constant = b.constantOf(x);
    const wide =
      constant === undefined
        ? b.cast(x, "float64")
        : b.constant("float64", shape, new Float32Array(constant.data.slice().buffer));
    doubles.set(x, wide);
    return wide;
  };
  return {
    relu: unary("Relu"),
    softplus: unary("Softplus"),
    silu: contrib ? unary("QuickGelu", "com.microsoft", { alpha: 1 }) : none,
    gelu: opset >= 20 ? unary("Gelu") : none,
    geluTanh: opset >= 20 ? unary("Gelu", "", { approximate: "tanh" }) : none,
    softmax: alongAxis("Softmax"),
    logSoftmax: alongAxis("LogSoftmax"),
    // A reshape to the same shape, to which a number is added that is always 0 and comes from what must be there first. The runtime
    // sees that it is needed, but not that it does nothing, and copies nothing.
    barrier: ([x, after]) => {
      const { type, shape } = b.info(x as string);
      const [size] = [sizeOf(b.shape(after as string))];
      if (size === 0 || sizeOf(shape) === 0 || b.info(after as string).type !== "float32") return undefined;
      const first = b.slice(b.reshape(after as string, [size]), [0], [1]);
      const never = b.map("And", [b.map("IsNaN", [first], "bool"), b.constant("bool", [1], [0])], "bool");
      const sizes = b.op("Add", [b.ints(shape), b.cast(never, "int64")], { type: "int64", shape: [shape.length] });
      return b.op("Reshape", [x as string, sizes], { type, shape }, { allowzero: 1 });
    },
    // In double precision, where the product is exact.
    multiplyAdd: (inputs) => {
      if (!isFloat32(inputs[0] as string)) return undefined;
      const [x, y, z] = inputs.map(inDouble) as [string, string, string];
      return b.cast(b.map("Add", [b.map("Mul", [x, y]), z]), "float32");
    },
    separateZeros: ([x]) => separateZeros(b, x as string),
    encrypt: ([keys], { count }) => encrypt(b, keys as string, count),
    normalize: ([x], { axes, epsilon }) => {
      const info = b.info(x as string);
      const first = info.shape.length - axes.length;
      const trailing = axes.length > 0 && [...axes].sort((p, q) => p - q).every((axis, i) => axis === first + i);
      if (!trailing || info.type !== "float32" || sizeOf(info.shape) === 0) return undefined;
      const ones = b.full({ type: "float32", shape: info.shape.slice(first) }, 1);
      return b.op("LayerNormalization", [x as string, ones], info, { axis: first, epsilon });
    },
  };
}
