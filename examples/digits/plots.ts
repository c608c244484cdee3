/** Counts of (true digit, predicted digit). */
export function confusionMatrix(labels: ArrayLike<number>, predicted: ArrayLike<number>, classes = 10): number[][] {
  const counts = Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
  for (let i = 0; i < labels.length; i++) {
    const row = counts[labels[i] as number] as number[];
    row[predicted[i] as number] = (row[predicted[i] as number] as number) + 1;
  }
  return counts;
}

/** The matrix as text: a row for each true digit. */
export function confusionText(counts: readonly (readonly number[])[]): string {
  const cell = (value: number | string): string => String(value).padStart(4);
  const header = `true\\guess${counts.map((_, i) => cell(i)).join("")}`;
  const rows = counts.map((row, i) => `${String(i).padStart(10)}${row.map((n) => cell(n === 0 ? "·" : n)).join("")}`);
  return [header, ...rows].join("\n");
}

/** One line of a chart. */
export interface Series {
  readonly name: string;
  readonly values: readonly number[];
  readonly color: string;
}

const MARKS = ["●", "○", "▪", "▫"];

/** Curves drawn with characters. */
export function curveText(
  series: readonly Series[],
  { width = 60, height = 12 }: { width?: number; height?: number } = {},
): string {
  const all = series.flatMap((s) => s.values);
  const [low, high] = [Math.min(...all), Math.max(...all)];
  const grid = Array.from({ length: height }, () => new Array<string>(width).fill(" "));
  series.forEach((s, k) => {
    s.values.forEach((value, i) => {
      const x = s.values.length === 1 ? 0 : Math.round((i * (width - 1)) / (s.values.length - 1));
      const y = high === low ? 0 : Math.round(((high - value) * (height - 1)) / (high - low));
      (grid[y] as string[])[x] = MARKS[k % MARKS.length] as string;
    });
  });
  const label = (i: number): string => {
    if (i !== 0 && i !== height - 1) return "        ";
    return (i === 0 ? high : low).toFixed(4).padStart(8);
  };
  const lines = grid.map((row, i) => `${label(i)} │${row.join("")}`);
  const legend = series.map((s, k) => `${MARKS[k % MARKS.length]} ${s.name}`).join("   ");
  return [
    ...lines,
    `         └${"─".repeat(width)}`,
    `          epoch 1 to ${Math.max(...series.map((s) => s.values.length))}   ${legend}`,
  ].join("\n");
}

/** Loss curves and a confusion matrix as one picture. */
export function reportSvg(series: readonly Series[], counts: readonly (readonly number[])[], title: string): string {
  const [left, top, width, height] = [60, 60, 420, 260];
  const all = series.flatMap((s) => s.values);
  const [low, high] = [Math.min(0, ...all), Math.max(...all)];
  const px = (i: number, n: number): number => left + (n === 1 ? 0 : (i * width) / (n - 1));
  const py = (value: number): number => top + ((high - value) * height) / (high - low || 1);
  const ticks = Array.from({ length: 5 }, (_, i) => low + ((high - low) * i) / 4);
  const parts: string[] = [
    `<text x="${left}" y="34" font-size="18">${title}</text>`,
    ...ticks.map(
      (tick) =>
        `<line x1="${left}" x2="${left + width}" y1="${py(tick)}" y2="${py(tick)}" stroke="#ddd"/>` +
        `<text x="${left - 8}" y="${py(tick) + 4}" text-anchor="end">${tick.toFixed(2)}</text>`,
    ),
    ...series.map((s, k) => {
      const points = s.values
        .map((value, i) => `${px(i, s.values.length).toFixed(1)},${py(value).toFixed(1)}`)
        .join(" ");
      return (
        `<polyline points="${points}" fill="none" stroke="${s.color}" stroke-width="2"/>` +
        `<text x="${left + width - 120}" y="${top + 16 + 18 * k}" fill="${s.color}">${s.name}</text>`
      );
    }),
    `<text x="${left + width / 2}" y="${top + height + 34}" text-anchor="middle">epoch</text>`,
  ];
  const [x0, y0, size] = [560, 60, 26];
  const largest = Math.max(1, ...counts.flat());
  counts.forEach((row, i) => {
    parts.push(`<text x="${x0 - 8}" y="${y0 + size * i + 18}" text-anchor="end">${i}</text>`);
    parts.push(`<text x="${x0 + size * i + 13}" y="${y0 - 8}" text-anchor="middle">${i}</text>`);
    row.forEach((n, j) => {
      const shade =
        i === j ? `rgba(30,110,60,${(n / largest).toFixed(3)})` : `rgba(190,40,40,${Math.min(1, n / 4).toFixed(3)})`;
      parts.push(
        `<rect x="${x0 + size * j}" y="${y0 + size * i}" width="${size - 1}" height="${size - 1}" fill="${shade}" stroke="#eee"/>`,
      );
      if (n > 0)
        parts.push(
          `<text x="${x0 + size * j + 13}" y="${y0 + size * i + 17}" text-anchor="middle" font-size="10">${n}</text>`,
        );
    });
  });
  parts.push(
    `<text x="${x0 + 130}" y="${y0 + 300}" text-anchor="middle">guess (columns) for each true digit (rows)</text>`,
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" width="860" height="400" font-family="sans-serif" font-size="12"><rect width="860" height="400" fill="white"/>${parts.join("")}</svg>\n`;
}
