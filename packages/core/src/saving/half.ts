// The two 16-bit floats as they lie in files. On the host both are Float32Array (see HostArray).

const float = new Float32Array(1);
const word = new Uint32Array(float.buffer);

const roundEven = (value: number): number => {
  const floor = Math.floor(value);
  const rest = value - floor;
  return rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? floor + 1 : floor;
};

/** The value of an IEEE 754 binary16 pattern. */
export function halfFromBits(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** The binary16 pattern nearest to `value`, ties to even. */
export function halfToBits(value: number): number {
  if (Number.isNaN(value)) return 0x7e00;
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const magnitude = Math.abs(value);
  if (magnitude >= 65520) return sign | 0x7c00;
  if (magnitude < 2 ** -14) return sign | roundEven(magnitude * 2 ** 24);
  float[0] = magnitude; // its exponent field is exact, which Math.log2 is not
  let exponent = ((word[0] as number) >>> 23) - 127;
  if (magnitude < 2 ** exponent) exponent--; // the float32 was rounded up to a power of two
  // A fraction that rounds up to 1024 carries into the exponent, which is the next pattern, as it should be.
  return sign | (((exponent + 15) << 10) + roundEven((magnitude / 2 ** exponent - 1) * 1024));
}

/** The value of a bfloat16 pattern. */
export function bfloat16FromBits(bits: number): number {
  word[0] = bits << 16;
  return float[0] as number;
}

/** The bfloat16 pattern nearest to `value`, ties to even. */
export function bfloat16ToBits(value: number): number {
  if (Number.isNaN(value)) return 0x7fc0;
  float[0] = value;
  const bits = word[0] as number;
  return ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16) & 0xffff;
}
