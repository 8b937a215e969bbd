import { readFileSync } from "node:fs";
import { expect, it } from "vitest";

const read = (path: string) => readFileSync(new URL(path, import.meta.url), "utf8");

it("shows the first forecast in the README as it is in examples/", () => {
  const script = read("first-forecast.ts");
  expect(script.trimEnd().split("\n").length).toBeLessThanOrEqual(25);
  expect(read("../README.md")).toContain(`\`\`\`ts run\n${script}`);
});
