/** Fails when an example's result is not what the comment behind it says. Numbers agree to the digits shown. */
export function expectValue(value: unknown, shown: string): void {
  const actual = plain(value);
  const expected = JSON.parse(shown) as unknown;
  // 2.72 stands for anything that rounds to it; whole numbers are meant exactly, but for float32.
  const decimals = Math.max(0, ...[...shown.matchAll(/\.(\d+)/g)].map(([, digits = ""]) => digits.length));
  const tolerance = decimals ? 0.501 * 10 ** -decimals : 1e-5;
  if (!agrees(actual, expected, tolerance))
    throw new Error(`the comment says ${shown}, got ${JSON.stringify(actual)}.`);
}

/** The JSON of a comment such as `// [1, 2]`, or undefined when it is prose. */
export function shownValue(comment: string): string | undefined {
  const text = comment.replace(/^(?:=>|->)\s*/, "").trim();
  try {
    JSON.parse(text);
    return text;
  } catch {
    return undefined;
  }
}

function plain(value: unknown): unknown {
  if (ArrayBuffer.isView(value) && !(value instanceof DataView))
    return Array.from(value as unknown as ArrayLike<number>);
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value === "bigint") return Number(value);
  return value;
}

function agrees(actual: unknown, expected: unknown, tolerance: number): boolean {
  if (typeof actual === "number" && typeof expected === "number") {
    return Math.abs(actual - expected) <= tolerance * Math.max(1, tolerance < 1e-4 ? Math.abs(expected) : 1);
  }
  if (Array.isArray(actual) && Array.isArray(expected)) {
    return actual.length === expected.length && actual.every((item, i) => agrees(item, expected[i], tolerance));
  }
  if (typeof actual === "object" && typeof expected === "object" && actual && expected) {
    const [a, b] = [actual as Record<string, unknown>, expected as Record<string, unknown>];
    const keys = Object.keys(b);
    return Object.keys(a).length === keys.length && keys.every((key) => agrees(a[key], b[key], tolerance));
  }
  return actual === expected;
}
