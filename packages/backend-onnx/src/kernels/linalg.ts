// Decompositions as programs of other primitives, in double precision, of any size and any batch.
import { type Aval, primitives as p, sizeOf, type Tensor } from "@keras-ts/core/backend";
import type { Builder } from "../builder.ts";
import { eig } from "./eig.ts";
import { fft } from "./fourier.ts";
import { eigh, svd } from "./jacobi.ts";
import { qr } from "./reflections.ts";
import { inDouble } from "./special.ts";
import { composed, type Rows } from "./table.ts";
import { cholesky, lu, triangularSolve } from "./triangular.ts";

type Names = "cholesky" | "triangularSolve" | "qr" | "eigh" | "eig" | "svd" | "lu" | "fft";

type Avals = { readonly ins: readonly Aval[]; readonly outs: readonly Aval[] };

export function linalg(b: Builder): Rows<Names> {
  const whole =
    <P extends Record<string, unknown>>(f: (xs: readonly Tensor[], params: P) => readonly Tensor[]) =>
    (names: readonly string[], given: P, { ins, outs }: Avals): readonly string[] => {
      const isEmpty = ins.some(({ shape }) => sizeOf(shape) === 0);
      const body = (inputs: readonly Tensor[], params: P): readonly Tensor[] =>
        isEmpty ? outs.map(ofEmpty) : batched(inputs, (xs) => inDouble((...wide) => f(wide, params))(xs));
      return composed<P>(b, body)(names, given, { ins });
    };
  return {
    cholesky: (inputs, params, avals) => whole(([x]) => [cholesky(x as Tensor)])(inputs, params, avals)[0] as string,
    triangularSolve: (inputs, params, avals) =>
      whole<p.TriangularParams>(([a, rhs], q) => [triangularSolve(a as Tensor, rhs as Tensor, q)])(
        inputs,
        params,
        avals,
      )[0] as string,
    qr: whole<p.ThinParams>(([x], { fullMatrices }) => qr(x as Tensor, fullMatrices)),
    eigh: whole(([x]) => eigh(x as Tensor)),
    eig: whole(([x]) => eig(x as Tensor)),
    svd: whole<p.ThinParams>(([x], { fullMatrices }) => svd(x as Tensor, fullMatrices)),
    lu: whole(([x]) => lu(x as Tensor)),
    fft: ([re, im], { inverse }) => fft(b, [re as string, im as string], inverse),
  };
}

// Of matrices without elements: orthonormal bases are identities, permutations keep the order, nothing else has elements.
function ofEmpty({ shape, dtype }: Aval): Tensor {
  if (sizeOf(shape) === 0) return p.full(shape, 0, dtype);
  const last = shape.length - 1;
  const place = p.iota({ shape, axis: last, dtype: "int32" });
  if (dtype === "int32") return place;
  return p.cast(p.equal(place, p.iota({ shape, axis: last - 1, dtype: "int32" })), { dtype });
}

// Leading axes as one, [B, m, n], and back.
function batched(inputs: readonly Tensor[], f: (xs: readonly Tensor[]) => readonly Tensor[]): Tensor[] {
  const lead = (inputs[0] as Tensor).shape.slice(0, -2);
  const flat = inputs.map((x) => p.reshape(x, { shape: [sizeOf(lead), ...x.shape.slice(-2)] }));
  return f(flat).map((y) => p.reshape(y, { shape: [...lead, ...y.shape.slice(1)] }));
}
