import { expect, test } from "vitest";
import { factorsOf } from "../functions/turn.ts";
import { translate } from "./translate.ts";

test("functions, variables, constructors and bits have WebGL's names", () => {
  const code = `
    fn f(x : f32, n : i32) -> vec2<f32> {
      let bits : u32 = bitcast<u32>(x);
      var point : vec2<u32> = vec2<u32>(bits, u32(n));
      var digits : array<u32, 2> = array<u32, 2>(0u, 1u);
      if (isnan(x)) { return vec2<f32>(uniforms.NAN, uniforms.INFINITY); }
      return vec2<f32>(f32(n), bitcast<f32>(point.x));
    }`;
  expect(translate(code)).toBe(`
    vec2 f(float x, int n) {
      uint bits = asUint(x);
      uvec2 point = uvec2(bits, uint(n));
      uint[2] digits = uint[2](0u, 1u);
      if (isnan(x)) { return vec2(asFloat(0x7fc00000), asFloat(0x7f800000)); }
      return vec2(float(n), asFloat(point.x));
    }`);
});

test("a length is the product of its factors: fours, then primes", () => {
  for (let n = 1; n <= 3000; n++) expect(factorsOf(n).reduce((product, factor) => product * factor, 1)).toBe(n);
  expect(factorsOf(2 ** 5 * 9 * 17)).toEqual([4, 4, 2, 3, 3, 17]);
});
