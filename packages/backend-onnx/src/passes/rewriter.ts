// What passes share: a program being rebuilt operator by operator.
import { sizeOf } from "@keras-ts/core/backend";
import { bytesOf, type Info } from "../builder.ts";
import type { Program } from "../program.ts";
import type { Attribute, Initializer, NodeData, OnnxType } from "../proto.ts";

/** Operators that work element by element, with broadcasting. */
export const elementwise: ReadonlySet<string> = new Set(
  (
    "Add Sub Mul Div Pow Max Min Mod And Or Xor Not BitwiseAnd BitwiseOr BitwiseXor BitwiseNot BitShift Equal Less LessOrEqual " +
    "Greater GreaterOrEqual Where Neg Abs Sign Exp Log Sqrt Reciprocal Sin Cos Tan Asin Acos Atan Sinh Cosh Tanh Asinh Acosh " +
    "Atanh Erf Sigmoid Floor Ceil Round IsNaN IsInf Clip Cast Identity Relu Softplus Gelu QuickGelu HardSigmoid"
  ).split(" "),
);

export class Rewriter {
  readonly program: Program;
  readonly nodes: NodeData[] = [];
  readonly initializers: Map<string, Initializer>;
  #count = 0;

  constructor(program: Program) {
    this.program = program;
    this.initializers = new Map(program.initializers);
  }

  info(name: string): Info {
    return this.program.infos.get(name) as Info;
  }
  shape(name: string): readonly number[] {
    return this.info(name).shape;
  }
  size(name: string): number {
    return sizeOf(this.shape(name));
  }

  /** A new name for a value. */
  name(info: Info): string {
    let name: string;
    do name = `p${this.#count++}`;
    while (this.program.infos.has(name));
    this.program.infos.set(name, info);
    return name;
  }
  constant(type: OnnxType, shape: readonly number[], values: readonly number[]): string {
    const name = this.name({ type, shape });
    this.initializers.set(name, { name, type, shape, data: bytesOf(type, values) });
    return name;
  }
  /** The numbers in an int64 constant. */
  intsOf(name: string | undefined): number[] | undefined {
    const constant = name === undefined ? undefined : this.initializers.get(name);
    if (constant?.type !== "int64") return undefined;
    return Array.from(new BigInt64Array(constant.data.slice().buffer), Number);
  }
  /** The number in a float constant with one element. */
  numberOf(name: string | undefined): number | undefined {
    const constant = name === undefined ? undefined : this.initializers.get(name);
    if (constant?.type !== "float32" || constant.data.byteLength !== 4) return undefined;
    return new DataView(constant.data.buffer, constant.data.byteOffset).getFloat32(0, true);
  }

  add(node: NodeData): void {
    this.nodes.push(node);
  }
  op(
    like: NodeData,
    op: string,
    inputs: readonly string[],
    info: Info,
    attributes: Record<string, Attribute> = {},
    output?: string,
  ): string {
    const name = output ?? this.name(info);
    this.add({ op, domain: "", inputs, outputs: [name], attributes, name: `${like.name}/${op}_${this.#count++}` });
    return name;
  }

  finish(outputs: readonly string[] = this.program.outputs): Program {
    return { ...this.program, nodes: this.nodes, initializers: this.initializers, outputs };
  }
}

/** Operators by the value that they make. */
export function producers(nodes: readonly NodeData[]): Map<string, NodeData> {
  return new Map(nodes.flatMap((node) => node.outputs.map((name) => [name, node] as const)));
}

export const intsAttribute = (node: NodeData, name: string): readonly number[] => {
  const attribute = node.attributes[name];
  return attribute?.kind === "ints" ? attribute.value : [];
};
export const intAttribute = (node: NodeData, name: string): number | undefined => {
  const attribute = node.attributes[name];
  return attribute?.kind === "int" ? attribute.value : undefined;
};
