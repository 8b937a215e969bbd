import { checkWord } from "../../options.ts";

/** Whether outliers beyond doubt count as missing, or as any other value. */
export type OutlierTreatment = "leaveOut" | "keep";

/** What models of single series do with outliers. */
export interface OutlierSettings {
  /** Whether outliers beyond doubt in the rows of the fit count as missing (`"leaveOut"`, default; see `withoutOutliers`), or as any other value (`"keep"`). */
  readonly outliers?: OutlierTreatment;
}

/** @throws TsopsError MODEL_PARAMETER_INVALID for another word. */
export function outlierTreatment({ outliers = "leaveOut" }: OutlierSettings): OutlierTreatment {
  checkWord("MODEL_PARAMETER_INVALID", "outliers", outliers, ["leaveOut", "keep"]);
  return outliers;
}

/**
 * `LocalModel.seasons`, by which a model has outliers left out; nothing where they are kept.
 * @param lengths - Of its seasons; 1 is none.
 */
export function lookForOutliers(
  outliers: OutlierTreatment,
  lengths: readonly number[],
): { readonly seasons?: readonly number[] } {
  return outliers === "keep" ? {} : { seasons: lengths.filter((length) => length > 1) };
}
