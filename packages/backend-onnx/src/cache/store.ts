/** Where entries are kept: bytes by key. All of it fails if the place cannot be read or written. */
export interface ProgramStore {
  /** For messages. */
  readonly place: string;
  /** Most bytes of all entries together. */
  readonly limit: number;
  /** What is kept under a key, damaged or not; it counts as used. */
  read(key: string): Promise<Uint8Array | undefined>;
  /** Whole or not at all, whoever else writes. What was used longest ago goes while all entries together are too large. */
  write(key: string, bytes: Uint8Array): Promise<void>;
  remove(key: string): Promise<void>;
  /** In a folder: a new path where ONNX Runtime may leave a file for `take`. */
  scratch?(key: string): Promise<string>;
  /** The bytes of that file, which is gone then. */
  take?(path: string): Promise<Uint8Array>;
  close(): void;
}
