import {
  type Columns,
  type ColumnType,
  countNulls,
  type FileColumn,
  type FileColumnKind,
  isValid,
  type NumberForm,
  type TableFile,
} from "@tsops/core";
import type { DuckSession } from "../engine/engine.ts";
import { quoteName } from "../engine/sql-text.ts";
import {
  countsByForm,
  instant,
  plainCountsOf,
  textKindsOf,
  timeByForm,
  timeForms,
  wholeNumbersOf,
} from "./kinds.ts";
import { known, trimmed } from "./known-text.ts";
import { type Decimal, numberText } from "./number-form.ts";
import { numberFormsOf } from "./number-forms.ts";
import { notNumbers, notTimes, unknownForm } from "./refusals.ts";

/** Where the rows are: in the table `input` of a session. */
interface LoadedFile {
  readonly path: string;
  /** The file has not a single byte, so there is no table. */
  readonly isEmpty: boolean;
  readonly place: "line" | "row";
  /** Number of the first row's. */
  readonly firstPlace: number;
  /** The names in the first line of text, as far as it is known. */
  readonly names: readonly string[];
  /** As it was said; null where the values have to tell. */
  readonly decimal: Decimal | null;
  readonly signal: AbortSignal | undefined;
  close(): Promise<void>;
}

/** Looks at all values of a loaded file. */
export async function lookAt(session: DuckSession, file: LoadedFile): Promise<TableFile> {
  const { signal, decimal } = file;
  const described = file.isEmpty ? [] : await columnTypesOf(session, signal);
  const texts = described.filter(({ type }) => type === "VARCHAR" || type.startsWith("ENUM"));
  const counts = file.isEmpty
    ? null
    : await session.columns(
        `SELECT ${["count(*)::BIGINT AS rows", ...described.map((column, i) => (texts.includes(column) ? plainCountsOf(column.name, i) : nativeCountsOf(column, i)))].join(", ")} FROM input`,
        { signal },
      );
  const countOf = (name: string): number => (counts === null ? 0 : Number(valuesOf(counts, name)[0] ?? 0));
  const rows = countOf("rows");
  const kinds = new Map<string, TextKinds>();
  for (const [i, column] of described.entries())
    if (texts.includes(column))
      kinds.set(
        column.name,
        await kindsOf(session, column.name, countOf(`c${i}_known`), countOf(`c${i}_numbers`), signal),
      );
  const forms = await numberFormsOf(
    session,
    Array.from(kinds, ([name, { known, numbers, count }]) => ({
      name,
      known,
      numbers,
      integers: count("integers"),
      likeNumbers: count("likeNumbers"),
    })),
    decimal,
    signal,
  );
  const names = file.names.map((name) => name.toLowerCase());
  const alike =
    names.length === described.length ? names.map((name) => names.filter((one) => one === name).length) : [];
  const columns = described.map((column, i): FileColumn => {
    const known = countOf(`c${i}_known`);
    const text = kinds.get(column.name);
    const numberForm = forms.get(column.name) ?? null;
    const kind = text === undefined ? nativeKind(column.type) : kindOfText(text, numberForm);
    const offsets = kind === "instant" ? (text?.count("offsets") ?? 0) : 0;
    const offset = offsets === 1 ? (text?.offset ?? null) : null;
    return {
      name: column.name,
      alike: alike[i] ?? 1,
      kind: known === 0 && rows > 0 ? "empty" : kind,
      missing: rows - (kind === "text" ? countOf(`c${i}_filled`) : known),
      distinct: countOf(`c${i}_distinct`),
      timeLike: text === undefined ? 0 : Math.max(text.count("instants"), text.count("locals")),
      numberLike:
        text === undefined
          ? kind === "number" || kind === "integer"
            ? known
            : 0
          : text.count("likeNumbers"),
      numberForm,
      isDate:
        kind === "localTime" && (text === undefined ? countOf(`c${i}_dates`) : text.count("dates")) === known,
      offset: offset === null ? null : wholeOffset(offset),
      offsets,
    };
  });
  const isText = (name: string) => texts.some((column) => column.name === name);
  return {
    rows,
    columns,
    place: file.place,
    firstPlace: file.firstPlace,
    async read(types, { timeFormats = {}, numberForms = {}, signal: stop = signal } = {}) {
      const asked = Object.entries(types).map(([name, type]) => ({
        name,
        type,
        timeFormat: timeFormats[name],
        numberForm: numberForms[name] ?? ownForm(name),
      }));
      const list = asked.map((column) => `${valueSql(column)} AS ${quoteName(column.name)}`);
      const read = await session
        .columns(`SELECT ${list.join(", ")} FROM input`, { types, signal: stop })
        .catch(async (cause: unknown) => {
          // A format of times that is none is told by its column.
          for (const column of asked) await refuseBad(column, stop);
          throw cause;
        });
      // A text that could not be read is null: there are then more of them than values that are missing.
      for (const column of asked)
        if (!isText(column.name) || nullsOf(read, column.name) > rows - knownOf(column.name))
          await refuseBad(column, stop);
      return read;
    },
    async timeFormatsOf(name) {
      return (await formsOf(name)).filter(({ share }) => share === 1).map(({ form }) => form);
    },
    async nearTimeFormatsOf(name) {
      return (await formsOf(name))
        .filter(({ share }) => share > 0.5)
        .sort((a, b) => b.share - a.share)
        .map(({ form }) => form);
    },
    async distinctRows(names) {
      if (rows === 0) return 0;
      const found = await session.columns(
        `SELECT count(*)::BIGINT AS n FROM (SELECT DISTINCT ${names.map(quoteName).join(", ")} FROM input)`,
        { signal },
      );
      return Number(valuesOf(found, "n")[0]);
    },
    async [Symbol.asyncDispose]() {
      await session.close();
      await file.close();
    },
  };

  function knownOf(name: string): number {
    return countOf(`c${described.findIndex((one) => one.name === name)}_known`);
  }

  /** The share of a column's known values that are times, by form. */
  async function formsOf(name: string): Promise<{ readonly form: string; readonly share: number }[]> {
    const column = described.find((one) => one.name === name);
    if (column === undefined || rows === 0) return [];
    const found = await session.columns(
      `SELECT count(${known(name)})::BIGINT AS known, ${countsByForm(name)} FROM input`,
      { signal },
    );
    const all = Number(valuesOf(found, "known")[0] ?? 0n);
    if (all === 0) return [];
    return timeForms.map((form, i) => ({ form, share: Number(valuesOf(found, `f${i}`)[0] ?? 0n) / all }));
  }

  function ownForm(name: string): NumberForm | null {
    const form = forms.get(name) ?? "ambiguous";
    if (form !== "ambiguous") return form;
    // What was said holds for what does not go with it, too: 1.5 is then no number.
    return decimal === "," ? { decimal, thousands: null, sign: null, example: { text: "", value: 0 } } : null;
  }

  /** The value of a column as SQL of the wanted type; null where it has none, or cannot be read as one. */
  function valueSql({ name, type, timeFormat: format, numberForm }: AskedColumn): string {
    const quoted = quoteName(name);
    const kind = columns.find((column) => column.name === name)?.kind;
    if (type.kind === "timestamp") {
      if (format !== undefined) return timeByForm(name, format);
      if (isText(name)) return kind === "instant" ? instant(name) : `TRY_CAST(${known(name)} AS TIMESTAMP)`;
      return kind === "localTime" ? `${quoted}::TIMESTAMP` : quoted;
    }
    if (type.kind === "utf8") return isText(name) ? trimmed(name) : `${quoted}::VARCHAR`;
    const target = { float64: "DOUBLE", int64: "BIGINT", bool: "BOOLEAN" }[type.kind];
    if (!isText(name)) return `TRY_CAST(${quoted} AS ${target})`;
    return `TRY_CAST(${type.kind === "bool" ? known(name) : numberText(name, numberForm)} AS ${target})`;
  }

  /** @throws TsopsError VALUE_INVALID listing the first lines with what they hold */
  async function refuseBad(column: AskedColumn, stop?: AbortSignal) {
    const { name, type, timeFormat: format, numberForm } = column;
    const value = isText(name) || format !== undefined ? known(name) : quoteName(name);
    if (type.kind === "utf8") return;
    const bad = `${value} IS NOT NULL AND ${valueSql(column)} IS NULL`;
    const query = `SELECT rowid::BIGINT AS place, ${quoteName(name)}::VARCHAR AS text, count(*) OVER ()::BIGINT AS bad FROM input WHERE ${bad} ORDER BY rowid LIMIT 20`;
    const found = await session.columns(query, { signal: stop }).catch((cause: unknown) => {
      throw format === undefined ? cause : unknownForm(format, cause);
    });
    if (found.length === 0) return;
    const count = Number(valuesOf(found, "bad")[0]);
    const values = {
      column: name,
      path: file.path,
      count,
      hasPlainOnes: count < (columns.find((one) => one.name === name)?.numberLike ?? 0),
      place: file.place,
      first: Array.from(valuesOf(found, "place"), (row, i) => ({
        at: Number(row) + file.firstPlace,
        text: textAt(found, "text", i) ?? "",
      })),
    };
    throw type.kind === "timestamp" ? notTimes(values, format) : notNumbers(values, numberForm, decimal);
  }
}

/** A column that is to be read, and how. */
interface AskedColumn {
  readonly name: string;
  readonly type: ColumnType;
  readonly timeFormat: string | undefined;
  readonly numberForm: NumberForm | null;
}

interface Described {
  readonly name: string;
  readonly type: string;
}

async function columnTypesOf(session: DuckSession, signal: AbortSignal | undefined): Promise<Described[]> {
  const found = await session.columns("SELECT column_name, column_type FROM (DESCRIBE input)", { signal });
  return Array.from({ length: found.length }, (_, i) => ({
    name: textAt(found, "column_name", i) ?? "",
    type: textAt(found, "column_type", i) ?? "",
  }));
}

function nativeCountsOf({ name, type }: Described, number: number): string {
  const quoted = quoteName(name);
  // Lists and structs are not counted; NaN is no known number.
  const isNumber = nativeKind(type) === "number";
  const value = isNumber ? `CASE WHEN isnan(${quoted}::DOUBLE) THEN NULL ELSE ${quoted} END` : quoted;
  const distinct = nativeKind(type) === "other" ? "0" : `count(DISTINCT ${quoted})`;
  const dates = type === "DATE" ? `count(${quoted})` : "0";
  return `count(${value})::BIGINT AS c${number}_known, ${distinct}::BIGINT AS c${number}_distinct, ${dates}::BIGINT AS c${number}_dates`;
}

/** What the texts of a column can be read as. */
interface TextKinds {
  readonly known: number;
  /** Rows that a cast takes for numbers. */
  readonly numbers: number;
  /** Rows of a kind; 0 for one that none can be. */
  count(what: string): number;
  readonly offset: string | null;
}

async function kindsOf(
  session: DuckSession,
  name: string,
  known: number,
  numbers: number,
  signal: AbortSignal | undefined,
): Promise<TextKinds> {
  // What all casts take for numbers is neither a truth value nor a time.
  const isPlain = numbers === known;
  const found = await session.columns(isPlain ? wholeNumbersOf(name) : textKindsOf(name), { signal });
  return {
    known,
    numbers,
    count: (what) => (isPlain && what === "likeNumbers" ? numbers : Number(valuesOf(found, what)[0] ?? 0n)),
    offset: textAt(found, "offset"),
  };
}

function kindOfText(
  { known, numbers, count }: TextKinds,
  form: NumberForm | "ambiguous" | null,
): FileColumnKind {
  if (count("integers") === known) return "integer";
  // 007 is a name.
  if (form === null && numbers === known) return count("padded") > 0 ? "text" : "number";
  if (form !== null && form !== "ambiguous" && count("likeNumbers") === known) return "number";
  if (count("bools") === known) return "bool";
  if (count("instants") === known) return "instant";
  return count("locals") === known ? "localTime" : "text";
}

function nativeKind(type: string): FileColumnKind {
  if (/^(U?TINYINT|U?SMALLINT|U?INTEGER|U?BIGINT)$/.test(type)) return "integer";
  if (/^(FLOAT|DOUBLE|DECIMAL|U?HUGEINT)/.test(type)) return "number";
  if (type === "BOOLEAN") return "bool";
  if (type === "TIMESTAMP WITH TIME ZONE") return "instant";
  return /^(DATE|TIMESTAMP(_S|_MS|_NS)?)$/.test(type) ? "localTime" : "other";
}

function valuesOf(columns: Columns, name: string): BigInt64Array {
  const column = columns.data[name];
  return column?.kind === "int64" ? column.values : new BigInt64Array(0);
}

function nullsOf({ data, length }: Columns, name: string): number {
  return countNulls(data[name]?.valid ?? null, length);
}

function textAt(columns: Columns | null, name: string, row = 0): string | null {
  const column = columns?.data[name];
  if (column?.kind !== "utf8" || !isValid(column.valid, row)) return null;
  return column.dictionary[column.codes[row] as number] ?? null;
}

/** `Z`, `+02` and `+0200` as `+00:00`, `+02:00`. */
function wholeOffset(text: string): string {
  if (text === "Z") return "+00:00";
  const digits = text.replace(/[^0-9]/g, "").padEnd(4, "0");
  return `${text[0]}${digits.slice(0, 2)}:${digits.slice(2)}`;
}
