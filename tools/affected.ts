import { run, runBin } from "./lib/process.ts";

/** Folder names of the packages with one of these tags that what changed since the main branch can break. */
export async function affectedPackages(tags: readonly string[]): Promise<string[]> {
  const base = await changesSince();
  const args = [
    "show",
    "projects",
    "--affected",
    `--base=${base}`,
    "--json",
    "--projects",
    tags.map((tag) => `tag:${tag}`).join(","),
  ];
  const { code, tail } = await runBin("nx", args, { quiet: true });
  const json = /\[[^\]]*\]/.exec(tail)?.[0];
  if (code !== 0 || json === undefined)
    throw new Error(`nx could not tell what is affected (exit code ${code}): ${tail}`);
  return (JSON.parse(json) as string[]).map((name) => name.replace("@keras-ts/", "")).sort();
}

/** The commit to compare with: the main branch upstream or here, or on main itself the commit before. */
async function changesSince(): Promise<string> {
  for (const name of ["origin/main", "main"]) {
    const { code, tail } = await run("git", ["merge-base", name, "HEAD"], { silent: true });
    if (code !== 0) continue;
    const head = await run("git", ["rev-parse", "HEAD"], { silent: true });
    if (tail.trim() !== head.tail.trim()) return tail.trim();
  }
  const before = await run("git", ["rev-parse", "--verify", "HEAD~1"], { silent: true });
  return before.code === 0 ? before.tail.trim() : "HEAD";
}
