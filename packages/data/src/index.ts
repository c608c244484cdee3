export { type CsvOptions, type CsvSource, parseCsv, readCsv, streamCsv } from "./csv.ts";
export { DataLoader, type DataLoaderOptions, type IndexedDataset } from "./data-loader.ts";
export { Dataset, type GeneratorOptions, type ShuffleOptions } from "./dataset.ts";
export { type Element, stack } from "./elements.ts";
export { type Cell, type Column, type ColumnType, type FloatColumn, Table, type TableArrays } from "./table.ts";
