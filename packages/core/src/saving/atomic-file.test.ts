import { spawn } from "node:child_process";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test, vi } from "vitest";
import { ConfigError, StateError } from "../errors/index.ts";
import { readFile, saveBlob, writeFileAtomic } from "./atomic-file.ts";

const folder = mkdtempSync(join(tmpdir(), "keras-ts-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("a file is written and read, and nothing else is left in its folder", async () => {
  const inside = join(folder, "plain");
  mkdirSync(inside);
  const path = join(inside, "m.keras");
  await writeFileAtomic(path, Uint8Array.of(1, 2, 3));
  await writeFileAtomic(path, Uint8Array.of(4));
  expect(await readFile(path)).toEqual(Uint8Array.of(4));
  expect(readdirSync(inside)).toEqual(["m.keras"]);
});

test("permissions are kept and links followed", async () => {
  const path = join(folder, "real.keras");
  const link = join(folder, "link.keras");
  writeFileSync(path, "old");
  chmodSync(path, 0o640);
  symlinkSync(path, link);
  await writeFileAtomic(link, Uint8Array.of(7));
  expect(readFileSync(path)).toEqual(Buffer.of(7));
  expect(statSync(path).mode & 0o777).toBe(0o640);
});

test("a killed save leaves the old file whole", async () => {
  const path = join(folder, "kept.keras");
  const old = Buffer.alloc(1 << 20, 1);
  writeFileSync(path, old);
  const module = new URL("./atomic-file.ts", import.meta.url).href;
  // The child announces each save and never stops by itself: it is killed in the middle of one.
  const source = `
    import { writeFileAtomic } from ${JSON.stringify(module)};
    const bytes = new Uint8Array(96 << 20).fill(2);
    const saving = writeFileAtomic(${JSON.stringify(path)}, bytes);
    process.stdout.write("saving\\n");
    await saving;
  `;
  const script = join(folder, "child.mts");
  writeFileSync(script, source);
  const tsx = fileURLToPath(import.meta.resolve("tsx"));
  const child = spawn(process.execPath, ["--import", tsx, script], { stdio: ["ignore", "pipe", "inherit"] });
  const ended = new Promise((resolve) => child.once("exit", (_, signal) => resolve(signal)));
  await new Promise((resolve) => child.stdout.once("data", resolve));
  const begun = (): boolean =>
    readdirSync(folder).some((name) => name.startsWith(".kept.keras.") && statSync(join(folder, name)).size > 0);
  while (!begun() && child.exitCode === null) await new Promise((resolve) => setImmediate(resolve));
  child.kill("SIGKILL");
  expect(await ended).toBe("SIGKILL");
  expect(readFileSync(path).equals(old)).toBe(true);
});

test("what cannot be written or read is named, with advice, and no temporary file stays", async () => {
  const neat = async (promise: Promise<unknown>): Promise<string> => {
    const error = await promise.catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ConfigError);
    return (error as Error).message.replaceAll(folder, "<folder>");
  };
  expect(await neat(writeFileAtomic(join(folder, "no", "such.keras"), Uint8Array.of(1)))).toMatchInlineSnapshot(
    `"save: "<folder>/no/such.keras" must be a file that can be written, got a path that does not exist. Check the spelling, and make the folder first. [docs/errors.md#configerror]"`,
  );
  expect(await neat(writeFileAtomic(folder, Uint8Array.of(1)))).toMatchInlineSnapshot(
    `"save: "<folder>" must be a file that can be written, got a folder. Name a file in it. [docs/errors.md#configerror]"`,
  );
  expect(await neat(readFile(join(folder, "none.keras")))).toMatchInlineSnapshot(
    `"load: "<folder>/none.keras" must be a file that can be read, got a path that does not exist. Check the spelling, and make the folder first. [docs/errors.md#configerror]"`,
  );
  expect(await neat(readFile(folder))).toMatchInlineSnapshot(
    `"load: "<folder>" must be a file that can be read, got a folder. Name a file in it. [docs/errors.md#configerror]"`,
  );
  expect(readdirSync(folder).filter((name) => name.startsWith(".no"))).toEqual([]);
});

test("a page downloads; elsewhere a download is refused", () => {
  expect(() => saveBlob("m.keras", Uint8Array.of(1))).toThrow(StateError);
  const link = { href: "", download: "", click: vi.fn() };
  vi.stubGlobal("document", { createElement: () => link });
  vi.useFakeTimers();
  saveBlob("m.keras", Uint8Array.of(1));
  vi.runAllTimers();
  vi.useRealTimers();
  vi.unstubAllGlobals();
  expect(link.click).toHaveBeenCalledOnce();
  expect(link.download).toBe("m.keras");
  expect(link.href).toMatch(/^blob:/);
});

test("where there are no files, paths are refused", async () => {
  vi.stubGlobal("process", undefined);
  const error = await readFile("m.keras").catch((reason: unknown) => reason);
  vi.unstubAllGlobals();
  expect(error).toBeInstanceOf(StateError);
});
