// A Keras model on arrays and tracers of jax-js.
import { type Model, readAll, type Tensor, tree } from "@keras-ts/core";
import {
  type Aval,
  compileGraph,
  complain,
  type DType,
  type Executable,
  type HostArray,
  literal,
  type Shape,
  ShapeError,
  StateError,
  showShape,
  trace,
} from "@keras-ts/core/backend";
import { cellsOf, type Nested, nest, pick } from "../cells.ts";
import { type ModelState, type Params, seeded, toPure } from "../pure.ts";
import { jaxBackend } from "./backend.ts";
import { foldConstants } from "./fold.ts";
import type { JaxArray, JaxModule } from "./library.ts";
import { upload } from "./rows.ts";

export type JaxParams = Nested<JaxArray>;
export type JaxState = Nested<JaxArray>;
type Inputs = tree.Tree<JaxArray>;

export interface JaxApplyOptions {
  readonly training?: boolean;
  /** A whole number, or a uint32 scalar of jax-js. */
  readonly seed?: number | JaxArray;
}

/** A Keras model as functions that jax-js differentiates and compiles. */
export interface JaxFunctions<R = JaxArray> {
  /** Arrays to start with, as `toPure` gives them. */
  init(seed?: number): Promise<{ readonly params: JaxParams; readonly state: JaxState }>;
  /**
   * Outputs and the state afterwards. Arguments are consumed, as every function of jax-js does it: pass `jax.tree.ref(params)` to keep them.
   */
  apply(params: JaxParams, state: JaxState, x: Inputs, options?: JaxApplyOptions): [y: R, state: JaxState];
  /** Puts values back into the Keras model, for `save` and the like. Consumes nothing. */
  store(params: JaxParams, state: JaxState): Promise<void>;
}

interface Program {
  readonly executable: Executable<JaxArray>;
  /** The structure of the outputs. */
  readonly outputs: tree.Tree<unknown>;
  readonly numOutputs: number;
}

/**
 * A Keras model on arrays and tracers of jax-js: its graph is run kernel by kernel with the functions of jax-js, so `jax.grad`, `jax.jit` and `jax.vmap`
 * see nothing but those. The graph is recorded once for each combination of shapes.
 * @throws StateError if the model is not built. @throws BackendError for what jax-js lacks (see `limitations`).
 * @example
 * const jax = await loadJax();
 * const model = new Sequential([input({ shape: [2] }), new layers.Dense({ units: 1, name: "out" })]);
 * const { init, apply } = toJax(model, jax);
 * const { params, state } = await init(0);
 * const loss = (p: typeof params) => jax.numpy.sum(apply(p, jax.tree.ref(state), jax.numpy.array([[1, 2]]))[0]);
 * const gradients = jax.grad(loss)(params);
 * jax.tree.leaves(gradients).length; // 2
 */
export function toJax<R = JaxArray>(model: Model, jax: JaxModule): JaxFunctions<R> {
  const pure = toPure<tree.Tree<Tensor>>(model);
  const cells = cellsOf(model);
  const backend = jaxBackend(jax);
  const programs = new Map<string, Program>();

  const record = (avals: readonly Aval[], structure: Inputs, training: boolean, withSeed: boolean): Program => {
    const numWeights = cells.trainable.length;
    const numState = cells.state.length;
    let outputs: tree.Tree<unknown> = null;
    let numOutputs = 0;
    const { graph, captures, writes } = trace((...args) => {
      const weights = args.slice(0, numWeights);
      const before = args.slice(numWeights, numWeights + numState);
      const rest = args.slice(numWeights + numState);
      const x = tree.packAs(structure, withSeed ? rest.slice(0, -1) : rest);
      const state = withSeed ? seeded(cells.state, before, rest.at(-1)) : before;
      const [y, after] = pure.apply(nest(cells.trainable, weights), nest(cells.state, state), x, { training });
      outputs = tree.map(y, () => 0);
      const flat = tree.flatten(y);
      numOutputs = flat.length;
      return [...flat, ...pick("apply", cells.state, after)];
    }, avals);
    if (captures.length > 0 || writes.length > 0) {
      const must = "the model must compute from its weights and inputs only";
      const got = `${captures.length} other tensors and ${writes.length} assignments`;
      throw new StateError(complain("toJax", { must, got, todo: "Make other tensors weights of a layer" }));
    }
    const executable = compileGraph(foldConstants(graph), backend);
    if (executable instanceof Promise) throw new TypeError("an engine with kernels compiles at once");
    return { executable, outputs, numOutputs };
  };

  // Times one, as data: gradients that come in as broadcast scalars are ordinary arrays inside the model then (see fold.ts).
  const guarded = (y: JaxArray): JaxArray => {
    if (y.dtype !== jax.DType.Float32 || y.ndim === 0) return y;
    return jax.numpy.multiply(
      y,
      upload(jax, { shape: y.shape.map(() => 1), dtype: "float32", data: Float32Array.of(1) }),
    );
  };
  const toArrays = async (list: readonly Tensor[]): Promise<JaxArray[]> =>
    (await readAll(list)).map((host) => upload(jax, host));
  const toTensors = async (list: readonly JaxArray[]): Promise<Tensor[]> => {
    const hosts = await Promise.all(list.map((array) => backend.download(array)));
    return hosts.map((host: HostArray) => literal(host));
  };
  const split = ({ params, state }: { readonly params: Params; readonly state: ModelState }): Tensor[] => [
    ...pick("init", cells.trainable, params),
    ...pick("init", cells.state, state),
  ];

  return {
    async init(seed) {
      const arrays = await toArrays(split(pure.init(seed)));
      const at = cells.trainable.length;
      return { params: nest(cells.trainable, arrays.slice(0, at)), state: nest(cells.state, arrays.slice(at)) };
    },
    apply(params, state, x, { training = false, seed } = {}) {
      const leaves = tree.flatten(x);
      const seedArray =
        typeof seed === "number" ? upload(jax, { shape: [1], dtype: "uint32", data: Uint32Array.of(seed) }) : seed;
      const weights = pick("apply", cells.trainable, params);
      const before = pick("apply", cells.state, state);
      checkShapes([...cells.trainable, ...cells.state], [...weights, ...before]);
      const args = [...weights, ...before, ...leaves, ...(seedArray === undefined ? [] : [seedArray])];
      const avals = args.map(({ shape, dtype }): Aval => ({ shape: [...shape], dtype: dtype as string as DType }));
      if (args.some(({ size }) => size === 0)) {
        const todo = "Pass at least one sample";
        throw new ShapeError(
          complain("apply", { must: "jax-js needs arrays with elements", got: "an empty one", todo }),
        );
      }
      const structure = JSON.stringify(tree.map(x, () => 0));
      const key = `${training} ${seedArray !== undefined} ${structure} ${JSON.stringify(avals)}`;
      const program = programs.get(key) ?? record(avals, x, training, seedArray !== undefined);
      programs.set(key, program);
      const outs = program.executable.run(args);
      if (outs instanceof Promise) {
        const must = "the model must not decide by values";
        throw new StateError(
          complain("toJax", { must, got: "ops.cond or ops.whileLoop", todo: "Use ops.where or ops.scan" }),
        );
      }
      for (const array of args) array.dispose();
      const y = tree.packAs(program.outputs, outs.slice(0, program.numOutputs).map(guarded)) as R;
      return [y, nest(cells.state, outs.slice(program.numOutputs))];
    },
    async store(params, state) {
      const [own, rest] = [pick("store", cells.trainable, params), pick("store", cells.state, state)];
      pure.store(nest(cells.trainable, await toTensors(own)), nest(cells.state, await toTensors(rest)));
    },
  };
}

function checkShapes(
  cells: readonly { readonly path: readonly string[]; readonly cell: { readonly shape: Shape } }[],
  values: readonly JaxArray[],
): void {
  cells.forEach(({ path, cell }, i) => {
    const { shape } = values[i] as JaxArray;
    if (String(shape) === String(cell.shape)) return;
    const got = `${showShape(shape)} for ${showShape(cell.shape)} at ${path.join(".")}`;
    throw new ShapeError(
      complain("apply", { must: "values must have the shapes of the weights", got, todo: "Pass what init gave" }),
    );
  });
}
