import { checkOptions, type ScoredForecasts, seriesKeyText, shown, TsopsError } from "@tsops/core";
import { checkJoined } from "../performance/check-joined.ts";
import type { JoinedOutcomes } from "../performance/join-outcomes.ts";

/** Whose predictions are put side by side. */
export interface PairVersionsOptions {
  /** Model version that answers, or did. */
  readonly champion: number;
  /** Model version that predicts in the shadow. */
  readonly challenger: number;
  /** Needed when the log holds predictions of several deployments. */
  readonly deployment?: string;
}

/** What two versions predicted of the same steps: row i of one is row i of the other. */
export interface PairedVersions {
  readonly champion: ScoredForecasts;
  readonly challenger: ScoredForecasts;
  /** Steps that only one of them predicted, e.g. because the challenger began later or failed. */
  readonly onlyChampion: number;
  readonly onlyChallenger: number;
}

/**
 * Takes the predictions of two model versions out of a joined log, those of the same series, cutoff and step: what `pairedOutcomes` makes outcomes of an
 * experiment of, what `gate` compares, and what the guards of `experimentDecision` look at. Where a version predicted a step both as champion and in the
 * shadow, the later row of the log counts.
 * @param joined - Of `joinOutcomes`.
 * @throws TsopsError MONITOR_INVALID when the log has no prediction of a version, or those of several deployments and none is named.
 */
export function pairVersions(joined: JoinedOutcomes, options: PairVersionsOptions): PairedVersions {
  checkJoined("pairVersions()", joined);
  checkOptions("MONITOR_INVALID", "pairVersions()", options, {
    champion: true,
    challenger: true,
    deployment: true,
  });
  if (options.champion === options.challenger)
    throw invalid(
      `Champion and challenger are both version ${options.champion}.`,
      "Name the versions of two models.",
    );
  const deployment = deploymentOf(joined, options.deployment);
  const names = joined.series.map(seriesKeyText);
  const rowsOf = (version: number, side: string): Map<string, number> => {
    const rows = new Map<string, number>();
    for (let row = 0; row < joined.length; row++) {
      const source = joined.sources[joined.sourceIndex[row] as number];
      if (source?.modelVersion !== version || source.deployment !== deployment) continue;
      rows.set(`${names[joined.seriesIndex[row] as number]} ${joined.cutoff[row]} ${joined.step[row]}`, row);
    }
    if (rows.size > 0) return rows;
    throw invalid(
      `The log has no prediction of version ${shown(version)}, the ${side}, by ${deployment}.`,
      `It has those of ${joined.sources.map((source) => `${source.deployment} version ${source.modelVersion}`).join(", ") || "none"}.`,
    );
  };
  const champion = rowsOf(options.champion, "champion");
  const challenger = rowsOf(options.challenger, "challenger");
  const shared = [...champion.keys()].filter((step) => challenger.has(step));
  const taken = (rows: ReadonlyMap<string, number>) =>
    takeRows(
      joined,
      Int32Array.from(shared, (step) => rows.get(step) as number),
    );
  return {
    champion: taken(champion),
    challenger: taken(challenger),
    onlyChampion: champion.size - shared.length,
    onlyChallenger: challenger.size - shared.length,
  };
}

function deploymentOf({ sources }: JoinedOutcomes, asked: string | undefined): string {
  const all = [...new Set(sources.map(({ deployment }) => deployment))];
  if (asked !== undefined) return asked;
  if (all.length === 1) return all[0] as string;
  throw invalid(
    `The log holds predictions of ${all.length} deployments${all.length === 0 ? "" : `: ${all.slice(0, 5).join(", ")}`}.`,
    all.length === 0 ? "Join a log that is not empty." : `Name one: deployment: ${JSON.stringify(all[0])}.`,
  );
}

function takeRows(joined: JoinedOutcomes, rows: Int32Array): ScoredForecasts {
  const floats = (values: Float64Array) => Float64Array.from(rows, (row) => values[row] as number);
  const integers = (values: Int32Array) => rows.map((row) => values[row] as number);
  const instants = (values: BigInt64Array) => BigInt64Array.from(rows, (row) => values[row] as bigint);
  return {
    series: joined.series,
    seriesIndex: integers(joined.seriesIndex),
    step: integers(joined.step),
    time: instants(joined.time),
    cutoff: instants(joined.cutoff),
    y: floats(joined.y),
    mean: floats(joined.mean),
    quantiles: joined.quantiles.map(({ probability, values }) => ({ probability, values: floats(values) })),
  };
}

function invalid(message: string, hint: string): TsopsError {
  return new TsopsError("MONITOR_INVALID", message, { hint });
}
