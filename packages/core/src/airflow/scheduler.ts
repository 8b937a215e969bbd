import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { parseCanonicalJson } from "../canonical-json.ts";
import { TsopsError } from "../errors.ts";
import { checkOptions, shown } from "../options.ts";
import { parseRetry } from "../pipeline/retry.ts";
import type { CallOptions } from "../ports/call-options.ts";
import type { Clock } from "../ports/clock.ts";
import { systemClock } from "../time/clock.ts";
import { formatInstant, toMicros } from "../time/instant.ts";
import { checkInterval } from "../time/interval.ts";
import { writeWhole } from "../write-whole.ts";
import {
  type ApprovalAnswer,
  type AssetEventAnswer,
  approvalOf,
  assetEventOf,
  logText,
  type RunAnswer,
  runOf,
  type TaskAnswer,
  taskOf,
} from "./answers.ts";
import type { AirflowAuth } from "./auth.ts";
import { type AirflowCall, airflowCalls, askedAgain, segment } from "./client.ts";
import type {
  AirflowApproval,
  AirflowBackfillOptions,
  AirflowRun,
  AirflowScheduler,
  AirflowTask,
} from "./scheduler-types.ts";

/** Where Airflow is. */
export interface AirflowSchedulerOptions {
  /** Of the API server, e.g. `http://airflow.example:8080`. */
  readonly url: string;
  readonly auth: AirflowAuth;
  /** The folder that Airflow reads DAG files from, for `upsert`. */
  readonly dagsFolder?: string;
  /** Longest wait for one answer. Default 30000. */
  readonly timeoutMs?: number;
  /** How often waiting calls ask. Default 1000. */
  readonly pollMs?: number;
  /** Default: the system's clock. */
  readonly clock?: Clock;
}

/**
 * Airflow 3 through its REST API v2. A question that the server fails to answer (5xx) is asked six times over about ten seconds, and so is what
 * it refuses because its database is locked. Nothing else is repeated, so that no run is started twice: wrap calls that may be repeated in a
 * retry of your own.
 * @throws TsopsError, from all calls: ADAPTER_UNAVAILABLE, CONFIG_INVALID (refused credentials), RUN_NOT_FOUND (no such DAG, run or task), STORE_CONFLICT, ABORTED
 */
export function airflowScheduler(options: AirflowSchedulerOptions): AirflowScheduler {
  checkOptions("CONFIG_INVALID", "airflowScheduler()", options, {
    url: true,
    auth: true,
    dagsFolder: true,
    timeoutMs: true,
    pollMs: true,
    clock: true,
  });
  const { url, auth, dagsFolder, timeoutMs = 30_000, pollMs = 1000, clock = systemClock() } = options;
  if (typeof url !== "string" || !/^https?:\/\//.test(url) || !URL.canParse(url))
    throw new TsopsError("CONFIG_INVALID", `The url of airflowScheduler() is ${shown(url)}.`, {
      hint: "Write http://host:8080, the address of Airflow's API server.",
    });
  if (typeof auth !== "function")
    throw new TsopsError("CONFIG_INVALID", `The auth of airflowScheduler() is ${shown(auth)}.`, {
      hint: "Give passwordAuth({ username, password }) or tokenAuth(token).",
    });
  const policy = parseRetry({ attempts: 6, delay: "500ms", maxDelay: "5s" });
  const call = askedAgain(airflowCalls({ url, auth, timeoutMs }), { clock, policy });
  /** Asks until the answer is not null. */
  const poll = async <T>(ask: () => Promise<T | null>, { signal }: CallOptions): Promise<T> => {
    for (;;) {
      const found = await ask();
      if (found !== null) return found;
      await clock.sleepUntil(clock.now() + BigInt(Math.round(pollMs * 1000)), signal);
    }
  };
  const setPaused = (dag: string, isPaused: boolean, { signal }: CallOptions) =>
    call(`/dags/${segment(dag)}`, { method: "PATCH", body: { is_paused: isPaused }, signal });
  const runPath = (dag: string, run: string) => `/dags/${segment(dag)}/dagRuns/${segment(run)}`;
  const taskPath = (dag: string, run: string, task: string) =>
    `${runPath(dag, run)}/taskInstances/${segment(task)}`;

  const scheduler: AirflowScheduler = {
    async upsert(dag, text, given = {}) {
      if (dagsFolder === undefined)
        throw new TsopsError("CONFIG_INVALID", "upsert() needs the dagsFolder of airflowScheduler().", {
          hint: "Give the folder that Airflow reads DAG files from.",
        });
      checkDagText(dag, text);
      const name = `${dag}.py`;
      const before = await importError(call, name, given);
      await mkdir(dagsFolder, { recursive: true });
      await writeWhole(join(dagsFolder, name), text);
      const refuse = refusalAfter(before);
      await poll(async () => {
        const source = await call<{ content: string | null }>(`/dagSources/${segment(dag)}`, given).catch(
          absent,
        );
        if (source?.content?.trim() === text.trim()) return true;
        refuse(name, await importError(call, name, given));
        return null;
      }, given);
    },
    async pause(dag, given = {}) {
      await setPaused(dag, true, given);
    },
    async resume(dag, given = {}) {
      await setPaused(dag, false, given);
    },
    async isPaused(dag, given = {}) {
      return (await call<{ is_paused: boolean }>(`/dags/${segment(dag)}`, given)).is_paused;
    },
    async trigger(dag, options) {
      checkOptions("PIPELINE_INVALID", "trigger()", options, {
        interval: true,
        runId: true,
        force: true,
        signal: true,
      });
      const { interval, runId, force = false, signal } = options;
      if (interval === undefined)
        throw new TsopsError("PIPELINE_INVALID", "trigger() needs the data interval of the run.", {
          hint: "Airflow makes one up otherwise: give interval(toMicros(start), toMicros(end)).",
        });
      checkInterval("The interval of trigger()", interval);
      const start = formatInstant(interval.start);
      const body = {
        logical_date: start,
        data_interval_start: start,
        data_interval_end: formatInstant(interval.end),
        ...(runId === undefined ? {} : { dag_run_id: runId }),
        conf: force ? { force } : {},
      };
      return runOf(await call<RunAnswer>(`/dags/${segment(dag)}/dagRuns`, { method: "POST", body, signal }));
    },
    async runs(dag, { limit = 100, signal } = {}) {
      const newest: AirflowRun[] = [];
      const path = `/dags/${segment(dag)}/dagRuns`;
      for await (const run of listed<RunAnswer>(call, path, "dag_runs", {
        signal,
        query: { order_by: "-run_after" },
      })) {
        newest.push(runOf(run));
        if (newest.length >= limit) break;
      }
      return newest.reverse();
    },
    wait: (dag, run, given = {}) =>
      poll(async () => {
        const found = runOf(await call<RunAnswer>(runPath(dag, run), given));
        return found.state === "success" || found.state === "failed" ? found : null;
      }, given),
    async tasks(dag, run, given = {}) {
      const path = `${runPath(dag, run)}/taskInstances`;
      const tasks: AirflowTask[] = [];
      for await (const task of listed<TaskAnswer>(call, path, "task_instances", given))
        tasks.push(taskOf(task));
      return tasks;
    },
    async xcom(dag, run, task, given = {}) {
      try {
        const path = `${taskPath(dag, run, task)}/xcomEntries/return_value`;
        return (await call<{ value: unknown }>(path, { ...given, query: { deserialize: false } })).value;
      } catch (error) {
        if (TsopsError.is(error, "RUN_NOT_FOUND")) return null;
        throw error;
      }
    },
    async results(dag, run, given = {}) {
      const results: Record<string, unknown> = {};
      for (const { id, state } of await scheduler.tasks(dag, run, given)) {
        const text = state === "success" ? await scheduler.xcom(dag, run, id, given) : null;
        if (typeof text === "string") Object.assign(results, resultsOf(text));
      }
      return results;
    },
    async logs(dag, run, task, tryNumber, given = {}) {
      const path = `${taskPath(dag, run, task)}/logs/${tryNumber}`;
      const answer = await call<{ content: unknown }>(path, { ...given, query: { full_content: true } });
      return logText(answer.content);
    },
    async clear(dag, run, tasks, given = {}) {
      const body = {
        dry_run: false,
        only_failed: false,
        reset_dag_runs: true,
        dag_run_id: run,
        ...(tasks === undefined ? {} : { task_ids: tasks }),
      };
      const path = `/dags/${segment(dag)}/clearTaskInstances`;
      const answer = await call<{ task_instances: TaskAnswer[] }>(path, { ...given, method: "POST", body });
      return answer.task_instances.map((task) => task.task_id);
    },
    async backfill(dag, given) {
      const body = backfillBody(dag, given);
      return (await call<{ id: number }>("/backfills", { method: "POST", body, signal: given.signal })).id;
    },
    async planBackfill(dag, given) {
      const answer = await call<{ backfills: { logical_date: string | null }[] }>("/backfills/dry_run", {
        method: "POST",
        body: backfillBody(dag, given),
        signal: given.signal,
      });
      return answer.backfills.flatMap(({ logical_date: at }) => (at === null ? [] : [toMicros(at)]));
    },
    async waitForBackfill(id, given = {}) {
      const path = `/backfills/${id}`;
      await poll(async () => (await call<{ completed_at: string | null }>(path, given)).completed_at, given);
    },
    async emitAssetEvent(asset, extra = {}, given = {}) {
      const body = { asset_id: await assetId(call, asset, given), extra };
      return assetEventOf(await call<AssetEventAnswer>("/assets/events", { ...given, method: "POST", body }));
    },
    async assetEvents(asset, given = {}) {
      const query = { asset_id: await assetId(call, asset, given), order_by: "-timestamp", limit: 100 };
      const answer = await call<{ asset_events: AssetEventAnswer[] }>("/assets/events", { ...given, query });
      return answer.asset_events.map(assetEventOf);
    },
    async pendingApprovals(dag, given = {}) {
      const query = { response_received: false, limit: 100 };
      const path = `/dags/${segment(dag)}/dagRuns/~/hitlDetails`;
      const answer = await call<{ hitl_details: ApprovalAnswer[] }>(path, { ...given, query });
      return answer.hitl_details.filter(({ task_instance: { state } }) => isOpen(state)).map(approvalOf);
    },
    approve: (approval, given = {}) => respond(approval, "Approve", given),
    reject: (approval, given = {}) => respond(approval, "Reject", given),
  };

  /**
   * Waits until the scheduler has beaten twice. It fails a task whose answer it sees before it has seen the task's process end, and
   * tells nobody when it has; between two beats it looks at all ended processes.
   */
  const nextLoops = async (given: CallOptions) => {
    const beats = new Set<string>();
    await poll(async () => {
      const { scheduler: part } = await call<{ scheduler: { latest_scheduler_heartbeat: string | null } }>(
        "/monitor/health",
        given,
      );
      beats.add(part.latest_scheduler_heartbeat ?? "");
      return beats.size > 2 ? true : null;
    }, given);
  };

  const respond = async ({ dag, run, task }: AirflowApproval, option: string, given: CallOptions) => {
    const path = taskPath(dag, run, task);
    await poll(async () => {
      const { state } = await call<TaskAnswer>(path, given);
      if (isOpen(state)) return isWaiting(state) ? true : null;
      throw new TsopsError(
        "STORE_CONFLICT",
        `The task "${task}" no longer waits for an answer: it is ${state}.`,
        {
          hint: "Ask pendingApprovals() for those that wait.",
        },
      );
    }, given);
    await nextLoops(given);
    const body = { chosen_options: [option], params_input: {} };
    await call(`${path}/-1/hitlDetails`, { ...given, method: "PATCH", body });
  };
  return scheduler;
}

/** `deferred` is what versions before 3.3 call it. */
function isWaiting(state: string | null): boolean {
  return state === "awaiting_input" || state === "deferred";
}

/** Whether a task that has asked waits, or is about to. */
function isOpen(state: string | null): boolean {
  return isWaiting(state) || state === "running";
}

function backfillBody(dag: string, { from, to, repeat = "none", maxActiveRuns = 1 }: AirflowBackfillOptions) {
  return {
    dag_id: dag,
    from_date: formatInstant(toMicros(from)),
    to_date: formatInstant(toMicros(to)),
    reprocess_behavior: repeat,
    max_active_runs: maxActiveRuns,
    run_backwards: false,
    // Named, as Airflow 3.3 on SQLite waits for itself when it has to look it up.
    run_on_latest_version: true,
  };
}

/** The entries of a list, page by page: Airflow gives at most 100 at a time, whatever it is asked for. */
async function* listed<T>(
  call: AirflowCall,
  path: string,
  name: string,
  { signal, query }: Parameters<AirflowCall>[1] & CallOptions,
): AsyncGenerator<T, void, undefined> {
  const limit = 100;
  for (let offset = 0; ; offset += limit) {
    const answer = await call<Record<string, readonly T[]>>(path, {
      signal,
      query: { ...query, limit, offset },
    });
    const page = answer[name] ?? [];
    yield* page;
    if (page.length < limit) return;
  }
}

/** @throws TsopsError PIPELINE_INVALID for a name that is no file's, and a text that says that it is another DAG's */
function checkDagText(dag: string, text: string): void {
  if (!/^[\w-][\w.-]*$/.test(dag))
    throw new TsopsError("PIPELINE_INVALID", `A DAG cannot be named ${JSON.stringify(dag)}.`, {
      hint: "Use letters, digits and . _ -: its file has the same name.",
    });
  const named = [...text.matchAll(/dag_id\s*=\s*["']([^"']+)["']/g)].map(([, id]) => id as string);
  if (named.length > 0 && !named.includes(dag))
    throw new TsopsError("PIPELINE_INVALID", `The text given for "${dag}" is that of ${named.join(", ")}.`, {
      hint: `Call upsert("${named[0]}", text).`,
    });
}

interface ImportErrorAnswer {
  readonly filename: string;
  readonly stack_trace: string;
  readonly timestamp: string;
}

/** What Airflow last said of a file that it could not import; null when it could, or has not read it. */
async function importError(
  call: AirflowCall,
  name: string,
  given: CallOptions,
): Promise<ImportErrorAnswer | null> {
  for await (const error of listed<ImportErrorAnswer>(call, "/importErrors", "import_errors", given))
    if (error.filename === name || error.filename.endsWith(`/${name}`)) return error;
  return null;
}

/**
 * Throws Airflow's error about a file once it is about the text that was written last. An error that was there before stays until the
 * file has been read again, and a reading that was under way while the file was written is about the old text, too: so the same error counts
 * when it has come anew twice.
 */
function refusalAfter(before: ImportErrorAnswer | null) {
  const seen = new Set(before === null ? [] : [before.timestamp]);
  return (name: string, found: ImportErrorAnswer | null): void => {
    if (found === null || seen.has(found.timestamp)) return;
    seen.add(found.timestamp);
    if (before !== null && found.stack_trace === before.stack_trace && seen.size < 3) return;
    const reason = found.stack_trace.trim().split("\n").at(-1) ?? "";
    throw new TsopsError("PIPELINE_INVALID", `Airflow cannot import ${name}: ${reason}`, {
      hint: "Export the pipeline again with this version of tsops.",
      details: { trace: found.stack_trace.slice(-2000) },
    });
  };
}

function absent(error: unknown): null {
  if (TsopsError.is(error, "RUN_NOT_FOUND")) return null;
  throw error;
}

async function assetId(call: AirflowCall, asset: string, given: CallOptions): Promise<number> {
  // Assets that only tasks have named, and no DAG, are not active.
  const query = { uri_pattern: asset, only_active: false };
  for await (const { id, uri } of listed<{ id: number; uri: string }>(call, "/assets", "assets", {
    ...given,
    query,
  }))
    if (uri === asset) return id;
  throw new TsopsError("RUN_NOT_FOUND", `Airflow knows no asset "${asset}".`, {
    hint: "An asset is known once a DAG names it in its schedule, or a task has announced it.",
  });
}

/** Results in the line that a task of an exported pipeline ended with. */
function resultsOf(line: string): Readonly<Record<string, unknown>> {
  let outcome: unknown;
  try {
    outcome = parseCanonicalJson(line);
  } catch {
    return {};
  }
  if (typeof outcome !== "object" || outcome === null || !("results" in outcome)) return {};
  const { results, partition } = outcome as { results: Record<string, unknown>; partition?: unknown };
  return typeof partition === "string" && partition !== ""
    ? Object.fromEntries(Object.entries(results).map(([step, result]) => [`${partition}/${step}`, result]))
    : results;
}
