import { randomUUID } from "node:crypto";
import { open, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { type Columns, type TableFiles, type TimeStyle, TsopsError } from "@tsops/core";
import { asEngineError } from "../engine/duckdb-error.ts";
import { type DuckSession, openEngine } from "../engine/engine.ts";
import { quoteName, quotePath, quoteText } from "../engine/sql-text.ts";
import { lookAt } from "./open-file.ts";

/** Tables in CSV and Parquet files, read and written by the embedded DuckDB; what `tsops forecast` works with. */
export const tableFiles: TableFiles = {
  async open(path, { signal } = {}) {
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
      if (!isEmpty) await load(session, path, format, signal);
      return await lookAt(session, {
        path,
        isEmpty,
        place: format === "parquet" ? "row" : "line",
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

async function load(session: DuckSession, path: string, format: string, signal?: AbortSignal): Promise<void> {
  // Text as it stands, so that a key "007" stays one: what its values are is found by looking at all of them.
  const csv = (delimiter: string) =>
    `read_csv(${quotePath(path)}, header = true, all_varchar = true, null_padding = false${delimiter})`;
  const create = async (source: string) => {
    try {
      await session.run(`CREATE OR REPLACE TEMP TABLE input AS SELECT * FROM ${source}`, { signal });
    } catch (cause) {
      if (!TsopsError.is(cause, "QUERY_INVALID")) throw cause;
      throw unreadable(path, format, cause.cause instanceof Error ? cause.cause.message : cause.message);
    }
  };
  if (format === "parquet") return create(`read_parquet(${quotePath(path)})`);
  await create(csv(""));
  const [only, ...others] = Object.keys(
    (await session.columns("SELECT * FROM input LIMIT 0", { signal })).types,
  );
  // Lines of different lengths are taken for lines of one field; with the delimiter named, it is told which line differs.
  const delimiter = others.length > 0 ? undefined : [",", ";", "\t", "|"].find((one) => only?.includes(one));
  if (delimiter === undefined) return;
  const names = (only ?? "").split(delimiter).map((name) => `${quoteText(name)}: 'VARCHAR'`);
  await create(
    csv(`, delim = '${delimiter}', quote = '"', auto_detect = false, columns = {${names.join(", ")}}`),
  );
}

/** @param reason - DuckDB's, of several lines. */
function unreadable(path: string, format: string, reason: string): TsopsError {
  const lines = reason.split("\n");
  const told = [lines[0], lines.find((line) => /^(Expected Number|Invalid unicode)/.test(line))]
    .filter(Boolean)
    .join("; ");
  return new TsopsError(
    "STORE_CORRUPT",
    `${path} cannot be read as ${format}: ${told.replace(/^[A-Za-z ]*Error: /, "")}`,
    {
      hint:
        format === "parquet"
          ? "Check that it is a whole Parquet file."
          : "Check that it is UTF-8, has one line of names, and that each line has as many fields as that.",
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
