// Text that runs elsewhere: Python in Pyodide, JavaScript in a worker thread. Text, so that no bundler has to find a second file.

/** Answers with a function that starts the runtime and answers with the function that takes messages. */
export const startCode: string = `
def start(text):
    import types
    kt = types.ModuleType("kt")
    kt.kt = kt
    exec(compile(text, "<keras-ts runtime>", "exec"), kt.__dict__)
    worker = kt.Worker()
    return lambda frame: worker.receive(frame.to_py())

start
`;

/** The thread's program. Messages in are frames; messages out are frames, "ready", or why it cannot start. */
export const workerCode: string = `
const { parentPort, workerData } = require("node:worker_threads");
const queue = [];
const printed = [];
const print = (line) => {
  printed.push(line);
  if (printed.length > 20) printed.shift();
};
parentPort.on("message", (frame) => queue.push(frame));
(async () => {
  const { loadPyodide } = await import(workerData.pyodide);
  // A thread's standard streams have no number that Pyodide could write to.
  const python = await loadPyodide({ stdout: print, stderr: print, ...workerData.options });
  const said = [];
  const loaded = await python.loadPackage(workerData.numpy, {
    messageCallback() {},
    errorCallback: (text) => said.push(text),
  });
  if (loaded.length === 0) {
    parentPort.postMessage({ kind: "missing", said });
    return;
  }
  const receive = python.runPython(workerData.start)(workerData.runtime);
  const handle = (frame) => {
    let answer;
    try {
      answer = receive(frame);
    } catch (error) {
      parentPort.postMessage({ kind: "failed", text: [String(error), ...printed].join("\\n") });
      return;
    }
    if (answer === undefined) return;
    const bytes = answer.toJs();
    answer.destroy();
    parentPort.postMessage({ kind: "frame", frame: bytes }, [bytes.buffer]);
  };
  parentPort.removeAllListeners("message");
  parentPort.on("message", handle);
  queue.forEach(handle);
  parentPort.postMessage({ kind: "ready" });
})().catch((error) => parentPort.postMessage({ kind: "failed", text: [String(error), ...printed].join("\\n") }));
`;
