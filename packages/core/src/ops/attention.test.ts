import { expect, test } from "vitest";
import * as ops from "./catalog.ts";

const shape = [1, 3, 2, 4] as const;
const part = (seed: number) => ops.reshape(ops.sin(ops.multiply(ops.arange(24), seed)), shape);
const [query, key, value] = [part(1), part(2), part(3)] as const;

test("a cap of scores is cap tanh(score / cap)", async () => {
  const scores = ops.multiply(ops.einsum("btnd,bsnd->bnts", query, key), 0.5);
  const weights = ops.softmax(ops.multiply(ops.tanh(ops.divide(scores, 0.3)), 0.3));
  const wanted = await ops.einsum("bnts,bsnd->btnd", weights, value).data();
  const got = await ops.dotProductAttention(query, key, value, { attnLogitsSoftCap: 0.3 }).data();
  got.forEach((x, i) => {
    expect(x).toBeCloseTo(wanted[i] as number, 5);
  });
  expect(() => ops.dotProductAttention(query, key, value, { attnLogitsSoftCap: 0 })).toThrow("above 0");
});

test("the hint about speed changes nothing", async () => {
  const plain = await ops.dotProductAttention(query, key, value).array();
  for (const flashAttention of [true, false, null]) {
    expect(await ops.dotProductAttention(query, key, value, { flashAttention }).array()).toEqual(plain);
  }
});
