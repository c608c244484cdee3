// A page that runs a program on the engine in a browser; browser.test.ts serves Pyodide and the wheel beside it.
import { Graph, primitives as p, placeholder } from "../src/core.ts";
import { numpy } from "../src/index.ts";

const wheel = "numpy-2.0.2-cp312-cp312-pyodide_2024_0_wasm32.whl";
const engine = await numpy({
  pyodideOptions: { indexURL: `${location.origin}/pyodide/` },
  numpyWheel: `${location.origin}/wheels/${wheel}`,
});
const x = placeholder({ shape: [2, 2], dtype: "float32" });
const square = p.dotGeneral(x, x, { lhsContract: [1], rhsContract: [0], lhsBatch: [], rhsBatch: [] });
const program = await engine.compile?.(new Graph([x], [square]), {});
const input = engine.upload({ shape: [2, 2], dtype: "float32", data: new Float32Array([1, 2, 3, 4]) });
const [output] = (await program?.run([input])) ?? [];
const values = output === undefined ? [] : [...(await engine.download(output)).data];
Object.assign(window, { __result: { runtime: engine.runtime, values } });
