// A hand-written ONNX model: operators as rows, with nothing of our compiler in between but the writer of bytes.
import { type Attribute, encodeModel, type Initializer, type OnnxType } from "../../packages/backend-onnx/src/proto.ts";

type Setting = number | string | readonly number[];
/** Operator, inputs, outputs (several with commas between), attributes: floats where the name says `epsilon`, integers otherwise. */
export type Operator = readonly [
  op: string,
  inputs: readonly string[],
  output: string,
  settings?: Readonly<Record<string, Setting>>,
];

const attribute = (name: string, value: Setting): Attribute => {
  if (typeof value === "string") return { kind: "string", value };
  if (typeof value === "number") return name === "epsilon" ? { kind: "float", value } : { kind: "int", value };
  return { kind: "ints", value };
};

function constant(key: string, value: number | readonly number[]): Initializer {
  const [name = "", kind] = key.split(":");
  const values = typeof value === "number" ? [value] : value;
  const shape = typeof value === "number" ? [] : [value.length];
  const array = kind === "float" ? Float32Array.from(values) : BigInt64Array.from(values, BigInt);
  return { name, type: kind === "float" ? "float32" : "int64", shape, data: new Uint8Array(array.buffer) };
}

/** The bytes of a model from `x0`, `x1`, ... to `y`. There is a float constant `zero` besides those given. */
export function handWritten(
  nodes: readonly Operator[],
  inputs: readonly { readonly shape: readonly number[]; readonly type: OnnxType }[],
  output: { readonly shape: readonly number[]; readonly type: OnnxType },
  constants: Readonly<Record<string, number | readonly number[]>> = {},
): Uint8Array {
  const all = { "zero:float": 0, ...constants };
  return encodeModel({
    graph: {
      name: "by_hand",
      nodes: nodes.map(([op, from, to, settings = {}], i) => ({
        op,
        domain: "",
        inputs: from,
        outputs: to.split(","),
        attributes: Object.fromEntries(Object.entries(settings).map(([name, value]) => [name, attribute(name, value)])),
        name: `${op}_${i}`,
      })),
      initializers: Object.entries(all).map(([key, value]) => constant(key, value)),
      inputs: inputs.map(({ shape, type }, i) => ({ name: `x${i}`, shape, type })),
      outputs: [{ name: "y", ...output }],
    },
    opsets: { "": 20 },
  });
}
