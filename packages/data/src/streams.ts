// Streams over streams that need more than one loop.
import type { random } from "@keras-ts/core";

/** True for generators: they are their own iterators, and can be gone through once. */
export function isOneShot(items: object): boolean {
  if (Symbol.asyncIterator in items)
    return (items as AsyncIterable<unknown>)[Symbol.asyncIterator]() === (items as unknown);
  return (items as Iterable<unknown>)[Symbol.iterator]() === (items as unknown);
}

/** A stream in random order, drawn from a buffer of `size` elements. */
export async function* shuffled<T>(
  source: AsyncIterable<T>,
  size: number,
  state: random.NumpyRandomState,
): AsyncGenerator<T> {
  const buffer: T[] = [];
  const pick = (): number => Math.floor(state.randomSample() * buffer.length);
  for await (const element of source) {
    if (buffer.length < size) {
      buffer.push(element);
      continue;
    }
    const i = pick();
    yield buffer[i] as T;
    buffer[i] = element;
  }
  while (buffer.length > 0) {
    const i = pick();
    const chosen = buffer[i] as T;
    const last = buffer.pop() as T;
    if (i < buffer.length) buffer[i] = last;
    yield chosen;
  }
}

/** A stream that is read up to `count` elements ahead. */
export async function* ahead<T>(source: AsyncIterable<T>, count: number): AsyncGenerator<T> {
  const iterator = source[Symbol.asyncIterator]();
  const waiting: Promise<IteratorResult<T>>[] = [];
  const request = (): void => {
    const next = iterator.next();
    next.catch(() => {}); // reported when its turn comes
    waiting.push(next);
  };
  try {
    for (let i = 0; i < count; i++) request();
    for (;;) {
      const result = await (waiting.shift() as Promise<IteratorResult<T>>);
      if (result.done === true) return;
      request();
      yield result.value;
    }
  } finally {
    await iterator.return?.();
  }
}
