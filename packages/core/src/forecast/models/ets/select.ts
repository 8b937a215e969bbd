import { knownValues } from "../../local/known-values.ts";
import type { OutlierTreatment } from "../../outliers/outlier-option.ts";
import {
  type EtsFit,
  type EtsSearch,
  fitForm,
  floorOf,
  searchForm,
  sizeOf,
  standingStill,
  type TrendReach,
  trendMost,
} from "./fit-form.ts";
import { fitLevel } from "./fit-level.ts";
import { type EtsForm, formName, levelAt, parameterCount } from "./form.ts";
import { filledLinearly } from "./start.ts";
import { stepErrors } from "./step-errors.ts";

/** What the caller has decided; `"auto"` leaves a component to the data. */
export interface EtsChoice {
  readonly error: "additive" | "multiplicative" | "auto";
  readonly trend: "none" | "additive" | "auto";
  readonly damped: boolean | "auto";
  readonly season: "none" | "additive" | "multiplicative" | "some" | "auto";
  readonly seasonLength: number;
  readonly criterion: EtsCriterion;
  /** null: see `stepsFor`. */
  readonly steps: number | null;
  readonly outliers: OutlierTreatment;
}

/** The forms that a choice leaves open, without those that are known to be unstable: additive errors about a multiplicative season. */
export function formsOf({
  error,
  trend,
  damped,
  season,
  seasonLength,
}: Omit<EtsChoice, "criterion" | "steps" | "outliers">): readonly EtsForm[] {
  const forms: EtsForm[] = [];
  const isOpen = season === "auto" || season === "some";
  const seasons =
    season !== "auto" && season !== "some"
      ? [season]
      : seasonLength > 1
        ? (["none", "additive", "multiplicative"] as const)
        : (["none"] as const);
  for (const e of error === "auto" ? (["additive", "multiplicative"] as const) : [error])
    for (const t of trend === "auto" ? (["none", "additive"] as const) : [trend])
      for (const d of damped === "auto" ? [false, true] : [damped])
        for (const s of seasons) {
          if (t === "none" && d && (damped === "auto" || trend === "auto")) continue;
          if (e === "additive" && s === "multiplicative" && (error === "auto" || isOpen)) continue;
          forms.push({
            error: e,
            trend: t,
            damped: d && t !== "none",
            season: s,
            seasonLength: s === "none" ? 1 : seasonLength,
          });
        }
  return forms;
}

/** Rows with which a form can be fitted and judged: its parameters, and two for the corrected criterion. */
export function rowsFor(form: EtsForm): number {
  return Math.max(parameterCount(form) + 2, form.season === "none" ? 0 : form.seasonLength + 1);
}

/**
 * How far ahead forms are judged unless told. Errors of many steps overlap: in a tenth of the rows there are ten that do not, and with fewer a form is
 * chosen by chance.
 */
function stepsFor(forms: readonly EtsForm[], known: number): number {
  const season = forms.reduce((longest, { seasonLength }) => Math.max(longest, seasonLength), 1);
  return Math.max(3, Math.min(season, Math.floor(known / 10)));
}

/** How forms are compared; see `EtsOptions.criterion`. */
export type EtsCriterion = "multiStep" | "aicc";

/**
 * The form with the least criterion. Multiplicative components need positive values, and every form needs its rows: what the series cannot bear is left
 * out. A constant series is a level, with its value.
 * @param choice - Steps: how many ahead the multi-step criterion looks; null for as many as the rows can judge.
 * @returns null when the series can bear none of the forms.
 */
export function selectEts(
  forms: readonly EtsForm[],
  y: Float64Array,
  choice: Pick<EtsChoice, "season" | "seasonLength" | "criterion" | "steps">,
): EtsFit | null {
  const level = farLevel(y);
  const additive = forms.filter(({ error, season }) => error === "additive" && season !== "multiplicative");
  if (level === 0 || additive.length === 0) return selectNear(forms, y, choice);
  const fit = selectNear(
    additive,
    y.map((value) => value - level),
    choice,
  );
  if (fit === null) return null;
  const numbers = fit.numbers.slice();
  numbers[levelAt] = (numbers[levelAt] as number) + level;
  return { ...fit, numbers };
}

/** Times their range that values lie away from 0, from which on the digits of their sizes would hide how they differ. */
const farAway = 1e6;

/** Where values lie that are far away from 0 beside their range, so that multiplying by them is adding; 0 for others. */
function farLevel(y: Float64Array): number {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let t = 0; t < y.length; t++) {
    const value = y[t] as number;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return high > low && Math.min(Math.abs(low), Math.abs(high)) > farAway * (high - low) ? low : 0;
}

function selectNear(
  forms: readonly EtsForm[],
  y: Float64Array,
  choice: Pick<EtsChoice, "season" | "seasonLength" | "criterion" | "steps">,
): EtsFit | null {
  const { season, seasonLength, criterion, steps } = choice;
  const values = knownValues(y);
  const isPositive = isAllAbove(values, 0);
  const bearable = forms.filter(
    (form) => values.length >= rowsFor(form) && (isPositive || !needsPositive(form)),
  );
  if (bearable.length === 0) return null;
  if (isConstant(values)) return constantFit(bearable, values[0] as number);
  const seasonal =
    season === "some" && values.length >= 2 * seasonLength
      ? bearable.filter((form) => form.season !== "none")
      : [];
  const possible = seasonal.length > 0 ? seasonal : bearable;
  const filled = values === y ? y : filledLinearly(y);
  if (criterion === "aicc") return leastAicc(possible, y, filled, "quick");
  const best =
    possible.length === 1
      ? leastAicc(possible, y, filled, "slow")
      : leastMultiStep(possible, y, filled, values.length, steps ?? stepsFor(forms, values.length));
  return best === null ? null : quickened(best, y, filled);
}

function isAllAbove(values: Float64Array, bound: number): boolean {
  for (let i = 0; i < values.length; i++) if (!((values[i] as number) > bound)) return false;
  return true;
}

function isConstant(values: Float64Array): boolean {
  for (let i = 1; i < values.length; i++) if (values[i] !== values[0]) return false;
  return true;
}

/** By how much the AICc must fall for a quick trend: a likelihood that is 20 times as great. */
const worthQuick = 6;

/**
 * A fit whose trend is as quick as a slow one can be, with a quick one where that is clearly likelier. Trends that are quick at an optimum of their own, apart from the slow one, are not looked for:
 * where a season is taken for turns of the trend they are the likelier ones, and run away.
 */
function quickened(fit: EtsFit, y: Float64Array, filled: Float64Array): EtsFit {
  const { form, numbers } = fit;
  const slow = trendMost(form, "slow");
  if (form.trend === "none" || !((numbers[1] as number) > 0.9 * slow) || slow === trendMost(form, "quick"))
    return fit;
  const quick = fitForm(form, y, filled, "quick");
  return fit.aicc - quick.aicc > worthQuick ? quick : fit;
}

/** Why a series can bear none of the forms: what is wrong with it, or with the arithmetic. */
export function whyNone(
  forms: readonly EtsForm[],
  y: Float64Array,
): { readonly code: "SERIES_TOO_SHORT" | "PANEL_INVALID" | "FIT_FAILED"; readonly message: string } {
  const values = y.filter((value) => !Number.isNaN(value));
  const names = forms.map(formName).join(", ");
  const needed = Math.min(...forms.map(rowsFor));
  if (values.length < needed)
    return {
      code: "SERIES_TOO_SHORT",
      message: `${names} needs ${needed} known rows, the series has ${values.length}.`,
    };
  const [low, high] = [values.reduce((a, b) => Math.min(a, b)), values.reduce((a, b) => Math.max(a, b))];
  const range = `targets from ${low} to ${high}`;
  if (low <= 0 && forms.every(needsPositive))
    return {
      code: "PANEL_INVALID",
      message: `${names} takes only targets above 0, the series has ${range}.`,
    };
  return {
    code: "FIT_FAILED",
    message: `The likelihood of ${names} is not finite from any start of the search, on ${range}.`,
  };
}

/** Whether a form takes only targets above 0. */
export function needsPositive({ error, season }: EtsForm): boolean {
  return error === "multiplicative" || season === "multiplicative";
}

/** Every form fitted to the end from several starts. */
function leastAicc(
  forms: readonly EtsForm[],
  y: Float64Array,
  filled: Float64Array,
  reach: TrendReach,
): EtsFit | null {
  let best: EtsFit | null = null;
  for (const form of forms) {
    const fit =
      isLevel(form) && reach === "slow" ? levelOf(form, y, filled) : fitForm(form, y, filled, reach);
    if (Number.isFinite(fit.aicc) && (best === null || fit.aicc < best.aicc)) best = fit;
  }
  return best;
}

/** Whether a form is a level with additive errors and nothing else. */
function isLevel({ error, trend, season }: EtsForm): boolean {
  return error === "additive" && trend === "none" && season === "none";
}

function levelOf(form: EtsForm, y: Float64Array, filled: Float64Array): EtsFit {
  return fitLevel(form, y, floorOf(form, y.length, filled));
}

interface Begun {
  readonly search: EtsSearch;
  readonly value: number;
}

/**
 * The mean of the AICc and of the same criterion with the errors of all steps in the place of the likelihood. Errors of several steps overlap, so that n of them tell less than n do one
 * step ahead: there the penalty of the parameters counts sqrt(steps) times.
 */
export function multiStepCriterion({ aicc, logLikelihood }: EtsFit, errors: number, steps: number): number {
  const penalty = aicc + 2 * logLikelihood;
  const value = (aicc + errors + Math.sqrt(steps) * penalty) / 2;
  return Number.isNaN(value) ? Number.POSITIVE_INFINITY : value;
}

/**
 * Forms without a trend are begun first; a kind of
 * season and error that is far behind then is not tried with one. What is near the best after a few steps from its neighbour's fit is fitted to the end.
 */
function leastMultiStep(
  forms: readonly EtsForm[],
  y: Float64Array,
  filled: Float64Array,
  known: number,
  steps: number,
): EtsFit | null {
  const floor = (1e-10 * sizeOf(filled)) ** 2;
  const criterionOf = (fit: EtsFit): number => {
    if (!Number.isFinite(fit.aicc)) return Number.POSITIVE_INFINITY;
    return multiStepCriterion(fit, stepErrors(fit.form, fit.numbers, y, steps, floor), steps);
  };
  // In units of the criterion: what a trend, and what the rest of a search, may be expected to gain.
  const ofTrend = Math.max(20, 0.1 * known);
  const begun: Begun[] = [];
  let least = Number.POSITIVE_INFINITY;
  for (const form of [...forms].sort(
    (a, b) => parameterCount({ ...a, season: "none" }) - parameterCount({ ...b, season: "none" }),
  )) {
    const kin = begun.filter(({ search: { fit } }) => fit.form.season === form.season);
    const same = kin.filter(({ search: { fit } }) => fit.form.error === form.error);
    if (same.length > 0 && same.every(({ value }) => value > least + ofTrend)) continue;
    const search = searchForm(form, y, filled, neighbourOf(form, kin));
    const value = criterionOf(search.fit);
    begun.push({ search, value });
    least = Math.min(least, value);
  }
  begun.sort((a, b) => a.value - b.value);
  let best: EtsFit | null = null;
  let bestValue = Number.POSITIVE_INFINITY;
  // What the end of a search may be expected to gain: twice what others have gained.
  let gain = 5;
  for (const { search, value } of begun) {
    if (!(value - gain <= bestValue) || value === Number.POSITIVE_INFINITY) break;
    const fit = search.finish();
    const reached = criterionOf(fit);
    gain = Math.max(gain, 2 * (value - reached));
    if (reached < bestValue) [best, bestValue] = [fit, reached];
  }
  return best;
}

/** Of the fits with the same season the one that shares the most with a form. */
function neighbourOf(form: EtsForm, kin: readonly Begun[]): EtsFit | null {
  let found: EtsFit | null = null;
  let most = -1;
  for (const {
    search: { fit },
  } of kin) {
    if (!Number.isFinite(fit.aicc)) continue;
    const shared = (fit.form.trend === form.trend ? 2 : 0) + (fit.form.error === form.error ? 1 : 0);
    if (shared >= most) [found, most] = [fit, shared];
  }
  return found;
}

/** The simplest of the forms, standing still. */
function constantFit(forms: readonly EtsForm[], value: number): EtsFit {
  const [form] = [...forms].sort((a, b) => parameterCount(a) - parameterCount(b)) as [EtsForm];
  const numbers = standingStill(form, Float64Array.of(value));
  numbers.set([0.9999, 0, 0, 1]);
  return { form, numbers, logLikelihood: Number.POSITIVE_INFINITY, aicc: Number.NEGATIVE_INFINITY };
}
