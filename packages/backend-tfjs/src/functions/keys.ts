// Numbers to sort by.

/** `keyOf(value)`: unsigned numbers in the order of floats, nan last, 0 and -0 equal. */
export const KEY_OF_FLOAT = `
  fn keyOf(value : f32) -> u32 {
    let bits : u32 = bitcast<u32>(value);
    if ((bits << 1u) == 0u) { return 0x80000000u; }
    if ((bits & 0x7fffffffu) > 0x7f800000u) { return 0xffffffffu; }
    return bits ^ (bitcast<u32>(bitcast<i32>(bits) >> 31u) | 0x80000000u);
  }`;
