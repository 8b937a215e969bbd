import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";

const root = resolve(import.meta.dirname, "..");
const pages = [
  "README.md",
  ...readdirSync(join(root, "docs"), { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".md") && !path.startsWith("api/") && !path.startsWith("plans/"))
    .map((path) => `docs/${path}`),
];

/** Code blocks of a page: `ts run` blocks are executed, and every other `ts` block is an oversight unless it says `ts shape`. */
function blocks(page: string) {
  const text = readFileSync(join(root, page), "utf8");
  return [...text.matchAll(/^```ts([^\n]*)\n([\s\S]*?)^```/gm)].map((match) => ({
    mode: (match[1] ?? "").trim(),
    code: match[2] ?? "",
  }));
}

describe.each(pages)("%s", (page) => {
  const all = blocks(page);
  it("marks every TypeScript block as `ts run` or, for signatures only, as `ts shape`", () => {
    expect(all.map((block) => block.mode).filter((mode) => mode !== "run" && mode !== "shape")).toEqual([]);
  });

  const runnable = all
    .filter((block) => block.mode === "run")
    .map((block, index) => [index + 1, block.code] as const);
  it.for(runnable)("snippet %i prints what it says", { timeout: 60_000 }, async ([, code]) => {
    mkdirSync(join(root, ".snippets"), { recursive: true });
    // Each snippet runs in a folder of its own, so that a `.tsops` home which it opens is new.
    const folder = mkdtempSync(join(root, ".snippets", "run-"));
    try {
      writeFileSync(join(folder, "snippet.ts"), code);
      const { stdout } = await promisify(execFile)(
        process.execPath,
        ["--import", "tsx", "--conditions=@tsops/source", "snippet.ts"],
        { cwd: folder },
      );
      const expected = [...code.matchAll(/^ *\/\/=> ?(.*)$/gm)].map((match) => match[1]);
      expect(stdout.trimEnd().split("\n")).toEqual(expected.length === 0 ? [""] : expected);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
