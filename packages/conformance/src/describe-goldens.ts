// What real Keras computes, by the public API on the engine in use.
import { describe, expect, test } from "vitest";
import { checkCases, type GoldenCase, type GoldenGroup, goldenGroups, type Mode } from "./goldens/index.ts";
import {
  allCasesUnder,
  casesUnder,
  type Limits,
  nonFiniteCases,
  nonFiniteLimitations,
  sometimesLimitations,
  split,
  zeroSignLimitations,
} from "./limitations.ts";

/**
 * How many of the golden cases run. `sample`: of each op, layer and loss the first case and every fourth after it; for engines on
 * which compiling is slow, or which differ from one that runs them all only in how they are reached.
 */
export type GoldenAmount = "all" | "sample" | "none";

const STRIDE = 4;
const modes = ["eager", "traced"] as const;
const chosen = ({ name, cases }: GoldenGroup, amount: GoldenAmount): GoldenGroup =>
  amount === "all" ? { name, cases } : { name, cases: cases.filter((_, i) => i % STRIDE === 0) };

type Parts = ReturnType<typeof split>;
async function checkGroup([possible, limited, uncertain]: Parts, mode: Mode): Promise<void> {
  for (const one of uncertain) await checkCases([one], mode).catch(() => {});
  await checkCases(possible, mode);
  for (const one of limited) await expect(checkCases([one], mode), `${one.name} is limited`).rejects.toThrow();
}

async function anyFails(cases: readonly GoldenCase[]): Promise<boolean> {
  for (const one of cases) {
    try {
      await checkCases([one], "traced");
    } catch {
      return true;
    }
  }
  return false;
}

/** Defines the tests of ops, random numbers, activations, losses and layers on the current engine, eagerly and traced. */
export function describeGoldens(amount: GoldenAmount = "all", limits: Limits = {}): void {
  if (amount === "none") return;
  const whole = goldenGroups();
  const groups = whole.map((group) => chosen(group, amount));
  // What is limited is seen in the graphs of all cases: once for both modes.
  const known = new Map<readonly GoldenCase[], Parts>();
  const partsOf = (cases: readonly GoldenCase[]): Parts => {
    const parts = known.get(cases) ?? split(cases, limits);
    known.set(cases, parts);
    return parts;
  };
  // One way after the other for each group: where both are the same program it is compiled once.
  const both = groups.flatMap(({ name, cases }) => modes.map((mode) => [name, mode, cases] as const));
  describe("as Keras computes", () => {
    test.each(both)("%s, %s", (_, mode, cases) => checkGroup(partsOf(cases), mode));
  });
  const signs = zeroSignLimitations(limits);
  const nonFinite = nonFiniteLimitations(limits);
  const sometimes = sometimesLimitations(limits);
  if (signs.length + nonFinite.length + sometimes.length === 0) return;
  const all = whole.flatMap(({ cases }) => cases);
  test.each(signs.map((one) => [one.op, one.dtype ?? "any dtype", one] as const))(
    "%s of %s loses a sign of zero somewhere",
    async (_, __, one) => {
      expect(await anyFails(casesUnder(one, all))).toBe(true);
    },
  );
  test.each(sometimes.map((one) => [one.op, one.dtype ?? "any dtype", one] as const))(
    "%s of %s fails somewhere",
    async (_, __, one) => {
      expect(await anyFails(allCasesUnder(one, all))).toBe(true);
    },
  );
  test.each(nonFinite.map((one) => [one.op, one] as const))("%s loses nan or an infinity somewhere", async (_, one) => {
    expect(await anyFails(nonFiniteCases(one, all))).toBe(true);
  });
}
