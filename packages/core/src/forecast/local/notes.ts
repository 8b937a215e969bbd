import { formatInstant } from "../../time/instant.ts";
import { type Outlier, outlierFinder } from "../outliers.ts";
import type { Panel } from "../panel.ts";
import { listSome } from "../rows.ts";
import type { LocalModel, LocalSummary } from "./local-model.ts";

/** What the fits of some series tell beside what their model does, by the index of the series. */
export type Notes = ReadonlyMap<number, LocalSummary>;

/** What finds the outliers of a series for a model that tells of them. */
export function outliersFor(model: LocalModel, panel: Panel): (s: number) => readonly Outlier[] {
  return model.seasons === undefined ? () => [] : outlierFinder(panel, model.seasons);
}

/**
 * What the fit of a series tells beside what its model does; null for nothing.
 * @param y - As the model was given it.
 */
export function noteOf(
  model: LocalModel,
  panel: Panel,
  s: number,
  y: Float64Array,
  outliers: readonly Outlier[],
): LocalSummary | null {
  const seasonsTooLong = model.seasonTooLong?.(y) ?? null;
  const fewRows = model.fewRows?.(y) ?? null;
  const start = panel.offsets[s] as number;
  const named = outliers.map(
    ({ row, usual }) =>
      `${short(panel.y[start + row] as number)} at ${formatInstant(panel.times[start + row] as bigint, { zone: panel.spec.zone })} (usual there: ${short(usual)})`,
  );
  if (seasonsTooLong === null && fewRows === null && named.length === 0) return null;
  return {
    ...(seasonsTooLong === null ? {} : { seasonsTooLong }),
    ...(fewRows === null ? {} : { fewRows }),
    ...(named.length === 0
      ? {}
      : {
          outliers: `${listSome(named)}; ${
            model.leavesOutliersOut === true
              ? "left out of the fit"
              : `withoutOutliers(panel) makes ${named.length === 1 ? "it a missing value" : "them missing values"}`
          }`,
        }),
  };
}

/** Why a season is not used, as `fits` show it. */
export function tooLong(season: number, needed: number, rows: number, of: "rows" | "known rows"): string {
  return `${season} (it takes ${needed} ${of}, the series has ${rows})`;
}

function short(value: number): string {
  return String(Number(value.toPrecision(4)));
}
