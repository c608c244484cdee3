// The corpus on the web build of ONNX Runtime; slower to compile, it runs a sample of the cases of real Keras.
import { describeBackend } from "@keras-ts/conformance";
import { limitations, onnx } from "./index.ts";

describeBackend("onnx web", () => onnx({ engine: "web", threads: 1 }), {
  limitations,
  device: "wasm",
  goldens: "sample",
});
