// Every class that takes options, given wrong ones: nothing, null, a bare value, a misspelt name. Never an error that is not ours.
import { describe, expect, test } from "vitest";
import * as core from "../index.ts";
import {
  callbackOptions,
  constraintOptions,
  initializerOptions,
  layerOptions,
  lossOptions,
  metricOptions,
  optimizerOptions,
  regularizerOptions,
  scheduleOptions,
} from "../registry/index.ts";
import { KerasError } from "./errors.ts";

const { callbacks, constraints, initializers, layers, losses, metrics, optimizers, regularizers } = core;
const kinds: readonly (readonly [string, object, Readonly<Record<string, string>>])[] = [
  ["layers", layers, layerOptions],
  ["losses", losses, lossOptions],
  ["metrics", metrics, metricOptions],
  ["optimizers", optimizers, optimizerOptions],
  ["schedules", optimizers.schedules, scheduleOptions],
  ["initializers", initializers, initializerOptions],
  ["regularizers", regularizers, regularizerOptions],
  ["constraints", constraints, constraintOptions],
  ["callbacks", callbacks, callbackOptions],
];
type Constructor = new (options?: unknown) => unknown;

describe.each(kinds)("%s", (_, namespace, table) => {
  const classes = Object.keys(table).filter((name) => name in namespace);
  test.each(classes)("%s", (name) => {
    const Class = (namespace as Readonly<Record<string, Constructor>>)[name] as Constructor;
    const make = (...given: unknown[]): unknown => {
      try {
        return new Class(...(given as [unknown]));
      } catch (error) {
        return error;
      }
    };
    // Some need options; those say so.
    const bare = make();
    if (bare instanceof Error) expect(bare).toBeInstanceOf(KerasError);
    for (const bad of [null, 0.5, "text", { noSuchOption: 1 }]) {
      const error = make(bad);
      expect(error).toBeInstanceOf(KerasError);
      expect((error as Error).message.startsWith(`${name}: `) ? name : (error as Error).message).toBe(name);
    }
  });
});
