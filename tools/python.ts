// The Python side: real Keras in a virtual environment outside the tree, made once and found again.
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { isMain, run } from "./lib/process.ts";
import { root } from "./lib/workspace.ts";

const PACKAGES = ["keras==3.15.1", "jax", "h5py", "numpy", "onnx", "onnxruntime", "tensorflow-cpu"];

/** The interpreter with real Keras, or why there is none. */
export type PythonSide = { readonly python: string } | { readonly reason: string };

/** The virtual environment's folder: `KERAS_TS_PYTHON`, or a folder in the user's cache. */
export function pythonFolder(): string {
  return process.env["KERAS_TS_PYTHON"] ?? join(homedir(), ".cache", "keras-ts", "python");
}

/** Environment variables for real Keras: the JAX engine, no chatter, and what scripts share. */
export const pythonEnvironment: Readonly<Record<string, string>> = {
  KERAS_BACKEND: "jax",
  TF_CPP_MIN_LOG_LEVEL: "3",
  JAX_PLATFORMS: "cpu",
  PYTHONUNBUFFERED: "1",
  PYTHONPATH: join(root, "tools", "lib"),
};

function interpreter(): string {
  return process.platform === "win32"
    ? join(pythonFolder(), "Scripts", "python.exe")
    : join(pythonFolder(), "bin", "python");
}

/** Finds the environment; makes nothing. */
export async function findPython(): Promise<PythonSide> {
  const python = interpreter();
  if (!existsSync(python))
    return { reason: "no Python environment with Keras (`npm run goldens -- --prepare` makes one)" };
  const names = PACKAGES.map((name) => name.split("==")[0]);
  const program = `
import importlib.metadata as m
missing = []
for name in ${JSON.stringify(names)}:
    try: m.version(name)
    except m.PackageNotFoundError: missing.append(name)
if not missing and m.version("keras") != ${JSON.stringify(PACKAGES[0]?.split("==")[1])}: missing.append("keras (other version)")
print("missing:" + ",".join(missing))
`;
  const { code, tail } = await run(python, ["-c", program], { quiet: true, timeoutMs: 60_000 });
  const lacking = /missing:(.*)/.exec(tail)?.[1];
  if (code !== 0 || lacking === undefined) return { reason: `${python} does not run` };
  return lacking === "" ? { python } : { reason: `${python} lacks ${lacking}` };
}

/** Finds the environment, or makes it (a few minutes, once). */
export async function preparePython(): Promise<PythonSide> {
  const found = await findPython();
  if ("python" in found) {
    console.log(`python side: ${found.python}`);
    return found;
  }
  console.log(`python side: ${found.reason}; installing ${PACKAGES.join(" ")} ...`);
  if (!existsSync(interpreter())) {
    const made = await run("python3", ["-m", "venv", pythonFolder()]);
    if (made.code !== 0)
      return { reason: "`python3 -m venv` failed. Install Python 3.11 or newer with its venv module." };
  }
  const installed = await run(interpreter(), ["-m", "pip", "install", "--disable-pip-version-check", ...PACKAGES]);
  if (installed.code !== 0) return { reason: "pip could not install the packages. Is the package index reachable?" };
  return findPython();
}

/** Runs a Python file with real Keras and shows what it prints. */
export async function runPython(script: string, args: readonly string[] = []): Promise<number> {
  const found = await findPython();
  if (!("python" in found)) throw new Error(`python: ${found.reason}.`);
  return (await run(found.python, [script, ...args], { env: pythonEnvironment })).code;
}

if (isMain(import.meta)) {
  const side = await (process.argv.includes("--find") ? findPython() : preparePython());
  console.log("python" in side ? side.python : `not run: ${side.reason}`);
  process.exitCode = "python" in side ? 0 : 1;
}
