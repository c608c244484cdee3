// Indexing, sorting, random bits and linear algebra.
import type { JaxArray, JaxModule } from "./library.ts";
import { lacking, type Rows, take } from "./rows.ts";

type Names =
  | "take"
  | "gatherNd"
  | "scatterNd"
  | "dynamicSlice"
  | "dynamicUpdateSlice"
  | "sort"
  | "argSort"
  | "topK"
  | "randomBits"
  | "cholesky"
  | "triangularSolve"
  | "qr"
  | "eigh"
  | "eig"
  | "svd"
  | "lu"
  | "fft";

export function indexing(jax: JaxModule): Rows<Names> {
  const { numpy: np, lax, random } = jax;
  const last = (x: JaxArray, i: number): JaxArray =>
    x.slice(...x.shape.slice(0, -1).map((n): [number, number] => [0, n]), i);
  return {
    take: (inputs, { axis }, { ins: [x] }) => {
      const size = x?.shape[axis] as number;
      return np.take(take(inputs), np.clip(take(inputs, 1), 0, Math.max(0, size - 1)), axis);
    },
    gatherNd: (inputs, _, { ins: [x, indices], outs: [out] }) => {
      const shape = x?.shape ?? [];
      const depth = indices?.shape.at(-1) as number;
      // Coordinates to positions in the flattened leading axes.
      let position: JaxArray | undefined;
      for (let i = 0; i < depth; i++) {
        const size = shape[i] as number;
        const own = np.clip(last(take(inputs, 1), i), 0, Math.max(0, size - 1));
        position = position === undefined ? own : np.add(np.multiply(position, size), own);
      }
      const rows = shape.slice(0, depth).reduce((n, s) => n * s, 1);
      const flat = take(inputs).reshape([rows, ...shape.slice(depth)]);
      if (position === undefined) return flat.reshape([...(out?.shape ?? [])]);
      return np.take(flat, position.reshape([-1]), 0).reshape([...(out?.shape ?? [])]);
    },
    scatterNd: lacking("scatterNd"),
    dynamicSlice: (inputs, { sizes }, { ins: [x] }) => {
      const shape = x?.shape ?? [];
      return sizes.reduce((y, size, axis) => {
        const room = (shape[axis] as number) - size;
        if (room === 0) return y;
        const start = np.clip(last(take(inputs, 1), axis), 0, room);
        return np.take(y, np.add(np.arange(0, size, 1, { dtype: jax.DType.Int32 }), start), axis);
      }, take(inputs));
    },
    dynamicUpdateSlice: lacking("dynamicUpdateSlice"),
    sort: (inputs, { axis }) => np.sort(take(inputs), axis),
    argSort: (inputs, { axis }) => np.argsort(take(inputs), axis),
    topK: (inputs, { k }) => lax.topK(take(inputs), k),
    randomBits: (inputs, { shape, words }) =>
      words === 1 ? random.bits(take(inputs), [...shape]) : random.split(take(inputs), [...shape]),
    cholesky: (inputs) => lax.linalg.cholesky(take(inputs)),
    triangularSolve: (inputs, { lower, transposeA, unitDiagonal }) =>
      lax.linalg.triangularSolve(take(inputs), take(inputs, 1), { leftSide: true, lower, transposeA, unitDiagonal }),
    qr: lacking("qr"),
    eigh: (inputs) => {
      const [vectors, values] = lax.linalg.eigh(take(inputs), { lower: true, symmetrizeInput: false });
      return [values, vectors];
    },
    eig: lacking("eig"),
    svd: (inputs, { fullMatrices }) =>
      lax.linalg.svd(take(inputs), { computeUv: true, fullMatrices }) as [JaxArray, JaxArray, JaxArray],
    lu: (inputs) => lax.linalg.lu(take(inputs)),
    fft: (inputs, { inverse }) => {
      const pair = { real: take(inputs), imag: take(inputs, 1) };
      const { real, imag } = inverse ? np.fft.ifft(pair) : np.fft.fft(pair);
      return [real, imag];
    },
  };
}
