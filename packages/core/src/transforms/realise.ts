// The only door to values: graphs below asked-for tensors run on the current engine.
import type { HostArray } from "../aval/index.ts";
import { downloadValue, execute, getBackend, isCompiled, releaseValue, uploadValue } from "../backend/index.ts";
import { complain, StateError } from "../errors/index.ts";
import { below, Graph, placeholder, rebuild, type Tensor, type Value } from "../graph/index.ts";
import { isTracing } from "./trace.ts";

/**
 * Asks the engine for the values of `tensors`, all in one program. Returns at once; the work is queued. Afterwards each tensor is
 * its value, and forgets how it was computed unless a tracked parameter is below it.
 */
export function realise(tensors: readonly Tensor[]): Value[] {
  const backend = getBackend();
  for (const tensor of tensors) {
    if (tensor.source.kind === "literal")
      tensor.source = { kind: "value", value: uploadValue(backend, tensor.source.value) };
  }
  const wanted = [...new Set(tensors)].filter((x) => x.source.kind !== "value");
  if (wanted.length > 0) {
    const { leaves, nodes } = below(wanted, (x) => x.source.kind !== "op");
    const values = leaves.map(leafValue);
    const open = new Graph(leaves, wanted, nodes);
    const results = execute(backend, isCompiled(backend, open) ? open : closed(open), values);
    wanted.forEach((x, i) => {
      x.source = { kind: "value", value: results[i] as Value };
    });
  }
  return tensors.map((x) => (x.source as { readonly value: Value }).value);
}

// Over placeholders: the tensors of `open` are about to forget how they were computed, and hold on to values.
function closed(open: Graph): Graph {
  const inputs = open.inputs.map((x) => placeholder(x));
  return new Graph(inputs, rebuild(open, inputs));
}

// Numbers in an eager program are inputs, not constants, so that a changing learning rate does not compile again.
function leafValue(leaf: Tensor): Value {
  if (leaf.source.kind === "literal")
    leaf.source = { kind: "value", value: uploadValue(getBackend(), leaf.source.value) };
  if (leaf.source.kind === "value") return leaf.source.value;
  throw noValue(leaf);
}

function noValue(x: Tensor): StateError {
  const must = "values can be read only outside of jit, grad of a compiled step, and symbolic calls";
  const todo =
    "Return the tensor and read it afterwards, or use ops.cond, ops.where and ops.whileLoop to decide inside";
  return new StateError(complain("Tensor", { must, got: `${x} inside a trace`, todo }));
}

/** The values on the host. @throws StateError inside a trace. */
export async function read(x: Tensor): Promise<HostArray> {
  if (isTracing()) throw noValue(x);
  if (x.source.kind === "literal") return x.source.value;
  const [value] = realise([x]) as [Value];
  return downloadValue(value);
}

/** Several values on the host, computed in one program. */
export async function readAll(tensors: readonly Tensor[]): Promise<HostArray[]> {
  if (isTracing() && tensors[0] !== undefined) throw noValue(tensors[0]);
  realise(tensors.filter((x) => x.source.kind !== "literal"));
  return Promise.all(tensors.map((x) => (x.source.kind === "value" ? downloadValue(x.source.value) : read(x))));
}

/** Frees the engine's memory of a tensor now. */
export function dispose(x: Tensor): void {
  if (x.source.kind === "value") releaseValue(x.source.value);
}

/** Resolves when the engine has computed the tensors, without copying their values. */
export async function whenReady(tensors: readonly Tensor[]): Promise<void> {
  for (const value of realise(tensors)) {
    if (value.ready !== undefined) await value.ready;
    if (value.failure !== undefined) throw value.failure;
  }
}
