import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { service } from "./services.ts";

const directory = resolve(import.meta.dirname, "../deploy");
const read = (name: string) => readFileSync(join(directory, name), "utf8");

interface ComposeService {
  readonly image?: string;
  readonly build?: { readonly target: string; readonly context: string; readonly dockerfile: string };
  readonly user?: string;
  readonly restart?: string;
  readonly healthcheck?: { readonly test: readonly string[] };
  readonly cap_drop?: readonly string[];
  readonly security_opt?: readonly string[];
  readonly privileged?: boolean;
  readonly environment?: Readonly<Record<string, string>>;
  readonly ports?: readonly { readonly host_ip?: string }[];
  readonly volumes?: readonly { readonly type: string; readonly source: string }[];
}

/** The variables of `.env.example`: those that must be filled in, and the defaults. */
const variables = new Map(
  [...read(".env.example").matchAll(/^([A-Z_]+)=(.*)$/gm)].map(([, name, value]) => [
    name as string,
    value as string,
  ]),
);
/** Those with a default in the Compose file, if only an empty one. */
const defaults = new Map(
  [...read("compose.yaml").matchAll(/\$\{([A-Z_]+):-([^}]*)\}/g)].map(([, name, value]) => [
    name as string,
    value as string,
  ]),
);
const required = [...variables.keys()].filter((name) => !defaults.has(name));
/** Told apart in the resolved file. */
const filled = Object.fromEntries([...variables].map(([name, value]) => [name, value || `given-${name}`]));

const reference = service("compose");
const compose = (environment: Readonly<Record<string, string>>) =>
  spawnSync(reference.program, [join(directory, "compose.yaml")], {
    env: { PATH: process.env["PATH"], ...environment },
    encoding: "utf8",
  });

describe.skipIf(reference.isMissing)("deploy/compose.yaml, read by the reference implementation", () => {
  let answer: ReturnType<typeof compose>;
  beforeAll(() => {
    answer = compose(filled);
  });
  const services = () =>
    Object.entries((JSON.parse(answer.stdout) as { services: Record<string, ComposeService> }).services);
  const lasting = () => services().filter(([, { restart }]) => restart !== "no");
  const all = <T>(list: readonly (readonly [string, ComposeService])[], of: (one: ComposeService) => T) =>
    Object.fromEntries(list.map(([name, one]) => [name, of(one)]));
  const same = <T>(list: readonly (readonly [string, ComposeService])[], value: T) => all(list, () => value);

  it("keeps to the specification, and holds the whole stack", () => {
    expect([answer.status, answer.stderr]).toEqual([0, ""]);
    expect(services().map(([name]) => name)).toEqual([
      "airflow",
      "airflow-dag-processor",
      "airflow-database",
      "airflow-scheduler",
      "airflow-triggerer",
      "app",
      "grafana",
      "mlflow",
      "postgres",
      "prometheus",
      "redis",
    ]);
  });

  it("a field that the specification lacks is found", () => {
    const wrong = spawnSync(reference.program, ["-"], {
      input: "services: { app: { image: 'x:1', helthcheck: {} } }",
      encoding: "utf8",
    });
    expect(wrong.status).toBe(1);
    expect(wrong.stderr).toContain("helthcheck");
  });

  it.each(required)("refuses to start without %s", (name) => {
    const without = compose({ ...filled, [name]: "" });
    expect(without.status).toBe(1);
    expect(without.stderr).toContain(`required variable ${name} is missing a value: set it in deploy/.env`);
  });

  it("names every variable in .env.example, and no other", () => {
    const used = [...read("compose.yaml").matchAll(/\$\{([A-Z_]+)/g)].map(([, name]) => name as string);
    expect([...new Set(used)].sort()).toEqual([...variables.keys()].sort());
    expect(defaults).toEqual(new Map([...variables].filter(([name]) => !required.includes(name))));
    // What has no default is refused when it is empty: no other way to write a variable is used.
    for (const [text] of read("compose.yaml").matchAll(/(?<!\$)\$\{[^}]*\}/g))
      expect(text).toMatch(/^\$\{[A-Z_]+:(\?set it in deploy\/\.env|-.*)\}$/);
    for (const name of required) expect([name, variables.get(name)]).toEqual([name, ""]);
  });

  it("has no secret of its own: whatever is a password, secret or key comes from outside", () => {
    const secrets = services().flatMap(([name, { environment = {} }]) =>
      Object.entries(environment).flatMap(([key, value]) =>
        /PASSWORD|SECRET|_KEY$|_CONN$|STORE_URI$|(DATABASE|REDIS)_URL$/.test(key)
          ? [[`${name} ${key}`, value] as const]
          : [],
      ),
    );
    expect(secrets.length).toBeGreaterThan(15);
    for (const [key, value] of secrets)
      expect([key, value]).toEqual([key, expect.stringContaining("given-")]);
  });

  it("pins every image to an exact version", () => {
    for (const [name, { image }] of services())
      expect([name, image]).toEqual([
        name,
        expect.stringMatching(/^[a-z./-]+:v?\d+\.\d+\.\d+(-[a-z0-9-]+)?$/),
      ]);
  });

  it("watches the health of every service that lasts", () => {
    expect(all(lasting(), ({ healthcheck }) => (healthcheck?.test.length ?? 0) > 1)).toEqual(
      same(lasting(), true),
    );
    expect(lasting()).toHaveLength(10);
  });

  it("runs nothing as root, and nothing that can become more than it is", () => {
    for (const [name, { user }] of services())
      expect([name, user]).toEqual([name, expect.stringMatching(/^([1-9]\d*:\d+|postgres|redis)$/)]);
    expect(all(services(), ({ cap_drop }) => cap_drop)).toEqual(same(services(), ["ALL"]));
    expect(all(services(), ({ security_opt }) => security_opt)).toEqual(
      same(services(), ["no-new-privileges:true"]),
    );
    expect(all(services(), ({ privileged }) => privileged ?? false)).toEqual(same(services(), false));
  });

  it("publishes ports on this machine only, and mounts only what is there", () => {
    for (const [, { ports = [], volumes = [] }] of services()) {
      for (const { host_ip } of ports) expect(host_ip).toBe("127.0.0.1");
      for (const { type, source } of volumes)
        if (type === "bind") expect([source, existsSync(source)]).toEqual([source, true]);
    }
  });

  it("builds stages that the Dockerfile has, from files that it has", () => {
    const stages = [...read("Dockerfile").matchAll(/^FROM \S+ AS (\S+)$/gm)].map(([, stage]) => stage);
    for (const [, { build }] of services()) {
      if (build === undefined) continue;
      expect(stages).toContain(build.target);
      expect(resolve(build.context, build.dockerfile)).toBe(join(directory, "Dockerfile"));
    }
  });
});

describe("deploy/Dockerfile", () => {
  const hadolint = service("hadolint");
  const lint = (input: string) => spawnSync(hadolint.program, ["-"], { input, encoding: "utf8" });

  it.skipIf(hadolint.isMissing)("has nothing that hadolint minds", () => {
    const { stdout, status } = lint(read("Dockerfile"));
    expect([stdout, status]).toEqual(["", 0]);
    expect(lint("FROM node\nRUN cd /tmp\n").stdout).toContain("DL3006");
  });

  it("pins every base image, and no image that runs is left to root", () => {
    const text = read("Dockerfile");
    const bases = [...text.matchAll(/^FROM (\S+) AS (\S+)$/gm)];
    expect(bases.map(([, , stage]) => stage)).toEqual(["build", "app", "airflow", "mlflow"]);
    for (const [, image] of bases) expect(image).toMatch(/^[a-z/]+:\d+\.\d+\.\d+(-[a-z0-9-]+)?$/);
    for (const stage of text.split(/^FROM /m).filter((part) => / AS (app|airflow|mlflow)\n/.test(part)))
      expect([...stage.matchAll(/^USER (.*)$/gm)].at(-1)?.[1]).toMatch(/^[1-9]\d*:\d+$/);
  });

  it("copies only what the repository has", () => {
    const sources = [...read("Dockerfile").matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, list]) =>
      (list as string).split(" "),
    );
    expect(sources.length).toBeGreaterThan(8);
    for (const source of sources)
      expect([source, existsSync(resolve(directory, "..", source))]).toEqual([source, true]);
  });
});
