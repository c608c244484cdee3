/** Images `[n, 8, 8, 1]` in [0, 1] and their digits. */
export interface Digits {
  readonly images: { readonly shape: readonly number[]; readonly dtype: "float32"; readonly data: Float32Array };
  readonly labels: { readonly shape: readonly number[]; readonly dtype: "int32"; readonly data: Int32Array };
}

const PIXELS = 64;

/** The 1,797 handwritten digits of 8x8 pixels that stand beside this file. */
export async function loadDigits(): Promise<Digits> {
  // Imported here, so that a page can use the rest of this file.
  const [{ readFile }, { gunzipSync }] = await Promise.all([import("node:fs/promises"), import("node:zlib")]);
  const text = gunzipSync(await readFile(new URL("digits.csv.gz", import.meta.url))).toString("utf8");
  return parseDigits(text);
}

/** One image a line: 64 pixels of 0..16, then the digit. */
export function parseDigits(text: string): Digits {
  const rows = text
    .trim()
    .split("\n")
    .map((line) => line.split(",").map(Number));
  const images = new Float32Array(rows.length * PIXELS);
  const labels = new Int32Array(rows.length);
  rows.forEach((row, i) => {
    for (let j = 0; j < PIXELS; j++) images[i * PIXELS + j] = (row[j] as number) / 16;
    labels[i] = row[PIXELS] as number;
  });
  return {
    images: { shape: [rows.length, 8, 8, 1], dtype: "float32", data: images },
    labels: { shape: [rows.length], dtype: "int32", data: labels },
  };
}

/** Every fifth image is held out: the file is ordered by writer, so both parts see all of them. */
export function splitDigits({ images, labels }: Digits): { readonly train: Digits; readonly test: Digits } {
  const take = (keep: (i: number) => boolean): Digits => {
    const rows = [...labels.data.keys()].filter(keep);
    const data = new Float32Array(rows.length * PIXELS);
    rows.forEach((row, i) => data.set(images.data.subarray(row * PIXELS, (row + 1) * PIXELS), i * PIXELS));
    return {
      images: { shape: [rows.length, 8, 8, 1], dtype: "float32", data },
      labels: {
        shape: [rows.length],
        dtype: "int32",
        data: Int32Array.from(rows, (row) => labels.data[row] as number),
      },
    };
  };
  return { train: take((i) => i % 5 !== 0), test: take((i) => i % 5 === 0) };
}
