import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, it } from "vitest";

const root = resolve(import.meta.dirname, "..");
const definition = "packages/core/src/errors.ts";

function read(path: string): string {
  return readFileSync(join(root, path), "utf8");
}

const union = /export type TsopsErrorCode =([\s\S]*?);/.exec(read(definition))?.[1] ?? "";
const codes = [...union.matchAll(/"([A-Z_]+)"/g)].map((match) => match[1] as string);

it("the reference names exactly the codes that there are", () => {
  const named = [...read("docs/reference/errors.md").matchAll(/^\| `([A-Z_]+)` \|/gm)].map(
    (match) => match[1],
  );
  expect(codes.length).toBeGreaterThan(30);
  expect([...named].sort()).toEqual([...codes].sort());
});

it("every code is used by a package", () => {
  const sources = readdirSync(join(root, "packages"), { recursive: true, encoding: "utf8" })
    .filter((path) => /^[^/]+\/src\/.*(?<!\.test)\.ts$/.test(path) && `packages/${path}` !== definition)
    .map((path) => read(`packages/${path}`))
    .join("\n");
  expect(codes.filter((code) => !sources.includes(`"${code}"`))).toEqual([]);
});
