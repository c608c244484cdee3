// What the corpus runs of each op, on each engine: counted from the cases themselves, so that the page cannot say more than is tested.
import { type GoldenCase, goldenGroups, graphOf, type Limits, limitationOf } from "@keras-ts/conformance";
import { ops, random } from "@keras-ts/core";
import { type Limitation, pythonOperationTable } from "@keras-ts/core/backend";

/** An engine, and what it says that it cannot do. */
export interface Engine {
  readonly name: string;
  readonly device?: string;
  readonly limitations: readonly Limitation[];
}
/** A case of specs.json. */
export interface SpecCase {
  readonly op: string;
  readonly error?: string;
}

const camel = (name: string): string =>
  name.replace(/_+$/, "").replace(/_([a-zA-Z0-9])/g, (_, letter: string) => letter.toUpperCase());
const hasGradient = ({ expected }: GoldenCase): boolean => expected.some(({ what }) => what.startsWith("gradient"));

/** Rows `op, abstract, engine ...`: how many cases run eagerly, traced and with gradients, marks of limitations behind them. */
export function opRows(
  engines: readonly Engine[],
  specs: readonly SpecCase[],
  mark: (limitation: Limitation, engine: Engine) => string,
): string[][] {
  const groups = goldenGroups().filter(({ name }) => /^(ops|random)\./.test(name));
  return groups
    .map(({ name, cases }) => {
      const own = specs.filter(({ op }) => `ops.${camel(op)}` === name);
      const graphs = cases.map((one) => [one, graphOf(one)] as const);
      const cells = engines.map((engine) => {
        const limits: Limits = engine;
        const found = new Map(
          graphs.map(([one, graph]) => [one, graph && limitationOf(graph, one.name, limits)] as const),
        );
        const free = cases.filter((one) => found.get(one) === undefined);
        const marks = new Set([...found.values()].flatMap((x) => (x === undefined ? [] : [mark(x, engine)])));
        const counts = [free.length, free.filter((one) => !one.readsValues).length, free.filter(hasGradient).length];
        return [counts.map((n) => (n === 0 ? "-" : n)).join(" / "), ...marks].join(" ");
      });
      return [`\`${name.replace(/^ops\./, "")}\``, own.length === 0 ? "-" : String(own.length), ...cells];
    })
    .sort(([a = ""], [b = ""]) => (a < b ? -1 : 1));
}

/** Ops that exist without such cases, and names of Keras that do not exist here. */
export function opsBeside(rows: readonly (readonly string[])[]): {
  readonly untabled: readonly string[];
  readonly absent: readonly string[];
} {
  const listed = new Set(rows.map(([name = ""]) => name.slice(1, -1)));
  const { image = {} } = ops as unknown as Readonly<Record<string, object>>;
  const exists = (name: string): boolean =>
    name.startsWith("random.") ? name.slice(7) in random : name in ops || name in image;
  const names = [...pythonOperationTable().keys()].sort();
  return {
    untabled: names.filter((name) => exists(name) && !listed.has(name)),
    absent: names.filter((name) => !exists(name)),
  };
}
