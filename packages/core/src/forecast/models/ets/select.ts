import { type EtsFit, fitForm, standingStill } from "./fit-form.ts";
import { type EtsForm, parameterCount } from "./form.ts";
import { filledLinearly } from "./start.ts";

/** What the caller has decided; `"auto"` leaves a component to the data. */
export interface EtsChoice {
  readonly error: "additive" | "multiplicative" | "auto";
  readonly trend: "none" | "additive" | "auto";
  readonly damped: boolean | "auto";
  readonly season: "none" | "additive" | "multiplicative" | "auto";
  readonly seasonLength: number;
}

/** The forms that a choice leaves open, without those that are known to be unstable: additive errors about a multiplicative season. */
export function formsOf({ error, trend, damped, season, seasonLength }: EtsChoice): readonly EtsForm[] {
  const forms: EtsForm[] = [];
  const seasons =
    season !== "auto"
      ? [season]
      : seasonLength > 1
        ? (["none", "additive", "multiplicative"] as const)
        : (["none"] as const);
  for (const e of error === "auto" ? (["additive", "multiplicative"] as const) : [error])
    for (const t of trend === "auto" ? (["none", "additive"] as const) : [trend])
      for (const d of damped === "auto" ? [false, true] : [damped])
        for (const s of seasons) {
          if (t === "none" && d && (damped === "auto" || trend === "auto")) continue;
          if (e === "additive" && s === "multiplicative" && (error === "auto" || season === "auto")) continue;
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
 * The form with the least AICc. Multiplicative components need positive values, and every form needs its rows: what the series cannot bear is left
 * out. A constant series is a level, with its value.
 * @returns null when the series can bear none of the forms.
 */
export function selectEts(forms: readonly EtsForm[], y: Float64Array): EtsFit | null {
  const values = y.filter((value) => !Number.isNaN(value));
  const filled = filledLinearly(y);
  const isPositive = values.every((value) => value > 0);
  const possible = forms.filter(
    (form) =>
      values.length >= rowsFor(form) &&
      (isPositive || (form.error === "additive" && form.season !== "multiplicative")),
  );
  if (possible.length > 0 && values.every((value) => value === values[0]))
    return constantFit(possible, values[0] as number);
  let best: EtsFit | null = null;
  for (const form of possible) {
    const fit = fitForm(form, y, filled);
    if (Number.isFinite(fit.aicc) && (best === null || fit.aicc < best.aicc)) best = fit;
  }
  return best;
}

/** The simplest of the forms, standing still. */
function constantFit(forms: readonly EtsForm[], value: number): EtsFit {
  const [form] = [...forms].sort((a, b) => parameterCount(a) - parameterCount(b)) as [EtsForm];
  const numbers = standingStill(form, Float64Array.of(value));
  numbers.set([0.9999, 0, 0, 1]);
  return { form, numbers, logLikelihood: Number.POSITIVE_INFINITY, aicc: Number.NEGATIVE_INFINITY };
}
