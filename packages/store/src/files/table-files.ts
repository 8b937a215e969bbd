import { randomUUID } from "node:crypto";
import { open, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { type Columns, type TableFiles, type TimeStyle, TsopsError } from "@tsops/core";
import { asEngineError } from "../engine/duckdb-error.ts";
import { type DuckSession, openEngine } from "../engine/engine.ts";
import { quoteName, quotePath, quoteText } from "../engine/sql-text.ts";
import { delimiters, headOf } from "./head-line.ts";
import { lookAt } from "./open-file.ts";

/** Tables in CSV and Parquet files, read and written by the embedded DuckDB; what `tsops forecast` and `tsops drift` work with. */
export const tableFiles: TableFiles = {
  async open(path, { signal, decimal = null } = {}) {
    const format = formatOf(path, ["csv", "tsv", "csv.gz", "tsv.gz", "parquet"]);
    const found = await stat(path).catch(() => null);
    if (found === null || !found.isFile())
      throw new TsopsError(
        "STORE_NOT_FOUND",
        found === null ? `There is no file ${path}.` : `${path} is no file.`,
        {
          hint: "Check the path; it is taken from the working directory.",
        },
      );
    const engine = await openEngine();
    try {
      const session = await engine.session();
      const isEmpty = found.size === 0;
      const head = isEmpty || format === "parquet" ? null : await headOf(path);
      if (!isEmpty) await load(session, path, format, head, signal);
      return await lookAt(session, {
        path,
        isEmpty,
        names: head?.names ?? [],
        place: format === "parquet" ? "row" : "line",
        firstPlace: format === "parquet" ? 1 : 2 + (head?.before ?? 0),
        decimal,
        signal,
        close: () => engine.close(),
      });
    } catch (error) {
      await engine.close();
      throw error;
    }
  },

  async write(path, columns, { timeStyle = "instant", signal } = {}) {
    const format = formatOf(path, ["csv", "tsv", "parquet"]);
    const folder = dirname(path);
    const part = join(folder, `.${basename(path)}.${randomUUID()}.part`);
    await using engine = await openEngine();
    const options =
      format === "parquet"
        ? "FORMAT parquet"
        : `FORMAT csv, HEADER, DELIMITER '${format === "tsv" ? "\t" : ","}'`;
    try {
      await engine.use(async (session) => {
        await session.load("written", columns, { signal });
        const list = Object.keys(columns.types).map((name) => written(columns, name, timeStyle, format));
        await session.run(
          `COPY (SELECT ${list.join(", ")} FROM written) TO ${quoteText(part)} (${options})`,
          {
            signal,
          },
        );
      });
      await settle(part);
      await rename(part, path);
    } catch (error) {
      await rm(part, { force: true });
      if (error instanceof Error && !TsopsError.is(error) && error.message.includes("Cannot open file"))
        throw new TsopsError(
          "STORE_NOT_FOUND",
          `${path} cannot be written: there is no such folder, or it is closed to this user.`,
          {
            hint: "Make the folder first.",
            cause: error,
          },
        );
      throw TsopsError.is(error) ? error : asEngineError(error);
    }
  },
};

async function load(
  session: DuckSession,
  path: string,
  format: string,
  head: Awaited<ReturnType<typeof headOf>> | null,
  signal?: AbortSignal,
): Promise<void> {
  // Text as it stands, so that a key "007" stays one: what its values are is found by looking at all of them.
  const csv = (delimiter: string) =>
    `read_csv(${quotePath(path)}, header = true, all_varchar = true, null_padding = false${head?.before === 1 ? ", skip = 1" : ""}${delimiter})`;
  const said = head?.delimiter ?? null;
  const take = (source: string) =>
    session.run(`CREATE OR REPLACE TEMP TABLE input AS SELECT * FROM ${source}`, { signal });
  const create = async (source: string) => {
    try {
      await take(source);
    } catch (cause) {
      if (!TsopsError.is(cause, "QUERY_INVALID")) throw cause;
      const reason = cause.cause instanceof Error ? cause.cause.message : cause.message;
      throw unreadable(path, format, reason, await hasWideLetters(path));
    }
  };
  if (format === "parquet") return create(`read_parquet(${quotePath(path)})`);
  const isTaken =
    said !== null &&
    (await take(csv(`, delim = '${said.replace("'", "''")}'`)).then(
      () => true,
      (error: unknown) => {
        if (TsopsError.is(error, "QUERY_INVALID")) return false;
        throw error;
      },
    ));
  if (isTaken) return;
  await create(csv(""));
  const [only, ...others] = Object.keys(
    (await session.columns("SELECT * FROM input LIMIT 0", { signal })).types,
  );
  // Lines of different lengths are taken for lines of one field; with the delimiter named, it is told which line differs.
  const delimiter = others.length > 0 ? undefined : delimiters.find((one) => only?.includes(one));
  if (delimiter === undefined) return;
  const names = (only ?? "").split(delimiter).map((name) => `${quoteText(name)}: 'VARCHAR'`);
  await create(
    csv(`, delim = '${delimiter}', quote = '"', auto_detect = false, columns = {${names.join(", ")}}`),
  );
}

/** Whether a file begins as UTF-16 does. */
async function hasWideLetters(path: string): Promise<boolean> {
  const file = await open(path, "r");
  try {
    const { buffer } = await file.read(Buffer.alloc(2), 0, 2, 0);
    return buffer.equals(Buffer.of(0xff, 0xfe)) || buffer.equals(Buffer.of(0xfe, 0xff));
  } finally {
    await file.close();
  }
}

/** @param reason - DuckDB's, of several lines. */
function unreadable(path: string, format: string, reason: string, isWide: boolean): TsopsError {
  const line = Number(/^.*CSV Error on Line: (\d+)/.exec(reason)?.[1]);
  const fields = /^Expected Number of Columns: (\d+) Found: (\d+)/m.exec(reason);
  const details = { path, line };
  if (format !== "parquet" && line > 0 && fields !== null) {
    const [wanted, found] = [Number(fields[1]), Number(fields[2])];
    return new TsopsError(
      "SCHEMA_MISMATCH",
      `Line ${line} of ${path} has ${found} ${found === 1 ? "field" : "fields"}, and there are ${wanted} names in its first line.`,
      {
        hint: `Give each line ${wanted} ${wanted === 1 ? "field" : "fields"}; put one that has the delimiter in it (a decimal comma in a file with commas between fields) in double quotes.`,
        details: { ...details, fields: found, names: wanted },
      },
    );
  }
  if (format !== "parquet" && /^Invalid unicode/m.test(reason))
    return new TsopsError(
      "VALUE_INVALID",
      `${path} is not written in UTF-8${line > 0 ? `: line ${line} has other bytes` : ""}.`,
      {
        hint: `Save it as UTF-8, e.g. iconv -f ${isWide ? "UTF-16" : "WINDOWS-1252"} -t UTF-8 "${path}" > utf8.${format}; a file of Excel by "CSV UTF-8".`,
        details,
      },
    );
  const [first = ""] = reason.split("\n");
  return new TsopsError(
    "STORE_CORRUPT",
    `${path} cannot be read as ${format}: ${first.replace(/^[A-Za-z ]*Error: /, "")}`,
    {
      hint:
        format === "parquet"
          ? "Check that it is a whole Parquet file."
          : "Check that it has one line of names, a field for each of them in every line, and that quotes are closed.",
    },
  );
}

/** The format that a path's extension names. @throws TsopsError CONFIG_INVALID */
function formatOf(path: string, formats: readonly string[]): string {
  const name = basename(path).toLowerCase();
  const found = formats.find((format) => name.endsWith(`.${format}`));
  if (found !== undefined) return found.replace(".gz", "");
  throw new TsopsError("CONFIG_INVALID", `The extension of ${path} names no known format.`, {
    hint: `Formats are ${formats.map((format) => `.${format}`).join(", ")}.`,
    details: { path },
  });
}

function written({ types }: Columns, name: string, style: TimeStyle, format: string): string {
  const quoted = quoteName(name);
  if (types[name]?.kind !== "timestamp") return quoted;
  if (style === "date") return `timezone('UTC', ${quoted})::DATE AS ${quoted}`;
  if (style === "localTime") return `timezone('UTC', ${quoted}) AS ${quoted}`;
  if (format === "parquet") return quoted;
  // With T and Z, which everybody reads.
  const utc = `timezone('UTC', ${quoted})`;
  return `CASE WHEN epoch_us(${quoted}) % 1000000 = 0 THEN strftime(${utc}, '%Y-%m-%dT%H:%M:%SZ') ELSE strftime(${utc}, '%Y-%m-%dT%H:%M:%S.%fZ') END AS ${quoted}`;
}

/** Puts a file's bytes on the disk before its name is given to it. */
async function settle(path: string): Promise<void> {
  const file = await open(path, "r+");
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}
