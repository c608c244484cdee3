// The door behind every npm script: installs what is missing, then runs the real script.
// Plain JavaScript without dependencies, since on a fresh clone there is nothing else yet.
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const stampPath = join(root, "node_modules", ".keras-ts-setup");

const scripts = {
  start: "examples/digits/main.ts",
  test: "tools/test.ts",
  check: "tools/check.ts",
  ci: "tools/ci.ts",
  bench: "bench/run.ts",
  goldens: "tools/goldens.ts",
  build: "tools/build.ts",
  format: "tools/format.ts",
  play: "play.ts",
};

const environment = {
  ...process.env,
  ONNXRUNTIME_NODE_INSTALL_CUDA: "skip",
  NX_DAEMON: "false",
  NX_NO_CLOUD: "true",
  NX_TUI: "false",
};

function run(command, args, options = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: root, env: environment, stdio: "inherit", ...options });
    // Ctrl-C reaches the child too; it decides how to stop, and we report its exit code.
    const ignore = () => {};
    const forward = () => child.kill("SIGTERM");
    process.on("SIGINT", ignore);
    process.on("SIGTERM", forward);
    const settle = (code) => {
      process.off("SIGINT", ignore);
      process.off("SIGTERM", forward);
      resolve(code);
    };
    child.on("error", (error) => {
      console.error(`setup: could not run ${command}: ${error.message}`);
      settle(127);
    });
    child.on("exit", (code, signal) => settle(signal ? 1 : (code ?? 1)));
  });
}

function npm(args) {
  const cli = process.env.npm_execpath;
  if (cli && /npm-cli\.c?js$/.test(cli)) return run(process.execPath, [cli, ...args]);
  return run("npm", args, { shell: process.platform === "win32" });
}

/** What an installation depends on: the lock file and every package.json of the workspace. */
function fingerprint() {
  const hash = createHash("sha256");
  const files = ["package-lock.json", "package.json", "tools/package.json"];
  for (const name of readdirSync(join(root, "packages")).sort()) files.push(`packages/${name}/package.json`);
  for (const file of files) {
    const path = join(root, file);
    if (existsSync(path)) hash.update(file).update(readFileSync(path));
  }
  return hash.digest("hex");
}

async function install() {
  const installed = join(root, "node_modules", ".package-lock.json");
  const lock = join(root, "package-lock.json");
  if (existsSync(stampPath) && existsSync(installed)) {
    if (readFileSync(stampPath, "utf8") === fingerprint()) return;
  } else if (existsSync(installed) && existsSync(lock) && statSync(installed).mtimeMs >= statSync(lock).mtimeMs) {
    writeFileSync(stampPath, fingerprint()); // someone ran `npm install` by hand
    return;
  }
  const fresh = !existsSync(installed);
  console.log(fresh ? "setup: installing packages (once) ..." : "setup: packages changed, installing ...");
  const flags = ["--ignore-scripts", "--no-audit", "--no-fund"];
  let code = fresh && existsSync(lock) ? await npm(["ci", ...flags, "--loglevel=silent"]) : 1;
  if (code !== 0) {
    // No lock, or one that does not fit the manifests: let npm mend it, with its messages shown.
    code = await npm(["install", ...flags, "--loglevel=error"]);
    if (code === 0) await run(process.execPath, [join(root, "tools", "complete-lock.mjs")]);
  }
  if (code !== 0) {
    console.error("setup: npm could not install the packages (see above). Is the npm registry reachable?");
    process.exit(code);
  }
  writeFileSync(stampPath, fingerprint());
}

const [name, ...args] = process.argv.slice(2);
const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(`setup: Node must be 20.19 or newer, got ${process.versions.node}. Update Node and try again.`);
  process.exit(1);
}
if (!name || !Object.hasOwn(scripts, name)) {
  console.error(`setup: the script must be one of ${Object.keys(scripts).join(", ")}, got ${name ?? "nothing"}.`);
  process.exit(1);
}
const script = scripts[name];
if (!existsSync(join(root, script))) {
  console.error(`setup: ${script} is missing. Check out the whole repository.`);
  process.exit(1);
}
await install();
// "@keras-ts/source" makes workspace packages resolve to their TypeScript, so nothing needs a build first.
const loader = import.meta.resolve("tsx");
process.exitCode = await run(process.execPath, ["--conditions=@keras-ts/source", "--import", loader, script, ...args], {
  cwd: root,
});
