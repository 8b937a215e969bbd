import { TsopsError } from "@tsops/core";
import { type LastObservation, lastObservations } from "../alerts/last-observations.ts";
import type { AlertObservation } from "../alerts/observation.ts";
import { seconds } from "./figures.ts";
import type { GaugeSet, Labels } from "./gauge-set.ts";

/** Labels that gauges of observations have of their own; what others say is put together in the label `series`. */
export const observedLabels = ["column", "level", "metric", "step", "version", "role"];

/** Series of a metric must stay few. */
const mostSeries = 1000;

/** Shows the last observation of each series, in place of those of the same subject and signal. */
export function showObserved(
  replace: (
    name: "tsops_observation" | "tsops_observation_verdict" | "tsops_observation_timestamp_seconds",
    owner: Labels,
    values: Parameters<GaugeSet["replace"]>[2],
  ) => void,
  observations: readonly AlertObservation[],
  now: bigint,
): void {
  const found = lastObservations(observations);
  const nameOf = ({ subject, signal }: AlertObservation) => JSON.stringify([subject, signal]);
  const owners = new Map(
    observations.map((one) => [
      nameOf(one),
      { owner: { subject: one.subject, signal: one.signal }, own: [] as LastObservation[] },
    ]),
  );
  for (const one of found) owners.get(nameOf(one))?.own.push(one);
  for (const { owner, own } of owners.values()) checkFew(owner, own.length);
  for (const { owner, own } of owners.values()) {
    replace(
      "tsops_observation",
      owner,
      own.map((one) => [labelsOf(one), one.value]),
    );
    replace(
      "tsops_observation_verdict",
      owner,
      own.flatMap((one) =>
        one.verdict === undefined ? [] : [[{ ...labelsOf(one), verdict: one.verdict }, 1] as const],
      ),
    );
    replace("tsops_observation_timestamp_seconds", owner, [[{}, seconds(latest(own, now))]]);
  }
}

function labelsOf({ labels }: LastObservation): Labels {
  const others = Object.entries(labels).filter(([name]) => !observedLabels.includes(name));
  return {
    ...Object.fromEntries(observedLabels.map((name) => [name, labels[name] ?? ""])),
    series: others
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, text]) => `${unambiguous(name)}=${unambiguous(text)}`)
      .join(","),
  };
}

/** Two series never have one name: what holds the marks between names and texts is quoted. */
function unambiguous(text: string): string {
  return /[,="]/.test(text) ? JSON.stringify(text) : text;
}

function latest(observations: readonly LastObservation[], now: bigint): bigint {
  if (observations.length === 0) return now;
  return observations.reduce(
    (last, { time = now }) => (time > last ? time : last),
    observations[0]?.time ?? now,
  );
}

function checkFew({ subject, signal }: { subject: string; signal: string }, series: number): void {
  if (series <= mostSeries) return;
  throw new TsopsError(
    "MONITOR_INVALID",
    `${series} series of ${signal} for ${subject} are too many for gauges; ${mostSeries} are the most.`,
    {
      hint: "Give those that stand out, e.g. with the verdict worse; the report shows single series.",
      details: { subject, signal, series },
    },
  );
}
