import { closest } from "../../did-you-mean.ts";
import { TsopsError } from "../../errors.ts";
import { listSome } from "../../forecast/panel/rows.ts";
import type { PredictionLog, PredictionRecord } from "../../ports/prediction-log.ts";

/** What one deployment served. */
export interface Served {
  readonly deployment: string;
  /** Name of the model that served last as champion. */
  readonly model: string;
  /** Names of the parts of a series' key, sorted. */
  readonly keys: readonly string[];
  /** In the order of the log, without feature values, which may be many. */
  readonly records: readonly PredictionRecord[];
  /** Tables that its features come from. */
  readonly featureTables: ReadonlySet<string>;
  /** Range of predicted instants, [start, end). */
  readonly range: { readonly start: bigint; readonly end: bigint };
}

/** Which forecasts to read. */
export interface ServedQuery {
  readonly deployment: string | undefined;
  /** Half-open range of cutoffs. */
  readonly from: bigint | undefined;
  readonly to: bigint | undefined;
  readonly signal: AbortSignal;
}

/**
 * Reads the forecasts of a deployment: of the only one, when none is named.
 * @throws TsopsError PREDICTION_NOT_FOUND (nothing was served, or not in this range), CONFIG_INVALID (several deployments and none named)
 */
export async function readServed(predictions: PredictionLog, query: ServedQuery): Promise<Served> {
  const { deployment, from, to, signal } = query;
  const records: PredictionRecord[] = [];
  const deployments = new Set<string>();
  for await (const record of predictions.scan({
    ...(deployment === undefined ? {} : { deployment }),
    ...(from === undefined ? {} : { cutoffFrom: from }),
    ...(to === undefined ? {} : { cutoffTo: to }),
    signal,
  })) {
    deployments.add(record.deployment);
    if (record.times.length > 0) records.push({ ...record, features: {}, statuses: {}, featureTimes: {} });
  }
  if (records.length === 0) throw await nothingServed(predictions, query);
  if (deployments.size > 1)
    throw new TsopsError(
      "CONFIG_INVALID",
      `There are ${deployments.size} deployments, and a report is about one: ${listSome([...deployments])}.`,
      { hint: "Name it: --deployment <name>.", details: { deployments: [...deployments] } },
    );
  return described(records);
}

function described(records: readonly PredictionRecord[]): Served {
  const champions = records.filter(({ role }) => role === "champion");
  const last = (champions.at(-1) ?? records.at(-1)) as PredictionRecord;
  let [start, end] = [last.times[0] as bigint, last.times[0] as bigint];
  const featureTables = new Set<string>();
  for (const record of records) {
    for (const table of Object.values(record.featureTables)) featureTables.add(table);
    for (const time of record.times) {
      if (time < start) start = time;
      if (time > end) end = time;
    }
  }
  return {
    deployment: last.deployment,
    model: last.model,
    keys: Object.keys(last.key).sort(),
    records,
    featureTables,
    range: { start, end: end + 1n },
  };
}

/** Says whether the log is empty, or only what was asked for. */
async function nothingServed(
  predictions: PredictionLog,
  { deployment, from, to, signal }: ServedQuery,
): Promise<TsopsError> {
  const others = new Set<string>();
  let count = 0;
  for await (const record of predictions.scan({ signal })) {
    others.add(record.deployment);
    if (deployment === undefined || record.deployment === deployment) count++;
  }
  const names = [...others];
  if (names.length === 0)
    return new TsopsError(
      "PREDICTION_NOT_FOUND",
      "Nothing has been served yet: the prediction log is empty.",
      {
        hint: "Serve first: deploy(name, { log: home.predictions, ... }); a report shows what was served and what came of it.",
      },
    );
  if (deployment !== undefined && count === 0) {
    const near = closest(deployment, names);
    return new TsopsError("PREDICTION_NOT_FOUND", `Nothing was served by a deployment "${deployment}".`, {
      hint: near === null ? `The log has ${listSome(names)}.` : `Did you mean "${near}"?`,
      details: { deployments: names },
    });
  }
  const range = [...(from === undefined ? [] : ["--from"]), ...(to === undefined ? [] : ["--to"])];
  return new TsopsError(
    "PREDICTION_NOT_FOUND",
    `None of the ${count.toLocaleString("en-US")} forecasts that were served has its cutoff in the range of ${range.join(" and ")}.`,
    { hint: "Widen the range, or leave it out.", details: { forecasts: count } },
  );
}
