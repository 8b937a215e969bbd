import { TsopsError } from "../../errors.ts";
import { checkOptions, shown } from "../../options.ts";
import type { Panel, PanelSpec, SeriesFailure, SeriesKey } from "../panel/panel.ts";
import { listSome, seriesName } from "../panel/rows.ts";
import { withFailures } from "../series-failures.ts";
import {
  type HolidayDates,
  type HolidayFeatureOptions,
  type Holidays,
  invalid,
  type ResolvedHolidays,
  resolveDates,
  resolveFeatureOptions,
  resolveHolidays,
} from "./holidays.ts";

/** Holidays that differ by region: a list for each value of a column. */
export interface RegionalHolidays extends HolidayFeatureOptions {
  /** A static column of the panel, or one of its keys, whose value says which list a series has. */
  readonly by: string;
  /** Lists by the value's text, e.g. `{ BY: bavarian, BE: { dates: ["2026-03-08"] } }`. Numbers are written as JavaScript writes them. */
  readonly lists: Readonly<Record<string, HolidayDates>>;
  /** The list of values that have none of their own. Default: such a value is an error. */
  readonly otherwise?: HolidayDates;
}

/** Regional holidays with every default filled in. JSON-serialisable. */
export interface ResolvedRegionalHolidays extends Required<HolidayFeatureOptions> {
  readonly by: string;
  readonly lists: Readonly<Record<string, Required<HolidayDates>>>;
  readonly otherwise: Required<HolidayDates> | null;
}

/** One list for all series, or one for each region. */
export type AnyHolidays = ResolvedHolidays | ResolvedRegionalHolidays;

/** @throws TsopsError MODEL_PARAMETER_INVALID. */
export function resolveAnyHolidays(holidays: Holidays | RegionalHolidays, option: string): AnyHolidays {
  const isRegional =
    typeof holidays === "object" && holidays !== null && ("by" in holidays || "lists" in holidays);
  return isRegional ? resolveRegional(holidays, option) : resolveHolidays(holidays, option);
}

function resolveRegional(holidays: RegionalHolidays, option: string): ResolvedRegionalHolidays {
  checkOptions("MODEL_PARAMETER_INVALID", option, holidays, {
    name: true,
    within: true,
    by: true,
    lists: true,
    otherwise: true,
  });
  const { by, lists, otherwise } = holidays;
  if (typeof by !== "string" || by === "")
    throw invalid(
      `${option}.by must be the name of a column, got ${shown(by)}.`,
      'Name a static column of the panel, e.g. by: "state".',
    );
  if (typeof lists !== "object" || lists === null || Array.isArray(lists))
    throw invalid(
      `${option}.lists must be an object with a list for each value of "${by}", got ${shown(lists)}.`,
      'Write e.g. lists: { BY: { dates: ["2026-08-15"] }, BE: { dates: ["2026-03-08"] } }.',
    );
  const resolved = (list: HolidayDates, name: string): Required<HolidayDates> => {
    if (Array.isArray(list))
      throw invalid(`${name} is a list, and must be an object.`, "Write { dates: [...] }.");
    checkOptions("MODEL_PARAMETER_INVALID", name, list, { dates: true, from: true, until: true });
    return resolveDates(list, name);
  };
  const entries = Object.entries(lists).sort(([a], [b]) => (a < b ? -1 : 1));
  if (entries.length === 0)
    throw invalid(`${option}.lists has no list.`, `Give one for each value of "${by}".`);
  return {
    ...resolveFeatureOptions(holidays, option),
    by,
    lists: Object.fromEntries(
      entries.map(([value, list]) => [value, resolved(list, `${option}.lists[${JSON.stringify(value)}]`)]),
    ),
    otherwise: otherwise === undefined ? null : resolved(otherwise, `${option}.otherwise`),
  };
}

/** @throws TsopsError MODEL_PARAMETER_INVALID when the panel has no such column. */
export function requireRegions(holidays: AnyHolidays, { static: statics, keys }: PanelSpec): void {
  if (!("by" in holidays) || statics.includes(holidays.by) || keys.includes(holidays.by)) return;
  throw invalid(
    `The holidays "${holidays.name}" go by "${holidays.by}", which is neither a static column nor a key of the panel.`,
    `Its static columns are ${statics.join(", ") || "none"}, its keys ${keys.join(", ") || "none"}; list it in panel(..., { static }).`,
  );
}

/** The list of one series; undefined where its region has none. */
export function holidaysOf(holidays: AnyHolidays, panel: Panel, s: number): ResolvedHolidays | undefined {
  if (!("by" in holidays)) return holidays;
  const { name, within, by, lists, otherwise } = holidays;
  const value = regionOf(by, panel, s);
  const list = Object.hasOwn(lists, value) ? lists[value] : otherwise;
  return list === undefined || list === null ? undefined : { name, within, ...list };
}

/**
 * Refuses regions without a list.
 * @throws TsopsError MODEL_PARAMETER_INVALID naming the values, their series and how many rows these have.
 */
export function refuseUnlistedRegions(all: readonly AnyHolidays[], panel: Panel): void {
  for (const holidays of all) {
    if (!("by" in holidays)) continue;
    const { name, by, lists } = holidays;
    const code = "MODEL_PARAMETER_INVALID";
    const unlisted = new Map<string, { readonly series: SeriesKey[]; rows: number }>();
    const failures: SeriesFailure[] = [];
    panel.series.forEach((key, s) => {
      if (holidaysOf(holidays, panel, s) !== undefined) return;
      const value = regionOf(by, panel, s);
      const found = unlisted.get(value) ?? { series: [], rows: 0 };
      found.series.push(key);
      found.rows += (panel.offsets[s + 1] as number) - (panel.offsets[s] as number);
      unlisted.set(value, found);
      failures.push({
        key,
        code,
        message: `The holidays "${name}" have no list for ${JSON.stringify(value)}, its "${by}".`,
      });
    });
    if (failures.length === 0) continue;
    const values = [...unlisted].map(([value, { series, rows }]) => ({
      value,
      rows,
      series: series.slice(0, 5).map(seriesName),
      count: series.length,
    }));
    throw withFailures(
      new TsopsError(
        code,
        `The holidays "${name}" have no list for ${listSome(
          values.map(
            ({ value, rows, series, count }) =>
              `${JSON.stringify(value)} (${rows} rows: ${series[0]}${count > 1 ? ` and ${count - 1} more` : ""})`,
          ),
        )}, values of "${by}".`,
        {
          hint: `There are lists for ${listSome(Object.keys(lists))}. Add the missing ones, give otherwise: { dates: [...] } for all others, or fit the other series with { failures: "collect" }.`,
          details: { holidays: name, column: by, count: values.length, values: values.slice(0, 20) },
        },
      ),
      failures,
    );
  }
}

/** The value of a static column or a key, as text. */
function regionOf(by: string, panel: Panel, s: number): string {
  const column = panel.static.find(({ name }) => name === by);
  if (column === undefined) return String(panel.series[s]?.[by]);
  const value = column.values[s] as number;
  return column.categories === undefined ? String(value) : (column.categories[value] as string);
}
