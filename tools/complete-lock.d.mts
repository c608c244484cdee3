/** A parsed package-lock.json. */
export interface Lock {
  packages: Record<string, object>;
}
export function variant(name: string, version: string, dev?: boolean): object | undefined;
export function complete(lock: Lock): string[];
