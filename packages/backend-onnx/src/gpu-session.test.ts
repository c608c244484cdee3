// State on the graphics card, on a card made of arrays: what stays there, what is kept on the host, what is left when it is gone.
import { afterEach, describe, expect, test } from "vitest";
import { completeGpuBuild, type GpuBuild, LOST } from "./gpu-build.ts";
import type { KeepState } from "./gpu-session.ts";
import type { InjectedOrt, OrtData, OrtSession, OrtTensor } from "./ort.ts";
import { isRemote } from "./remote.ts";

class FakeBuffer {
  readonly size: number;
  bytes: Uint8Array<ArrayBuffer>;
  destroyed = 0;
  constructor(size: number) {
    this.size = size;
    this.bytes = new Uint8Array(size);
  }
  get floats(): Float32Array {
    return new Float32Array(this.bytes.buffer);
  }
  mapAsync = (): Promise<void> => this.#device.mapped();
  getMappedRange = (): ArrayBuffer => this.bytes.buffer;
  unmap = (): void => {};
  destroy = (): void => void this.destroyed++;
  readonly #device: FakeDevice = device as FakeDevice;
}

/** A card whose copies to the host arrive at once, or when they are let through. */
class FakeDevice {
  readonly buffers: FakeBuffer[] = [];
  written = 0;
  copies = 0;
  held: (() => void)[] | undefined;
  lose: (info: { readonly message: string }) => void = () => {};
  readonly lost = new Promise<{ readonly message: string }>((resolve) => {
    this.lose = resolve;
  });
  noMemory = false;
  mapped(): Promise<void> {
    const { held } = this;
    return held === undefined ? Promise.resolve() : new Promise((resolve) => held.push(resolve));
  }
  readonly queue = {
    submit: (commands: readonly (() => void)[]): void => {
      for (const command of commands) command();
    },
    writeBuffer: (buffer: FakeBuffer, offset: number, data: ArrayBufferView): void => {
      this.written += data.byteLength;
      buffer.bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), offset);
    },
    onSubmittedWorkDone: (): Promise<void> => this.mapped(),
  };
  createBuffer({ size }: { readonly size: number }): FakeBuffer {
    const buffer = new FakeBuffer(size);
    this.buffers.push(buffer);
    return buffer;
  }
  createCommandEncoder(): object {
    const steps: (() => void)[] = [];
    return {
      copyBufferToBuffer: (from: FakeBuffer, _: number, to: FakeBuffer, place: number, size: number) => {
        this.copies++;
        steps.push(() => to.bytes.set(from.bytes.subarray(0, size), place));
      },
      finish: () => () => {
        for (const step of steps) step();
      },
    };
  }
  pushErrorScope(): void {}
  async popErrorScope(): Promise<{ readonly message: string } | null> {
    return this.noMemory ? { message: "no memory" } : null;
  }
}
let device: FakeDevice | undefined;
const card = (): FakeDevice => device as FakeDevice;

interface Native extends OrtTensor {
  readonly buffer?: FakeBuffer;
}
const hostTensor = (data: OrtData, dims: readonly number[]): Native => ({
  type: "float32",
  dims,
  data,
  location: "cpu",
});

/** ONNX Runtime with one program: weights go up by the batch, a counter on the host by one, and the sum of the weights is a result. */
function fakeBuild(sessions: { released: number } = { released: 0 }): GpuBuild {
  const floatsOf = (x: OrtTensor): Float32Array => (x as Native).buffer?.floats ?? (x.data as Float32Array);
  const session: OrtSession = {
    async run({ weights, count, batch }, fetches) {
      const [w, b] = [floatsOf(weights as OrtTensor), floatsOf(batch as OrtTensor)];
      const out = fetches["newWeights"] as Native;
      (out.buffer as FakeBuffer).floats.set(w.subarray(0, 8).map((x, i) => x + (b[i] as number)));
      const sum = fetches["sum"] as Native;
      (sum.buffer as FakeBuffer).floats[0] = 8 * ((w[0] as number) + (b[0] as number));
      const next = hostTensor(Float32Array.of((floatsOf(count as OrtTensor)[0] as number) + 1), [1]);
      return { newWeights: out, sum, newCount: next };
    },
    release: async () => void sessions.released++,
  };
  const Tensor = Object.assign(
    class {
      constructor(_: string, data: OrtData, dims: readonly number[]) {
        Object.assign(this, hostTensor(data, dims));
      }
    },
    {
      fromGpuBuffer: (buffer: FakeBuffer, { dims }: { readonly dims: readonly number[] }): Native => ({
        ...{ type: "float32", dims, data: undefined, location: "gpu-buffer" },
        buffer,
      }),
    },
  );
  const env = { webgpu: { device: Promise.resolve(device) } };
  const ort = { Tensor, env, InferenceSession: { create: async () => ({ ...session }) } } as unknown as InjectedOrt;
  return completeGpuBuild(ort, async () => ort);
}

interface State {
  readonly weights: OrtTensor;
  readonly count: OrtTensor;
}
interface Trainer {
  readonly build: GpuBuild;
  readonly session: OrtSession;
  state: State;
  /** One step with a batch of its own. Gives the sum. */
  step(): Promise<OrtTensor>;
  read(): Promise<readonly [weight: number, count: number]>;
}
const valuesOf = (x: OrtTensor): Promise<OrtData> =>
  isRemote(x) ? x.getData() : Promise.reject(new Error("on the host"));
const free = (x: OrtTensor): void => x.dispose?.();

async function start(keep: KeepState): Promise<Trainer> {
  device = new FakeDevice();
  const build = fakeBuild();
  const { Tensor, InferenceSession } = build.ort;
  const place = { type: "float32", dims: [8] };
  const session = await InferenceSession.create(new Uint8Array(), {
    executionProviders: [{ name: "webgpu" }],
    residence: {
      onCard: { newWeights: place, sum: { type: "float32", dims: [1] } },
      state: [
        ["newWeights", "weights"],
        ["newCount", "count"],
      ],
      keep,
    },
  });
  const trainer: Trainer = {
    build,
    session,
    state: {
      weights: new Tensor("float32", new Float32Array(8), [8]),
      count: new Tensor("float32", new Float32Array(1), [1]),
    },
    async step() {
      const { weights, count } = trainer.state;
      const batch = new Tensor("float32", new Float32Array(8).fill(1), [8]);
      const results = await session.run({ weights, count, batch }, { newWeights: null, newCount: null, sum: null });
      for (const old of [weights, count, batch]) free(old);
      trainer.state = { weights: results["newWeights"] as OrtTensor, count: results["newCount"] as OrtTensor };
      return results["sum"] as OrtTensor;
    },
    async read() {
      const [weights, count] = await Promise.all([valuesOf(trainer.state.weights), valuesOf(trainer.state.count)]);
      return [weights[0] as number, count[0] as number];
    },
  };
  return trainer;
}
const turns = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 10));
afterEach(() => {
  device = undefined;
});

describe("state on the graphics card", () => {
  test.each(["step", "recent", "none"] as const)("stays there, in the same few buffers, keeping %s", async (keep) => {
    const trainer = await start(keep);
    for (let i = 0; i < 5; i++) free(await trainer.step());
    await trainer.read();
    const [made, written] = [card().buffers.length, card().written];
    for (let i = 0; i < 300; i++) free(await trainer.step());
    expect(await trainer.read()).toEqual([305, 305]);
    expect(card().buffers.length).toBe(made);
    expect(made).toBeLessThan(9);
    expect(card().written).toBe(written);
    expect(card().buffers.filter(({ destroyed }) => destroyed > 0)).toEqual([]);
    for (const tensor of Object.values(trainer.state)) free(tensor);
    await trainer.session.release();
    await trainer.build.end();
    expect(card().buffers.every(({ destroyed }) => destroyed === 1)).toBe(true);
  });

  test("comes down only for those who ask, where nothing is kept", async () => {
    const trainer = await start("none");
    for (let i = 0; i < 10; i++) free(await trainer.step());
    expect(card().copies).toBe(0);
    await trainer.read();
    expect(card().copies).toBe(1);
  });

  test("weights that do not change go up once", async () => {
    const trainer = await start("none");
    const { Tensor } = trainer.build.ort;
    const [weights, batch] = [1, 2].map((x) => new Tensor("float32", new Float32Array(32).fill(x), [32]));
    const sums: OrtData[] = [];
    for (let i = 0; i < 5; i++) {
      const { count } = trainer.state;
      const fetches = { newWeights: null, newCount: null, sum: null };
      const results = await trainer.session.run({ weights, batch, count } as Record<string, OrtTensor>, fetches);
      sums.push(await valuesOf(results["sum"] as OrtTensor));
    }
    expect(sums.map(([sum]) => sum)).toEqual([24, 24, 24, 24, 24]);
    expect(card().written).toBe(2 * 128);
  });

  test("several values that are read in one turn come in one copy", async () => {
    const trainer = await start("none");
    const sums = [await trainer.step(), await trainer.step()];
    const before = card().buffers.length;
    const reading = Promise.all(sums.map(valuesOf));
    for (const sum of sums) free(sum);
    expect((await reading).map(([sum]) => sum)).toEqual([8, 16]);
    expect(card().buffers.length).toBe(before + 1);
  });

  test("missing memory is an error of the run that needed it", async () => {
    const trainer = await start("step");
    card().noMemory = true;
    await expect(trainer.step()).rejects.toThrow(
      "out of memory on the graphics card: no buffer of 32 bytes (no memory)",
    );
    card().noMemory = false;
    free(await trainer.step());
    expect(await trainer.read()).toEqual([1, 1]);
  });
});

describe("a card that is lost", () => {
  test("leaves the state of the last step that came to the host, of all variables alike", async () => {
    const trainer = await start("step");
    for (let i = 0; i < 4; i++) free(await trainer.step());
    await trainer.read();
    card().held = [];
    free(await trainer.step()); // its state does not arrive
    card().lose({ message: "the driver was reset" });
    await turns();
    await expect(trainer.step()).rejects.toMatchObject({ name: LOST });
    expect(await trainer.read()).toEqual([4, 4]);
  });

  test("before the first step leaves what was uploaded", async () => {
    const trainer = await start("step");
    card().lose({ message: "" });
    await turns();
    await expect(trainer.step()).rejects.toThrow("the graphics card is gone");
    expect(await trainer.read()).toEqual([0, 0]);
  });

  test("whoever has read a result of a step has the state of that step", async () => {
    const trainer = await start("step");
    free(await trainer.step());
    await trainer.read();
    card().held = [];
    const sum = await trainer.step();
    let known = false;
    const reading = valuesOf(sum).then(() => {
      known = true;
    });
    await turns();
    expect(known).toBe(false);
    for (const go of card().held ?? []) go();
    await reading;
    card().lose({ message: "gone" });
    await turns();
    expect(await trainer.read()).toEqual([2, 2]);
  });

  test("with two steps under way a third waits; with recent states it does not wait for copies", async () => {
    for (const [keep, started] of [
      ["step", 2],
      ["recent", 2],
    ] as const) {
      const trainer = await start(keep);
      card().held = [];
      let done = 0;
      const running = (async () => {
        for (let i = 0; i < 3; i++) {
          await trainer.step();
          done++;
        }
      })();
      await turns();
      expect(done, keep).toBe(started);
      // One copy is under way at a time where states may be older.
      expect(card().copies, keep).toBe(keep === "step" ? 2 : 1);
      for (const go of card().held ?? []) go();
      card().held = undefined;
      await running;
      expect(await trainer.read()).toEqual([3, 3]);
    }
  });

  test("leaves nothing of a state that is not kept", async () => {
    const trainer = await start("none");
    free(await trainer.step());
    card().lose({ message: "gone" });
    await turns();
    await expect(valuesOf(trainer.state.weights)).rejects.toMatchObject({ name: LOST });
  });
});

test("the last session stays open until there is another: with it ONNX Runtime would give the card back", async () => {
  device = new FakeDevice();
  const sessions = { released: 0 };
  const build = fakeBuild(sessions);
  const create = (): Promise<OrtSession> =>
    build.ort.InferenceSession.create(new Uint8Array(), { executionProviders: [{ name: "webgpu" }] });
  const [one, two] = [await create(), await create()];
  await one.release();
  expect(sessions.released).toBe(1);
  await two.release();
  expect(sessions.released).toBe(1);
  const three = await create();
  expect(sessions.released).toBe(2);
  await three.release();
  await build.end();
  expect(sessions.released).toBe(3);
});
