// Runs a graph kernel by kernel, freeing each intermediate after its last use. Control flow is interpreted here.
import type { Aval, HostArray } from "../aval/index.ts";
import { BackendError, complain } from "../errors/index.ts";
import type { Graph, Node, Tensor } from "../graph/index.ts";
import type { CondParams, ScanParams, WhileParams } from "../primitives/index.ts";
import type { Backend, Executable, KernelAvals } from "./contract.ts";

type AnyKernel<H> = (inputs: readonly H[], params: unknown, avals: KernelAvals) => H | readonly H[];

/** One step of a plan: slots read, slots written, slots free afterwards. */
interface Step<H> {
  readonly node: Node;
  readonly kernel: AnyKernel<H> | undefined;
  readonly bodies: readonly Plan<H>[];
  readonly avals: KernelAvals;
  readonly reads: readonly number[];
  readonly writes: readonly number[];
  readonly unused: readonly number[];
  readonly frees: readonly number[];
}

/** Runs as a generator: it yields only where control flow or a kernel must wait for a value, so that straight programs stay synchronous. */
type Run<T> = Generator<Promise<unknown>, T, unknown>;

/**
 * What a kernel throws if it must read values from a device that gives them only later: its result, to come. The plan waits for it.
 * Kernels that never read are functions of handles, and need not know of promises.
 */
export class Later<H> {
  readonly result: Promise<H | readonly H[]>;
  constructor(result: Promise<H | readonly H[]>) {
    this.result = result;
  }
}

class Plan<H> {
  readonly #backend: Backend<H>;
  readonly #graph: Graph;
  readonly #steps: Step<H>[] = [];
  readonly #constants: { readonly slot: number; readonly handle: H }[] = [];
  readonly #outputs: readonly number[];
  readonly #slots: number;

  constructor(graph: Graph, backend: Backend<H>) {
    this.#backend = backend;
    this.#graph = graph;
    const slots = new Map<Tensor, number>();
    const slotOf = (tensor: Tensor): number => {
      let slot = slots.get(tensor);
      if (slot === undefined) {
        slot = slots.size;
        slots.set(tensor, slot);
        if (tensor.source.kind === "literal" && !graph.inputs.includes(tensor)) {
          this.#constants.push({ slot, handle: backend.upload(tensor.source.value) });
        }
      }
      return slot;
    };
    graph.inputs.forEach(slotOf);
    const outputsOf = graph.outputsOf();
    const lastUse = new Map<number, number>();
    const drafts = graph.nodes.map((node, i) => {
      const reads = node.inputs.map(slotOf);
      for (const slot of reads) lastUse.set(slot, i);
      return { node, reads };
    });
    this.#outputs = graph.outputs.map(slotOf);
    for (const slot of this.#outputs) lastUse.set(slot, Number.POSITIVE_INFINITY);
    const permanent = new Set([...graph.inputs.map(slotOf), ...this.#constants.map((c) => c.slot)]);
    let extra = -1;
    drafts.forEach(({ node, reads }, i) => {
      const outs = outputsOf.get(node) ?? [];
      const unused: number[] = [];
      const writes = node.outs.map((_, k) => {
        const tensor = outs[k];
        if (tensor !== undefined) return slotOf(tensor);
        unused.push(k);
        return extra--;
      });
      const frees = [...new Set(reads)].filter((slot) => lastUse.get(slot) === i && !permanent.has(slot));
      this.#steps.push({
        node,
        kernel: (backend.kernels as Record<string, AnyKernel<H> | undefined> | undefined)?.[node.definition.name],
        bodies: bodiesOf(node).map((body) => new Plan(body, backend)),
        avals: { ins: node.inputs, outs: node.outs },
        reads,
        writes,
        unused,
        frees,
      });
    });
    this.#slots = slots.size;
  }

  *run(inputs: readonly H[]): Run<H[]> {
    const values = new Array<H | undefined>(this.#slots).fill(undefined);
    inputs.forEach((handle, slot) => {
      values[slot] = handle;
    });
    for (const { slot, handle } of this.#constants) values[slot] = handle;
    for (const step of this.#steps) {
      const args = step.reads.map((slot) => values[slot] as H);
      const results =
        step.kernel === undefined ? yield* this.#control(step, args) : yield* this.#compute(step, step.kernel, args);
      step.writes.forEach((slot, k) => {
        if (slot >= 0) values[slot] = results[k] as H;
      });
      for (const k of step.unused) this.#backend.release(results[k] as H);
      for (const slot of step.frees) {
        this.#backend.release(values[slot] as H);
        values[slot] = undefined;
      }
    }
    return this.#collect(values);
  }

  dispose(): void {
    for (const { handle } of this.#constants) this.#backend.release(handle);
    for (const step of this.#steps) for (const body of step.bodies) body.dispose();
  }

  *#compute(step: Step<H>, kernel: AnyKernel<H>, args: readonly H[]): Run<readonly H[]> {
    try {
      let result: H | readonly H[];
      try {
        result = kernel(args, step.node.params, step.avals);
      } catch (thrown) {
        if (!(thrown instanceof Later)) throw thrown;
        result = (yield thrown.result) as H | readonly H[];
      }
      return step.node.outs.length === 1 ? [result as H] : (result as readonly H[]);
    } catch (cause) {
      const must = `the kernel "${step.node.definition.name}" must run`;
      const got = `${cause instanceof Error ? cause.message : String(cause)} for ${step.avals.ins.map(show).join(", ")}`;
      const todo = "Report this: shapes and dtypes were checked before";
      throw new BackendError(complain(`${this.#backend.name} backend`, { must, got, todo }), { cause });
    }
  }

  // Outputs are fresh handles: an input, a constant, or the same result twice is copied.
  #collect(values: readonly (H | undefined)[]): H[] {
    const given = new Set<number>([...this.#graph.inputs.keys(), ...this.#constants.map((c) => c.slot)]);
    return this.#outputs.map((slot, i) => {
      const handle = values[slot] as H;
      if (!given.has(slot)) {
        given.add(slot);
        return handle;
      }
      return this.#copy(handle, this.#graph.outputs[i] as Tensor);
    });
  }

  #copy(handle: H, aval: Aval): H {
    return (this.#backend.kernels as NonNullable<Backend<H>["kernels"]>).reshape(
      [handle],
      { shape: aval.shape },
      { ins: [aval], outs: [aval] },
    );
  }

  *#control(step: Step<H>, args: readonly H[]): Run<readonly H[]> {
    switch (step.node.definition.name) {
      case "cond": {
        const [condition, ...operands] = args as readonly [H, ...H[]];
        const [then, otherwise] = step.bodies as readonly [Plan<H>, Plan<H>];
        return yield* (yield* this.#truth(condition)) ? then.run(operands) : otherwise.run(operands);
      }
      case "whileLoop":
        return yield* this.#while(step, args);
      case "scan":
        return yield* this.#scan(step, args);
      default: {
        const must = `there must be a kernel for "${step.node.definition.name}"`;
        const todo = "Add it to the backend's kernel table";
        throw new BackendError(complain(`${this.#backend.name} backend`, { must, got: "none", todo }));
      }
    }
  }

  *#truth(handle: H): Run<boolean> {
    const answer = this.#backend.download(handle);
    const host = (answer instanceof Promise ? yield answer : answer) as HostArray;
    return host.data[0] !== 0;
  }

  *#while({ node, bodies }: Step<H>, args: readonly H[]): Run<readonly H[]> {
    const { numConsts } = node.params as unknown as WhileParams;
    const [condition, body] = bodies as readonly [Plan<H>, Plan<H>];
    const consts = args.slice(0, numConsts);
    const avals = node.inputs.slice(numConsts);
    let carry = args.slice(numConsts).map((handle, i) => this.#copy(handle, avals[i] as Aval));
    for (;;) {
      const [flag] = (yield* condition.run([...consts, ...carry])) as [H];
      const goOn = yield* this.#truth(flag);
      this.#backend.release(flag);
      if (!goOn) return carry;
      const next = yield* body.run([...consts, ...carry]);
      for (const handle of carry) this.#backend.release(handle);
      carry = next;
    }
  }

  *#scan({ node, bodies }: Step<H>, args: readonly H[]): Run<readonly H[]> {
    const { numConsts, numCarry, length, reverse } = node.params as unknown as ScanParams;
    const kernels = this.#backend.kernels as NonNullable<Backend<H>["kernels"]>;
    const body = bodies[0] as Plan<H>;
    const consts = args.slice(0, numConsts);
    const avals = node.inputs.slice(numConsts, numConsts + numCarry);
    let carry = args.slice(numConsts, numConsts + numCarry).map((handle, i) => this.#copy(handle, avals[i] as Aval));
    const xs = args.slice(numConsts + numCarry);
    const xAvals = node.inputs.slice(numConsts + numCarry);
    const rows: H[][] = new Array(length);
    for (let step = 0; step < length; step++) {
      const t = reverse ? length - 1 - step : step;
      const slices = xs.map((handle, i) => this.#row(handle, xAvals[i] as Aval, t));
      const outs = yield* body.run([...consts, ...carry, ...slices]);
      for (const handle of [...carry, ...slices]) this.#backend.release(handle);
      carry = outs.slice(0, numCarry);
      rows[t] = outs.slice(numCarry);
    }
    const ys = node.outs.slice(numCarry).map((out, i) => {
      const one = { shape: [1, ...out.shape.slice(1)], dtype: out.dtype };
      const inner = { shape: out.shape.slice(1), dtype: out.dtype };
      const parts = rows.map((row) => {
        const lifted = kernels.reshape([row[i] as H], { shape: one.shape }, { ins: [inner], outs: [one] });
        this.#backend.release(row[i] as H);
        return lifted;
      });
      if (parts.length === 1) return parts[0] as H;
      const stacked = kernels.concat(parts, { axis: 0 }, { ins: parts.map(() => one), outs: [out] });
      for (const part of parts) this.#backend.release(part);
      return stacked;
    });
    return [...carry, ...ys];
  }

  #row(handle: H, aval: Aval, t: number): H {
    const kernels = this.#backend.kernels as NonNullable<Backend<H>["kernels"]>;
    const one = { shape: [1, ...aval.shape.slice(1)], dtype: aval.dtype };
    const inner = { shape: aval.shape.slice(1), dtype: aval.dtype };
    const starts = aval.shape.map((_, i) => (i === 0 ? t : 0));
    const limits = aval.shape.map((n, i) => (i === 0 ? t + 1 : n));
    const cut = kernels.slice(
      [handle],
      { starts, limits, strides: aval.shape.map(() => 1) },
      { ins: [aval], outs: [one] },
    );
    const row = kernels.reshape([cut], { shape: inner.shape }, { ins: [one], outs: [inner] });
    this.#backend.release(cut);
    return row;
  }
}

function bodiesOf({ definition, params }: Node): readonly Graph[] {
  switch (definition.name) {
    case "cond":
      return [(params as unknown as CondParams).then, (params as unknown as CondParams).otherwise];
    case "whileLoop":
      return [(params as unknown as WhileParams).condition, (params as unknown as WhileParams).body];
    case "scan":
      return [(params as unknown as ScanParams).body];
    default:
      return [];
  }
}

const show = (aval: Aval): string => `${aval.dtype} [${aval.shape.join(", ")}]`;

/** A program for an engine that computes op by op. Donated inputs are released when the run is over. */
export function interpret<H>(graph: Graph, backend: Backend<H>, donated: readonly number[]): Executable<H> {
  const plan = new Plan(graph, backend);
  const finish = (inputs: readonly H[], outputs: readonly H[]): readonly H[] => {
    for (const i of donated) backend.release(inputs[i] as H);
    return outputs;
  };
  return {
    run(inputs) {
      const run = plan.run(inputs);
      const first = run.next();
      if (first.done) return finish(inputs, first.value);
      const drive = async (first: Promise<unknown>): Promise<readonly H[]> => {
        for (let waiting = first; ; ) {
          const step = await waiting.then(
            (value) => run.next(value),
            (error: unknown) => run.throw(error),
          );
          if (step.done) return finish(inputs, step.value);
          waiting = step.value;
        }
      };
      return drive(first.value);
    },
    dispose: () => plan.dispose(),
  };
}
