import { seriesKeyText } from "../../forecast/panel/series-key.ts";
import { checkWord, shown } from "../../options.ts";
import { withCode } from "../../with-code.ts";
import { type GateLoss, rowLosses } from "../losses.ts";
import type { ScoredForecasts } from "../scored-forecasts.ts";
import { invalid, type PairedOutcome } from "./state.ts";

/** Outcomes that both versions predicted, and what was left out. */
export interface PairedOutcomes {
  /** By predicted instant, then cutoff and series. */
  readonly outcomes: readonly PairedOutcome[];
  /** Predicted steps that only one of them has, e.g. because the challenger began later or failed. */
  readonly onlyChampion: number;
  readonly onlyChallenger: number;
  /** Steps that both predicted and whose outcome is missing so far. */
  readonly withoutOutcome: number;
}

/**
 * Makes outcomes for `addOutcomes` of what two versions predicted, by series, cutoff and step: of two backtests, or of two prediction logs that
 * were joined with outcomes (`pairVersions` of `@tsops/monitor`). What only one of them predicted is left out and counted.
 * @param loss - The experiment's. Default `"absolute"`.
 * @throws TsopsError EXPERIMENT_INVALID when a step is there twice, or the pinball loss has no quantiles.
 */
export function pairedOutcomes(
  champion: ScoredForecasts,
  challenger: ScoredForecasts,
  loss: GateLoss = "absolute",
): PairedOutcomes {
  checkWord("EXPERIMENT_INVALID", "loss", loss, ["absolute", "squared", "pinball"]);
  const ours = rowsById(champion, "champion");
  const theirs = rowsById(challenger, "challenger");
  const rows: { readonly id: string; readonly champion: number; readonly challenger: number }[] = [];
  let withoutOutcome = 0;
  let onlyChampion = 0;
  for (const [id, row] of ours) {
    const other = theirs.get(id);
    if (other === undefined) onlyChampion++;
    else if (Number.isNaN(champion.y[row] as number) || Number.isNaN(challenger.y[other] as number))
      withoutOutcome++;
    else rows.push({ id, champion: row, challenger: other });
  }
  const lossesOf = (scored: ScoredForecasts, side: "champion" | "challenger"): Float64Array =>
    withCode("EXPERIMENT_INVALID", "GATE_INVALID", () =>
      rowLosses(
        scored,
        Int32Array.from(rows, (pair) => pair[side]),
        loss,
      ),
    );
  const [ofChampion, ofChallenger] = [lossesOf(champion, "champion"), lossesOf(challenger, "challenger")];
  const outcomes = rows.map(
    ({ id, champion: row }, i): PairedOutcome => ({
      id,
      cutoff: champion.cutoff[row] as bigint,
      time: champion.time[row] as bigint,
      championLoss: ofChampion[i] as number,
      challengerLoss: ofChallenger[i] as number,
    }),
  );
  outcomes.sort((a, b) => compare(a.time, b.time) || compare(a.cutoff, b.cutoff) || compare(a.id, b.id));
  return {
    outcomes,
    onlyChampion,
    onlyChallenger: theirs.size - rows.length - withoutOutcome,
    withoutOutcome,
  };
}

function rowsById(scored: ScoredForecasts, side: string): ReadonlyMap<string, number> {
  if (!Array.isArray(scored?.series) || !(scored.mean instanceof Float64Array))
    throw invalid(
      `The ${side}'s forecasts are ${shown(scored)}.`,
      "Give the result of backtest(), or one side of pairVersions() of @tsops/monitor.",
    );
  const names = scored.series.map(seriesKeyText);
  const rows = new Map<string, number>();
  for (let row = 0; row < scored.mean.length; row++) {
    const id = `${names[scored.seriesIndex[row] as number]} ${scored.cutoff[row]} ${scored.step[row]}`;
    if (rows.has(id))
      throw invalid(
        `The ${side} predicts step ${scored.step[row]} of one series and cutoff twice.`,
        "Take the rows of one model version only.",
      );
    rows.set(id, row);
  }
  return rows;
}

function compare<T extends bigint | string>(a: T, b: T): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
