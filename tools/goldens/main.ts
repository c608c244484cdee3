import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The interpreter that has Keras and JAX: `KERAS_TS_PYTHON` if set, else the virtual environment kept outside the tree. */
function findPython(): string {
  const named = process.env["KERAS_TS_PYTHON"];
  if (named) return named;
  const folder = join(homedir(), ".cache", "keras-ts", "python");
  const found = [join(folder, "bin", "python"), join(folder, "Scripts", "python.exe")].find(existsSync);
  if (found) return found;
  throw new Error(
    `goldens: a Python with keras 3.15.1 and jax must exist, got none in ${folder}. ` +
      `Run: python3 -m venv ${folder} && ${join(folder, "bin", "pip")} install keras==3.15.1 jax`,
  );
}

const main = fileURLToPath(new URL("main.py", import.meta.url));
const { status } = spawnSync(findPython(), [main, ...process.argv.slice(2)], { stdio: "inherit" });
process.exitCode = status ?? 1;
