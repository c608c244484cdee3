// What a user reads who has installed the backend, but not the engine.
import { afterEach, expect, test, vi } from "vitest";

afterEach(() => {
  vi.doUnmock("onnxruntime-node");
  vi.doUnmock("onnxruntime-web");
  vi.resetModules();
});

/** The backend on a machine where a package cannot be imported. */
async function without(...names: readonly string[]): Promise<typeof import("./index.ts")> {
  for (const name of names) {
    vi.doMock(name, () => {
      throw new Error(`Cannot find package '${name}'`);
    });
  }
  return import("./index.ts");
}
const complaint = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => "no error",
    (error: unknown) =>
      error instanceof Error ? `${error.name}: ${error.message.replace(/got .* Run/s, "got ... Run")}` : "?",
  );

test("a missing engine is named with the command that installs it", async () => {
  const { onnx } = await without("onnxruntime-node", "onnxruntime-web");
  expect(await complaint(onnx())).toMatchInlineSnapshot(
    `"BackendError: onnx backend: the package "onnxruntime-node" must be installed and load, got ... Run: npm install onnxruntime-node. [docs/errors.md#backenderror]"`,
  );
  expect(await complaint(onnx({ engine: "node" }))).toMatchInlineSnapshot(
    `"BackendError: onnx backend: the package "onnxruntime-node" must be installed and load, got ... Run: npm install onnxruntime-node. [docs/errors.md#backenderror]"`,
  );
  expect(await complaint(onnx({ engine: "web" }))).toMatchInlineSnapshot(
    `"BackendError: onnx backend: the package "onnxruntime-web" must be installed and load, got ... Run: npm install onnxruntime-web. [docs/errors.md#backenderror]"`,
  );
});

test("without the native engine the wasm engine is taken, if nobody asked for the native one", async () => {
  const { onnx } = await without("onnxruntime-node");
  expect((await onnx()).name).toBe("onnx web");
});
