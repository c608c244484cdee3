// As much of Vitest as the conformance corpus uses, for pages: tests are collected, and run by whoever imports this.
import { expectClaims } from "./expect.ts";

export const expect: typeof expectClaims = expectClaims;

type Action = () => unknown;
/** A test that was defined, with the names of what is around it. */
export interface Collected {
  readonly name: string;
  readonly run: Action;
}
export const tests: Collected[] = [];
export const before: Action[] = [];
export const after: Action[] = [];
const around: string[] = [];

export const beforeAll = (action: Action): void => void before.push(action);
export const afterAll = (action: Action): void => void after.push(action);

/** `$name` is a property of the row, `%s` the next of its values. */
function title(text: string, row: unknown): string {
  const values = [row].flat();
  const own = text.replace(/\$(\w+)/g, (_, key: string) => String((row as Readonly<Record<string, unknown>>)[key]));
  return own.replace(/%s/g, () => String(values.shift()));
}
type Row = (...values: never[]) => unknown;
type Each = (rows: readonly unknown[]) => (text: string, body: Row) => void;
const each =
  (define: (name: string, action: Action) => void): Each =>
  (rows) =>
  (text, body) => {
    for (const row of rows) {
      const values = (Array.isArray(row) ? row : [row]) as never[];
      define(title(text, row), () => body(...values));
    }
  };

function group(name: string, body: Action): void {
  around.push(name);
  body();
  around.pop();
}
function single(name: string, run: Action): void {
  tests.push({ name: [...around, name].join(" > "), run });
}
export const describe: typeof group & { readonly each: Each } = Object.assign(group, { each: each(group) });
export const test: typeof single & { readonly each: Each } = Object.assign(single, { each: each(single) });
