// How fast instants, calendars and columns are. Run: npm run bench -- columns
import { writeFileSync } from "node:fs";
import { cpus } from "node:os";
import {
  bool,
  calendarFields,
  columnsFromRows,
  concatColumns,
  contentHash,
  float64,
  formatInstant,
  inferFrequency,
  int64,
  nullable,
  parseFrequency,
  takeColumns,
  timestamp,
  toMicros,
  toRows,
  utf8,
} from "@tsops/core";
import { fromArrow, toArrow } from "@tsops/core/arrow";
import { tableFromIPC, tableToIPC } from "apache-arrow";
import { Temporal } from "temporal-polyfill";

const repeats = 5;
const rows = 1_000_000;
const results: Record<string, { unit: string; minimum: number; median: number; maximum: number }> = {};

/** Runs `work` several times on `count` rows; the rates are in millions of rows per second. */
function measure<T>(name: string, work: () => T, count = rows): T {
  const rates: number[] = [];
  let result = work();
  for (let repeat = 0; repeat < repeats; repeat++) {
    const started = performance.now();
    result = work();
    rates.push(count / (performance.now() - started) / 1000);
  }
  rates.sort((a, b) => a - b);
  const round = (value: number | undefined): number => Number((value ?? 0).toPrecision(3));
  const median = round(rates[Math.floor(repeats / 2)]);
  results[name] = { unit: "M rows/s", minimum: round(rates[0]), median, maximum: round(rates.at(-1)) };
  process.stdout.write(`${name}: ${median} M rows/s\n`);
  return result;
}

function each<T>(items: ArrayLike<T>, work: (item: T) => unknown): unknown {
  let last: unknown;
  for (let i = 0; i < items.length; i++) last = work(items[i] as T);
  return last;
}

const times = parseFrequency("1h").range(toMicros("2011-01-01T00:00Z"), rows);
const zulu = Array.from(times, (micros) => formatInstant(micros));
const offset = Array.from(times, (micros) => formatInstant(micros, { zone: "-05:00" }));
const local = zulu.map((text) => text.slice(0, -1));
const berlin = { zone: "Europe/Berlin", disambiguation: "earlier" } as const;

measure("read text in UTC", () => each(zulu, (text) => toMicros(text)));
measure("read text with an offset", () => each(offset, (text) => toMicros(text)));
measure("read zone-less text in Europe/Berlin", () => each(local, (text) => toMicros(text, berlin)));
measure("peer: Date.parse in UTC", () => each(zulu, Date.parse));
const some = zulu.slice(0, 100_000);
measure(
  "peer: Temporal.Instant.from (temporal-polyfill)",
  () => each(some, Temporal.Instant.from),
  some.length,
);
measure("write text in UTC", () => each(times, (micros) => formatInstant(micros)));
measure("write text in Europe/Berlin", () => each(times, (micros) => formatInstant(micros, berlin)));
measure("calendar fields in UTC", () => calendarFields(times));
measure("calendar fields in Europe/Berlin", () => calendarFields(times, "Europe/Berlin"));
measure("local days in Europe/Berlin", () => parseFrequency("1d", berlin).indexesOf(times));
measure("infer a frequency", () => inferFrequency(times));

const types = {
  key: utf8(),
  at: timestamp(),
  x: float64(),
  gappy: nullable(float64()),
  count: int64(),
  flag: bool(),
};
const objects = zulu.map((at, i) => ({
  key: `series ${i % 100}`,
  at,
  x: i / 3,
  gappy: i % 7 === 0 ? null : i,
  count: i,
  flag: i % 2 === 0,
}));
const columns = measure("rows to columns, 6 columns", () => columnsFromRows(types, objects));
measure("columns to rows, 6 columns", () => toRows(columns));
measure("content hash, 6 columns", () => contentHash(columns));
const shuffled = Int32Array.from({ length: rows }, (_, i) => (i * 7919) % rows);
measure("take rows in random order, 6 columns", () => takeColumns(columns, shuffled));
measure("concatenate two tables, 6 columns", () => concatColumns([columns, columns]), 2 * rows);
const table = measure("to Arrow, 6 columns", () => toArrow(columns));
measure("from Arrow, 6 columns, one batch", () => fromArrow(table, types));
const bytes = tableToIPC(table);
measure("from Arrow IPC bytes, 6 columns", () => fromArrow(tableFromIPC(bytes), types));

writeFileSync(
  new URL("results.json", import.meta.url),
  `${JSON.stringify(
    {
      machine: `${cpus()[0]?.model}, ${cpus().length} cores`,
      node: process.version,
      repeats,
      rows,
      results,
    },
    null,
    2,
  )}\n`,
);
