import { TsopsError } from "../../errors.ts";
import type { SeriesKey } from "../../forecast/panel/panel.ts";
import { columnOfKind, groupByKey, refuseNulls, seriesName } from "../../forecast/panel/rows.ts";
import {
  bool,
  type ColumnType,
  float64,
  int64,
  nullable,
  timestamp,
  utf8,
} from "../../schema/column-type.ts";
import type { Columns } from "../../schema/columns.ts";
import { findColumn } from "../table-file/find-column.ts";
import type { FileTimes } from "../table-file/guess-axis.ts";
import type { Guesses } from "../table-file/guessed.ts";
import { keyType } from "../table-file/key-type.ts";
import { placeIn, withPlaces } from "../table-file/places.ts";
import type { FileColumn, NumberForm, TableFile } from "../table-file/table-files.ts";
import { tellOfNumbers } from "../table-file/tell-numbers.ts";
import { countingZone, type FileTimeStyle, styleOf, zoneOf } from "../table-file/time-style.ts";
import { timeText } from "../table-file/time-text.ts";
import { instantsOfWallClock } from "../table-file/wall-clock.ts";
import type { ComparedKind, InputFile, Roles } from "./choose-roles.ts";

/** The rows of a file. */
export interface Read {
  readonly path: string;
  /** Keys, time and the columns to compare. */
  readonly columns: Columns;
  readonly keys: readonly SeriesKey[];
  readonly times: FileTimes;
}

/** The rows of all files, and how their times are written. */
export interface ReadFiles {
  readonly read: readonly Read[];
  /** Of the first file. */
  readonly style: FileTimeStyle;
  /** Of the times. */
  readonly zone: string;
}

/** The times of a file before they are read. */
interface FileClock {
  readonly path: string;
  readonly column: FileColumn;
  readonly format: string | null;
  readonly style: FileTimeStyle;
}

/**
 * Reads keys, times and the columns to compare of all files.
 * @throws TsopsError VALUE_INVALID (lines listed), TIME_INVALID, PANEL_INVALID (keys or times that are missing), SCHEMA_MISMATCH, CONFIG_INVALID
 */
export async function readFiles(
  inputs: readonly InputFile[],
  roles: Roles,
  askedZone: string | undefined,
  guesses: Guesses,
  tell: (line: string) => void,
  signal: AbortSignal,
): Promise<ReadFiles> {
  const clocks = inputs.map(({ path, file }, i): FileClock => {
    const column = findColumn(path, file.columns, "--time", roles.time);
    const format = roles.timeFormats[i] ?? null;
    return { path, column, format, style: styleOf(column, format) };
  });
  refuseMixedTimes(clocks, askedZone !== undefined);
  const [first] = clocks as [FileClock];
  const zone = countingZone(
    zoneOf(first.column, first.style, askedZone, guesses),
    clocks.map(({ style }) => style),
  );
  const offsets = clocks.flatMap(({ path, column: { offset } }) =>
    offset === null ? [] : [{ path, offset }],
  );
  if (askedZone === undefined && new Set(offsets.map(({ offset }) => offset)).size > 1)
    tell(
      `the files have other offsets, ${offsets.map(({ path, offset }) => `${offset} in ${path}`).join(" and ")}, and are compared by instants: if they are of one clock that changes, say its zone, e.g. --zone Europe/Berlin`,
    );
  const types = typesOf(inputs, roles);
  const forms = numberForms(inputs, roles, guesses);
  const read: Read[] = [];
  for (const [i, input] of inputs.entries())
    read.push(
      await readFile(
        input,
        roles,
        { types, numberForms: forms },
        clocks[i] as FileClock,
        zone,
        askedZone !== undefined,
        signal,
      ),
    );
  return { read, style: first.style, zone };
}

/** @throws TsopsError CONFIG_INVALID (offsets in one file only), SCHEMA_MISMATCH (times in one, steps in the other) */
function refuseMixedTimes(clocks: readonly FileClock[], isZoneSaid: boolean): void {
  // Text that is no time for all of its rows has no style yet: reading it lists the rows.
  if (clocks.some(({ column, format }) => column.kind === "text" && format === null)) return;
  const [one] = clocks;
  const other = clocks.find(({ style }) => one !== undefined && kindOf(style) !== kindOf(one.style));
  if (one === undefined || other === undefined) return;
  const name = one.column.name;
  if (one.style === "steps" || other.style === "steps") {
    const [steps, times] = one.style === "steps" ? [one, other] : [other, one];
    throw new TsopsError(
      "SCHEMA_MISMATCH",
      `"${name}" holds times in ${times.path} and whole numbers that are none in ${steps.path}.`,
      {
        hint: "Give both files times of one kind; --time-format unix says that whole numbers are seconds since 1970.",
      },
    );
  }
  if (isZoneSaid) return;
  const [without, having] = one.style === "instant" ? [other, one] : [one, other];
  throw new TsopsError(
    "CONFIG_INVALID",
    `The times of ${having.path} have an offset and those of ${without.path} have none, so it is not known which instants the latter are.`,
    { hint: "Say their zone with --zone, e.g. --zone UTC or --zone Europe/Berlin." },
  );
}

function kindOf(style: FileTimeStyle): "steps" | "instant" | "clock" {
  return style === "steps" || style === "instant" ? style : "clock";
}

const typeOfKind: Readonly<Record<ComparedKind, () => ColumnType>> = { number: float64, bool, text: utf8 };

function typesOf(inputs: readonly InputFile[], { keys, columns }: Roles): Record<string, ColumnType> {
  return Object.fromEntries([
    ...keys.map((name) => {
      const found = inputs.map(({ path, file }) => keyType(findColumn(path, file.columns, "--key", name)));
      // 7 in one file and A7 in the other: both are names.
      const isSame = found.every((type) => type.kind === found[0]?.kind);
      return [name, isSame ? (found[0] as ColumnType) : nullable(utf8())] as const;
    }),
    ...columns.map(({ name, kind }) => [name, nullable(typeOfKind[kind]())] as const),
  ]);
}

/** How the numbers of columns are written that people wrote, as far as a file tells. */
function numberForms(
  inputs: readonly InputFile[],
  { columns }: Roles,
  guesses: Guesses,
): Readonly<Record<string, NumberForm>> {
  const forms: Record<string, NumberForm> = {};
  for (const { name } of columns.filter(({ kind }) => kind === "number"))
    for (const { file } of inputs) {
      const form = file.columns.find((column) => column.name === name)?.numberForm ?? null;
      if (form === null || form === "ambiguous" || name in forms) continue;
      forms[name] = form;
      tellOfNumbers(name, form, guesses);
    }
  return forms;
}

/** A file's own forms; where its values can be read in several ways, those of the other file. */
function formsIn(file: TableFile, forms: Readonly<Record<string, NumberForm>>): Record<string, NumberForm> {
  return Object.fromEntries(
    file.columns.flatMap(({ name, numberForm }) => {
      const form = numberForm === "ambiguous" ? forms[name] : numberForm;
      return name in forms && form ? [[name, form] as const] : [];
    }),
  );
}

async function readFile(
  { path, file }: InputFile,
  { time, keys }: Roles,
  reading: {
    readonly types: Readonly<Record<string, ColumnType>>;
    readonly numberForms: Readonly<Record<string, NumberForm>>;
  },
  { column, format, style }: FileClock,
  zone: string,
  isZoneSaid: boolean,
  signal: AbortSignal,
): Promise<Read> {
  const hasWallClock = style === "localTime" || style === "date";
  const placeOf = placeIn(file);
  const timeType = style === "steps" ? int64() : timestamp({ zone: hasWallClock ? "UTC" : zone });
  const found = await file.read(
    { ...reading.types, [time]: nullable(timeType) },
    {
      timeFormats: format === null ? {} : { [time]: format },
      numberForms: formsIn(file, reading.numberForms),
      signal,
    },
  );
  return withPlaces(placeOf, async () => {
    const { series, seriesOf } = groupByKey(found, keys);
    refuseNulls(
      columnOfKind(found, time, ["timestamp", "int64"], "time"),
      found.length,
      `The time column "${time}" of ${path}`,
    );
    const columns =
      hasWallClock && zone !== "UTC" ? instantsOfWallClock(found, time, keys, zone, placeOf) : found;
    const { values } = columnOfKind(columns, time, ["timestamp", "int64"], "time");
    return {
      path,
      columns,
      keys: series,
      times: {
        values,
        isSteps: style === "steps",
        isWallClock: hasWallClock && !isZoneSaid,
        seriesOf,
        seriesNames: series.map((key) => (keys.length === 0 ? path : `${seriesName(key)} of ${path}`)),
        // Days begin at midnight of the file's own offset.
        zone: isZoneSaid || column.offset === null ? zone : column.offset,
        text: (value) => timeText(value, style, zone),
        placeOf,
      },
    };
  });
}
