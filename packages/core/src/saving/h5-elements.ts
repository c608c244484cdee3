import { arrayTypeOf, type DType, type HostArray, sizeOf, type TypedArray } from "../aval/index.ts";
import { ConfigError, complain } from "../errors/index.ts";
import type { ElementType } from "./h5-tree.ts";
import { bfloat16FromBits, bfloat16ToBits, halfFromBits, halfToBits } from "./half.ts";

/**
 * The array that the bytes `raw` spell. 64-bit integers become 32-bit ones, as everywhere in this library.
 * @param declared the attribute `dtype` of the dataset, which Keras sets to "bfloat16" on 2-byte opaque data.
 * @throws ConfigError for an element type that Keras does not write, or an integer that does not fit 32 bits.
 */
export function decodeElements(
  where: string,
  raw: Uint8Array,
  type: ElementType,
  options: { readonly shape: readonly number[]; readonly declared?: unknown },
): HostArray {
  const { shape } = options;
  const count = sizeOf(shape);
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
  const little = type.littleEndian;
  const fill = <T extends TypedArray>(out: T, read: (offset: number) => number): T => {
    for (let i = 0; i < count; i++) out[i] = read(i * type.size);
    return out;
  };
  const made = (dtype: DType, data: TypedArray): HostArray => ({ shape, dtype, data });

  // What lies in the file as it lies in memory is copied in one piece; this is nearly every weight there is.
  const same = little && hostIsLittleEndian ? sameInMemory[`${type.class}${type.size}`] : undefined;
  if (same !== undefined) {
    const data = new (arrayTypeOf(same))(count);
    new Uint8Array(data.buffer, data.byteOffset, data.byteLength).set(raw);
    return made(same, data);
  }

  if (type.class === "opaque" && type.size === 2 && options.declared === "bfloat16") {
    return made(
      "bfloat16",
      fill(new Float32Array(count), (at) => bfloat16FromBits(view.getUint16(at, true))),
    );
  }
  if (type.class === "bool" && type.size === 1)
    return made(
      "bool",
      fill(new Uint8Array(count), (at) => view.getUint8(at)),
    );
  switch (`${type.class}${type.size}`) {
    case "float2":
      return made(
        "float16",
        fill(new Float32Array(count), (at) => halfFromBits(view.getUint16(at, little))),
      );
    case "float4":
      return made(
        "float32",
        fill(new Float32Array(count), (at) => view.getFloat32(at, little)),
      );
    case "float8":
      return made(
        "float64",
        fill(new Float64Array(count), (at) => view.getFloat64(at, little)),
      );
    case "int1":
      return made(
        "int8",
        fill(new Int8Array(count), (at) => view.getInt8(at)),
      );
    case "int2":
      return made(
        "int16",
        fill(new Int16Array(count), (at) => view.getInt16(at, little)),
      );
    case "int4":
      return made(
        "int32",
        fill(new Int32Array(count), (at) => view.getInt32(at, little)),
      );
    case "int8":
      return made(
        "int32",
        fill(new Int32Array(count), (at) => narrow(where, view.getBigInt64(at, little), "int32")),
      );
    case "uint1":
      return made(
        "uint8",
        fill(new Uint8Array(count), (at) => view.getUint8(at)),
      );
    case "uint2":
      return made(
        "uint16",
        fill(new Uint16Array(count), (at) => view.getUint16(at, little)),
      );
    case "uint4":
      return made(
        "uint32",
        fill(new Uint32Array(count), (at) => view.getUint32(at, little)),
      );
    case "uint8":
      return made(
        "uint32",
        fill(new Uint32Array(count), (at) => narrow(where, view.getBigUint64(at, little), "uint32")),
      );
  }
  throw new ConfigError(
    complain(where, {
      must: "an array must hold booleans, integers, floats or bfloat16 (2-byte opaque data with the attribute dtype)",
      got: `elements of class "${type.class}" with ${type.size} bytes`,
      todo: "Save the weights again with Keras 3",
    }),
  );
}

function narrow(where: string, value: bigint, dtype: "int32" | "uint32"): number {
  const [low, high] = dtype === "int32" ? [-(2n ** 31n), 2n ** 31n - 1n] : [0n, 2n ** 32n - 1n];
  if (value >= low && value <= high) return Number(value);
  throw new ConfigError(
    complain(where, {
      must: `64-bit integers are read as ${dtype} and must fit it`,
      got: `${value}`,
      todo: "Store this weight in 32 bits",
    }),
  );
}

/** Little-endian bytes of an array, as they lie in a file; the inverse of `decodeElements`. */
export function encodeElements(where: string, array: HostArray): Uint8Array {
  const { dtype, data, shape } = array;
  if (data.length !== sizeOf(shape)) {
    throw new ConfigError(
      complain(where, {
        must: `an array of shape [${shape.join(", ")}] must have ${sizeOf(shape)} values`,
        got: `${data.length}`,
        todo: "Check the shape of this weight",
      }),
    );
  }
  if (dtype === "float16" || dtype === "bfloat16") {
    const toBits = dtype === "float16" ? halfToBits : bfloat16ToBits;
    const out = new DataView(new ArrayBuffer(data.length * 2));
    for (let i = 0; i < data.length; i++) out.setUint16(i * 2, toBits(data[i] as number), true);
    return new Uint8Array(out.buffer);
  }
  if (dtype === "bool") return Uint8Array.from(data, (value) => (value === 0 ? 0 : 1));
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  if (hostIsLittleEndian || data.BYTES_PER_ELEMENT === 1) return bytes;
  const swapped = bytes.slice();
  for (let at = 0; at < swapped.length; at += data.BYTES_PER_ELEMENT) {
    swapped.subarray(at, at + data.BYTES_PER_ELEMENT).reverse();
  }
  return swapped;
}

const sameInMemory: Readonly<Record<string, DType>> = {
  float4: "float32",
  float8: "float64",
  int1: "int8",
  int2: "int16",
  int4: "int32",
  uint1: "uint8",
  uint2: "uint16",
  uint4: "uint32",
};
const hostIsLittleEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;
