// Entries in IndexedDB.
import type { ProgramStore } from "./store.ts";

interface Use {
  readonly size: number;
  /** Milliseconds since 1970. */
  readonly used: number;
}

const PROGRAMS = "programs";
/** When each was used last, and its size: small, so that all can be read. */
const USES = "uses";

const resultOf = <T>(request: IDBRequest<T>): Promise<T> =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
const done = (transaction: IDBTransaction): Promise<void> =>
  new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(transaction.error);
  });

async function open(name: string): Promise<IDBDatabase> {
  if ((globalThis.indexedDB as IDBFactory | undefined) === undefined) throw new Error("a place without IndexedDB");
  const request = indexedDB.open(name, 1);
  request.onupgradeneeded = () => {
    request.result.createObjectStore(PROGRAMS);
    request.result.createObjectStore(USES);
  };
  const database = await resultOf(request);
  // Whoever wants to delete the database need not wait for this page.
  database.onversionchange = () => database.close();
  return database;
}

/** A database, which is made when something is looked for. At most `limit` bytes of entries stay in it. */
export function databaseStore(name: string, limit: number): ProgramStore {
  let opened: Promise<IDBDatabase> | undefined;
  const begin = async (mode: IDBTransactionMode): Promise<IDBTransaction> => {
    opened ??= open(name);
    return (await opened).transaction([PROGRAMS, USES], mode);
  };

  return {
    place: `the database "${name}"`,
    limit,
    async read(key) {
      const transaction = await begin("readwrite");
      const [programs, uses] = [transaction.objectStore(PROGRAMS), transaction.objectStore(USES)];
      const bytes: unknown = await resultOf(programs.get(key));
      if (bytes === undefined) return undefined;
      if (!(bytes instanceof Uint8Array)) return new Uint8Array();
      uses.put({ size: bytes.length, used: Date.now() } satisfies Use, key);
      return bytes;
    },
    async write(key, bytes) {
      const transaction = await begin("readwrite");
      const [programs, uses] = [transaction.objectStore(PROGRAMS), transaction.objectStore(USES)];
      const written = done(transaction);
      written.catch(() => {}); // a request that fails is heard of first
      programs.put(bytes, key);
      uses.put({ size: bytes.length, used: Date.now() } satisfies Use, key);
      const all = Promise.all([resultOf(uses.getAllKeys()), resultOf(uses.getAll() as IDBRequest<Use[]>)]);
      const [keys, values] = await all.catch((error: unknown) => {
        throw transaction.error ?? error;
      });
      let total = values.reduce((n, { size }) => n + size, 0);
      const oldest = keys.map((one, i) => ({ one, ...(values[i] as Use) })).sort((a, b) => a.used - b.used);
      for (const { one, size } of oldest) {
        if (total <= limit) break;
        if (one === key) continue;
        programs.delete(one);
        uses.delete(one);
        total -= size;
      }
      await written;
    },
    async remove(key) {
      const transaction = await begin("readwrite");
      const removed = done(transaction);
      transaction.objectStore(PROGRAMS).delete(key);
      transaction.objectStore(USES).delete(key);
      await removed;
    },
    close() {
      opened?.then(
        (database) => database.close(),
        () => {},
      );
    },
  };
}
