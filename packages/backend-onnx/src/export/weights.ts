// Weights in a program: constants that are moved once, when the file is written.
import { sizeOf } from "@keras-ts/core/backend";
import { intsAttribute } from "../passes/rewriter.ts";
import { type Program, readsOf } from "../program.ts";
import type { Initializer, NodeData } from "../proto.ts";

/**
 * Transposes and reshapes of weights are done now: a convolution then has its kernel as a constant, which some runtimes ask for.
 * @param labels names of weights for people by those in the program; moved ones are added
 */
export function moveWeights(program: Program, labels: Map<string, string>): Program {
  const initializers = new Map(program.initializers);
  const nodes: NodeData[] = [];
  for (const node of program.nodes) {
    const [name, output] = [node.inputs[0] as string, node.outputs[0] as string];
    const weight = labels.has(name) && !program.outputs.includes(output) ? initializers.get(name) : undefined;
    const moved = weight === undefined ? undefined : move(node, weight, program);
    if (weight === undefined || moved === undefined) {
      nodes.push(node);
      continue;
    }
    initializers.set(output, { ...weight, ...moved, name: output });
    labels.set(output, labels.get(name) as string);
  }
  const read = new Set([...nodes.flatMap(readsOf), ...program.outputs]);
  for (const name of initializers.keys()) if (!read.has(name)) initializers.delete(name);
  return { ...program, nodes, initializers };
}

function move(node: NodeData, weight: Initializer, program: Program): Pick<Initializer, "shape" | "data"> | undefined {
  const info = program.infos.get(node.outputs[0] as string);
  if (node.op === "Reshape" && info !== undefined && sizeOf(info.shape) === sizeOf(weight.shape))
    return { shape: info.shape, data: weight.data };
  if (node.op !== "Transpose") return undefined;
  const perm = intsAttribute(node, "perm");
  return { shape: perm.map((axis) => weight.shape[axis] as number), data: transposed(weight, perm) };
}

/** Row-major data with its axes in another order. */
function transposed({ shape, data }: Initializer, perm: readonly number[]): Uint8Array {
  const size = sizeOf(shape);
  if (size === 0) return data;
  const width = data.length / size;
  const strides = shape.map((_, axis) => sizeOf(shape.slice(axis + 1)));
  const [out, steps] = [perm.map((axis) => shape[axis] as number), perm.map((axis) => strides[axis] as number)];
  const result = new Uint8Array(data.length);
  const place = out.map(() => 0);
  let from = 0;
  for (let i = 0; i < size; i++) {
    for (let k = 0; k < width; k++) result[i * width + k] = data[from * width + k] as number;
    for (let axis = out.length - 1; axis >= 0; axis--) {
      place[axis] = (place[axis] as number) + 1;
      from += steps[axis] as number;
      if ((place[axis] as number) < (out[axis] as number)) break;
      from -= (steps[axis] as number) * (out[axis] as number);
      place[axis] = 0;
    }
  }
  return result;
}
