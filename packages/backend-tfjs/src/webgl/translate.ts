// From the part of WebGPU's shading language in which `functions/` is written to WebGL's.

const TYPES: Readonly<Record<string, string>> = { f32: "float", i32: "int", u32: "uint", bool: "bool" };
const typeOf = (type: string): string =>
  type
    .replace(/vec(\d)<(\w)32>/, (_, size, kind) => `${kind === "f" ? "" : kind}vec${size}`)
    .replace(/array<(\w+), (\d+)>/, (_, item, size) => `${TYPES[item]}[${size}]`)
    .replace(/^\w+$/, (name) => TYPES[name] ?? name);
const declared = (text: string): string => {
  const [name, type] = text.split(":").map((part) => part.trim()) as [string, string];
  return `${typeOf(type)} ${name}`;
};

/** What the translation uses. TensorFlow.js makes another of `round`, which gives integers. */
export const PRELUDE = `
  #undef round
  int asInt(float x) { return floatBitsToInt(x); }
  int asInt(uint x) { return int(x); }
  uint asUint(float x) { return floatBitsToUint(x); }
  uint asUint(int x) { return uint(x); }
  float asFloat(int x) { return intBitsToFloat(x); }
  float asFloat(uint x) { return uintBitsToFloat(x); }
  float select(float a, float b, bool c) { return c ? b : a; }
  int select(int a, int b, bool c) { return c ? b : a; }
  uint select(uint a, uint b, bool c) { return c ? b : a; }`;

/** Functions, statements and expressions in WebGL's language. */
export function translate(code: string): string {
  return code
    .replace(/fn (\w+)\(([^)]*)\) -> ([\w<>]+)/g, (_, name: string, parameters: string, type: string) => {
      return `${typeOf(type)} ${name}(${parameters.split(",").map(declared).join(", ")})`;
    })
    .replace(/\b(?:let|var) (\w+ : (?:\w+<[^>]*>|\w+)) =/g, (_, text: string) => `${declared(text)} =`)
    .replace(/bitcast<(\w)32>/g, (_, kind: string) => ({ f: "asFloat", i: "asInt", u: "asUint" })[kind] as string)
    .replace(/(?:vec\d<\w+>|array<\w+, \d+>)/g, typeOf)
    .replace(/\b[fiu]32\(/g, (name) => `${TYPES[name.slice(0, 3)]}(`)
    .replaceAll("uniforms.INFINITY", "asFloat(0x7f800000)")
    .replaceAll("uniforms.NAN", "asFloat(0x7fc00000)")
    .replace(/\buniforms\./g, "");
}
