import { formatInstant, type JsonValue } from "@tsops/core";
import { lastObservations } from "../alerts/last-observations.ts";
import { performanceByWindow } from "../performance/by-window.ts";
import { calibrationOf } from "./calibration.ts";
import { challengerComparisons } from "./challengers.ts";
import { checkReportData } from "./check-chart-data.ts";
import type { ReportData } from "./data.ts";
import { columnHistories, driftReports } from "./drift-histories.ts";
import { mostSeries } from "./forecast-section.ts";
import { overviewOf } from "./overview.ts";
import { keyParts, stepParts } from "./parts.ts";
import { quartersOf } from "./quarters.ts";
import { forecastPoints } from "./rows.ts";
import { shownSeries } from "./shown-series.ts";

/** What a report shows, as plain JSON: instants are ISO 8601 in UTC, numbers that are none are null, and other whole numbers beyond 2^53 are text. */
export interface ReportJson {
  /** Of this form. Fields may be added; others mean a new number. */
  readonly format: 1;
  readonly title: string;
  readonly subtitle: string | null;
  readonly now: string;
  readonly zone: string;
  readonly target: { readonly name: string; readonly unit: string | null };
  /** `recentDays`, `error`, `mase`, `outcomes`, `coverage`, `promotions`, `rejections`, `alerts`, `driftReports`, `predictions`, `waiting`. */
  readonly overview: JsonValue;
  /** The last days of one series, by instant: `{ time, mean, y, intervals: [{ level, lower, upper }] }`. */
  readonly forecast: readonly JsonValue[];
  /** The series that the page offers, the one of `forecast` first: `{ key, name, why, rows, mae, mase, forecast }`, with `forecast` of the same form; the others are counted in `seriesLeftOut`. */
  readonly series: readonly JsonValue[];
  readonly seriesLeftOut: number;
  /** By day: `{ start, end, rows, missing, mae, rmse, bias, mase, quantiles, intervals }`. */
  readonly days: readonly JsonValue[];
  /** By quarter: the same, with `name` and the errors of the comparisons. */
  readonly quarters: readonly JsonValue[];
  /** `{ intervals, quantiles }`, each `{ nominal, observed, lower, upper, rows, effectiveRows, verdict }`. */
  readonly calibration: JsonValue;
  /** By step of the horizon, with the metrics of a day. */
  readonly steps: readonly JsonValue[];
  /** By series, with the metrics of a day and `windows` over time. */
  readonly keys: readonly JsonValue[];
  /** Gates and experiments, newest first: `{ decision, kind, time, verdict, candidate, reference, loss, candidateLoss, referenceLoss, difference, lower, upper, alpha, below }`; differences are shares of the reference's loss. */
  readonly challengers: readonly JsonValue[];
  /** By column: `{ column, windows, flagged, lastFlagged, sentence, flaggedAt, tests: [{ test, unit, windows: [{ time, pValue, effect }] }] }`. */
  readonly drift: readonly JsonValue[];
  /** Findings as `checkQuality` gives them; null where quality was not checked. */
  readonly quality: readonly JsonValue[] | null;
  /** The last of each series that the watches said, `{ signal, subject, labels, value, verdict, sentence, time }`; null where none was asked. */
  readonly observations: readonly JsonValue[] | null;
  /** Model version with its lineage. */
  readonly champion: JsonValue;
  /** Oldest first, with all numbers behind them. */
  readonly decisions: readonly JsonValue[];
}

/**
 * The same as `renderReport`, for programs: of the same data, the same figures. Nothing is thinned but the series of
 * `series`, which are those that the page offers.
 * @throws TsopsError MONITOR_INVALID
 */
export function reportJson(data: ReportData): ReportJson {
  checkReportData("reportJson()", data);
  const {
    served,
    title,
    subtitle,
    now,
    zone = "UTC",
    target,
    decisions = [],
    quality,
    observations,
    champion,
    scale,
  } = data;
  const drift = data.drift ?? driftReports(decisions);
  const days = performanceByWindow(served, { window: "1d", zone, ...(scale === undefined ? {} : { scale }) });
  const series = shownSeries(data, mostSeries);
  const points = (key = data.series) =>
    forecastPoints({ ...data, ...(key === undefined ? {} : { series: key }) }).map(
      ({ micros, mean, y, intervals }) => plain({ time: micros, mean, y, intervals }),
    );
  return {
    format: 1,
    title,
    subtitle: subtitle ?? null,
    now: formatInstant(now),
    zone,
    target: { name: target.name, unit: target.unit ?? null },
    overview: plain(overviewOf(data)),
    forecast: points(),
    series: series.shown.map((one) => ({
      ...(plain(one) as { readonly [name: string]: JsonValue }),
      forecast: points(one.key),
    })),
    seriesLeftOut: series.all - series.shown.length,
    days: days.map(plain),
    quarters: quartersOf(data).map(({ name, performance, comparisons }) =>
      plain({
        name,
        ...performance,
        comparisons: (data.comparisons ?? []).map(({ name: of }, i) => ({ name: of, mae: comparisons[i] })),
      }),
    ),
    calibration: plain(calibrationOf(served)),
    steps: stepParts(served).map(plain),
    keys: keyParts(data).parts.map(plain),
    challengers: challengerComparisons(decisions).map(plain),
    drift: columnHistories(drift).map(({ flaggedAt, ...history }) =>
      plain({ ...history, flaggedAt: [...flaggedAt] }),
    ),
    quality: quality === undefined ? null : quality.map(plain),
    observations: observations === undefined ? null : lastObservations(observations).map(plain),
    champion: plain(champion ?? null),
    decisions: decisions.map(plain),
  };
}

/** Fields that hold instants; other whole numbers of this kind are counts. */
const instants = new Set([
  "time",
  "start",
  "end",
  "now",
  "createdAt",
  "lastFlagged",
  "flaggedAt",
  "cutoff",
  "servedAt",
]);

function plain(value: unknown): JsonValue {
  return plainAs("", value);
}

function plainAs(name: string, value: unknown): JsonValue {
  if (typeof value === "bigint") return instants.has(name) ? formatInstant(value) : wholeNumber(value);
  if (typeof value === "number") return Number.isFinite(value) ? value : null;
  if (typeof value === "string" || typeof value === "boolean") return value;
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  if (ArrayBuffer.isView(value) && !(value instanceof DataView))
    return Array.from(value as unknown as ArrayLike<unknown>, (item) => plainAs(name, item));
  if (Array.isArray(value)) return value.map((item) => plainAs(name, item));
  if (typeof value !== "object" || value === null) return null;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, item]) => item !== undefined && typeof item !== "function")
      .map(([field, item]) => [field, plainAs(field, item)]),
  );
}

function wholeNumber(value: bigint): number | string {
  return value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER)
    ? Number(value)
    : String(value);
}
