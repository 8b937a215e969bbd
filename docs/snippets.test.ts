import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type RunningService, service, startService } from "../test/services.ts";
import { temporaryDirectory } from "../test/temporary-directory.ts";

const root = resolve(import.meta.dirname, "..");
const pages = [
  "README.md",
  ...readdirSync(join(root, "packages")).map((name) => `packages/${name}/README.md`),
  ...readdirSync(join(root, "docs"), { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".md") && !path.startsWith("api/") && !path.startsWith("plans/"))
    .map((path) => `docs/${path}`),
];

/**
 * Code blocks of a page: `ts run` blocks are executed, and those of `ts run mlflow` with the environment that
 * `scripts/services/mlflow.sh start` prints. Every other `ts` block is an oversight unless it says `ts shape`.
 */
function blocks(page: string) {
  const text = readFileSync(join(root, page), "utf8");
  return [...text.matchAll(/^```ts([^\n]*)\n([\s\S]*?)^```/gm)].map((match) => ({
    mode: (match[1] ?? "").trim(),
    code: match[2] ?? "",
  }));
}

/** The blocks of a page to execute, each with the service that it needs. */
function runnable(page: string) {
  return blocks(page).flatMap(({ mode, code }) => {
    const [word, needs = null, ...rest] = mode.split(" ");
    return word === "run" && rest.length === 0 ? [{ code, needs }] : [];
  });
}

/** Runs a snippet in a folder of its own and expects it to print its `//=>` lines. */
async function expectOutput(code: string, environment: Readonly<Record<string, string>>): Promise<void> {
  const folder = write(mkdtempSync(join(work, "snippet-")), "snippet.ts", code);
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ["--import", "tsx", "--conditions=@tsops/source", "snippet.ts"],
    { cwd: folder, env: { ...process.env, ...environment } },
  );
  const expected = [...code.matchAll(/^ *\/\/=> ?(.*)$/gm)].map((match) => match[1]);
  expect(stdout.trimEnd().split("\n")).toEqual(expected.length === 0 ? [""] : expected);
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

/** The pages' snippets that need a service, or none, with their number on the page. */
function snippets(needs: string | null) {
  return pages.flatMap((page) =>
    runnable(page).flatMap(({ code, needs: needed }, index) =>
      needed === needs ? [[page, index + 1, code] as const] : [],
    ),
  );
}

describe.each(pages)("%s", (page) => {
  it("marks every TypeScript block as `ts run`, or as `ts shape` for signatures only", () => {
    const unmarked = blocks(page).filter(({ mode }) => !/^(shape|run( [a-z]+)?)$/.test(mode));
    expect(unmarked).toEqual([]);
  });
});

it.for(snippets(null))("%s: snippet %i prints what it says", { timeout: 60_000 }, ([, , code]) =>
  expectOutput(code, {}),
);

const needed = new Set(pages.flatMap((page) => runnable(page).flatMap(({ needs }) => needs ?? [])));
describe.each([...needed])("beside %s", (name) => {
  describe.skipIf(service(name).isMissing)("with its server", () => {
    const state = temporaryDirectory();
    let running: RunningService;
    beforeAll(async () => {
      running = await startService(name, state.path);
    }, 300_000);
    afterAll(() => running?.stop(), 120_000);

    it.for(snippets(name))("%s: snippet %i prints what it says", { timeout: 300_000 }, ([, , code]) =>
      expectOutput(code, running.environment),
    );
  });
});

it("all snippets compile under strict", { timeout: 120_000 }, async () => {
  const folder = write(
    join(work, "types"),
    "tsconfig.json",
    '{ "extends": "../../../tsconfig.root.json", "include": ["*.ts"] }',
  );
  for (const page of pages)
    for (const [index, { code }] of runnable(page).entries())
      write(folder, `${page.replaceAll(/[/.]/g, "-")}-${index + 1}.ts`, `${code}\nexport {};\n`);
  const tsc = join(root, "node_modules/typescript/bin/tsc");
  const problems = await promisify(execFile)(process.execPath, [tsc, "-p", folder], { cwd: folder }).then(
    () => "",
    (error: { stdout?: string }) => error.stdout ?? String(error),
  );
  expect(problems).toBe("");
});
