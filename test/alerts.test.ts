import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { service } from "./services.ts";

const prometheus = service("prometheus");
const directory = resolve(import.meta.dirname, "../deploy/prometheus");

describe.skipIf(prometheus.isMissing)("deploy/prometheus", () => {
  const promtool = (...given: string[]) =>
    execFileSync(join(dirname(prometheus.program), "promtool"), given, { cwd: directory, encoding: "utf8" });

  it("is a configuration that Prometheus takes", () =>
    expect(promtool("check", "config", "prometheus.yml")).toContain("is valid prometheus config"));

  it("has alerts that fire when all goes wrong and are silent when all is well", () => {
    promtool("test", "rules", "alerts.test.yml");
    const alerts = [...readFileSync(join(directory, "alerts.yml"), "utf8").matchAll(/- alert: (\w+)/g)];
    const tests = readFileSync(join(directory, "alerts.test.yml"), "utf8");
    for (const [, name] of alerts)
      expect(tests.match(new RegExp(`alertname: ${name}\\b`, "g"))).toHaveLength(2);
  });
});
