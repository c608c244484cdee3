export { Mt19937 } from "./mt19937.ts";
export { NumpyRandomState } from "./numpy-random-state.ts";
export { PythonRandom } from "./python-random.ts";
