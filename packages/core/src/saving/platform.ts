// Core is compiled without DOM or Node types, so that it cannot lean on either by accident. What this room needs from the
// host is named here, once, as narrowly as possible.

interface Host {
  readonly TextEncoder: new () => { encode(text: string): Uint8Array };
  readonly TextDecoder: new (label: string, options?: { fatal?: boolean }) => { decode(bytes: Uint8Array): string };
}

const host = globalThis as unknown as Host;
const encoder = new host.TextEncoder();
const lenient = new host.TextDecoder("utf-8");
const strict = new host.TextDecoder("utf-8", { fatal: true });

export const encodeUtf8 = (text: string): Uint8Array => encoder.encode(text);
/** Text of `bytes`; broken sequences become U+FFFD. */
export const decodeUtf8 = (bytes: Uint8Array): string => lenient.decode(bytes);
/** Text of `bytes`. @throws TypeError if they are not UTF-8. */
export const decodeUtf8Strict = (bytes: Uint8Array): string => strict.decode(bytes);

/** `1.5 GiB`: sizes are written alike in every message. */
export function showBytes(count: number): string {
  const units = ["bytes", "KiB", "MiB", "GiB", "TiB", "PiB"];
  let size = count;
  let unit = 0;
  while (size >= 1024 && unit < units.length - 1) {
    size /= 1024;
    unit++;
  }
  return `${unit === 0 ? size : Number(size.toPrecision(3))} ${units[unit]}`;
}
