// Tensors of an engine on the graphics card: on the card, on the host, or both; and what is left of them when the card is gone.
import { type GpuBuffer, type GpuDevice, GpuMemory } from "./gpu-memory.ts";
import type { InjectedOrt, OrtData, OrtTensor, OrtType } from "./ort.ts";

/**
 * What variables hold if the card is gone, as a chain along the steps that replaced them: the values of the last step that came to the
 * host. Those of one step come at once, so that a chain for each variable ends in the same step.
 */
export interface Kept {
  data?: OrtData | undefined;
  before?: Kept | undefined;
}
function lastOf(kept: Kept): OrtData | undefined {
  for (let at: Kept | undefined = kept; at !== undefined; at = at.before) if (at.data !== undefined) return at.data;
  return undefined;
}

/** Values of so few bytes stay on the host: they go up with each run, and what the host computes with them does not have to come down. */
const TINY = 64;

const arrays = { float32: Float32Array, int32: Int32Array, uint32: Uint32Array, bool: Uint8Array } as const;
const isOrtType = (type: string): type is OrtType => Object.hasOwn(arrays, type);

/** A tensor of the engine. */
export class GpuTensor implements OrtTensor {
  readonly location = "gpu";
  readonly type: string;
  readonly dims: readonly number[];
  /** The values on the host, if they are there. */
  host: OrtData | undefined;
  /** The values on the card, if they are there, and how ONNX Runtime sees them; or those on the host. */
  buffer: GpuBuffer | undefined;
  native: OrtTensor | undefined;
  /** For values of variables. */
  kept: Kept | undefined;
  /** What made it is complete: whoever reads it knows that variables of that step are kept. */
  complete: Promise<void> | undefined;
  readonly #values: GpuValues;

  constructor(values: GpuValues, type: string, dims: readonly number[]) {
    this.#values = values;
    this.type = type;
    this.dims = dims;
  }
  get bytes(): number {
    return this.dims.reduce((n, size) => n * size, this.type === "bool" ? 1 : 4);
  }
  get data(): never {
    throw new Error("the values may be on the graphics card: use getData");
  }
  getData(): Promise<OrtData> {
    return this.#values.read(this);
  }
  dispose(): void {
    this.#values.release(this);
  }
}

interface Reading {
  readonly tensor: GpuTensor;
  readonly resolve: (data: OrtData) => void;
  readonly reject: (error: unknown) => void;
}

/** The tensors of one engine, on one device. */
export class GpuValues {
  readonly #Tensor: InjectedOrt["Tensor"];
  /** Waits for work on the card, and throws when the card is lost meanwhile. */
  readonly #guard: <T>(work: Promise<T>) => Promise<T>;
  #memory: GpuMemory | undefined;
  #readings: Reading[] = [];
  #lost: Error | undefined;

  constructor(Tensor: InjectedOrt["Tensor"], guard: GpuValues["guard"]) {
    this.#Tensor = Tensor;
    this.#guard = guard;
  }
  get guard(): <T>(work: Promise<T>) => Promise<T> {
    return this.#guard;
  }
  /** The buffers of the device, once a session is open. */
  get memory(): GpuMemory {
    if (this.#memory === undefined) throw new Error("no session has been opened on the graphics card");
    return this.#memory;
  }
  use(device: GpuDevice): void {
    this.#memory ??= new GpuMemory(device);
  }
  get isLost(): boolean {
    return this.#lost !== undefined;
  }
  /** From now on only what the host has can be read. */
  lose(error: Error): void {
    this.#lost ??= error;
  }

  fromHost(type: string, host: OrtData, dims: readonly number[]): GpuTensor {
    const tensor = new GpuTensor(this, type, dims);
    tensor.host = host;
    return tensor;
  }
  /** A tensor on the card, to be written. */
  onCard(type: string, dims: readonly number[]): GpuTensor {
    const tensor = new GpuTensor(this, type, dims);
    this.#place(tensor);
    return tensor;
  }
  #place(tensor: GpuTensor): GpuBuffer {
    const buffer = this.memory.take(tensor.bytes);
    tensor.buffer = buffer;
    const { type: dataType, dims } = tensor;
    tensor.native = this.#Tensor.fromGpuBuffer?.(buffer, { dataType, dims });
    return buffer;
  }

  /**
   * What a session takes. What comes from the host goes through ONNX Runtime the first time, as batches do, and stays on the card from
   * the second time on, as weights do that do not change.
   */
  forSession(tensor: GpuTensor): OrtTensor {
    if (tensor.native === undefined) {
      tensor.native = this.#onHost(tensor);
    } else if (tensor.buffer === undefined && tensor.bytes > TINY) {
      this.memory.write(this.#place(tensor), tensor.host as OrtData);
    }
    return tensor.native as OrtTensor;
  }
  /** What a session of the plain build takes. */
  async forPlainSession(tensor: GpuTensor): Promise<OrtTensor> {
    if (tensor.host === undefined) tensor.host = await this.read(tensor);
    return this.#onHost(tensor);
  }
  #onHost({ type, host, dims }: GpuTensor): OrtTensor {
    return new this.#Tensor(type as OrtType, host as OrtData, dims);
  }

  /** The values. Those that are asked for in one turn come in one copy. @throws Error if they are lost. */
  async read(tensor: GpuTensor): Promise<OrtData> {
    if (this.#lost === undefined) {
      try {
        const waiting = tensor.host === undefined ? this.#download(tensor) : undefined;
        waiting?.catch(() => {}); // awaited below, or not at all if the other one fails
        await tensor.complete;
        return waiting === undefined ? (tensor.host as OrtData).slice() : await waiting;
      } catch (error) {
        if (this.#lost === undefined) throw error;
      }
    }
    const data = tensor.kept === undefined ? tensor.host : lastOf(tensor.kept);
    if (data === undefined) throw this.#lost;
    return data.slice();
  }
  #download(tensor: GpuTensor): Promise<OrtData> {
    return new Promise((resolve, reject) => {
      if (this.#readings.length === 0) queueMicrotask(() => this.#copy());
      this.#readings.push({ tensor, resolve, reject });
    });
  }
  #copy(): void {
    const readings = this.#readings;
    this.#readings = [];
    if (readings.length === 0) return;
    this.toHost(readings.map(({ tensor }) => tensor)).then(
      (rows) => readings.forEach(({ resolve }, i) => void resolve(rows[i] as OrtData)),
      (error: unknown) => readings.forEach(({ reject }) => void reject(error)),
    );
  }
  /** Values that are on the card, as they are when everything submitted so far is done. */
  async toHost(tensors: readonly GpuTensor[]): Promise<OrtData[]> {
    const parts = await this.guard(
      this.memory.read(tensors.map(({ buffer, bytes }) => ({ buffer: buffer as GpuBuffer, bytes }))),
    );
    return parts.map((part, i) => {
      const { type } = tensors[i] as GpuTensor;
      if (!isOrtType(type)) throw new Error(`no tensors of ${type} are kept on the graphics card`);
      return new arrays[type](part);
    });
  }

  release(tensor: GpuTensor): void {
    if (this.#readings.some((one) => one.tensor === tensor)) this.#copy();
    if (tensor.buffer !== undefined && this.#lost === undefined) this.memory.give(tensor.buffer);
    tensor.buffer = undefined;
    tensor.native = undefined;
  }
  dispose(): void {
    this.#memory?.dispose();
    this.#memory = undefined;
  }
}
