import { TsopsError } from "../../errors.ts";
import type { FitOptions } from "../forecaster.ts";
import { forecastHeldOut } from "../held-out.ts";
import type { Panel } from "../panel/panel.ts";
import { takeSeries } from "../panel/panel-slices.ts";
import type { Candidate } from "./candidates.ts";
import type { JudgedCandidate } from "./choice.ts";
import { type HeldOutMeans, type Judgement, type PanelErrors, panelErrors, relativeScore } from "./judge.ts";

/** A candidate that was tried. */
export interface Tried {
  readonly candidate: Candidate;
  readonly means: HeldOutMeans;
  readonly score: number;
  /** What it takes to fit it again, on all rows. */
  readonly refitMs: number;
}

/** Rows that are fitted in the end per row that candidates are judged on: of models of single series, and of those of all. */
export interface Growth {
  readonly ofLocals: number;
  readonly ofGlobals: number;
}

/** Panels of so many series are small: models are tried without asking how long they take. */
const fewSeries = 24;
/** Series, and time, that a model's time is estimated from: first some that only make its code warm. */
const toWarmUp = { series: 4, ms: 150 };
const toTime = { series: 8, ms: 250 };

/** Tries candidates on held-out rows, one after the other, within a budget. */
export class Trial {
  tried: readonly Tried[] = [];
  readonly skipped: JudgedCandidate[] = [];
  private readonly started = performance.now();
  private readonly panel: Panel;
  private readonly folds: Int32Array;
  private readonly fitOptions: FitOptions;
  private readonly budgetMs: number;
  private readonly judgement: Judgement;
  readonly growth: Growth;
  /** Time that a model of single series takes for one, by name. */
  private readonly seriesMs = new Map<string, number>();
  /** Errors of the seasonal naive forecast. */
  readonly referenceErrors: PanelErrors;

  constructor(settings: {
    readonly panel: Panel;
    readonly folds: Int32Array;
    readonly fitOptions: FitOptions;
    readonly budgetMs: number;
    readonly judgement: Judgement;
    /** What the seasonal naive forecast would have got. */
    readonly reference: { readonly candidate: Candidate; readonly means: HeldOutMeans };
    readonly growth: Growth;
  }) {
    const { panel, folds, fitOptions, budgetMs, judgement, reference, growth } = settings;
    this.growth = growth;
    this.panel = panel;
    this.folds = folds;
    this.fitOptions = fitOptions;
    this.budgetMs = budgetMs;
    this.judgement = judgement;
    this.referenceErrors = panelErrors(reference.means, judgement);
    this.tried = [{ ...reference, score: 1, refitMs: 0 }];
  }

  /** Milliseconds that are left when all that was tried is fitted again. */
  get leftMs(): number {
    return this.budgetMs - (performance.now() - this.started) - refitMsOf(this.tried);
  }

  /**
   * Share of their trees that models can have on all rows for the whole to end in time: 1, unless what else the machine does has made the trial last longer than it was expected to.
   */
  shareInTime(members: readonly Tried[]): number {
    const left = Math.max(0, this.budgetMs - (performance.now() - this.started));
    return Math.min(1, left / Math.max(1, refitMsOf(members)));
  }

  /** Whether a model of single series can be tried, and fitted on all rows, with this share of the budget still left after; one that takes an unknown time can. */
  hasTimeFor({ name }: Candidate, threads: number, keptShare: number): boolean {
    const estimate = this.estimateMs(name, threads) ?? 0;
    return estimate <= this.leftMs - keptShare * this.budgetMs;
  }

  /** Tries a model of single series on so many threads, unless a few of them say that all would take too long. */
  async tryLocal(candidate: Candidate, threads: number): Promise<void> {
    if (this.hasTimeFor(candidate, threads, 0)) {
      await this.attempt(candidate, () => this.forecast(candidate, threads));
      return;
    }
    const estimate = this.estimateMs(candidate.name, threads);
    this.skip(
      candidate.name,
      estimate === null
        ? "the budget was used up"
        : `the budget has no ${Math.ceil(estimate / 1000)} s for it`,
    );
  }

  /** What trying a model of single series takes, and fitting it on all rows; null where it was not timed. */
  private estimateMs(name: string, threads: number): number | null {
    const seriesMs = this.seriesMs.get(name);
    if (seriesMs === undefined) return null;
    return (seriesMs * this.panel.series.length * (1 + this.growth.ofLocals)) / threads;
  }

  /** Finds out, where there are many series, how long models of single series take. */
  async timeLocals(candidates: readonly Candidate[]): Promise<void> {
    const count = this.panel.series.length;
    if (count <= fewSeries) return;
    const every = Math.floor(count / (toWarmUp.series + toTime.series));
    for (const candidate of candidates) {
      if (this.leftMs <= 0) return;
      const model = candidate.make();
      const meanMs = async (first: number, { series, ms }: typeof toTime): Promise<number> => {
        const started = performance.now();
        for (let i = 0; ; i++) {
          const elapsed = performance.now() - started;
          if (i > 0 && (i === series || elapsed > ms)) return elapsed / i;
          await model.fit(takeSeries(this.panel, [(first + i) * every]), { ...this.fitOptions, threads: 1 });
        }
      };
      try {
        await meanMs(0, toWarmUp);
        this.seriesMs.set(candidate.name, await meanMs(toWarmUp.series, toTime));
      } catch (error) {
        // It says so again when it is tried.
        reasonOf(error);
      }
    }
  }

  /**
   * Tries a candidate, whatever it takes.
   * @param forecast - Gives its forecasts of the held-out rows.
   * @param atOnce - How many are tried at the same time, and so share the cores.
   */
  async attempt(candidate: Candidate, forecast: () => Promise<HeldOutMeans>, atOnce = 1): Promise<void> {
    const before = performance.now();
    try {
      const own = await forecast();
      const score = relativeScore(panelErrors(own, this.judgement), this.referenceErrors);
      // Boosted trees are judged by half of their trees.
      const growth = candidate.trees === undefined ? this.growth.ofLocals : 2 * this.growth.ofGlobals;
      const refitMs = ((performance.now() - before) * growth) / atOnce;
      this.tried = [...this.tried, { candidate, means: own, score, refitMs }];
      this.fitOptions.progress?.({
        task: "choose a forecaster",
        done: this.tried.length,
        figures: { candidate: candidate.name, score },
      });
    } catch (error) {
      this.skip(candidate.name, reasonOf(error));
    }
  }

  private async forecast(candidate: Candidate, threads: number): Promise<HeldOutMeans> {
    return (await forecastToJudge(candidate, this.panel, { ...this.fitOptions, threads }, this.folds)).means;
  }

  skip(name: string, why: string): void {
    this.skipped.push({ name, score: null, skipped: why });
  }

  /** Takes a candidate back. */
  drop(name: string, why: string): void {
    this.tried = this.tried.filter(({ candidate }) => candidate.name !== name);
    this.skip(name, why);
  }

  /** All candidates, the best first. */
  get judged(): JudgedCandidate[] {
    const best = [...this.tried].sort((a, b) => a.score - b.score);
    return [...best.map(({ candidate, score }) => ({ name: candidate.name, score })), ...this.skipped];
  }
}

function refitMsOf(tried: readonly Tried[]): number {
  return tried.reduce((sum, { refitMs }) => sum + refitMs, 0);
}

/** What a candidate would have forecast for the rows that it is judged on, and what came. */
export async function forecastToJudge(
  candidate: Candidate,
  panel: Panel,
  fitOptions: FitOptions,
  folds: Int32Array,
): Promise<{ readonly means: HeldOutMeans; readonly outcomes: HeldOutMeans }> {
  const { means, outcomes } = await forecastHeldOut([candidate.make()], panel, fitOptions, {
    folds,
    purpose: "A choice by the errors",
    hint: "Give a longer history.",
  });
  return { means: means[0] as HeldOutMeans, outcomes };
}

/** What a candidate said against the data. Anything else is no reason to go on without it. */
export function reasonOf(error: unknown): string {
  for (const code of ["SERIES_TOO_SHORT", "PANEL_INVALID", "FIT_FAILED"] as const)
    if (TsopsError.is(error, code)) return error.message;
  throw error;
}
