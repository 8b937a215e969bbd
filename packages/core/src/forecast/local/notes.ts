import type { JsonValue } from "../../bytes.ts";
import { formatInstant } from "../../time/instant.ts";
import { type Outlier, outlierFinder } from "../outliers/outliers.ts";
import type { Panel } from "../panel/panel.ts";
import { listSome } from "../panel/rows.ts";
import type { LocalModel, LocalSummary } from "./local-model.ts";

/** What is known of a series beside what its model does. */
export interface Note {
  /** What `fits` tell of it. */
  readonly told: LocalSummary;
  /** Times of the values that count as missing, as they are outliers beyond doubt. */
  readonly outliers: readonly bigint[];
}

/** The notes of those series that have one, by the index of the series. */
export type Notes = ReadonlyMap<number, Note>;

/**
 * What finds the outliers of a series for a model that leaves them out: none where too few rows would be left.
 * @param knownRows - Of each series.
 */
export function outliersFor(
  { seasons, neededRows }: LocalModel,
  panel: Panel,
  knownRows: Int32Array,
): (s: number) => readonly Outlier[] {
  if (seasons === undefined) return () => [];
  const find = outlierFinder(panel, seasons);
  return (s) => {
    const found = find(s);
    return (knownRows[s] as number) - found.length < neededRows ? [] : found;
  };
}

/**
 * What is to be noted of a series; null for nothing.
 * @param y - As the model was given it.
 */
export function noteOf(
  model: LocalModel,
  panel: Panel,
  s: number,
  y: Float64Array,
  outliers: readonly Outlier[],
): Note | null {
  const seasonsTooLong = model.seasonTooLong?.(y) ?? null;
  const fewRows = model.fewRows?.(y) ?? null;
  if (seasonsTooLong === null && fewRows === null && outliers.length === 0) return null;
  const start = panel.offsets[s] as number;
  const times = outliers.map(({ row }) => panel.times[start + row] as bigint);
  const named = outliers.map(
    ({ row, usual }, i) =>
      `${short(panel.y[start + row] as number)} at ${formatInstant(times[i] as bigint, { zone: panel.spec.zone })} (usual there: ${short(usual)})`,
  );
  return {
    told: {
      ...(seasonsTooLong === null ? {} : { seasonsTooLong }),
      ...(fewRows === null ? {} : { fewRows }),
      ...(named.length === 0 ? {} : { outliers: `${listSome(named)}; left out of the fit` }),
    },
    outliers: times,
  };
}

/** Why a season is not used, as `fits` show it. */
export function tooLong(season: number, needed: number, rows: number, of: "rows" | "known rows"): string {
  return `${season} (it takes ${needed} ${of}, the series has ${rows})`;
}

/** Notes as they are saved. */
export function notesToJson(notes: Notes): JsonValue {
  return Array.from(notes, ([s, { told, outliers }]) => [s, told, outliers.map(String)]);
}

/** What `notesToJson` made. */
export function notesFromJson(json: JsonValue): Notes {
  const saved = json as unknown as readonly (readonly [number, LocalSummary, readonly string[]])[];
  return new Map(saved.map(([s, told, outliers]) => [s, { told, outliers: outliers.map(BigInt) }]));
}

function short(value: number): string {
  return String(Number(value.toPrecision(4)));
}
