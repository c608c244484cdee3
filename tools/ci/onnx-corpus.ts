// The conformance corpus in headless Chromium, all of it, on the ONNX engine in its worker: wasm, and WebGPU on the software adapter.
import { nameOf, type Part, runCorpus } from "../lib/corpus.ts";

// Each share is a browser of its own. Two at a time: a page waits for its compilers of shaders, and they for it. Sessions of a whole
// corpus are more than one worker's memory holds.
const SHARES = { webgpu: 4, cpu: 2 } as const;
const AT_ONCE = 2;
// `npx tsx tools/ci/onnx-corpus.ts "WebGPU 3"` runs those that are named so.
const parts = (["webgpu", "cpu"] as const)
  .flatMap((device) =>
    Array.from(
      { length: SHARES[device] },
      (_, share): Part => ({ engine: "onnx", device, share, shares: SHARES[device] }),
    ),
  )
  .filter((part) => nameOf(part).includes(process.argv[2] ?? ""));

const { passed, failed } = await runCorpus(parts, AT_ONCE);
process.exitCode = failed > 0 ? 1 : 0;
console.log(`${passed} passed, ${failed} failed`);
