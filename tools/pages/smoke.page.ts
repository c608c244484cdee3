// The least that every browser must do: load core, alone, in an isolated page.
import * as keras from "@keras-ts/core";

const checks: Record<string, true | string> = {
  "core loads in a browser": typeof keras === "object" || `got ${typeof keras}`,
  "the page is cross-origin isolated": globalThis.crossOriginIsolated || "SharedArrayBuffer is not available",
};

Object.assign(globalThis, { __result: { checks } });
