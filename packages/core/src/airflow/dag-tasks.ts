import type { AnyPipeline } from "../pipeline/pipeline.ts";
import type { AirflowDagOptions } from "./dag-options.ts";
import { jinjaText, pythonAssets, pythonText } from "./python.ts";

/** Values come as environment variables: no text of a user's is ever read by the shell. */
const command = [
  'if [ -n "$TSOPS_START" ]; then set -- --interval "$TSOPS_START/$TSOPS_END"; else set -- --at "$TSOPS_AT"; fi',
  'if [ -n "$TSOPS_PARTITION" ]; then set -- "$@" --partition="$TSOPS_PARTITION"; fi',
  'if [ -n "$TSOPS_FORCE" ]; then set -- "$@" --force; fi',
  // Node takes the place of the shell, so that the SIGTERM of a timeout reaches it.
  'exec "$TSOPS_NODE" "$TSOPS_BUNDLE" --json run "$TSOPS_PIPELINE" "$TSOPS_STEP" "$@"',
].join("\n");

/** The head of the file: the command of all tasks, and their environment. */
export function variables(pipeline: string, { bundle, directory, node = "node" }: AirflowDagOptions): string {
  return `COMMAND = ${pythonText(command)}
DIRECTORY = ${pythonText(`{{ task.dag.folder }}/${jinjaText(directory)}`)}


def variables(step, partition):
    return {
        "TSOPS_NODE": ${pythonText(jinjaText(node))},
        "TSOPS_BUNDLE": ${pythonText(`{{ task.dag.folder }}/${jinjaText(bundle)}`)},
        "TSOPS_PIPELINE": ${pythonText(jinjaText(pipeline))},
        "TSOPS_STEP": step,
        "TSOPS_PARTITION": partition,
        "TSOPS_START": "{{ dag_run.data_interval_start.isoformat() if dag_run.data_interval_start else '' }}",
        "TSOPS_END": "{{ dag_run.data_interval_end.isoformat() if dag_run.data_interval_end else '' }}",
        "TSOPS_AT": "{{ dag_run.run_after.isoformat() }}",
        "TSOPS_FORCE": "{{ 'yes' if (dag_run.conf or {}).get('force') else '' }}",
    }

`;
}

/** The tasks of one partition, one after another. */
export function taskLines(
  pipeline: AnyPipeline,
  { partition, index }: { readonly partition: string; readonly index: number },
  { approvals = {}, outlets = {} }: AirflowDagOptions,
): readonly string[] {
  const tasks: string[] = [];
  const add = (operator: string, id: string, values: readonly string[]): void => {
    const taskId = pythonText(partition === "" ? id : `${idWord(partition)}.${id}`);
    tasks.push(`${operator}(task_id=${taskId}, ${values.join(", ")})`);
  };
  const delayMicros = pipeline.ticks?.delayMicros ?? 0n;
  // Step names have no dots, so none is taken.
  if (delayMicros > 0n)
    add("TimeDeltaSensor", "late.data", [
      `delta=timedelta(seconds=${seconds(delayMicros)})`,
      'mode="reschedule"',
    ]);
  for (const { name, timeoutMicros } of pipeline.steps) {
    const question = approvals[name];
    if (question !== undefined)
      add("ApprovalOperator", `${name}.approval`, [
        `subject=${pythonText(jinjaText(question))}`,
        "ignore_downstream_trigger_rules=True",
      ]);
    add("BashOperator", name, [
      "bash_command=COMMAND",
      `env=variables(${pythonText(jinjaText(name))}, ${pythonText(jinjaText(partition))})`,
      "append_env=True",
      "cwd=DIRECTORY",
      // The command keeps the timeout itself and tells it better; this is for one that no longer answers.
      ...(timeoutMicros === null
        ? []
        : [`execution_timeout=timedelta(seconds=${seconds(timeoutMicros) + 30})`]),
      ...(outlets[name] === undefined ? [] : [`outlets=${pythonAssets(outlets[name])}`]),
    ]);
  }
  return tasks.flatMap((task, i) => [
    `    task_${index}_${i} = ${task}`,
    ...(i === 0 ? [] : [`    task_${index}_${i - 1} >> task_${index}_${i}`]),
  ]);
}

/** Any text in the characters of a task id; different texts give different words. */
function idWord(text: string): string {
  return text.replaceAll(/[^A-Za-z0-9-]/gu, (c) => `_${(c.codePointAt(0) as number).toString(16)}_`);
}

/** Microseconds as seconds. */
export function seconds(micros: bigint): number {
  return Number(micros) / 1e6;
}
