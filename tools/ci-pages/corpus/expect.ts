// The claims that the conformance corpus makes by Vitest's `expect`.

export interface Claims {
  toBe(wanted: unknown): void;
  toBeLessThanOrEqual(most: number): void;
  readonly rejects: { toThrow(): Promise<void> };
}

/** Throws an error that says what came where a claim does not hold. */
export function expectClaims(value: unknown, what = "the value"): Claims {
  const claim = (good: boolean, must: string): void => {
    if (!good) throw new Error(`${what} must ${must}, got ${value}`);
  };
  return {
    toBe: (wanted) => claim(Object.is(value, wanted), `be ${wanted}`),
    toBeLessThanOrEqual: (most) => claim((value as number) <= most, `be at most ${most}`),
    rejects: {
      async toThrow() {
        let threw = false;
        await (value as Promise<unknown>).catch(() => {
          threw = true;
        });
        if (!threw) throw new Error(`${what} must throw`);
      },
    },
  };
}
