// Engines hold memory that the garbage collector does not see: without help it would let dead values pile up. This valve counts the
// bytes of live values, and when they grew a lot makes the collector look and lets the releases happen.
const MEGABYTE = 2 ** 20;
const LEAST = 256 * MEGABYTE;

let live = 0;
let threshold = LEAST;

/** Bytes of values that were made and not released yet. */
export const liveBytes = (): number => live;
export function countLive(bytes: number): void {
  live += bytes;
}

/** Called where a caller waits anyway: cheap until live values passed the threshold. */
export async function relieve(): Promise<void> {
  if (live < threshold) return;
  const { gc } = globalThis as { readonly gc?: () => void };
  if (gc !== undefined) gc();
  // Allocating outside of the heap is what makes a collector without `gc` consider a full run.
  else for (let i = 0; i < 8; i++) new ArrayBuffer(32 * MEGABYTE);
  // Releases of collected values run as tasks of their own.
  for (let i = 0; i < 3; i++) await new Promise((resolve) => setTimeout(resolve, 0));
  threshold = Math.max(LEAST, live * 1.5);
}
