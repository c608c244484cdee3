import { setBackend, setRandomSeed } from "@keras-ts/core";
import type { Backend } from "@keras-ts/core/backend";
import { backends } from "../examples/digits/backends.ts";
import { type BenchModel, data } from "./models.ts";

/** The same engine with a clock around each run of its programs. */
function clocked<H>(backend: Backend<H>, add: (ms: number) => void): Backend<H> {
  const compile = backend.compile?.bind(backend);
  if (compile === undefined) return backend;
  return {
    ...backend,
    compile: async (graph, options) => {
      const program = await compile(graph, options);
      return {
        run: async (inputs) => {
          const start = performance.now();
          const outputs = await program.run(inputs);
          add(performance.now() - start);
          return outputs;
        },
        dispose: () => program.dispose(),
      };
    },
  };
}

/** Milliseconds of a whole `fit` step, and of the engine's run of the step's program alone. */
export async function sessionOverhead(model: BenchModel, steps: number): Promise<{ step: number; session: number }> {
  let session = 0;
  const engine = await (backends.onnx as () => Promise<Backend<never>>)();
  setBackend(
    clocked(engine, (ms) => {
      session += ms;
    }),
  );
  setRandomSeed(1);
  const net = model.build();
  const { x, y } = data(model, steps);
  await net.fit(x, y, { batchSize: model.batch, epochs: 1, verbose: 0 });
  session = 0;
  const start = performance.now();
  await net.fit(x, y, { batchSize: model.batch, epochs: 1, verbose: 0 });
  const step = (performance.now() - start) / steps;
  return { step, session: session / steps };
}
