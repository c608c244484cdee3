import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { getBackend, reference, setBackend } from "../backend/index.ts";
import { Graph, literal, nodeOf, placeholder, type Tensor } from "../graph/index.ts";
import { convertToTensor, tensor } from "../ops/index.ts";
import * as p from "../primitives/index.ts";
import { StatelessScope, Variable } from "../weights/index.ts";
import { closure, dispose, grad, gradients, jit, read, readAll, trace, valueAndGrad, vjp } from "./index.ts";

const sum = (x: Tensor): Tensor => p.reduceSum(x, { axes: x.shape.map((_, i) => i) });
const values = async (x: Tensor): Promise<number[]> => Array.from((await read(x)).data);

/** A reference engine that counts programs and refuses to be read while it computes. */
function counting(): { backend: ReturnType<typeof reference>; runs: () => number } {
  const inner = reference();
  let runs = 0;
  const kernels = new Proxy(inner.kernels as object, {
    get(table, name) {
      const kernel = Reflect.get(table, name) as unknown;
      if (name === "sin") runs++;
      return kernel;
    },
    has: (table, name) => Reflect.has(table, name),
  });
  return { backend: { ...inner, kernels: kernels as never }, runs: () => runs };
}

beforeEach(() => setBackend(reference()));
afterEach(() => setBackend(reference()));

describe("realise", () => {
  test("nothing runs before a value is read, and a read tensor is its value", async () => {
    const x = tensor([1, 2]);
    const y = p.mul(x, 3);
    expect(y.source.kind).toBe("op");
    expect(await values(y)).toEqual([3, 6]);
    expect(y.source.kind).toBe("value");
    expect(nodeOf(y)).toBeUndefined();
  });
  test("several tensors are read in one go, literals included", async () => {
    const x = tensor([1, 2]);
    const [a, b] = await readAll([p.add(x, 1), tensor([5])]);
    expect(Array.from(a?.data ?? [])).toEqual([2, 3]);
    expect(Array.from(b?.data ?? [])).toEqual([5]);
  });
  test("programs are cached by structure: changing numbers do not compile again", async () => {
    const { backend, runs } = counting();
    setBackend(backend);
    for (let i = 0; i < 5; i++) expect((await values(p.sin(p.mul(tensor([0]), i))))[0]).toBe(0);
    expect(runs()).toBe(1);
  });
  test("values move between engines", async () => {
    const x = p.add(tensor([1, 2]), 1);
    await read(x);
    setBackend({ ...reference(), name: "other" });
    expect(await values(p.mul(x, 10))).toEqual([20, 30]);
  });
  test("a disposed tensor cannot be read", async () => {
    const x = p.add(tensor([1]), 1);
    await read(x);
    dispose(x);
    await expect(read(x)).rejects.toThrow(/disposed/);
  });
  test("a failing engine is reported where the value is read, and work goes on", async () => {
    const inner = reference();
    const kernels = {
      ...inner.kernels,
      sin: () => {
        throw new Error("broken");
      },
    };
    setBackend({ ...inner, kernels: kernels as never });
    await expect(read(p.sin(tensor([1])))).rejects.toThrow(/kernel "sin" must run, got broken/);
    expect(await values(p.cos(tensor([0])))).toEqual([1]);
  });
});

describe("gradients", () => {
  test("through shared subexpressions and broadcasting", async () => {
    const x = tensor([1, 2, 3]);
    const s = tensor(2);
    const y = p.mul(x, s);
    const loss = sum(p.mul(y, p.add(y, x)));
    const [gx, gs] = gradients(loss, [x, s]);
    // loss = sum(s x (s x + x)) = (s^2 + s) sum x^2
    expect(await values(gx as Tensor)).toEqual([12, 24, 36]);
    expect(await values(gs as Tensor)).toEqual([70]);
  });
  test("of what does not depend are zeros", async () => {
    const [g] = gradients(sum(tensor([1])), [tensor([4, 5])]);
    expect(await values(g as Tensor)).toEqual([0, 0]);
  });
  test("of gradients", async () => {
    const cube = (x: Tensor): Tensor => p.mul(x, p.mul(x, x));
    const second = grad((x: Tensor) => grad(cube)(x) as Tensor)(tensor(2)) as Tensor;
    expect(await values(second)).toEqual([12]);
  });
  test("with nested arguments, chosen arguments and auxiliary results", async () => {
    const f = (w: { a: Tensor; b: Tensor }, x: Tensor): readonly [Tensor, Tensor] => {
      const y = p.add(p.mul(w.a, x), w.b);
      return [sum(p.mul(y, y)), y];
    };
    const [[loss, y], g] = valueAndGrad(f, { hasAux: true })({ a: tensor(2), b: tensor(1) }, tensor([1, 2])) as [
      [Tensor, Tensor],
      { a: Tensor; b: Tensor },
    ];
    expect(await values(loss)).toEqual([34]);
    expect(await values(y)).toEqual([3, 5]);
    expect([await values(g.a), await values(g.b)]).toEqual([[26], [16]]);
  });
  test("vjp gives the outputs and pulls cotangents back", async () => {
    const [[y], pull] = vjp((x) => p.mul(x, x), tensor([3, 4]));
    expect(await values(y as Tensor)).toEqual([9, 16]);
    expect(await values(pull(tensor([1, 10]))[0] as Tensor)).toEqual([6, 80]);
  });
  test("and all outputs of one node can be read together, also one that only a derivative rule used", async () => {
    const x = tensor([3, 1, 2]);
    const [top, places] = p.topK(x, { k: 2 });
    const [back] = gradients(p.reduceSum(p.mul(top, tensor([10, 20])), { axes: [0] }), [x]);
    const all = await readAll([top, places, back as Tensor]);
    expect(all.map(({ data }) => [...data])).toEqual([
      [3, 2],
      [0, 2],
      [10, 0, 20],
    ]);
  });
  test("cannot be asked for after the result was read, nor of more than one number", async () => {
    const x = tensor([1, 2]);
    const loss = sum(x);
    await read(loss);
    expect(() => gradients(loss, [x])).toThrow(/before the result is read/);
    expect(() => gradients(p.mul(x, 1), [x])).toThrow(/one float/);
  });
  test("flow through 3,000 nodes without recursion", async () => {
    const x = tensor(1);
    let y = x;
    for (let i = 0; i < 3000; i++) y = p.add(y, 0.001);
    // d (x + 3)^2 / dx at 1; the sum of 3,000 rounded thousandths is not quite 3.
    expect((await values(gradients(p.mul(y, y), [x])[0] as Tensor))[0]).toBeCloseTo(8, 3);
  });
});

describe("trace and jit", () => {
  test("what a function reads, assigns and captures becomes inputs and outputs", () => {
    const v = new Variable([1, 2]);
    const outside = p.add(tensor([3, 4]), 1);
    const traced = trace(
      (x) => {
        v.assign(v.value.add(x));
        return [p.mul(v.value, outside)];
      },
      [{ shape: [2], dtype: "float32" }],
    );
    expect([traced.reads.length, traced.writes.length, traced.captures.length]).toEqual([1, 1, 1]);
    expect(traced.graph.toString()).toMatchInlineSnapshot(`
      "graph(%0: float32[2], %1: float32[2], %2: float32[2]) {
        %3: float32[2] = add(%1, %0)
        %4: float32[2] = mul(%3, %2)
        return %4, %3
      }"
    `);
  });
  test("compiled steps see new values, and keep state", async () => {
    const v = new Variable([1]);
    const step = jit((x: Tensor) => {
      v.assign(v.value.add(x));
      return v.value.multiply(10);
    });
    expect(await values(step(tensor([2])))).toEqual([30]);
    expect(await values(step(tensor([3])))).toEqual([60]);
    expect(Array.from((await v.host()).data)).toEqual([6]);
    v.assign([0]);
    expect(await values(step(tensor([1])))).toEqual([10]);
  });
  test("a held value of a variable survives steps that overwrite it", async () => {
    const v = new Variable([1]);
    const held = v.value;
    const step = jit(() => {
      v.assign(v.value.add(1));
      return v.value;
    });
    step();
    step();
    expect(await values(held)).toEqual([1]);
    expect(Array.from((await v.host()).data)).toEqual([3]);
  });
  test("other shapes, dtypes and static arguments trace again; a wrong argument is refused", async () => {
    let traces = 0;
    const f = jit((x: Tensor, scale: number) => {
      traces++;
      return p.mul(x, scale);
    });
    await values(f(tensor([1]), 2));
    await values(f(tensor([5]), 2));
    expect(traces).toBe(1);
    await values(f(tensor([1, 2]), 2));
    await values(f(tensor([1]), 3));
    expect(traces).toBe(3);
    expect(() => f(new Date() as never, 1)).toThrow(/arguments must be tensors/);
  });
  test("values cannot be read inside", async () => {
    const failures: unknown[] = [];
    const note = (error: unknown): void => {
      failures.push(error);
    };
    jit((x: Tensor) => {
      x.data().catch(note);
      readAll([x]).catch(note);
      return x;
    })(tensor([1]));
    await new Promise((resolve) => setTimeout(resolve, 0));
    expect(failures.length).toBe(2);
    for (const failure of failures) expect(String(failure)).toMatch(/only outside of jit/);
  });
  test("a loop body hands captured tensors in", () => {
    const w = p.add(tensor([2]), 0);
    const { captures, body } = closure("test", (x) => [p.mul(x as Tensor, w)], [{ shape: [1], dtype: "float32" }]);
    expect(captures).toEqual([w]);
    expect(body.inputs.length).toBe(2);
  });
  test("a loop body must not assign variables", () => {
    const v = new Variable([1]);
    expect(() =>
      closure("scan", (x) => (v.assign(x as Tensor), [x as Tensor]), [{ shape: [1], dtype: "float32" }]),
    ).toThrow(/must not assign/);
  });
});

describe("stateless scopes", () => {
  test("give values, keep assignments, and leave the variable alone", async () => {
    const v = new Variable([1, 2]);
    const scope = new StatelessScope([[v, [10, 20]]]);
    scope.run(() => v.assign(v.value.add(1)));
    expect(await values(scope.valueOf(v) as Tensor)).toEqual([11, 21]);
    expect(await values(v.value)).toEqual([1, 2]);
    expect(() => new StatelessScope([[v, [1]]])).toThrow(/shapes of their variables/);
  });
});

test("the default engine is the reference", () => {
  expect(getBackend().name).toMatch(/reference/);
  expect(new Graph([], [literal({ shape: [], dtype: "float32", data: new Float32Array([1]) })]).key).toContain("{1}");
  expect(placeholder(convertToTensor([1])).source.kind).toBe("input");
});
