import { execFile } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { build } from "vite";
import { afterAll, beforeAll, expect, it } from "vitest";
import { temporaryDirectory } from "../../../../test/temporary-directory.ts";

const core = resolve(import.meta.dirname, "../..");
const app = temporaryDirectory().path;
// Inside the package, so that the built command finds its dependencies and its version.
const built = join(core, "node_modules", ".tsops-plain-node");

beforeAll(async () => {
  await build({
    configFile: false,
    logLevel: "error",
    root: core,
    build: { ssr: "src/cli/main.ts", outDir: built, emptyOutDir: true, target: "node20" },
    ssr: { external: true },
  });
  writeFileSync(join(app, "package.json"), '{ "type": "module" }');
});
afterAll(() => rmSync(built, { recursive: true }));

function tsops(folder: string, ...argv: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((done) => {
    execFile(
      process.execPath,
      [join(built, "main.js"), ...argv],
      { cwd: join(app, folder), env: {} },
      (error, stdout, stderr) => done({ code: error === null ? 0 : Number(error.code), stdout, stderr }),
    );
  });
}

function configure(folder: string, text: string): void {
  mkdirSync(join(app, folder), { recursive: true });
  writeFileSync(join(app, folder, "tsops.config.ts"), text);
}

it("works in the folder of the configuration, wherever it is called from", async () => {
  configure(
    "above",
    `import { resolve } from "node:path";
     const ledger = { list: async () => { console.error(resolve("./.tsops")); return []; } };
     export default { ledger: () => ledger };`,
  );
  mkdirSync(join(app, "above", "deep", "er"), { recursive: true });
  for (const [folder, ...given] of [
    ["above"],
    ["above/deep/er"],
    [".", "--config", "above/tsops.config.ts"],
  ]) {
    const { stderr } = await tsops(folder as string, "doctor", ...given);
    expect(stderr).toContain(join(app, "above", ".tsops"));
  }
});

it("loads TypeScript that only jiti can: enums, top-level await, imports without extension", async () => {
  configure(
    "modern",
    `import { Version, decisions } from "./wiring";
     await Promise.resolve();
     const codeVersion: string = Version.Current;
     export default { codeVersion, decisions: () => decisions } satisfies object;`,
  );
  writeFileSync(
    join(app, "modern", "wiring.ts"),
    `export enum Version { Current = "v1" }
     export const decisions = { list: async (): Promise<never[]> => [], append: async () => {} };`,
  );
  const doctor = await tsops("modern", "doctor", "--json");
  expect([doctor.stderr, doctor.code]).toEqual(["", 0]);
  expect(JSON.parse(doctor.stdout).findings).toContainEqual({
    name: "decisions",
    state: "ok",
    detail: "answers; no decisions yet",
  });
  expect((await tsops("modern", "decisions")).stdout).toBe("No decisions.\n");
});

it("says where a configuration throws", async () => {
  configure("throwing", 'const message: string = "no url";\n\nthrow new Error(message);\n');
  const { code, stderr } = await tsops("throwing", "decisions");
  expect([code, stderr]).toEqual([
    64,
    expect.stringMatching(/does not load: no url\n.*hint: Look at .*tsops\.config\.ts:3/s),
  ]);
});

it("finds the configuration from a folder below", async () => {
  mkdirSync(join(app, "modern", "a", "b"), { recursive: true });
  expect((await tsops("modern/a/b", "decisions")).code).toBe(0);
  expect((await tsops("", "decisions")).stderr).toContain("CONFIG_NOT_FOUND");
});

it("says once what a syntax error is, and where", async () => {
  configure("syntax", "export default {\n  home: ( };\n");
  for (const command of ["decisions", "doctor"]) {
    const { stdout, stderr } = await tsops("syntax", command);
    const text = stdout + stderr;
    const reason = text.match(/does not load: (.*)/)?.[1] as string;
    expect(text.split(reason)).toHaveLength(2);
    expect(text).toMatch(/hint: Look at .*tsops\.config\.ts/);
    expect(text).not.toContain("below");
  }
});
