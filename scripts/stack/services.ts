import { mkdir, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { runProgram } from "./processes.ts";

const root = resolve(import.meta.dirname, "../..");

/** The servers of the stack, in the order in which they start. */
const names = ["postgres", "redis", "mlflow", "prometheus", "airflow"] as const;

/**
 * Installs what is missing and starts every server anew, each with its files below `.services/stack`.
 * @param options.metricsTarget - What Prometheus scrapes, host:port.
 * @returns The variables with which programs find the servers.
 */
export async function startAll(options: {
  readonly metricsTarget: string;
  say(text: string): void;
}): Promise<Readonly<Record<string, string>>> {
  const environment: Record<string, string> = {};
  await stopAll();
  for (const name of names) {
    await service(name, "install");
    await rm(stateOf(name), { recursive: true, force: true });
    await mkdir(stateOf(name), { recursive: true });
    const parameters =
      name === "prometheus" ? [options.metricsTarget, join(root, "deploy/prometheus/alerts.yml")] : [];
    const printed = await service(name, "start", ...parameters);
    for (const [, key, quoted, bare] of printed.matchAll(/^export ([A-Z0-9_]+)=(?:'(.*)'|(.*))$/gm))
      environment[key as string] = quoted ?? bare ?? "";
    options.say(`${name} runs.`);
  }
  return environment;
}

/** Ends the servers that `startAll` started, and nothing else. */
export async function stopAll(): Promise<void> {
  for (const name of [...names].reverse()) await service(name, "stop");
}

function stateOf(name: string): string {
  return join(root, ".services/stack", name);
}

function service(name: string, ...parameters: readonly string[]): Promise<string> {
  return runProgram(["bash", join(root, "scripts/services", `${name}.sh`), ...parameters], {
    cwd: root,
    environment: { [`TSOPS_${name.toUpperCase()}_STATE`]: stateOf(name) },
    shows: false,
  });
}
