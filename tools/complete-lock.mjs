// Completes package-lock.json: adds the platform variants of native packages (@esbuild/darwin-arm64 and the like) that npm
// left out. npm drops a variant that its registry does not serve, and then `npm ci` refuses the lock and other systems
// miss their binary. Run it after changing dependencies: `node tools/complete-lock.mjs` (`--check` only looks).
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const path = join(dirname(dirname(fileURLToPath(import.meta.url))), "package-lock.json");
const OS = ["aix", "android", "darwin", "freebsd", "linux", "netbsd", "openbsd", "openharmony", "sunos", "win32"];
const CPU = ["arm", "arm64", "armv7", "ia32", "loong64", "mips64el", "ppc64", "riscv64", "s390x", "wasm32", "x64"];

/** The lock entry of a platform variant, read from its name, or undefined when the name says no platform. */
export function variant(name, version, dev = false) {
  const words = name.split("/").at(-1).split("-");
  const os = OS.filter((word) => words.includes(word) || (word === "openharmony" && words.includes("ohos")));
  const cpu = CPU.filter((word) => words.includes(word)).map((word) => (word === "armv7" ? "arm" : word));
  if (!os.length && !cpu.includes("wasm32")) return undefined;
  const libc = words.some((word) => word.startsWith("musl"))
    ? ["musl"]
    : words.some((word) => word.startsWith("gnu"))
      ? ["glibc"]
      : [];
  // Fields in npm's order, so that npm has nothing to rewrite.
  return {
    version,
    ...(cpu.length && { cpu }),
    ...(dev && { dev }),
    ...(libc.length && { libc }),
    optional: true,
    ...(os.length && { os }),
  };
}

/** Adds what is missing to a parsed lock and returns the names added. */
export function complete(lock) {
  const added = [];
  for (const [place, { optionalDependencies = {}, dev }] of Object.entries(lock.packages)) {
    for (const [name, range] of Object.entries(optionalDependencies)) {
      const nested = `${place}/node_modules/${name}`;
      const top = `node_modules/${name}`;
      if (lock.packages[nested] || lock.packages[top]) continue;
      const entry = /^\d+\.\d+\.\d+[^ ]*$/.test(range) ? variant(name, range, dev) : undefined;
      if (!entry) continue;
      lock.packages[top] = entry;
      added.push(name);
    }
  }
  const order = Object.keys(lock.packages).sort((a, b) => a.localeCompare(b, "en"));
  lock.packages = Object.fromEntries(order.map((key) => [key, lock.packages[key]]));
  return added;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const lock = JSON.parse(readFileSync(path, "utf8"));
  const added = complete(lock);
  if (added.length && process.argv.includes("--check")) {
    console.error(`package-lock.json: lacks ${added.join(", ")}. Run \`node tools/complete-lock.mjs\`.`);
    process.exitCode = 1;
  } else if (added.length) {
    writeFileSync(path, `${JSON.stringify(lock, null, 2)}\n`);
    console.log(`package-lock.json: added ${added.length} platform variants`);
  }
}
