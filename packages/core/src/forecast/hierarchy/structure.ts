import { TsopsError } from "../../errors.ts";
import { checkList, shown } from "../../options.ts";
import type { SeriesKey } from "../panel/panel.ts";
import { listSome } from "../panel/rows.ts";
import { seriesKeyText } from "../panel/series-key.ts";

/** What a key column holds in a series that is summed over all values of it. */
export const allValues = "*";

/** Which sums of the bottom series there are. */
export interface Structure {
  /** Number of bottom series. */
  readonly bottomCount: number;
  /** Keys of the sums, level by level, and then of the bottom series, all as text. */
  readonly series: readonly SeriesKey[];
  /** Sum j is over the bottom series `members[starts[j] .. starts[j + 1]]`, ascending. */
  readonly starts: Int32Array;
  readonly members: Int32Array;
}

/** Number of sums: the series above the bottom. */
export function sumCount(structure: Structure): number {
  return structure.starts.length - 1;
}

/** @throws TsopsError MODEL_PARAMETER_INVALID unless it is a list of lists of column names, no two of the same columns. */
export function checkHierarchyLevels(call: string, levels: unknown): void {
  const hint = 'Write levels: [[], ["region"]] for the total and the regions.';
  const invalid = (message: string) => new TsopsError("MODEL_PARAMETER_INVALID", message, { hint });
  checkList("MODEL_PARAMETER_INVALID", `The levels of ${call}`, levels as readonly unknown[]);
  if ((levels as readonly unknown[]).length === 0) throw invalid(`${call} has no levels to sum to.`);
  const seen = new Set<string>();
  for (const level of levels as readonly unknown[]) {
    if (!Array.isArray(level) || level.some((name) => typeof name !== "string"))
      throw invalid(`A level of ${call} is a list of key columns, got ${shown(level)}.`);
    if (new Set(level).size !== level.length)
      throw invalid(`The level ${shownLevel(level)} names a column twice.`);
    const text = JSON.stringify([...level].sort());
    if (seen.has(text)) throw invalid(`The level ${shownLevel(level)} is given twice.`);
    seen.add(text);
  }
}

function shownLevel(level: readonly string[]): string {
  return `[${level.map((name) => `"${name}"`).join(", ")}]`;
}

/**
 * The sums of bottom series at each of the levels. A level is a set of key columns: its series are the distinct values of these, summed over the
 * other columns; the empty one is the total.
 * @throws TsopsError MODEL_PARAMETER_INVALID (a level that is not above the bottom), COLUMN_NOT_FOUND, PANEL_INVALID (a key that is `"*"`).
 */
export function structureOf(
  keys: readonly string[],
  bottom: readonly SeriesKey[],
  levels: readonly (readonly string[])[],
): Structure {
  for (const level of levels) {
    const unknown = level.find((name) => !keys.includes(name));
    if (unknown !== undefined)
      throw new TsopsError(
        "COLUMN_NOT_FOUND",
        `The level ${shownLevel(level)} names "${unknown}", which is no key of the panel.`,
        {
          hint: `Its keys are ${keys.join(", ") || "none: a panel of one series has nothing to sum"}.`,
          details: { column: unknown },
        },
      );
    if (level.length === keys.length)
      throw new TsopsError(
        "MODEL_PARAMETER_INVALID",
        `The level ${shownLevel(level)} names all keys of the panel: that is the bottom, which is always there.`,
        { hint: "Leave it out, or name fewer columns; [] is the total." },
      );
  }
  const texts = bottom.map(textKey);
  refuseMarker(texts);
  const series: SeriesKey[] = [];
  const groups: number[][] = [];
  for (const level of levels) {
    const found = new Map<string, number[]>();
    texts.forEach((key, s) => {
      const own = Object.fromEntries(
        keys.map((name) => [name, level.includes(name) ? (key[name] as string) : allValues]),
      );
      const text = seriesKeyText(own);
      const members = found.get(text);
      if (members !== undefined) {
        members.push(s);
        return;
      }
      const first = [s];
      found.set(text, first);
      series.push(own);
      groups.push(first);
    });
  }
  const starts = new Int32Array(groups.length + 1);
  groups.forEach((members, j) => {
    starts[j + 1] = (starts[j] as number) + members.length;
  });
  return {
    bottomCount: bottom.length,
    series: [...series, ...texts],
    starts,
    members: Int32Array.from(groups.flat()),
  };
}

/** The bottom alone, for forecasts that are only summed. */
export function bottomOf(structure: Structure): Structure {
  return {
    bottomCount: structure.bottomCount,
    series: structure.series.slice(sumCount(structure)),
    starts: Int32Array.of(0),
    members: new Int32Array(0),
  };
}

function textKey(key: SeriesKey): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(key).map(([name, value]) => [name, String(value)]));
}

function refuseMarker(texts: readonly Readonly<Record<string, string>>[]): void {
  const marked = texts.filter((key) => Object.values(key).includes(allValues));
  if (marked.length === 0) return;
  throw new TsopsError(
    "PANEL_INVALID",
    `The key "${allValues}" stands for a sum over all values of its column, and ${marked.length} series have it as a value of their own: ${listSome(marked.map(seriesKeyText))}.`,
    { hint: "Leave out sums that the panel already has, or call these series otherwise." },
  );
}

/** Writes the sums of `values` (one per series, sums first) that its bottom part has. */
export function sumUp(structure: Structure, values: Float64Array): void {
  const sums = sumCount(structure);
  for (let j = 0; j < sums; j++) {
    let sum = 0;
    for (let i = structure.starts[j] as number; i < (structure.starts[j + 1] as number); i++)
      sum += values[sums + (structure.members[i] as number)] as number;
    values[j] = sum;
  }
}
