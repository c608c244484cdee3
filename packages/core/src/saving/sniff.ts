import { decodeUtf8, showBytes } from "./platform.ts";

const signatures: readonly (readonly [text: string, what: string])[] = [
  ["\x89HDF\r\n\x1a\n", "an HDF5 file (.h5)"],
  ["PK\x03\x04", "a zip archive (.keras)"],
  ["PK\x05\x06", "an empty zip archive"],
  ["\x89PNG\r\n\x1a\n", "a PNG image"],
  ["\xff\xd8\xff", "a JPEG image"],
  ["GIF8", "a GIF image"],
  ["%PDF", "a PDF document"],
  ["\x1f\x8b", "gzip-compressed data"],
  ["BZh", "bzip2-compressed data"],
  ["\xfd7zXZ\0", "xz-compressed data"],
  ["\x28\xb5\x2f\xfd", "zstd-compressed data"],
  ["7z\xbc\xaf\x27\x1c", "a 7-Zip archive"],
  ["\x93NUMPY", "a NumPy array (.npy)"],
  ["version https://git-lfs", "a Git LFS pointer, not the file itself"],
  ["<!DOCTYPE", "an HTML page (a failed download?)"],
  ["<!doctype", "an HTML page (a failed download?)"],
  ["<html", "an HTML page (a failed download?)"],
  ["<?xml", "an XML document"],
  ["{", "JSON text"],
  ["\x80\x02", "a Python pickle"],
  ["\x80\x03", "a Python pickle"],
  ["\x80\x04", "a Python pickle"],
  ["\x80\x05", "a Python pickle"],
  ["\x7fELF", "an executable"],
  ["\x08\x07\x12", "perhaps an ONNX model"],
  ["\x08\x08\x12", "perhaps an ONNX model"],
  ["TFL3", "a TensorFlow Lite model"],
];

/** What a file looks like from its first bytes, for error messages: `a PNG image (2.1 KiB)`. */
export function describeBytes(bytes: Uint8Array): string {
  if (bytes.length === 0) return "an empty file";
  return `${kindOf(bytes)} (${showBytes(bytes.length)})`;
}

function kindOf(bytes: Uint8Array): string {
  for (const [text, what] of signatures) if (startsWith(bytes, text)) return what;
  if (startsWith(bytes.subarray(4), "TFL3")) return "a TensorFlow Lite model";
  if (startsWith(bytes.subarray(257), "ustar")) return "a tar archive";
  if (startsWith(bytes.subarray(8), '{"')) return "a safetensors file";
  const head = bytes.subarray(0, 32);
  if (head.every((byte) => byte === 0)) return "a file that begins with zeros (an interrupted download?)";
  if (head.every((byte) => byte === 9 || byte === 10 || byte === 13 || (byte >= 32 && byte < 127))) {
    return `text beginning ${JSON.stringify(decodeUtf8(head))}`;
  }
  return `unknown data beginning ${Array.from(head.subarray(0, 8), (b) => b.toString(16).padStart(2, "0")).join(" ")}`;
}

/** Does `bytes` begin with the Latin-1 text `signature`? */
export function startsWith(bytes: Uint8Array, signature: string): boolean {
  if (bytes.length < signature.length) return false;
  for (let i = 0; i < signature.length; i++) if (bytes[i] !== signature.charCodeAt(i)) return false;
  return true;
}
