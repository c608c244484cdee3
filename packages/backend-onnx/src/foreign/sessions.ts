// Sessions of models from elsewhere, one for each on an engine, and values on their way in and out.
import type { Aval } from "@keras-ts/core/backend";
import { attempt } from "../attempt.ts";
import type { Engine, InjectedOrt, OrtData, OrtSession, OrtSessionOptions, OrtTensor, OrtType } from "../ort.ts";
import { isRemote } from "../remote.ts";
import { type ForeignModel, typeOfValue } from "./foreign-model.ts";
import { checkResult } from "./stages.ts";

const arrays = {
  float32: Float32Array,
  float64: Float64Array,
  uint8: Uint8Array,
  int8: Int8Array,
  uint16: Uint16Array,
  int16: Int16Array,
  int32: Int32Array,
  uint32: Uint32Array,
  bool: Uint8Array,
} as const;

export class ForeignSessions {
  readonly #ort: InjectedOrt;
  readonly #engine: Engine;
  readonly #options: OrtSessionOptions;
  readonly #sessions = new Map<ForeignModel, Promise<OrtSession>>();

  constructor(ort: InjectedOrt, engine: Engine, options: OrtSessionOptions) {
    this.#ort = ort;
    this.#engine = engine;
    this.#options = options;
  }

  /** Runs a model; gives its outputs in the dtypes of `outs`. @throws BackendError if it cannot run or gives other shapes. */
  async run(model: ForeignModel, inputs: readonly OrtTensor[], outs: readonly Aval[]): Promise<readonly OrtTensor[]> {
    const session = await this.#session(model);
    const feeds = await Promise.all(
      model.inputs.map(async (value, i) => {
        const { engine } = typeOfValue(model, value);
        return [value.name, await this.#converted(inputs[i] as OrtTensor, engine)] as const;
      }),
    );
    const results = await this.#attempt(model, "the model must run", () =>
      session.run(Object.fromEntries(feeds), Object.fromEntries(model.outputs.map(({ name }) => [name, null]))),
    );
    for (const [, tensor] of feeds) if (!inputs.includes(tensor) && isRemote(tensor)) tensor.dispose();
    const converted = model.outputs.map(async ({ name }, i) => {
      const [result, { dtype, shape }] = [results[name] as OrtTensor, outs[i] as Aval];
      checkResult(model, name, result.dims, shape);
      const tensor = await this.#converted(result, dtype);
      if (tensor !== result && isRemote(result)) result.dispose();
      return tensor;
    });
    return Promise.all(converted);
  }

  async dispose(): Promise<void> {
    const sessions = [...this.#sessions.values()];
    this.#sessions.clear();
    const opened = await Promise.allSettled(sessions);
    await Promise.all(opened.map((one) => (one.status === "fulfilled" ? one.value.release() : undefined)));
  }

  #session(model: ForeignModel): Promise<OrtSession> {
    const known = this.#sessions.get(model);
    if (known !== undefined) return known;
    // By path where the engine can open files: weights may be in another one beside it. A worker takes bytes away, so it gets a copy.
    const source = this.#engine === "node" ? (model.path ?? model.bytes) : model.bytes.slice();
    const made = this.#attempt(model, "ONNX Runtime must take the model", () =>
      this.#ort.InferenceSession.create(source as Uint8Array, this.#options),
    );
    this.#sessions.set(model, made);
    made.catch(() => this.#sessions.delete(model));
    return made;
  }

  async #converted(tensor: OrtTensor, type: string): Promise<OrtTensor> {
    if (tensor.type === type) return tensor;
    const { dims } = tensor;
    const data = (isRemote(tensor) ? await tensor.getData() : tensor.data) as ArrayLike<number | bigint>;
    const values =
      type === "int64"
        ? BigInt64Array.from(Array.from(data, BigInt))
        : arrays[type as keyof typeof arrays].from(Array.from(data, Number));
    return new this.#ort.Tensor(type as OrtType, values as unknown as OrtData, dims);
  }

  #attempt<T>({ where }: ForeignModel, must: string, action: () => Promise<T>): Promise<T> {
    return attempt(where, "the model", action, { must, todo: "Check the file with Python's onnx.checker" });
  }
}
