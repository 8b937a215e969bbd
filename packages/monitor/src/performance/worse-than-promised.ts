import {
  checkOptions,
  checkWord,
  type GateLoss,
  type ScoredForecasts,
  shown,
  studentTQuantile,
  studentTSurvival,
  TsopsError,
} from "@tsops/core";
import { checkAlpha } from "../check-alpha.ts";
import { checkJoined } from "./check-joined.ts";
import { combinedDegrees, type MeanVariance, sumByCutoff, varianceOfRowMean } from "./cutoff-sums.ts";
import { type ExpectedLoss, expectedLosses } from "./expected-losses.ts";
import type { JoinedOutcomes } from "./join-outcomes.ts";
import { pickRows, type RowChoice } from "./pick-rows.ts";
import { lossReader } from "./row-losses.ts";

/** How to compare live errors with the champion's backtest. */
export interface WorseThanPromisedOptions extends RowChoice {
  /** Default `"absolute"`; `pinball` is the mean over the quantiles that both have. */
  readonly loss?: GateLoss;
  /**
   * Steps after which errors repeat their size, e.g. 24 for hours of the day: rows are then expected to err as the backtest did at the same
   * place of the season, wherever it has at least 5 cutoffs for it. Default: the backtest's `seasonLength` when it says one. 1 for none.
   */
  readonly season?: number;
  /** The probability to call a model worse that keeps its promise. Default 0.05. */
  readonly alpha?: number;
}

/** Live error over the error that the backtest promised. */
export interface PromiseResult {
  /** Live rows that were compared, their cutoffs, and the backtest's. */
  readonly rows: number;
  readonly cutoffs: number;
  readonly backtestCutoffs: number;
  /** Live rows with an outcome that the backtest has nothing to compare with: other series, or steps beyond its horizon. */
  readonly unmatched: number;
  /** Of `rows`: those compared at their place of the season. The others are compared by series and step alone. */
  readonly inSeason: number;
  /** Mean live loss, and what it would be at the backtest's losses and the live mixture of series, steps and season. */
  readonly live: number;
  readonly expected: number;
  /** `live / expected`: 1.3 is 30 % worse than promised. */
  readonly ratio: number;
  /** Central 1 - 2 alpha interval of the ratio: 90 % by default. NaN bounds when there are too few cutoffs to tell. */
  readonly interval: readonly [lower: number, upper: number];
  /** One-sided: that the ratio would be so high by chance while the promise is kept. NaN when there are too few cutoffs to tell. */
  readonly pValue: number;
  /** The p-value is at most alpha. */
  readonly isWorse: boolean;
  /** The same by horizon step, without a test. */
  readonly byStep: readonly {
    readonly step: number;
    readonly rows: number;
    readonly live: number;
    readonly expected: number;
    readonly ratio: number;
  }[];
  /** For people, with the deciding numbers. */
  readonly sentence: string;
}

/**
 * Compares the live error of a served model with its own backtest, so that "worse than promised" is a number with an uncertainty.
 *
 * The backtest's losses are averaged by series and step (and place in the season), and weighted by how often each occurs live, as what is
 * served is rarely the mixture of steps that was backtested. The uncertainty counts one observation per cutoff, on both sides, and allows
 * for autocorrelation between cutoffs and for overlapping horizons (cosine estimator of the long-run variance, Student's t with its few degrees
 * of freedom; Lazarus, Lewis, Stock & Watson 2018); that of the ratio is by the delta method on its logarithm.
 *
 * The p-value is for one look. Who looks every day finds a bad stretch sooner or later: ask for several in a row, as `retrainPolicy` does.
 * A backtest that models were chosen by promises too much; one on later rows is a better promise.
 * @param backtest - Of the served version: what `backtest` returned, or any scored forecasts.
 * @throws TsopsError MONITOR_INVALID when the live rows are of several versions, options are unknown, or pinball has no quantiles
 */
export function worseThanPromised(
  joined: JoinedOutcomes,
  backtest: ScoredForecasts & { readonly seasonLength?: number },
  options: WorseThanPromisedOptions = {},
): PromiseResult {
  checkJoined("worseThanPromised()", joined);
  checkOptions("MONITOR_INVALID", "worseThanPromised()", options, {
    loss: true,
    season: true,
    alpha: true,
    role: true,
    modelVersion: true,
    from: true,
    to: true,
  });
  const { loss = "absolute", alpha = 0.05 } = options;
  checkWord("MONITOR_INVALID", "loss", loss, ["absolute", "squared", "pinball"]);
  checkAlpha(alpha);
  checkBacktest(backtest);
  const picked = pickRows(joined, options);
  checkOneVersion(joined, picked);
  const [live, past] = loss === "pinball" ? withSharedQuantiles(joined, backtest) : [joined, backtest];
  const liveLoss = lossReader(live, loss);
  const scored = picked.filter((row) => !Number.isNaN(liveLoss(row)));
  const season = checkSeason(options.season ?? backtest.seasonLength ?? 1);
  const expected = expectedLosses(joined, scored, past, lossReader(past, loss), season);
  return compare(joined, liveLoss, expected, {
    alpha,
    loss,
    unmatched: scored.length - expected.rows.length,
  });
}

function compare(
  joined: JoinedOutcomes,
  liveLoss: (row: number) => number,
  { rows, expected, inSeason, backtest }: ExpectedLoss,
  { alpha, loss, unmatched }: { readonly alpha: number; readonly loss: GateLoss; readonly unmatched: number },
): PromiseResult {
  const mean = (values: ArrayLike<number>) => Array.from(values).reduce((a, b) => a + b, 0) / values.length;
  const losses = Float64Array.from(rows, liveLoss);
  const live = mean(losses);
  const promised = mean(expected);
  const ratio = live === promised ? 1 : live / promised;
  // How far each row is above its promise: its cutoffs' sums vary less than those of plain losses, as some steps are always harder.
  const place = new Map(Array.from(rows, (row, i) => [row, i] as const));
  const deviations = sumByCutoff(joined, rows, (row) => {
    const i = place.get(row) as number;
    return (losses[i] as number) - (Number.isFinite(ratio) ? ratio * (expected[i] as number) : 0);
  });
  const variances = [
    relative(varianceOfRowMean(deviations.sums, rows.length, deviations.overlap), live),
    relative(varianceOfRowMean(backtest.sums, backtest.sums.length, backtest.overlap), promised),
  ];
  const verdict = judge(ratio, variances, alpha);
  const result = {
    rows: rows.length,
    cutoffs: deviations.cutoffs.length,
    backtestCutoffs: backtest.cutoffs.length,
    unmatched,
    inSeason,
    live,
    expected: promised,
    ratio,
    ...verdict,
    byStep: byStep(joined, rows, losses, expected),
  };
  return { ...result, sentence: sentenceOf(result, loss, alpha) };
}

function relative(found: MeanVariance | null, mean: number): MeanVariance | null {
  return found === null ? null : { ...found, variance: found.variance / mean ** 2 };
}

function judge(
  ratio: number,
  variances: readonly (MeanVariance | null)[],
  alpha: number,
): Pick<PromiseResult, "interval" | "pValue" | "isWorse"> {
  const known = variances.flatMap((variance) => (variance === null ? [] : [variance]));
  const total = known.reduce((sum, { variance }) => sum + variance, 0);
  if (
    known.length < variances.length ||
    !Number.isFinite(total) ||
    !(ratio > 0 && ratio < Number.POSITIVE_INFINITY)
  )
    return { interval: [Number.NaN, Number.NaN], pValue: Number.NaN, isWorse: false };
  const degrees = combinedDegrees(known);
  const error = Math.sqrt(total);
  const margin = error === 0 ? 0 : studentTQuantile(1 - alpha, degrees) * error;
  const pValue = error === 0 ? Number(ratio <= 1) : studentTSurvival(Math.log(ratio) / error, degrees);
  return {
    interval: [ratio * Math.exp(-margin), ratio * Math.exp(margin)],
    pValue,
    isWorse: pValue <= alpha,
  };
}

function byStep(
  joined: JoinedOutcomes,
  rows: Int32Array,
  losses: Float64Array,
  expected: Float64Array,
): PromiseResult["byStep"] {
  const steps = new Map<number, { rows: number; live: number; expected: number }>();
  rows.forEach((row, i) => {
    const step = joined.step[row] as number;
    const sum = steps.get(step) ?? { rows: 0, live: 0, expected: 0 };
    steps.set(step, {
      rows: sum.rows + 1,
      live: sum.live + (losses[i] as number),
      expected: sum.expected + (expected[i] as number),
    });
  });
  return [...steps]
    .sort(([a], [b]) => a - b)
    .map(([step, sum]) => ({
      step,
      rows: sum.rows,
      live: sum.live / sum.rows,
      expected: sum.expected / sum.rows,
      ratio: sum.live / sum.expected,
    }));
}

const lossNames = { absolute: "mean absolute", squared: "mean squared", pinball: "mean pinball" } as const;

function sentenceOf(result: Omit<PromiseResult, "sentence">, loss: GateLoss, alpha: number): string {
  const figure = (value: number) => Number(value.toPrecision(4));
  if (result.rows === 0) return "No live row has an outcome that the backtest can be compared with.";
  const error = `The ${lossNames[loss]} error of ${result.rows} live rows is ${figure(result.live)} where the backtest promised ${figure(result.expected)}`;
  if (Number.isNaN(result.pValue))
    return `${error}; ${result.cutoffs} live and ${result.backtestCutoffs} backtested cutoffs are too few to say whether that is chance.`;
  const [lower, upper] = result.interval.map(figure);
  const percent = Number((100 * (1 - 2 * alpha)).toPrecision(3));
  return `${error}: ${figure(result.ratio)} times (${percent} % interval ${lower} to ${upper}, p ${result.pValue < 1e-4 ? "below 0.0001" : figure(result.pValue)}), ${result.isWorse ? "worse than promised" : "which does not break the promise beyond chance"}.`;
}

function checkBacktest(backtest: unknown): void {
  const lengths = ["seriesIndex", "step", "time", "cutoff", "y", "mean"].map(
    (name) => (backtest as Record<string, ArrayLike<number> | undefined> | null)?.[name]?.length,
  );
  if (lengths.every((length) => length !== undefined && length === lengths[0])) return;
  throw new TsopsError("MONITOR_INVALID", `The backtest is ${shown(backtest)}, not scored forecasts.`, {
    hint: "Give what backtest(forecaster, panel, options) returned for the version that serves.",
  });
}

function checkSeason(season: number): number {
  if (Number.isInteger(season) && season >= 1) return season;
  throw new TsopsError("MONITOR_INVALID", `season is ${shown(season)}, not a number of steps.`, {
    hint: "Write 24 for hourly rows that repeat by day, 1 for none.",
    details: { option: "season" },
  });
}

function checkOneVersion(joined: JoinedOutcomes, rows: Int32Array): void {
  const used = new Set(Array.from(rows, (row) => joined.sourceIndex[row] as number));
  const versions = new Set(
    [...used].map((index) => `${joined.sources[index]?.model} v${joined.sources[index]?.modelVersion}`),
  );
  if (versions.size <= 1) return;
  throw new TsopsError(
    "MONITOR_INVALID",
    `The live rows are predictions of ${[...versions].slice(0, 3).join(", ")}${versions.size > 3 ? ` and ${versions.size - 3} more` : ""}; a backtest promises for one version.`,
    { hint: "Say which one: modelVersion.", details: { option: "modelVersion", versions: [...versions] } },
  );
}

function withSharedQuantiles(
  live: ScoredForecasts,
  past: ScoredForecasts,
): [ScoredForecasts, ScoredForecasts] {
  const has = (scored: ScoredForecasts, probability: number) =>
    scored.quantiles.some((other) => Math.abs(other.probability - probability) < 1e-9);
  const shared = (one: ScoredForecasts, other: ScoredForecasts): ScoredForecasts => ({
    ...one,
    quantiles: one.quantiles.filter(({ probability }) => has(other, probability)),
  });
  return [shared(live, past), shared(past, live)];
}
