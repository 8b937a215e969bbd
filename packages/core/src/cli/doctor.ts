import { createRequire } from "node:module";
import { TsopsError } from "../errors.ts";
import type { AnyPipeline } from "../pipeline/pipeline.ts";
import { coreVersion } from "../version.ts";
import { exitCodes } from "./exit-codes.ts";
import { findConfig } from "./load-config.ts";
import {
  type CommandIo,
  contractNames,
  type GlobalOptions,
  type Session,
  type UsualContract,
  withSession,
  writeResult,
} from "./session.ts";

/** One thing that was looked at. */
interface Finding {
  readonly name: string;
  /** `absent` is no problem: not everything is needed. */
  readonly state: "ok" | "problem" | "absent";
  readonly detail: string;
  readonly hint?: string;
}

const leastNode = [20, 12] as const;

/** `tsops doctor`: looks at everything that the other commands need, and says what to do about what is wrong. */
export async function doctorCommand(
  io: CommandIo,
  options: GlobalOptions,
  nodeVersion = process.versions.node,
): Promise<number> {
  const findings: Finding[] = [nodeFinding(nodeVersion)];
  let path: string | null = null;
  try {
    path = await findConfig(io.cwd, options.config);
    findings.push({ name: "configuration", state: "ok", detail: path });
  } catch (error) {
    const found = problem("configuration", error);
    // Files are forecast and checked without one; who names one means it to be there.
    findings.push(options.config === undefined ? { ...found, state: "absent" } : found);
  }
  findings.push(...packageFindings(path));
  if (path !== null) {
    try {
      await withSession(io, options, async (session) => {
        const home = await homeFinding(session);
        if (home !== null) findings.push(home);
        const isHomeOpen = home?.state !== "problem";
        findings.push(await pipelinesFinding(session, isHomeOpen));
        for (const name of contractNames) findings.push(await contractFinding(session, name, isHomeOpen));
      });
    } catch (error) {
      findings.push(problem("configuration loads", error));
    }
  }
  const problems = findings.filter((finding) => finding.state === "problem");
  writeResult(io, options, { isHealthy: problems.length === 0, findings }, findingsText(findings));
  return problems.length === 0 ? exitCodes.done : exitCodes.failed;
}

function nodeFinding(version: string): Finding {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const isNew = major > leastNode[0] || (major === leastNode[0] && minor >= leastNode[1]);
  if (isNew) return { name: "Node.js", state: "ok", detail: version };
  return {
    name: "Node.js",
    state: "problem",
    detail: `${version} is older than ${leastNode.join(".")}`,
    hint: "Install a current Node.js release.",
  };
}

/** Versions of the packages as the configuration would import them. The four move together. */
function packageFindings(configPath: string | null): Finding[] {
  const found: Finding[] = [{ name: "@tsops/core", state: "ok", detail: coreVersion() }];
  if (configPath === null) return found;
  const require = createRequire(configPath);
  for (const name of ["@tsops/store", "@tsops/serve", "@tsops/monitor"]) {
    let version: string;
    try {
      ({ version } = require(`${name}/package.json`) as { version: string });
    } catch {
      found.push({ name, state: "absent", detail: "not installed" });
      continue;
    }
    const isSame = version === coreVersion();
    found.push({
      name,
      state: isSame ? "ok" : "problem",
      detail: isSame ? version : `${version} beside @tsops/core ${coreVersion()}`,
      ...(isSame ? {} : { hint: "Install the same version of all @tsops packages." }),
    });
  }
  return found;
}

/** Null when the configuration has no home. */
async function homeFinding(session: Session): Promise<Finding | null> {
  if (session.config.home === undefined) return null;
  try {
    const { path } = await session.home();
    return { name: "home", state: "ok", detail: path === undefined ? "opens" : `opens: ${path}` };
  } catch (error) {
    return problem("home", error);
  }
}

/** What stands on a home that does not open is no problem of its own. */
function notLookedAt(name: string): Finding {
  return { name, state: "absent", detail: "not looked at: the home does not open" };
}

async function pipelinesFinding(session: Session, isHomeOpen: boolean): Promise<Finding> {
  const name = "pipelines";
  if (!isHomeOpen && typeof session.config.pipelines === "function") return notLookedAt(name);
  try {
    const pipelines = await session.pipelines();
    if (pipelines.length === 0) return { name, state: "absent", detail: "the configuration has none" };
    const empty = pipelines.find((pipeline) => pipeline.steps.length === 0);
    if (empty !== undefined)
      throw new TsopsError("PIPELINE_INVALID", `"${empty.name}" has no steps.`, {
        hint: "Add one with .step().",
      });
    const names = pipelines.map((pipeline) => pipeline.name);
    const twin = names.find((one, i) => names.indexOf(one) !== i);
    if (twin !== undefined)
      throw new TsopsError("PIPELINE_INVALID", `Two are named "${twin}".`, {
        hint: "Give each a name of its own.",
      });
    return { name, state: "ok", detail: pipelines.map(pipelineText).join("; ") };
  } catch (error) {
    return problem(name, error);
  }
}

function pipelineText({ name, schedule, steps }: AnyPipeline): string {
  const when =
    schedule === null ? "by hand" : "cron" in schedule ? `cron ${schedule.cron}` : `every ${schedule.every}`;
  return `${name} (${steps.map((step) => step.name).join(" > ")}, ${when})`;
}

/** One cheap read each: what a contract answers does not matter, that it answers does. */
const probes: { readonly [Name in UsualContract]: (session: Session) => Promise<string> } = {
  async ledger(session) {
    const ledger = await session.contract("ledger");
    const pipelines = await session.pipelines();
    const open = await Promise.all(
      pipelines.map(async ({ name }) => (await ledger.list(name, { status: "failed" })).length),
    );
    await ledger.list("tsops-doctor", { limit: 1 });
    const failed = open.reduce((sum, count) => sum + count, 0);
    return failed === 0
      ? "answers"
      : `answers; ${failed} runs failed (tsops run <pipeline> --interval ... --resume)`;
  },
  async tracker(session) {
    const runs = await (await session.contract("tracker")).searchRuns({ limit: 1 });
    return runs.length === 0 ? "answers; no runs yet" : "answers";
  },
  async registry(session) {
    const models = await (await session.contract("registry")).listModels();
    return `answers; ${models.length === 0 ? "no models yet" : `models ${models.join(", ")}`}`;
  },
  async predictions(session) {
    const predictions = await session.contract("predictions");
    await predictions.get("tsops-doctor").catch((error: unknown) => {
      if (!TsopsError.is(error, "PREDICTION_NOT_FOUND")) throw error;
    });
    return "answers";
  },
  async decisions(session) {
    const decisions = await (await session.contract("decisions")).list({ limit: 1 });
    return decisions.length === 0 ? "answers; no decisions yet" : "answers";
  },
};

async function contractFinding(session: Session, name: UsualContract, isHomeOpen: boolean): Promise<Finding> {
  const isWired = session.config.home !== undefined || session.config[name] !== undefined;
  if (!isWired) return { name, state: "absent", detail: "not wired" };
  if (!isHomeOpen && session.config[name] === undefined) return notLookedAt(name);
  try {
    return { name, state: "ok", detail: await probes[name](session) };
  } catch (error) {
    if (TsopsError.is(error, "CONFIG_INVALID") && session.config[name] === undefined)
      return { name, state: "absent", detail: "the home gives none" };
    return problem(name, error);
  }
}

function problem(name: string, error: unknown): Finding {
  const detail = error instanceof Error ? error.message : String(error);
  if (!TsopsError.is(error)) return { name, state: "problem", detail };
  return {
    name,
    state: "problem",
    detail: `${error.code}: ${detail}`,
    ...(error.hint === undefined ? {} : { hint: error.hint }),
  };
}

function findingsText(findings: readonly Finding[]): string {
  const width = Math.max(...findings.map((finding) => finding.name.length));
  const marks = { ok: "ok     ", problem: "PROBLEM", absent: "-      " };
  return findings
    .flatMap(({ name, state, detail, hint }) => [
      `${marks[state]}  ${name.padEnd(width)}  ${detail}`,
      ...(hint === undefined ? [] : [`${" ".repeat(width + 11)}hint: ${hint}`]),
    ])
    .join("\n");
}
