import { execFile } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { build } from "vite";
import { afterAll, beforeAll, expect, it } from "vitest";

const core = resolve(import.meta.dirname, "..");
// Inside the package, so that the script finds it and its dependencies.
const folder = join(core, "node_modules", ".tsops-gbdt-threads");
const run = promisify(execFile);

const script = `
import { createHash } from "node:crypto";
import { gbdt } from "@tsops/core";
const values = Float64Array.from({ length: 40_000 }, (_, row) => Math.sin(row) * 10);
const x = { rows: values.length, columns: [{ name: "a", kind: "numeric", values }] };
for (const threads of [1, 3]) {
  const model = await gbdt({ trees: 4, threads }).fit(x, values.map(Math.abs));
  console.log(createHash("sha256").update(model.save()).digest("hex"));
}
`;

beforeAll(async () => {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
  writeFileSync(join(folder, "script.ts"), script);
  await build({
    configFile: false,
    logLevel: "error",
    root: folder,
    resolve: { alias: { "@tsops/core": join(core, "src/index.ts") }, conditions: ["@tsops/source"] },
    build: { ssr: "script.ts", outDir: "bundle", target: "node20", minify: true },
    ssr: { noExternal: true },
  });
}, 120_000);
afterAll(() => rmSync(folder, { recursive: true }));

// The built package is what the bundle is made of: the program of the workers is a text in it, no file beside it.
it.each([
  ["from sources, by tsx", ["--import", "tsx", "--conditions=@tsops/source", "script.ts"]],
  ["bundled and minified into one file", ["bundle/script.js"]],
  [
    "bundled, in a process whose flags are for modules only",
    ["--import", "./bundle/script.js", "--input-type=module", "-e", "0"],
  ],
])("gbdt fits on threads %s, and the process ends", { timeout: 60_000 }, async (_how, argv) => {
  const { stdout, stderr } = await run(process.execPath, argv, { cwd: folder });
  const [one, three] = stdout.trim().split("\n");
  expect(stderr).toBe("");
  expect(one).toMatch(/^[0-9a-f]{64}$/);
  expect(three).toBe(one);
});
