// Random bits.
import { sizeOf } from "@keras-ts/core/backend";
import type { Programs } from "../additions.ts";
import type { Engine, Tensor } from "../engine.ts";
import { runProgram } from "./program.ts";

// Threefry-2x32 with 20 rounds over the counters (0, i). Source: Salmon, Moraes, Dror, Shaw: Parallel random numbers: as easy as
// 1, 2, 3 (2011).
const THREEFRY = `
  fn rounds(start : vec2<u32>, by : vec4<u32>) -> vec2<u32> {
    var x = start;
    for (var i = 0; i < 4; i++) {
      x.x = x.x + x.y;
      x.y = ((x.y << by[i]) | (x.y >> (32u - by[i]))) ^ x.x;
    }
    return x;
  }
  fn threefry(k0 : u32, k1 : u32, counter : u32) -> vec2<u32> {
    let k2 = k0 ^ k1 ^ 0x1bd11bdau;
    let even = vec4<u32>(13u, 15u, 26u, 6u);
    let odd = vec4<u32>(17u, 29u, 16u, 24u);
    var x = vec2<u32>(k0, counter + k1);
    x = rounds(x, even) + vec2<u32>(k1, k2 + 1u);
    x = rounds(x, odd) + vec2<u32>(k2, k0 + 2u);
    x = rounds(x, even) + vec2<u32>(k0, k1 + 3u);
    x = rounds(x, odd) + vec2<u32>(k1, k2 + 4u);
    return rounds(x, even) + vec2<u32>(k2, k0 + 5u);
  }`;

export function randomPrograms(e: Engine): Programs {
  return {
    randomBits: ([key], { shape, words }) =>
      runProgram(e, {
        name: `random bits ${words}`,
        inputs: { key: key as Tensor },
        out: { shape: words === 2 ? [...shape, 2] : shape, dtype: "int32" },
        times: sizeOf(shape),
        before: THREEFRY,
        code: `
          let words = threefry(bitcast<u32>(key[0]), bitcast<u32>(key[1]), u32(index));
          ${words === 2 ? "result[2 * index] = bitcast<i32>(words.x); result[2 * index + 1] = bitcast<i32>(words.y);" : "result[index] = bitcast<i32>(words.x ^ words.y);"}`,
      }),
  };
}
