// What the GPU devices leave to the host is what `limitations` says, no more and no less.
import type { Limitation } from "@keras-ts/core/backend";
import * as tf from "@tensorflow/tfjs";
import { expect, test } from "vitest";
import { type Engine, engineOn } from "./engine.ts";
import { kernelsOn } from "./kernels/index.ts";
import { limitations } from "./limitations.ts";
import { additions as webGl } from "./webgl/index.ts";
import { additions as webGpu } from "./webgpu/index.ts";

test.each(["webgl", "webgpu"] as const)("%s", (device) => {
  const asked = new Set<string>();
  const engine = engineOn(tf, device);
  const watching: Engine = {
    ...engine,
    own: (name) => {
      asked.add(name);
      return engine.own(name);
    },
  };
  kernelsOn(watching);
  const additions = device === "webgpu" ? webGpu : webGl;
  for (const name of Object.keys(additions(engine).own)) asked.delete(name);
  // Only of tensors without elements, which hold no values that could leave the device.
  for (const name of ["reduceMax", "reduceMin", "reduceProd", "reduceAnd", "reduceOr"]) asked.delete(name);
  const declared = limitations.filter(
    (one: Limitation) => one.onHost === true && one.devices?.includes(device) === true,
  );
  expect([...asked].sort()).toEqual(declared.map(({ op }) => op).sort());
});
