// Runs a page of TypeScript in headless Chromium, isolated (COOP and COEP) so that threads and shared memory work.
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { extname, join, normalize, resolve, sep } from "node:path";
import { build } from "esbuild";
import { chromium } from "playwright-core";
import { root } from "./lib/workspace.ts";

/** A page to run. */
export interface PageOptions {
  /**
   * The page's TypeScript, which sets `window.__result` when it is done, or a folder with an `index.html` that is served as it is.
   * Absolute, or from the repository's root.
   */
  readonly entry: string;
  /** Folders to serve besides, by URL prefix: `{ "/ort/": "node_modules/onnxruntime-web/dist" }`. */
  readonly serve?: Readonly<Record<string, string>>;
  /** Time until the page must have set its result. Default two minutes. */
  readonly timeoutMs?: number;
  /** Called with each line that the page logs. Default: prints it. */
  readonly onLog?: (line: string) => void;
  /** More flags for Chromium. */
  readonly flags?: readonly string[];
  /** What the page reads from `location.search`. */
  readonly query?: Readonly<Record<string, string>>;
  /** How many files the page offers as downloads; their bytes come with the result. */
  readonly downloads?: number;
  /** False to serve without the headers that give a page threads and shared memory. */
  readonly isolated?: boolean;
  /** Modules that take the place of others, as paths from the repository's root. */
  readonly alias?: Readonly<Record<string, string>>;
  /** Modules that run first, in the page and in the worker of the ONNX engine; paths from the repository's root. */
  readonly inject?: readonly string[];
  /** Called with the path of each file that is served. */
  readonly onServed?: (path: string) => void;
}

/** What the page put into `window.__result` and the files it offered, or why it was not run. */
export type PageResult =
  | { readonly result: unknown; readonly downloads?: ReadonlyMap<string, Uint8Array> }
  | { readonly notRun: string };

/** Flags with which WebGL runs on a machine without a graphics card. */
export const softwareWebGl: readonly string[] = [
  "--use-gl=angle",
  "--use-angle=swiftshader",
  "--enable-unsafe-swiftshader",
  "--ignore-gpu-blocklist",
];

/** Flags with which WebGPU runs on a machine without a graphics card. */
export const softwareWebGpu: readonly string[] = ["--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader"];

const FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".mjs": "text/javascript; charset=utf-8",
  ".json": "application/json",
  ".css": "text/css",
  ".wasm": "application/wasm",
  ".map": "application/json",
};

/** Chromium's path (`$CHROMIUM`, or where systems put it), or undefined when there is none. */
export function findChromium(): string | undefined {
  const named = process.env["CHROMIUM"];
  if (named) return existsSync(named) ? named : undefined;
  const places = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
  return places.find((path) => existsSync(path));
}

/**
 * Bundles a page, serves it, runs it in Chromium and returns its result.
 *
 * @throws Error when the page throws, logs an uncaught error, or takes too long.
 */
export async function runPage(options: PageOptions): Promise<PageResult> {
  const executablePath = findChromium();
  if (!executablePath) return { notRun: "no Chromium (install it, or name it in $CHROMIUM)" };
  const folder = mkdtempSync(join(tmpdir(), "keras-ts-page-"));
  const whole = existsSync(join(resolve(root, options.entry), "index.html"));
  try {
    if (!whole) await bundle(options, folder);
    const server = await serve({ "/": whole ? options.entry : folder, ...options.serve }, options);
    try {
      return await drive(executablePath, server, options);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function bundle({ entry, alias = {}, inject = [] }: PageOptions, folder: string): Promise<void> {
  await build({
    // Pages start the worker of the ONNX engine by this name.
    entryPoints: { page: resolve(root, entry), worker: join(root, "packages/backend-onnx/src/worker.ts") },
    inject: inject.map((path) => resolve(root, path)),
    outdir: folder,
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "browser",
    target: "es2023",
    conditions: ["@keras-ts/source", "browser", "import"],
    alias: Object.fromEntries(Object.entries(alias).map(([name, path]) => [name, resolve(root, path)])),
    // Node's modules are reached behind run-time checks only; left external they fail loudly if a browser gets there.
    external: ["node:*"].filter(() => !Object.keys(alias).some((name) => name.startsWith("node:"))),
    sourcemap: "linked",
    logLevel: "error",
  });
}

const PAGE =
  '<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,"><script type="module" src="/page.js"></script>';
const ISOLATED = { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" };

async function serve(
  folders: Readonly<Record<string, string>>,
  { isolated = true, onServed = () => {} }: Pick<PageOptions, "isolated" | "onServed">,
): Promise<Server> {
  const prefixes = Object.keys(folders).sort((a, b) => b.length - a.length);
  const server = createServer((request, response) => {
    const path = decodeURIComponent(new URL(request.url ?? "/", "http://localhost").pathname);
    const headers = {
      ...(isolated ? ISOLATED : {}),
      "Cross-Origin-Resource-Policy": "same-origin",
      "Cache-Control": "no-store",
    };
    const index = join(resolve(root, folders["/"] ?? ""), "index.html");
    if (path === "/") {
      const html = existsSync(index) ? readFileSync(index) : PAGE;
      response.writeHead(200, { ...headers, "Content-Type": TYPES[".html"] }).end(html);
      return;
    }
    const prefix = prefixes.find((candidate) => path.startsWith(candidate)) ?? "/";
    const home = resolve(root, folders[prefix] ?? "");
    const file = normalize(join(home, path.slice(prefix.length)));
    if (!file.startsWith(home + sep) || !existsSync(file) || !statSync(file).isFile()) {
      response.writeHead(404, headers).end(`no ${path}`);
      return;
    }
    onServed(path);
    const type = TYPES[extname(file)] ?? "application/octet-stream";
    response.writeHead(200, { ...headers, "Content-Type": type }).end(readFileSync(file));
  });
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  return server;
}

async function drive(executablePath: string, server: Server, options: PageOptions): Promise<PageResult> {
  const { entry, timeoutMs = 120_000, onLog = (line) => console.log(`  page: ${line}`), flags = [] } = options;
  const browser = await chromium.launch({ executablePath, args: [...FLAGS, ...flags], chromiumSandbox: false });
  try {
    const page = await browser.newPage();
    const failure = new Promise<never>((_, reject) => {
      page.on("pageerror", (error) => reject(new Error(`${entry}: the page threw: ${error.stack ?? error.message}`)));
      page.on("crash", () => reject(new Error(`${entry}: the page crashed`)));
    });
    failure.catch(() => {}); // it is raced below, but may come before that
    page.on("console", (message) => onLog(message.text()));
    const offered: Promise<readonly [string, Uint8Array]>[] = [];
    page.on("download", (download) => {
      const name = download.suggestedFilename();
      offered.push(download.path().then((path) => [name, new Uint8Array(readFileSync(path))] as const));
    });
    const { port } = server.address() as AddressInfo;
    await page.goto(`http://127.0.0.1:${port}/?${new URLSearchParams(options.query)}`);
    const result = page.waitForFunction(() => "__result" in window, undefined, { timeout: timeoutMs, polling: 100 });
    result.catch(() => {});
    await Promise.race([result, failure]).catch((error: unknown) => {
      const late = error instanceof Error && error.name === "TimeoutError";
      throw late
        ? new Error(
            `${entry}: window.__result must be set within ${timeoutMs / 1000} s. Raise timeoutMs or look at the page's log.`,
          )
        : error;
    });
    const value = await page.evaluate(() => (window as unknown as { __result: unknown }).__result);
    const { downloads = 0 } = options;
    if (downloads === 0) return { result: value };
    for (let waited = 0; offered.length < downloads; waited += 100) {
      if (waited >= 10_000)
        throw new Error(`${entry}: the page must offer ${downloads} downloads, got ${offered.length}.`);
      await page.waitForTimeout(100);
    }
    return { result: value, downloads: new Map(await Promise.all(offered)) };
  } finally {
    await browser.close();
  }
}
