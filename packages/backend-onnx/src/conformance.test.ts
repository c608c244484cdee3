// The corpus on the native build of ONNX Runtime.
import { describeBackend } from "@keras-ts/conformance";
import { limitations, onnx } from "./index.ts";

describeBackend("onnx node", () => onnx({ engine: "node", threads: 1 }), { limitations, device: "cpu" });
