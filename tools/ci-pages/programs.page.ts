// A page that is loaded again and again: programs that the ONNX engine compiled in it are found in IndexedDB, whole or not.
import { type CacheOptions, onnx } from "@keras-ts/backend-onnx";
import { input, layers, Sequential, setBackend, setRandomSeed } from "@keras-ts/core";

/** What one load of the page found. */
export interface ProgramsRound {
  readonly name: string;
  readonly compiled: number;
  readonly fromCache: number;
  /** Losses and predictions. */
  readonly results: readonly number[];
  readonly warnings: readonly string[];
  /** Entries in the database, and their bytes, afterwards. */
  readonly entries: number;
  readonly bytes: number;
}
export type ProgramsReport = readonly ProgramsRound[];

const NAME = "programs of a test";
const query = new URLSearchParams(location.search);
const device = query.get("device") === "webgpu" ? "webgpu" : "cpu";
const warnings: string[] = [];
console.warn = (text: unknown) => warnings.push(String(text));

async function learn(options: {
  readonly worker?: boolean;
  readonly cache?: string | CacheOptions;
}): Promise<Omit<ProgramsRound, "name">> {
  const backend = await onnx({ device, wasmPaths: "/ort/", threads: 1, ...options });
  setBackend(backend);
  setRandomSeed(1);
  const model = new Sequential([
    input({ shape: [8, 8, 1] }),
    new layers.Conv2D({ filters: 8, kernelSize: 3, activation: "relu" }),
    new layers.Dropout({ rate: 0.2 }),
    new layers.Flatten(),
    new layers.Dense({ units: 4, activation: "softmax" }),
  ]);
  model.compile({ optimizer: "adam", loss: "sparse_categorical_crossentropy" });
  const x = {
    shape: [48, 8, 8, 1],
    dtype: "float32",
    data: Float32Array.from({ length: 48 * 64 }, (_, i) => Math.sin(i)),
  } as const;
  const y = { shape: [48], dtype: "int32", data: Int32Array.from({ length: 48 }, (_, i) => i % 4) } as const;
  const { history } = await model.fit(x, y, { batchSize: 16, epochs: 3, verbose: 0 });
  const predicted = await (await model.predict(x, { verbose: 0 })).data();
  const { compiled, fromCache } = backend.memory();
  await backend.dispose?.();
  const kept = await stored();
  return {
    compiled,
    fromCache,
    results: [...(history["loss"] ?? []), ...Array.from(predicted, Number)],
    warnings,
    entries: kept.length,
    bytes: kept.reduce((n, [, value]) => n + (value instanceof Uint8Array ? value.length : 0), 0),
  };
}

const resultOf = <T>(request: IDBRequest<T>): Promise<T> =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
async function programs<T>(action: (store: IDBObjectStore) => Promise<T>): Promise<T> {
  const database = await resultOf(indexedDB.open(NAME));
  const result = await action(database.transaction("programs", "readwrite").objectStore("programs"));
  database.close();
  return result;
}
async function stored(): Promise<(readonly [IDBValidKey, unknown])[]> {
  if ((globalThis.indexedDB as IDBFactory | undefined) === undefined) return [];
  if (!(await indexedDB.databases()).some(({ name }) => name === NAME)) return [];
  return programs(async (store) => {
    const [keys, values] = await Promise.all([resultOf(store.getAllKeys()), resultOf(store.getAll())]);
    return keys.map((key, i) => [key, values[i]] as const);
  });
}
/** A flipped byte, a cut, nothing, something else: in turn. */
async function damage(): Promise<void> {
  const kept = await stored();
  await programs(async (store) => {
    for (const [i, [key, value]] of kept.entries()) {
      const bytes = value as Uint8Array;
      bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] as number) ^ 1;
      await resultOf(store.put([bytes, bytes.subarray(0, 100), new Uint8Array(), "text"][i % 4], key));
    }
  });
}

const rounds: Readonly<Record<string, () => Promise<Omit<ProgramsRound, "name">>>> = {
  plain: () => learn({}),
  cold: () => learn({ cache: NAME }),
  warm: () => learn({ cache: NAME }),
  "on the page's thread": () => learn({ cache: NAME, worker: false }),
  async damaged() {
    await damage();
    return learn({ cache: NAME });
  },
  repaired: () => learn({ cache: NAME }),
  async limited() {
    await damage(); // so that all are written
    return learn({ cache: { name: NAME, limit: 30_000 } });
  },
  async "no database"() {
    Object.defineProperty(globalThis, "indexedDB", { value: undefined });
    return learn({ cache: NAME });
  },
};

const names = query.get("rounds")?.split(",") ?? Object.keys(rounds);
const done = JSON.parse(sessionStorage.getItem("rounds") ?? "[]") as ProgramsRound[];
const name = names[done.length] as string;
done.push({ name, ...(await (rounds[name] as (typeof rounds)[string])()) });
sessionStorage.setItem("rounds", JSON.stringify(done));
if (done.length < names.length) location.reload();
else Object.assign(window, { __result: done satisfies ProgramsReport });
