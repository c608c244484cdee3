// `npm run goldens`: writes the golden files again with real Keras. `-- layers ops` writes only those families, `-- --prepare` only makes the Python side.
import { preparePython, runPython } from "./python.ts";

const side = await preparePython();
if ("reason" in side) {
  console.error(`goldens: ${side.reason}`);
  process.exit(1);
}
const families = process.argv.slice(2);
if (!families.includes("--prepare")) process.exitCode = await runPython("tools/goldens/main.py", families);
