export { limitations } from "./limitations.ts";
export { explain, type NumpyBackend, type NumpyHandle, type NumpyOptions, numpy } from "./numpy.ts";
export { runtimeSource } from "./python/index.ts";
export type { PyodideLike, PyodideLoader, PyodideOptions } from "./transports/pyodide.ts";
