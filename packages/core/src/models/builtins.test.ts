import { expect, test } from "vitest";
import * as layers from "../layers/index.ts";
import { deserializeKerasObject, serializeKerasObject } from "./public-saving.ts";

test("Keras' own classes are known before anything was loaded, those inside a config too", () => {
  const dense = new layers.Dense({ units: 3, activation: new layers.LeakyReLU({ negativeSlope: 0.5 }), name: "a" });
  const again = deserializeKerasObject(serializeKerasObject(dense));
  expect(serializeKerasObject(again)).toEqual(serializeKerasObject(dense));
});
test("classes of one's own come with the call", () => {
  class Twice extends layers.Identity {
    static override readonly className: string = "Twice";
  }
  const saved = serializeKerasObject(new Twice());
  expect(() => deserializeKerasObject(saved)).toThrow(/Twice/);
  expect(deserializeKerasObject(saved, { customObjects: { Twice } })).toBeInstanceOf(Twice);
});
