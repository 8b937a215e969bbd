import { exitCodes } from "../cli/exit-codes.ts";
import type { HookName } from "../pipeline/hook.ts";
import type { AnyPipeline } from "../pipeline/pipeline.ts";
import type { AirflowDagOptions } from "./dag-options.ts";
import { jinjaText, pythonText } from "./python.ts";

/** Values come as environment variables: no text of a user's is ever read by the shell. */
const command = [
  'if [ -n "$TSOPS_START" ]; then set -- --interval "$TSOPS_START/$TSOPS_END"; else set -- --at "$TSOPS_AT"; fi',
  'if [ -n "$TSOPS_PARTITION" ]; then set -- "$@" --partition="$TSOPS_PARTITION"; fi',
  'if [ -n "$TSOPS_FORCE" ]; then set -- "$@" --force; fi',
  'if [ -n "$TSOPS_EVENTS" ]; then set -- "$@" --events="$TSOPS_EVENTS"; fi',
  // Node takes the place of the shell, so that the SIGTERM of a timeout reaches it.
  'exec "$TSOPS_NODE" "$TSOPS_BUNDLE" --json run "$TSOPS_PIPELINE" "$TSOPS_STEP" "$@"',
].join("\n");

/** A usage error is no better the next time; everything else is tried again as the pipeline's `retry` says. */
const retryPolicy = `class UnlessUsageError(RetryPolicy):
    def evaluate(self, exception, try_number, max_tries, context=None):
        if "exit code ${exitCodes.usage}" in str(exception):
            return RetryDecision.fail("the command line, the configuration or the pipeline is wrong")
        return RetryDecision.default()
`;

/** Hands what a step announced, in the last line of its output, to Airflow. */
const announceFunction = `def announce(context, result):
    for event in json.loads(result or "{}").get("announced", []):
        context["outlet_events"][ANNOUNCED].add(Asset(event["asset"]), extra=event["extra"])
`;

/** What started a run, for its steps. An event that came by an alias is there under its asset, too. */
const eventsFunction = `def events_json(events_by_asset):
    found = [event for asset, events in events_by_asset.items() if isinstance(asset, Asset) for event in events]
    return json.dumps(
        [
            {"asset": event.asset.uri, "at": event.timestamp.isoformat(), "extra": event.extra or {}}
            for event in sorted(found, key=lambda event: event.timestamp)
        ]
    )
`;

/** The head of the file: the command of all tasks, their environment, and what Airflow calls. */
export function fileHead(
  pipeline: AnyPipeline,
  { bundle, directory, node = "node" }: AirflowDagOptions,
): string {
  const { name, steps, hooks, onAssets } = pipeline;
  const mayAnnounce = [...steps, ...hooks].some(({ announces }) => announces.length > 0);
  const events = onAssets.length === 0 ? "" : "{{ events_json(triggering_asset_events) }}";
  const parts = [
    [
      ...(mayAnnounce ? [`ANNOUNCED = AssetAlias(${pythonText(`tsops.${name}`)})`] : []),
      `COMMAND = ${pythonText(command)}`,
      `DIRECTORY = ${pythonText(`{{ task.dag.folder }}/${jinjaText(directory)}`)}`,
      "",
    ].join("\n"),
    `def variables(step, partition):
    return {
        "TSOPS_NODE": ${pythonText(jinjaText(node))},
        "TSOPS_BUNDLE": ${pythonText(`{{ task.dag.folder }}/${jinjaText(bundle)}`)},
        "TSOPS_PIPELINE": ${pythonText(jinjaText(name))},
        "TSOPS_STEP": step,
        "TSOPS_PARTITION": partition,
        "TSOPS_START": "{{ dag_run.data_interval_start.isoformat() if dag_run.data_interval_start else '' }}",
        "TSOPS_END": "{{ dag_run.data_interval_end.isoformat() if dag_run.data_interval_end else '' }}",
        "TSOPS_AT": "{{ dag_run.run_after.isoformat() }}",
        "TSOPS_FORCE": "{{ 'yes' if (dag_run.conf or {}).get('force') else '' }}",
        "TSOPS_EVENTS": ${pythonText(events)},
    }
`,
    retryPolicy,
    ...(mayAnnounce ? [announceFunction] : []),
    ...(onAssets.length > 0 ? [eventsFunction] : []),
  ];
  return `${parts.join("\n\n")}\n`;
}

/**
 * The tasks of one partition, one after another; then the hooks. A run is failed when one of its last tasks is, so one that does nothing
 * stands beside the hook of failure where there is no hook of success.
 */
export function taskLines(
  pipeline: AnyPipeline,
  { partition, index }: { readonly partition: string; readonly index: number },
  { approvals = {} }: AirflowDagOptions,
): readonly string[] {
  const tasks: string[] = [];
  const variable = (i: number) => `task_${index}_${i}`;
  const task = (operator: string, id: string, values: readonly string[]): string => {
    const taskId = pythonText(partition === "" ? id : `${idWord(partition)}.${id}`);
    return `${operator}(${[`task_id=${taskId}`, ...values].join(", ")})`;
  };
  const run = (
    name: string,
    timeoutMicros: bigint | null,
    announces: boolean,
    more: readonly string[] = [],
  ) =>
    task("BashOperator", name, [
      "bash_command=COMMAND",
      `env=variables(${pythonText(jinjaText(name))}, ${pythonText(jinjaText(partition))})`,
      "append_env=True",
      "cwd=DIRECTORY",
      // The command keeps the timeout itself and tells it better; this is for one that no longer answers.
      ...(timeoutMicros === null
        ? []
        : [`execution_timeout=timedelta(seconds=${seconds(timeoutMicros) + 30})`]),
      ...(announces ? ["outlets=[ANNOUNCED]", "post_execute=announce"] : []),
      ...more,
    ]);
  const runHook = (name: HookName, more: readonly string[] = []) => {
    const hooks = pipeline.hooks.filter((hook) => hook.name === name);
    const timeouts = hooks.map(({ timeoutMicros }) => timeoutMicros);
    const timeout = timeouts.reduce((sum, one) => (sum === null || one === null ? null : sum + one), 0n);
    const announces = hooks.some((hook) => hook.announces.length > 0);
    return hooks.length === 0 ? null : run(name, timeout, announces, more);
  };

  const delayMicros = pipeline.ticks?.delayMicros ?? 0n;
  // Step names have no dots, so none is taken.
  if (delayMicros > 0n)
    tasks.push(
      task("TimeDeltaSensor", "late.data", [
        `delta=timedelta(seconds=${seconds(delayMicros)})`,
        'mode="reschedule"',
      ]),
    );
  for (const { name, timeoutMicros, announces } of pipeline.steps) {
    const question = approvals[name];
    if (question !== undefined)
      tasks.push(
        task("ApprovalOperator", `${name}.approval`, [
          `subject=${pythonText(jinjaText(question))}`,
          "ignore_downstream_trigger_rules=True",
        ]),
      );
    tasks.push(run(name, timeoutMicros, announces.length > 0));
  }
  const onFailure = runHook("onFailure", ['trigger_rule="one_failed"']);
  const onSuccess =
    runHook("onSuccess") ?? (onFailure === null ? null : task("EmptyOperator", "run.succeeded", []));
  const work = tasks.map((_, i) => variable(i)).join(", ");
  if (onSuccess !== null) tasks.push(onSuccess);
  return [
    ...tasks.flatMap((text, i) => [
      `    ${variable(i)} = ${text}`,
      ...(i === 0 ? [] : [`    ${variable(i - 1)} >> ${variable(i)}`]),
    ]),
    ...(onFailure === null
      ? []
      : [`    ${variable(tasks.length)} = ${onFailure}`, `    [${work}] >> ${variable(tasks.length)}`]),
  ];
}

/** Any text in the characters of a task id; different texts give different words. */
function idWord(text: string): string {
  return text.replaceAll(/[^A-Za-z0-9-]/gu, (c) => `_${(c.codePointAt(0) as number).toString(16)}_`);
}

/** Microseconds as seconds. */
export function seconds(micros: bigint): number {
  return Number(micros) / 1e6;
}
