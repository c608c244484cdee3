// The corpus on each device that Node has; the pure JavaScript one, slower, runs a sample of the cases of real Keras.
import { describeBackend } from "@keras-ts/conformance";
import { limitations, tfjs } from "./index.ts";

describeBackend("tfjs wasm", () => tfjs({ device: "wasm" }), { limitations, device: "wasm" });
describeBackend("tfjs cpu", () => tfjs({ device: "cpu" }), { limitations, device: "cpu", goldens: "sample" });
