import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { afterAll, describe, expect, it } from "vitest";

const root = resolve(import.meta.dirname, "..");
const pages = [
  "README.md",
  ...readdirSync(join(root, "packages")).map((name) => `packages/${name}/README.md`),
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

function runnable(page: string): string[] {
  return blocks(page).flatMap((block) => (block.mode === "run" ? [block.code] : []));
}

// Inside the workspace, where the packages are found. Each snippet runs in a folder of its own, so that a `.tsops` home which it opens is new.
mkdirSync(join(root, ".snippets"), { recursive: true });
const work = mkdtempSync(join(root, ".snippets", "run-"));
afterAll(() => rmSync(work, { recursive: true, force: true }));

function write(folder: string, name: string, content: string): string {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, name), content);
  return folder;
}

describe.each(pages)("%s", (page) => {
  it("marks every TypeScript block as `ts run` or, for signatures only, as `ts shape`", () => {
    const modes = new Set(blocks(page).map((block) => block.mode));
    expect([...modes].filter((mode) => mode !== "run" && mode !== "shape")).toEqual([]);
  });

  const numbered = runnable(page).map((code, index) => [index + 1, code] as const);
  it.for(numbered)("snippet %i prints what it says", { timeout: 60_000 }, async ([, code]) => {
    const folder = write(mkdtempSync(join(work, "snippet-")), "snippet.ts", code);
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ["--import", "tsx", "--conditions=@tsops/source", "snippet.ts"],
      { cwd: folder },
    );
    const expected = [...code.matchAll(/^ *\/\/=> ?(.*)$/gm)].map((match) => match[1]);
    expect(stdout.trimEnd().split("\n")).toEqual(expected.length === 0 ? [""] : expected);
  });
});

it("all snippets compile under strict", { timeout: 120_000 }, async () => {
  const folder = write(
    join(work, "types"),
    "tsconfig.json",
    '{ "extends": "../../../tsconfig.root.json", "include": ["*.ts"] }',
  );
  for (const page of pages)
    for (const [index, code] of runnable(page).entries())
      write(folder, `${page.replaceAll(/[/.]/g, "-")}-${index + 1}.ts`, `${code}\nexport {};\n`);
  const tsc = join(root, "node_modules/typescript/bin/tsc");
  const problems = await promisify(execFile)(process.execPath, [tsc, "-p", folder], { cwd: folder }).then(
    () => "",
    (error: { stdout?: string }) => error.stdout ?? String(error),
  );
  expect(problems).toBe("");
});
