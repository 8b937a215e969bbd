// `npm run stack`: starts the real servers on this machine, runs the closed loop against them, runs a pipeline of the demo on Airflow, and
// prints where to look. The servers go on running until `npm run stack -- stop`.
import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { formatInstant, interval, toMicros } from "@tsops/core";
import { airflowScheduler, passwordAuth } from "@tsops/core/airflow";
import { freePort, runProgram } from "./stack/processes.ts";
import { startAll, stopAll } from "./stack/services.ts";

const root = resolve(import.meta.dirname, "..");
const started = performance.now();
const seconds = () => `${((performance.now() - started) / 1000).toFixed(0)} s`;
const say = (text: string) => console.log(`[${seconds()}] ${text}`);

const [command, ...rest] = process.argv.slice(2);
if (rest.length > 0 || (command !== undefined && command !== "stop")) {
  console.error(
    "usage: npm run stack            start the servers, run the loop against them, say where to look\n       npm run stack -- stop    end the servers",
  );
  process.exit(64);
}
if (command === "stop") {
  await stopAll();
  process.exit(0);
}

// ---- 1. The servers ---------------------------------------------------------------------------------------------------------------

const metricsPort = await freePort();
const environment = await startAll({ metricsTarget: `127.0.0.1:${metricsPort}`, say });

// ---- 2. The loop: the same program as `npm run demo` ------------------------------------------------------------------------------

say("The loop runs against them.");
const tsx = [process.execPath, "--import", "tsx", "--conditions=@tsops/source"] as const;
const printed = await runProgram([...tsx, join(root, "examples/closed-loop.ts")], {
  cwd: root,
  environment: { ...environment, TSOPS_METRICS_PORT: `${metricsPort}` },
  shows: true,
});
const begin = printed.indexOf("quarter ");
const table = begin < 0 ? null : (printed.slice(begin).split("\n\n")[0] as string);
const isSame = table !== null && (await readFile(join(root, "README.md"), "utf8")).includes(table);
say(
  isSame
    ? "The table is that of the embedded demo."
    : "The table differs from that of the embedded demo in README.md.",
);

// ---- 3. A pipeline of the demo on Airflow: three days of October, the storm's among them --------------------------------------------

const read = (name: string): string => {
  const value = environment[name];
  if (value === undefined) throw new Error(`The services set no ${name}.`);
  return value;
};
const dags = read("TSOPS_AIRFLOW_DAGS");
await runProgram(
  [
    ...tsx,
    join(root, "packages/core/src/cli/main.ts"),
    ...[
      "airflow",
      "export",
      join(root, "examples/tsops.config.ts"),
      "--out",
      dags,
      "--node",
      process.execPath,
    ],
  ],
  { cwd: root, environment: {}, shows: false },
);
const airflow = airflowScheduler({
  url: read("TSOPS_AIRFLOW_URL"),
  auth: passwordAuth({ username: read("TSOPS_AIRFLOW_USER"), password: read("TSOPS_AIRFLOW_PASSWORD") }),
  dagsFolder: dags,
  // Six servers share this machine.
  timeoutMs: 120_000,
});
const pipeline = "check-quality";
await airflow.upsert(pipeline, await readFile(join(dags, `${pipeline}.py`), "utf8"));
await airflow.resume(pipeline);
say(`Airflow runs ${pipeline} for three days.`);
let areDone = true;
for (const day of [28, 29, 30]) {
  const start = toMicros(`2012-10-${day}T05:00Z`);
  const run = await airflow.trigger(pipeline, { interval: interval(start, start + 86_400_000_000n) });
  const { state } = await airflow.wait(pipeline, run.id);
  const { check } = await airflow.results(pipeline, run.id);
  areDone &&= state === "success";
  say(`  ${formatInstant(start)}: ${state}, ${JSON.stringify(check)}`);
}

// ---- 4. Where to look -----------------------------------------------------------------------------------------------------------------

const predictions = await lastMetric(
  read("PROMETHEUS_URI"),
  "sum(last_over_time(tsops_predictions_total[1h]))",
);
console.log(`
runs, models, lineage   ${read("MLFLOW_TRACKING_URI")}/#/models/bike-demand
pipeline runs           ${read("TSOPS_AIRFLOW_URL")}/dags/${pipeline}   (user ${read("TSOPS_AIRFLOW_USER")}, password in the output of TSOPS_AIRFLOW_STATE=${shownState("airflow")} scripts/services/airflow.sh env)
metrics                 ${read("PROMETHEUS_URI")}/graph?g0.expr=tsops_predictions_total   (${predictions} predictions counted; what the checks found: tsops_drift_p_value, tsops_interval_coverage, tsops_observation, tsops_alerts_firing)
rows                    eval "$(TSOPS_POSTGRES_STATE=${shownState("postgres")} scripts/services/postgres.sh env)"; psql "\${TSOPS_TIMESCALE_URL:-$TSOPS_POSTGRES_URL}" -c 'select * from demand order by at desc limit 24'
online features         eval "$(TSOPS_REDIS_STATE=${shownState("redis")} scripts/services/redis.sh env)"; redis-cli -u "$TSOPS_REDIS_URL" --scan
tables, predictions     ./.tsops-demo   (npm run tsops -- decisions --config examples/tsops.config.ts)
where a number is from  MLFLOW_TRACKING_URI=${read("MLFLOW_TRACKING_URI")} npm run tsops -- lineage ${/lineage (\w+)/.exec(printed)?.[1]} --config examples/tsops.config.ts

All of it took ${seconds()}. The servers go on: end them with  npm run stack -- stop`);
process.exit(isSame && areDone ? 0 : 1);

function shownState(service: string): string {
  return `.services/stack/${service}`;
}

/** What Prometheus answers to an expression that gives one number. */
async function lastMetric(url: string, expression: string): Promise<string> {
  const answer = await fetch(`${url}/api/v1/query?query=${encodeURIComponent(expression)}`);
  const { data } = (await answer.json()) as {
    data: { result: readonly { value: readonly [number, string] }[] };
  };
  return data.result[0]?.value[1] ?? "no";
}
