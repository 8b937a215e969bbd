import { TsopsError } from "../../errors.ts";
import { panel } from "../../forecast/panel/build-panel.ts";
import type { Panel } from "../../forecast/panel/panel.ts";
import { columnOfKind, groupByKey, listSome, refuseNulls, seriesName } from "../../forecast/panel/rows.ts";
import {
  bool,
  type ColumnType,
  float64,
  int64,
  nullable,
  timestamp,
  utf8,
} from "../../schema/column-type.ts";
import type { Columns, TimestampColumn } from "../../schema/columns.ts";
import { parseFrequency } from "../../time/frequency.ts";
import { axisOf, type FileTimes, guessAxis } from "../table-file/guess-axis.ts";
import type { Guesses } from "../table-file/guessed.ts";
import { keyType } from "../table-file/key-type.ts";
import { placeIn, withPlaces } from "../table-file/places.ts";
import type { FileColumn, TableFile } from "../table-file/table-files.ts";
import { tellOfNumbers } from "../table-file/tell-numbers.ts";
import type { TimeAxis } from "../table-file/time-axis.ts";
import { countingZone, type FileTimeStyle, styleOf, zoneOf } from "../table-file/time-style.ts";
import { timeText } from "../table-file/time-text.ts";
import { instantsOfWallClock, zoneOfChanges } from "../table-file/wall-clock.ts";
import { type AggregatedRows, type Aggregation, aggregateRows } from "./aggregate-rows.ts";
import type { ChosenColumns } from "./choose-columns.ts";
import { guessSeasons } from "./guess-seasons.ts";
import { withoutUnknownEnd } from "./unknown-end.ts";

/** The history of a file as a panel. */
export interface History {
  /** Each series up to its last known target. */
  readonly panel: Panel;
  /** Rows without a target at the ends of series, which are left out, and the number of those series. */
  readonly unknownEnd: { readonly rows: number; readonly series: number };
  /** What was made of rows that share a step, and of how many; null where nothing was. */
  readonly aggregated: (Pick<AggregatedRows, "leftOut"> & { readonly rows: number }) | null;
  readonly axis: TimeAxis;
  readonly style: FileTimeStyle;
  /** Zone of the times. */
  readonly zone: string;
  readonly seasons: readonly number[];
  /** A zone whose clocks are put forward where hours are missing, if no zone was said: it is likely to be the file's. */
  readonly likelyZone: { readonly zone: string; readonly missing: string } | null;
  /** A time of the panel as the file has it. */
  textOf(time: bigint): string;
  /** Reads rows of the same columns from another file. */
  rowsOf(file: TableFile, names: readonly string[], signal: AbortSignal): Promise<Columns>;
}

/** What was said about times on the command line. */
export interface TimeOptions {
  readonly freq: string;
  readonly zone?: string;
  readonly season?: readonly number[];
}

/**
 * Reads the rows of a file, finds the grid of their times and makes a panel.
 * @param known - Columns that are known for the future.
 * @param aggregation - What is made of rows that share a step; null for what is on a grid.
 * @throws TsopsError VALUE_INVALID (lines listed), TIME_INVALID (clocks show a time twice or never), FREQUENCY_INVALID, PANEL_INVALID
 */
export async function readHistory(
  file: TableFile,
  chosen: ChosenColumns,
  known: readonly FileColumn[],
  options: TimeOptions,
  guesses: Guesses,
  signal: AbortSignal,
  aggregation: Aggregation | null = null,
): Promise<History> {
  const { time, timeFormat, target, keys } = chosen;
  const style = styleOf(time, timeFormat);
  const zone = countingZone(zoneOf(time, style, options.zone, guesses), [style]);
  const keyNames = keys.map(({ name }) => name);
  const hasWallClock = style === "localTime" || style === "date";
  const isWallClock = hasWallClock && options.zone === undefined;
  const types: Record<string, ColumnType> = {
    ...Object.fromEntries(keys.map((column) => [column.name, keyType(column)])),
    [time.name]:
      style === "steps" ? nullable(int64()) : nullable(timestamp({ zone: hasWallClock ? "UTC" : zone })),
    [target.name]: nullable(target.kind === "bool" ? bool() : float64()),
    ...Object.fromEntries(known.map((column) => [column.name, covariateType(column)])),
  };
  const formats = timeFormat === null ? {} : { [time.name]: timeFormat };
  const numbers = [target, ...known].flatMap(({ name, kind, numberForm }) =>
    numberForm === null || numberForm === "ambiguous" || (kind === "text" && name !== target.name)
      ? []
      : [[name, numberForm] as const],
  );
  for (const [name, form] of numbers) tellOfNumbers(name, form, guesses);
  const read = async (from: TableFile, names: readonly string[], stop: AbortSignal) => {
    const found = await from.read(
      Object.fromEntries(names.map((name) => [name, types[name] as ColumnType])),
      {
        timeFormats: formats,
        numberForms: Object.fromEntries(numbers),
        signal: stop,
      },
    );
    return hasWallClock && zone !== "UTC"
      ? instantsOfWallClock(found, time.name, keyNames, zone, placeIn(from))
      : found;
  };
  const given = await read(file, Object.keys(types), signal);
  const aggregated =
    aggregation === null || style === "steps"
      ? null
      : await withPlaces(placeIn(file), async () =>
          aggregateRows(given, { time: time.name, target: target.name, keys: keyNames }, aggregation, zone),
        );
  const columns = aggregated?.columns ?? given;
  const placeOf = (row: number) => placeIn(file)(aggregated?.firstRows[row] ?? row);
  return withPlaces(placeOf, async () => {
    const { series, seriesOf } = groupByKey(columns, keyNames);
    const column = columnOfKind(columns, time.name, ["timestamp", "int64"], "time");
    refuseNulls(column, columns.length, `The time column "${time.name}"`);
    const times: FileTimes = {
      values: column.values,
      isSteps: style === "steps",
      isWallClock,
      seriesOf,
      seriesNames: series.map(seriesName),
      zone,
      text: (value) => timeText(value, style, zone),
      placeOf,
      canAggregate: true,
    };
    const isGuessed = options.freq === "auto";
    const guess = isGuessed ? guessAxis(times) : axisOf(times, options.freq);
    const panelOn = (axis: TimeAxis): Panel => {
      try {
        return madeOn(axis);
      } catch (error) {
        // Steps that never follow each other at the frequency that was said.
        if (isGuessed || !TsopsError.is(error, "PANEL_INVALID") || typeof error.details["steps"] !== "number")
          throw error;
        throw new TsopsError(error.code, error.message, {
          hint: "Leave --freq out to have it guessed, or say the one that the times have.",
          details: error.details,
        });
      }
    };
    const madeOn = (axis: TimeAxis): Panel =>
      panel<Record<string, ColumnType>, string>(onGrid(columns, time.name, axis), {
        keys: keyNames,
        time: time.name,
        target: target.name,
        frequency: axis.frequency,
        zone: axis.zone,
        knownFuture: known.map(({ name }) => name),
      });
    let axis = guess.axis();
    let { panel: found, ...unknownEnd } = withoutUnknownEnd(panelOn(axis));
    const guessed = options.season === undefined ? guessSeasons(found, axis) : null;
    const seasons = guessed?.seasons ?? options.season ?? [];
    if (style === "steps") {
      // What a season of steps is like says what a step may stand for: calendar features need to be told.
      axis = guess.axis(frequencyOfSteps(seasons[0] ?? 1));
      found = withoutUnknownEnd(panelOn(axis)).panel;
    }
    if (isGuessed) guesses.add("frequency", axis.text, "the steps between the times", "--freq");
    if (guessed !== null)
      guesses.add(
        "season",
        seasons.length === 0 ? "none" : `${listSome(seasons.map(String))} steps`,
        guessed.because,
        "--season",
      );
    return {
      panel: found,
      unknownEnd,
      aggregated: aggregated === null ? null : { rows: given.length, leftOut: aggregated.leftOut },
      axis,
      style,
      zone,
      seasons,
      likelyZone: isWallClock && style === "localTime" ? likelyZone(found, axis) : null,
      textOf: (value) => timeText(axis.fromPanel(value), style, zone),
      async rowsOf(other, names, stop) {
        return withPlaces(placeIn(other), async () =>
          onGrid(await read(other, names, stop), time.name, axis),
        );
      },
    };
  });
}

/** Missing hours that clocks skip: one that is missing by accident is seldom one of them. */
function likelyZone({ gaps }: Panel, axis: TimeAxis): History["likelyZone"] {
  if (axis.scale.kind !== "fixed") return null;
  const grid = parseFrequency(axis.frequency, { zone: axis.zone });
  for (const { from, steps } of gaps) {
    // Clocks are put forward by an hour: 60 steps of a minute.
    if (steps > 60) continue;
    const missing = Array.from({ length: steps }, (_, i) =>
      axis.fromPanel(grid.instantAt(grid.indexOf(from) + i)),
    );
    const zone = zoneOfChanges(missing, "skipped");
    if (zone !== null) return { zone, missing: timeText(missing[0] as bigint, "localTime", "UTC") };
  }
  return null;
}

function covariateType({ kind, numberForm }: FileColumn): ColumnType {
  if (kind === "bool") return nullable(bool());
  // Numbers that can be read in several ways are refused with their lines, and not taken for words.
  if (numberForm === "ambiguous") return nullable(float64());
  return nullable(kind === "text" ? utf8() : float64());
}

/** The rows with times as a panel has them; those off the grid are kept off it, so that whoever reads them can say so. */
function onGrid(columns: Columns, time: string, axis: TimeAxis): Columns {
  const { values, valid } = columns.data[time] as TimestampColumn;
  const moved = BigInt64Array.from(values, (value) => axis.toPanel(value) ?? offGrid);
  return {
    length: columns.length,
    types: { ...columns.types, [time]: nullable(timestamp()) },
    data: { ...columns.data, [time]: { kind: "timestamp", values: moved, valid } },
  };
}

/** An instant of the year 1 that no file has. */
export const offGrid = -62_135_596_800_000_000n + 1n;

function frequencyOfSteps(season: number): string {
  const frequencies: Readonly<Record<number, string>> = {
    4: "3mo",
    7: "1d",
    12: "1mo",
    24: "1h",
    48: "30m",
    52: "1w",
    96: "15m",
  };
  // Neither a day nor a week is a whole number of these: no calendar, and no other season than was given.
  return frequencies[season] ?? "11h";
}
