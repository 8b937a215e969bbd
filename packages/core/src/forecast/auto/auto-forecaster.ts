import { throwIfAborted } from "../../abort.ts";
import { inParallel } from "../../in-parallel.ts";
import { mostThreads } from "../../threads/shared-pool.ts";
import { checkFit, observedCounts, requireRows, rowCounts } from "../check.ts";
import type { FitOptions, FittedForecaster, Forecaster } from "../forecaster.ts";
import { loadForecaster } from "../load-forecaster.ts";
import { withoutOutliers } from "../outliers/outliers.ts";
import type { Panel } from "../panel/panel.ts";
import { regressorsOf } from "../panel/regressors-of-panel.ts";
import { scalesOf } from "../scales.ts";
import { findSeasons } from "../seasons/find-seasons.ts";
import { seasonsOfFrequency } from "../seasons/season-length.ts";
import { fitOthers } from "../series-failures.ts";
import { affordable, treesInTime, treesToJudge } from "./affordable.ts";
import {
  baseline,
  type Candidate,
  type CandidateTask,
  intermittent,
  localCandidates,
  maxTrainingRows,
} from "./candidates.ts";
import type { AutoChoice } from "./choice.ts";
import { type FittedAuto, loadAuto } from "./fitted.ts";
import { bestCombination, combined, type HeldOutMeans } from "./judge.ts";
import { type AutoOptions, type ResolvedAutoOptions, resolveAutoOptions } from "./options.ts";
import { planTrial } from "./plan.ts";
import { type CandidateRunner, candidateRunner } from "./run-candidate.ts";
import { forecastToJudge, type Growth, reasonOf, Trial } from "./trial.ts";
import { fitUnjudged } from "./unjudged.ts";
import { withIntervals } from "./with-intervals.ts";

/** Chooses forecasters by what they would have forecast. */
export interface AutoForecaster extends Forecaster {
  readonly kind: "auto";
  fit<Known extends string>(panel: Panel<Known>, options: FitOptions): Promise<FittedAuto<Known>>;
  load(bytes: Uint8Array): FittedAuto;
}

/**
 * Forecasts any panel, one series or thousands, without being told how.
 *
 * **Candidates**: models of single series (seasonal naive, dynamic optimised theta, ETS, MSTL, CES, ARIMA, Croston's for intermittent demand), and boosted
 * trees that learn from all series together, on targets in three shapes. Seasons come from the frequency, as far as the series go with them.
 *
 * **Choice**: all candidates forecast the last horizons of the history, which they have not seen. The best few are combined by their mean or
 * median, as many as would have been best: forecasts that err differently cancel out part of their errors (Bates & Granger 1969). Seasonal naive is a
 * candidate, so the choice is never worse than it on these rows. `fitted.choice` says what was tried, chosen and skipped.
 *
 * **Intervals** are conformal, from the held-out errors of the combination, in units of each series' own; see `conformal`.
 *
 * Series that are too short to be judged are forecast by what suits the others, with intervals like theirs in units of their own seasonal
 * differences. Where none is long enough, nothing is judged: the forecast is theta's, or the last value's where even that is too much.
 *
 * `update` moves all members on without choosing or fitting again.
 * @throws TsopsError MODEL_PARAMETER_INVALID; from `fit` also PANEL_INVALID, SERIES_TOO_SHORT for series without two known values, ABORTED.
 * @example
 * const fitted = await autoForecaster({ budget: "30s" }).fit(rentals, { horizon: 24 });
 * console.log(fitted.choice.members, fitted.predict({ levels: [80, 95] }).mean);
 */
export function autoForecaster(options: AutoOptions = {}): AutoForecaster {
  const resolved = resolveAutoOptions(options);
  const { budgetMs, seasonLengths, lowest, outliers } = resolved;
  return {
    kind: "auto",
    params: { budgetMs, seasonLengths: seasonLengths === null ? null : [...seasonLengths], lowest, outliers },
    fit: (panel, fitOptions) => fitOthers(panel, fitOptions, (others, own) => fit(resolved, others, own)),
    load: (bytes) => loadAuto(bytes, loadForecaster),
  };
}

async function fit<Known extends string>(
  options: ResolvedAutoOptions,
  whole: Panel<Known>,
  fitOptions: FitOptions,
): Promise<FittedAuto<Known>> {
  checkFit(whole, fitOptions);
  const { panel, outliers } =
    options.outliers === "keep"
      ? { panel: whole, outliers: [] }
      : withoutOutliers(
          whole,
          options.seasonLengths === null ? {} : { seasonLengths: options.seasonLengths },
        );
  // What even the simplest model asks for, before time is spent.
  requireRows(panel, observedCounts(panel), 2, "autoForecaster", " with a known target");
  const { horizon, threads = mostThreads } = fitOptions;
  const { spec } = panel;
  const given = options.seasonLengths;
  const {
    trial: plan,
    seasons: usable,
    tooLong,
  } = planTrial(panel, horizon, given ?? seasonsOfFrequency(spec.frequency, spec.zone), (lengths) =>
    given === null ? findSeasons(panel, lengths) : lengths,
  );
  // An outlier below 0 shows as well that targets can be.
  const lowest = options.lowest === "auto" && whole.y.some((value) => value < 0) ? null : options.lowest;
  const seasonsWith = (seasonLengths: readonly number[]) => ({
    outliers,
    seasonLengths,
    seasonsTooLong: given === null ? [] : tooLong,
    referenceSeason: seasonLengths[0] ?? usable[0] ?? 1,
  });
  const unjudged = () => {
    const found = seasonsWith(given === null ? findSeasons(panel, usable) : usable);
    return fitUnjudged(panel, fitOptions, found, lowest);
  };
  if (plan === null) return unjudged();

  const { foldsOf, judged, before } = plan;
  // From the rows before, so that no candidate is there for what it is judged by.
  const seasons = seasonsWith(given === null ? findSeasons(before, usable) : usable);
  const primary = seasons.referenceSeason;
  const task: CandidateTask = {
    seasons: seasons.seasonLengths,
    primary,
    featureSeasons: usable,
    rows: before.y.length,
    typicalRows: typicalLength(rowCounts(before)),
    leastRows: rowCounts(panel).reduce((least, rows) => Math.min(least, rows)),
    hasKnown: panel.known.length > 0,
    regressors: regressorsOf(judged),
    zeros: shareOfZeros(before.y),
  };
  const reference = baseline(task);
  const plain = await forecastToJudge(reference, judged, fitOptions, foldsOf);
  const judgement = {
    horizon,
    outcomes: plain.outcomes,
    scales: scalesOf(before, primary),
    isIntermittent: task.zeros >= intermittent,
  };
  const trial = new Trial({
    panel: judged,
    folds: foldsOf,
    fitOptions,
    budgetMs: planned * options.budgetMs,
    judgement,
    reference: { candidate: reference, means: plain.means },
    growth: growthOf(panel.y.length, judged.y.length),
  });
  const locals = localCandidates(task);
  await trial.timeLocals(locals);
  // Cheap ones first: what takes long is not to use up the time of what does not.
  const later: Candidate[] = [];
  for (const candidate of locals) {
    if (candidate.isSlow !== true && trial.hasTimeFor(candidate, threads, keptForGlobals))
      await trial.tryLocal(candidate, threads);
    else later.push(candidate);
  }
  const { globals, fitMs } = await affordable(task, trial, before, fitOptions);
  const isOnThreads = threads > 1 && fitMs > worthThreadMs;
  const run = candidateRunner(isOnThreads);
  const atOnce = isOnThreads ? Math.max(1, Math.min(threads, globals.length)) : 1;
  const forecastByTrees = async ({ trees, name }: Candidate): Promise<HeldOutMeans> => {
    const work = { task, trees: treesToJudge(trees as number), name, panel: judged, horizon, folds: foldsOf };
    return ((await run(work, fitOptions.signal)) as { means: HeldOutMeans }).means;
  };
  await inParallel(globals, atOnce, (candidate) =>
    trial.attempt(candidate, () => forecastByTrees(candidate), atOnce),
  );
  for (const candidate of later) await trial.tryLocal(candidate, threads);

  for (;;) {
    const { tried } = trial;
    if (tried.length === 0) return unjudged();
    const best = bestCombination(tried, judgement, trial.referenceErrors);
    const members = best.members.map((m) => tried[m] as (typeof tried)[number]);
    const count = tried.length;
    const share = trial.shareInTime(members);
    const fits = await inParallel(members, threads, async ({ candidate }) => {
      try {
        return await fitMember(candidate, { task, panel, run, share }, fitOptions);
      } catch (error) {
        // It could forecast the series that were judged, and cannot all of them.
        trial.drop(candidate.name, reasonOf(error));
        return null;
      }
    });
    const fitted = fits.filter((one) => one !== null) as FittedForecaster<Known>[];
    throwIfAborted(fitOptions.signal);
    if (trial.tried.length < count) continue;
    const choice: Omit<AutoChoice, "lowest" | "spread"> = {
      ...seasons,
      folds: plan.folds,
      judgedSeries: plan.chosen.length,
      candidates: trial.judged,
      members: members.map(({ candidate }) => candidate.name),
      combine: best.combine,
      score: best.score,
    };
    const means = combined(
      members.map((member) => member.means),
      best.combine,
    );
    return withIntervals(panel, choice, fitted, {
      horizon,
      chosen: plan.chosen,
      seasonLength: primary,
      lowest,
      isIntermittent: judgement.isIntermittent,
      means,
      outcomes: plain.outcomes,
    });
  }
}

/** The length that the series of half of all rows have at least. */
function typicalLength(counts: Int32Array): number {
  const descending = counts.slice().sort().reverse();
  const half = descending.reduce((sum, rows) => sum + rows, 0) / 2;
  let seen = 0;
  for (const rows of descending) {
    seen += rows;
    if (seen >= half) return rows;
  }
  return 0;
}

/** Among the known targets. */
function shareOfZeros(y: Float64Array): number {
  const known = y.filter((value) => !Number.isNaN(value));
  return known.filter((value) => value === 0).length / Math.max(1, known.length);
}

/** Rows that are fitted in the end per row that is judged on. */
function growthOf(rows: number, judgedRows: number): Growth {
  return {
    ofLocals: rows / judgedRows,
    ofGlobals: Math.max(1, Math.min(rows, maxTrainingRows) / judgedRows),
  };
}

/** Share of the budget that is planned with: what is estimated takes longer where two fits share the memory. */
const planned = 0.95;
/** Shorter fits are done before a thread has loaded what it needs. */
const worthThreadMs = 1500;
/** Share of the budget that models of single series leave to those of all, as long as these have not been tried. */
const keptForGlobals = 0.5;

/** Fits a candidate on all rows, with so many of its trees as there is time for. */
async function fitMember(
  candidate: Candidate,
  {
    task,
    panel,
    run,
    share,
  }: {
    readonly task: CandidateTask;
    readonly panel: Panel;
    readonly run: CandidateRunner;
    readonly share: number;
  },
  fitOptions: FitOptions,
): Promise<FittedForecaster> {
  const { trees, name } = candidate;
  if (trees === undefined) return candidate.make().fit(panel, fitOptions);
  const job = {
    task,
    trees: treesInTime(trees, share),
    name,
    panel,
    horizon: fitOptions.horizon,
    folds: null,
  };
  return loadForecaster(((await run(job, fitOptions.signal)) as { bytes: Uint8Array }).bytes);
}
