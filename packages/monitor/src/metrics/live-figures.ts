import { type ExperimentDecision, shown, TsopsError } from "@tsops/core";
import { checkMade } from "../check-made.ts";
import type { StreamingDrift } from "../streaming/streaming-drift.ts";
import type { ReplaceGauge } from "./definitions.ts";
import { seconds } from "./figures.ts";

/** Shows a drift stream as it stands, in place of what was shown of the same subject and column. */
export function showStream(
  replace: ReplaceGauge,
  stream: Pick<StreamingDrift, "column" | "alpha" | "eValue" | "alarm" | "alarmTime" | "counts">,
  subject: string,
): void {
  checkMade("stream()", "a detector of streamingDrift()", stream, { eValue: "number" });
  if (typeof subject !== "string")
    throw new TsopsError("MONITOR_INVALID", `The subject of stream() is ${shown(subject)}.`, {
      hint: "Name what the stream belongs to, e.g. the table.",
    });
  const owner = { subject, column: stream.column };
  replace("tsops_drift_stream_e_value", owner, [[{}, stream.eValue]]);
  replace("tsops_drift_stream_bound", owner, [[{}, 1 / stream.alpha]]);
  replace("tsops_drift_stream_alarm", owner, [[{}, stream.alarm ? 1 : 0]]);
  replace(
    "tsops_drift_stream_alarm_timestamp_seconds",
    owner,
    stream.alarmTime === null ? [] : [[{}, seconds(stream.alarmTime)]],
  );
  replace(
    "tsops_drift_stream_values",
    owner,
    Object.entries(stream.counts).map(([state, count]) => [{ state }, count]),
  );
}

/** Shows an experiment as it stands, in place of what was shown of the same subject. */
export function showExperiment(replace: ReplaceGauge, decision: ExperimentDecision): void {
  if (decision?.kind !== "experiment" || typeof decision.evidence?.blocks !== "object")
    throw new TsopsError("MONITOR_INVALID", `experiment() was given ${shown(decision)}.`, {
      hint: "Give what experimentDecision() answered; decision() takes records of every kind.",
    });
  const { subject, verdict, time, evidence } = decision;
  const { champion, challenger, blocks, deadline, expected, look } = evidence;
  const owner = { subject };
  const pair = { champion: champion.name, challenger: challenger.name };
  replace("tsops_experiment_loss", owner, [
    [{ ...pair, role: "champion" }, champion.loss],
    [{ ...pair, role: "challenger" }, challenger.loss],
  ]);
  replace("tsops_experiment_blocks", owner, [[pair, blocks.count]]);
  replace("tsops_experiment_blocks_deadline", owner, [[pair, deadline]]);
  replace("tsops_experiment_blocks_left", owner, [[pair, expected?.blocks ?? Number.NaN]]);
  replace("tsops_experiment_outcomes", owner, [[pair, blocks.outcomes]]);
  const { meanDifference = Number.NaN, lower = Number.NaN, upper = Number.NaN } = look ?? {};
  replace("tsops_experiment_difference", owner, [[pair, meanDifference]]);
  replace("tsops_experiment_difference_lower", owner, [[pair, lower]]);
  replace("tsops_experiment_difference_upper", owner, [[pair, upper]]);
  replace("tsops_experiment_verdict", owner, [[{ ...pair, verdict }, 1]]);
  replace("tsops_experiment_judged_timestamp_seconds", owner, [[{}, seconds(time)]]);
}
