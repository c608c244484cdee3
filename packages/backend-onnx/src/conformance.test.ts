// The corpus on both builds of ONNX Runtime; the web one, slower to compile, runs a sample of the cases of real Keras.
import { describeBackend } from "@keras-ts/conformance";
import { limitations, onnx } from "./index.ts";

describeBackend("onnx node", () => onnx({ engine: "node", threads: 1 }), { limitations, device: "cpu" });
describeBackend("onnx web", () => onnx({ engine: "web", threads: 1 }), {
  limitations,
  device: "wasm",
  goldens: "sample",
});
