import { parseFrequency } from "@tsops/core";
import { counted, findingOf, type QualityFinding, rowCounter, some, type WriteInstant } from "./finding.ts";
import { keyValues } from "./key-values.ts";
import type { QualityRules } from "./rules.ts";
import { medianGap, type TimedRows } from "./series.ts";

/** A key without what people write differently: case, spaces, zeros in front, signs between. */
function squeezed(key: string): string {
  return key
    .toLowerCase()
    .normalize("NFKC")
    .replace(/(?<![0-9])[\s_\-/]+|[\s_\-/]+(?![0-9])/g, "")
    .replace(/(^|[^0-9])0+(?=[0-9])/g, "$1");
}

/** Series that are new, gone, or written in another way than in the reference. */
export function keyDifferences(
  series: readonly TimedRows[],
  keyTexts: readonly string[],
  rules: QualityRules,
  column: string,
  write: WriteInstant,
): (QualityFinding | null)[] {
  if (rules.series === null || rules.keys.length === 0 || keyTexts.length === 0) return [];
  const known = rules.series;
  const present = new Set(keyTexts);
  const fresh = new Map(
    keyTexts.flatMap((key, i) => (Object.hasOwn(known, key) ? [] : [[key, series[i] as TimedRows] as const])),
  );
  const gone = new Set(Object.keys(known).filter((key) => !present.has(key)));
  const matched = matches(fresh, new Set(Object.keys(known)));
  for (const before of matched.values()) gone.delete(before);
  const renamed = [...matched].map(([key, before]) => ({ key, before, rows: fresh.get(key) as TimedRows }));
  for (const { key } of renamed) fresh.delete(key);
  return [
    otherFormat(renamed, column, write),
    vanished([...gone].sort(), Object.keys(known).length, column),
    added([...fresh], keyTexts.length, column, write),
  ];
}

/** New keys with the one of the reference that is written alike. */
function matches(fresh: ReadonlyMap<string, TimedRows>, known: ReadonlySet<string>): Map<string, string> {
  const bySqueezed = new Map<string, string>();
  for (const key of known) bySqueezed.set(squeezed(key), key);
  const found = new Map<string, string>();
  for (const key of fresh.keys()) {
    const before = bySqueezed.get(squeezed(key));
    if (before !== undefined) found.set(key, before);
  }
  return found;
}

function otherFormat(
  renamed: readonly { readonly key: string; readonly before: string; readonly rows: TimedRows }[],
  column: string,
  write: WriteInstant,
): QualityFinding | null {
  if (renamed.length === 0) return null;
  const found = rowCounter();
  for (const { rows } of renamed) addFirst(found, rows);
  return findingOf(found, write, {
    check: "key_format",
    column,
    key: renamed.length === 1 ? (renamed[0]?.key ?? null) : null,
    count: renamed.length,
    severity: "error",
    reason: "the rows are taken for other series, and the known ones go without",
    sentence: `${counted(renamed.length, "key")} ${renamed.length === 1 ? "is" : "are"} written differently from the reference: ${some(renamed.map(({ key, before }) => `${key} for ${before}`))}.`,
    cause:
      "Another case, spaces, signs between or zeros in front: the keys went through another program, e.g. as numbers.",
    hint: "Write the keys as in the reference before they are stored.",
  });
}

function vanished(gone: readonly string[], known: number, column: string): QualityFinding | null {
  if (gone.length === 0) return null;
  const isMost = 2 * gone.length >= known;
  return {
    check: "vanished_key",
    column,
    key: gone.length === 1 ? keyValues(gone[0] as string) : null,
    severity: isMost ? "error" : "warning",
    reason: isMost ? "half of the series or more are gone" : "a series can end for good",
    count: gone.length,
    rows: [],
    from: null,
    to: null,
    sentence: `${gone.length} of ${known} series of the reference ${gone.length === 1 ? "has" : "have"} no row: ${some(gone)}.`,
    cause: "A source that failed or was filtered out, or series that have ended.",
    hint: "Ask the source; learn the rules again if they have ended.",
  };
}

function added(
  fresh: readonly (readonly [string, TimedRows])[],
  total: number,
  column: string,
  write: WriteInstant,
): QualityFinding | null {
  if (fresh.length === 0) return null;
  const found = rowCounter();
  for (const [, rows] of fresh) addFirst(found, rows);
  const isMost = 2 * fresh.length >= total;
  return findingOf(found, write, {
    check: "new_key",
    column,
    key: fresh.length === 1 ? (fresh[0]?.[0] as string) : null,
    count: fresh.length,
    severity: isMost ? "warning" : "info",
    reason: isMost
      ? "half of the series or more are new, so it may be other data"
      : "series come and go; models have not seen these",
    sentence: `${fresh.length} of ${total} series ${fresh.length === 1 ? "is" : "are"} not in the reference: ${some(fresh.map(([key]) => key))}.`,
    cause: "New series, or keys of another source.",
    hint: "Learn the rules again once they are known to be right.",
  });
}

function addFirst(found: ReturnType<typeof rowCounter>, { rows, times, key }: TimedRows): void {
  if (rows.length > 0) found.add(rows[0] as number, times[0] as bigint, key);
}

/** Several keys of the rows themselves that differ in case, or spaces around, only. */
export function twinKeys(
  series: readonly TimedRows[],
  column: string,
  write: WriteInstant,
): QualityFinding | null {
  const byText = new Map<string, TimedRows>();
  const found = rowCounter();
  const pairs: string[] = [];
  for (const one of series) {
    const text = trimmed(one.key);
    const twin = byText.get(text);
    if (twin === undefined) {
      byText.set(text, one);
      continue;
    }
    pairs.push(`${one.key} and ${twin.key}`);
    addFirst(found, one);
  }
  if (pairs.length === 0) return null;
  return findingOf(found, write, {
    check: "key_format",
    column,
    severity: "warning",
    reason: "one series may be counted as two; keys that differ in case only can be meant",
    sentence: `${counted(pairs.length, "key")} ${pairs.length === 1 ? "differs" : "differ"} from another in case or spaces only: ${some(pairs, 3)}.`,
    cause: "Keys that are typed by hand, or come from two sources.",
    hint: "Trim the keys and choose one case before they are stored.",
  });
}

/** A key text in one case, without spaces around its texts. */
function trimmed(key: string): string {
  return key.toLowerCase().replace(/"\s+/g, '"').replace(/\s+"/g, '"');
}

/** Series that end while most others go on. */
export function stoppedKeys(
  series: readonly TimedRows[],
  column: string,
  frequency: { readonly text: string; readonly zone: string } | null,
  write: WriteInstant,
): QualityFinding | null {
  const filled = series.filter(({ rows }) => rows.length > 1);
  if (filled.length < 3) return null;
  const end = filled.reduce((latest, { times }) => {
    const last = times.at(-1) as bigint;
    return last > latest ? last : latest;
  }, filled[0]?.times.at(-1) as bigint);
  const step =
    frequency === null
      ? null
      : Number(end - parseFrequency(frequency.text, { zone: frequency.zone }).add(end, -1));
  const stopped = filled.filter(
    ({ times }) => Number(end - (times.at(-1) as bigint)) > usualBreak(times, step),
  );
  // When many end at times of their own, ending is what they do.
  if (stopped.length === 0 || stopped.length > 0.3 * filled.length) return null;
  const found = rowCounter();
  for (const { rows, times, key } of stopped) found.add(rows.at(-1) as number, times.at(-1) as bigint, key);
  return findingOf(found, write, {
    check: "stopped_key",
    column,
    count: stopped.length,
    severity: "warning",
    reason: "the other series go on",
    sentence: `${stopped.length} of ${series.length} series end${stopped.length === 1 ? "s" : ""} before the others, which go on to ${write(end)}: ${some(
      stopped.map(({ key, times }) => `${key} at ${write(times.at(-1) as bigint)}`),
      3,
    )}.`,
    cause: "One sensor, shop or feed failed; or it was closed.",
    hint: "Ask its source; leave it out of forecasts if it has ended.",
  });
}

/** The longest time without a row that is nothing special: three steps, or twice the longest break of the series. */
function usualBreak(times: BigInt64Array, step: number | null): number {
  let longest = 0;
  for (let i = 1; i < times.length; i++)
    longest = Math.max(longest, Number((times[i] as bigint) - (times[i - 1] as bigint)));
  return Math.max(3 * (step ?? medianGap(times)), 2 * longest);
}
