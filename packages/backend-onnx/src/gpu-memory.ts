// Memory of the graphics card: buffers that are used again, and values on their way up and down.

/** What we use of WebGPU, typed here: not all of TypeScript's libraries know it. */
export interface GpuBuffer {
  readonly size: number;
  mapAsync(mode: number): Promise<unknown>;
  getMappedRange(): ArrayBuffer;
  unmap(): void;
  destroy(): void;
}
interface CommandEncoder {
  copyBufferToBuffer(from: GpuBuffer, fromOffset: number, to: GpuBuffer, toOffset: number, size: number): void;
  finish(): object;
}
export interface GpuDevice {
  readonly lost: Promise<{ readonly reason?: string; readonly message: string }>;
  readonly queue: {
    submit(commands: readonly object[]): void;
    writeBuffer(buffer: GpuBuffer, offset: number, data: ArrayBufferView): void;
    onSubmittedWorkDone(): Promise<unknown>;
  };
  createBuffer(options: { readonly size: number; readonly usage: number }): GpuBuffer;
  createCommandEncoder(): CommandEncoder;
  pushErrorScope(filter: "out-of-memory" | "validation"): void;
  popErrorScope(): Promise<{ readonly message: string } | null>;
}

// Numbers of `GPUBufferUsage` and `GPUMapMode`.
const [MAP_READ, COPY_SRC, COPY_DST, STORAGE] = [0x1, 0x4, 0x8, 0x80];
const READ = 1;
/** Sizes of buffers and of copies are multiples of this: ONNX Runtime's kernels write four numbers at a time. */
const UNIT = 16;
const rounded = (bytes: number): number => Math.max(UNIT, Math.ceil(bytes / UNIT) * UNIT);
/** What buffers that nobody uses may take together. */
const MOST_FREE = 256 * 2 ** 20;
/** A training loop reads states, and logs: two sizes. */
const MOST_READERS = 4;

/** A value on the card: the first `bytes` of a buffer. */
interface OnCard {
  readonly buffer: GpuBuffer;
  readonly bytes: number;
}

/** Buffers of one device. */
export class GpuMemory {
  readonly #device: GpuDevice;
  readonly #free = new Map<number, GpuBuffer[]>();
  readonly #readers: GpuBuffer[] = [];
  #freeBytes = 0;
  #unchecked: Promise<void>[] = [];

  constructor(device: GpuDevice) {
    this.#device = device;
  }

  /** A buffer whose contents are not defined. New ones may turn out not to exist: see `checked`. */
  take(bytes: number): GpuBuffer {
    const size = rounded(bytes);
    const spare = this.#free.get(size)?.pop();
    if (spare !== undefined) {
      this.#freeBytes -= size;
      return spare;
    }
    return this.#create(size, STORAGE | COPY_SRC | COPY_DST);
  }
  /** Hands a buffer back. What was submitted before may still use it: work on the card is done in order. */
  give(buffer: GpuBuffer): void {
    if (this.#freeBytes + buffer.size > MOST_FREE) return buffer.destroy();
    this.#freeBytes += buffer.size;
    const row = this.#free.get(buffer.size);
    if (row === undefined) this.#free.set(buffer.size, [buffer]);
    else row.push(buffer);
  }
  /** @throws Error if there was no memory for a buffer that was taken. */
  async checked(): Promise<void> {
    if (this.#unchecked.length === 0) return;
    const checks = this.#unchecked;
    this.#unchecked = [];
    await Promise.all(checks);
  }

  write(buffer: GpuBuffer, data: ArrayBufferView): void {
    if (data.byteLength % 4 === 0) return this.#device.queue.writeBuffer(buffer, 0, data);
    const padded = new Uint8Array(rounded(data.byteLength));
    padded.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    this.#device.queue.writeBuffer(buffer, 0, padded);
  }

  /** The bytes of several values, in one copy; as they are when everything submitted so far is done. */
  async read(values: readonly OnCard[]): Promise<ArrayBuffer[]> {
    const places: number[] = [];
    let size = 0;
    for (const { bytes } of values) {
      places.push(size);
      size += rounded(bytes);
    }
    const reader = this.#reader(size);
    const encoder = this.#device.createCommandEncoder();
    values.forEach(({ buffer, bytes }, i) => {
      encoder.copyBufferToBuffer(buffer, 0, reader, places[i] as number, rounded(bytes));
    });
    this.#device.queue.submit([encoder.finish()]);
    await reader.mapAsync(READ);
    const mapped = reader.getMappedRange();
    const parts = values.map(({ bytes }, i) => mapped.slice(places[i] as number, (places[i] as number) + bytes));
    reader.unmap();
    this.#readers.push(reader);
    if (this.#readers.length > MOST_READERS) this.#readers.shift()?.destroy();
    return parts;
  }
  #reader(size: number): GpuBuffer {
    const place = this.#readers.findIndex((reader) => reader.size === size);
    if (place >= 0) return this.#readers.splice(place, 1)[0] as GpuBuffer;
    return this.#create(size, MAP_READ | COPY_DST);
  }

  #create(size: number, usage: number): GpuBuffer {
    const device = this.#device;
    device.pushErrorScope("validation");
    device.pushErrorScope("out-of-memory");
    const buffer = device.createBuffer({ size, usage });
    const check = Promise.all([device.popErrorScope(), device.popErrorScope()]).then((errors) => {
      const error = errors.find((one) => one !== null);
      if (error) throw new Error(`out of memory on the graphics card: no buffer of ${size} bytes (${error.message})`);
    });
    check.catch(() => {}); // whoever uses it hears of it by `checked`
    this.#unchecked.push(check);
    return buffer;
  }

  /** Resolves when everything submitted so far is done. */
  async done(): Promise<void> {
    await this.#device.queue.onSubmittedWorkDone();
  }
  dispose(): void {
    for (const buffer of [...this.#free.values(), this.#readers].flat()) buffer.destroy();
    this.#free.clear();
    this.#readers.length = 0;
    this.#freeBytes = 0;
  }
}
