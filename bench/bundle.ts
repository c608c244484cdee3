import { weigh } from "../tools/sizes.ts";

const head = `import { Sequential, input, layers, setBackend } from "@keras-ts/core";`;
const body = `const model = new Sequential([input({ shape: [4] }), new layers.Dense({ units: 1 })]); console.log(model);`;
const programs: Readonly<Record<string, string>> = {
  "core with the reference backend": `${head}${body}`,
  "core + backend-onnx (no engine)": `${head}import { onnx } from "@keras-ts/backend-onnx"; setBackend(await onnx());${body}`,
  "core + backend-tfjs (no engine)": `${head}import { tfjs } from "@keras-ts/backend-tfjs"; setBackend(await tfjs());${body}`,
  "core + backend-numpy (no engine)": `${head}import { numpy } from "@keras-ts/backend-numpy"; setBackend(await numpy());${body}`,
};

/** Bytes of a one-layer model's program that load at start, minified and gzipped, without engines. */
export async function bundleSizes(): Promise<[name: string, bytes: number][]> {
  const sizes: [string, number][] = [];
  for (const [name, code] of Object.entries(programs)) sizes.push([name, (await weigh(code)).bytes]);
  return sizes;
}
