import { counted, findingOf, plain, type QualityFinding, rowCounter, some } from "./finding.ts";
import type { NumberColumn } from "./number-series.ts";
import { blankOut, sentinelsOf } from "./sentinels.ts";
import { changesOf } from "./series.ts";

/** Numbers that stand for "no value". They are set to NaN, so that no other check reports them again. */
export function sentinelValues({ name, parts, rules, write }: NumberColumn): QualityFinding | null {
  const values = parts.map((part) => part.values);
  const list = sentinelsOf(values, rules?.central);
  if (list.length === 0) return null;
  const wanted = new Set(list);
  const found = rowCounter();
  for (const { series, values: own } of parts)
    for (let i = 0; i < own.length; i++) if (wanted.has(own[i] as number)) found.addAt(series, i);
  blankOut(values, list);
  const isKnown = rules !== null && list.every((value) => rules.sentinels.includes(value));
  return findingOf(found, write, {
    check: "sentinel",
    column: name,
    severity: isKnown ? "warning" : "error",
    reason: isKnown
      ? "the reference has the same, so whoever reads it may know"
      : "a mean or a model takes them for measurements",
    sentence: `${name} is ${some(list.map(plain))} in ${counted(found.count, "row")}, far from all other values.`,
    cause: "The source writes a number where it has no value.",
    hint: "Read them as nulls.",
  });
}

/** Negative values of a column that has none, which would be usual with the other sign. */
export function flippedSigns({ name, parts, rules, unit, write }: NumberColumn): QualityFinding | null {
  if (rules?.isNeverNegative !== true) return null;
  const found = rowCounter();
  const places: [Float64Array, number][] = [];
  let negative = 0;
  let least = 0;
  for (const { series, values, levels } of parts)
    for (let i = 0; i < values.length; i++) {
      const value = values[i] as number;
      if (!(value < 0)) continue;
      negative++;
      if (levels === null || -value > levels.usual[1]) continue;
      found.addAt(series, i);
      places.push([values, i]);
      if (value < least) least = value;
    }
  if (found.count < 3 || found.count < 0.8 * negative) return null;
  // Values about zero, as a sensor at rest gives them, are noise and no other sign.
  if (-least < 0.1 * Math.abs(rules.median)) return null;
  for (const [values, i] of places) values[i] = Number.NaN;
  return findingOf(found, write, {
    check: "sign",
    column: name,
    severity: "error",
    reason: "the reference has no negative value, and these add up the wrong way",
    sentence: `${name} is negative in ${counted(found.count, "row")}, down to ${plain(least)}${unit}; the reference never is, and with the other sign they would be usual.`,
    cause:
      "The source changed the sign: what flows in is counted as what flows out, or a difference is taken the other way.",
    hint: "Change their sign if so.",
  });
}

/** Values beyond what the tails of the reference, or of the rows themselves, lead to expect. They are set to NaN. */
export function unusualValues({ name, parts, rules, unit, write }: NumberColumn): QualityFinding | null {
  const [far, odd] = [rowCounter(), rowCounter()];
  let [lowest, highest] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  let bounds: readonly [number, number] | null = null;
  for (const { series, values, levels } of parts) {
    if (levels === null) continue;
    const { usual, possible } = levels;
    const inner = rules === null ? possible : usual;
    for (let i = 0; i < values.length; i++) {
      const value = values[i] as number;
      if (!(value < inner[0] || value > inner[1])) continue;
      const isFar = value < possible[0] || value > possible[1];
      const place = [series.rows[i] as number, series.times[i] as bigint, series.key] as const;
      if (isFar) far.add(...place);
      odd.add(...place);
      bounds ??= inner;
      if (value < lowest) lowest = value;
      if (value > highest) highest = value;
      values[i] = Number.NaN;
    }
  }
  if (bounds === null) return null;
  const isError = rules !== null && far.count > 0;
  const found = isError ? far : odd;
  const others = isError && odd.count > far.count ? `, and ${odd.count - far.count} nearer ones` : "";
  const span = lowest === highest ? plain(lowest) : `${plain(lowest)} to ${plain(highest)}`;
  return findingOf(found, write, {
    check: "range",
    column: name,
    severity: isError ? "error" : "warning",
    reason: isError
      ? "they lie twice as far out as the tails of the reference reach"
      : rules === null
        ? "they lie twice as far out as the tails of the other rows reach; there is no reference that says more"
        : "they lie beyond the tails of the reference, where one value in a million would",
    sentence: `${name} is ${span}${unit} in ${counted(odd.count, "row")}${isError && others !== "" ? ` (${far.count} of them far out)` : ""}; ${plain(bounds[0])} to ${plain(bounds[1])}${unit} is usual${odd.series.size > 1 ? " in the first series concerned" : ""}.`,
    cause: "A broken sensor, a mistyped or badly converted value; or something rare that did happen.",
    hint: "Look at the rows; set them to null if they are wrong, else learn the rules again with them or widen `usual` and `possible`.",
  });
}

/** Changes from one row to the next that are greater than those of the reference. */
export function unusualChanges({ name, parts, rules, unit, write }: NumberColumn): QualityFinding | null {
  if (rules === null) return null;
  const found = rowCounter();
  let [greatest, limit, returns] = [0, 0, 0];
  for (const { series, values, levels } of parts) {
    const most = levels?.maxStep ?? null;
    if (most === null) continue;
    const changes = changesOf(values, series.times);
    for (let i = 0; i < changes.length; i++) {
      const change = changes[i] as number;
      if (!(change > most)) continue;
      // The way back from a spike is the same event.
      const isBack = i > 0 && (changes[i - 1] as number) > most;
      if (isBack) {
        returns++;
        continue;
      }
      found.addAt(series, i + 1);
      if (change > greatest) [greatest, limit] = [change, most];
    }
  }
  if (found.count === 0) return null;
  return findingOf(found, write, {
    check: "rate",
    column: name,
    severity: "warning",
    reason: "each value alone is usual, only the change is not",
    sentence: `${name} changes by up to ${plain(greatest)}${unit} from one row to the next in ${counted(found.count, "row")}; ${plain(limit)}${unit} is the most that is usual.`,
    cause:
      returns >= found.count / 2
        ? "Single wrong values: a spike, a value of another series, a digit too many."
        : "A level that moved at once: a sensor that was exchanged or calibrated, rows missing in between, or a real event.",
    hint: "Look at the rows on both sides; raise `maxStep` in the rules if such changes are real.",
  });
}

/** Values that pile up at their greatest or least as they do not in the reference. */
export function saturatedValues(column: NumberColumn): readonly (QualityFinding | null)[] {
  return [saturatedAt(column, "greatest"), saturatedAt(column, "least")];
}

function saturatedAt(
  { name, parts, rules, unit, write }: NumberColumn,
  end: "greatest" | "least",
): QualityFinding | null {
  if (rules === null) return null;
  const sign = end === "greatest" ? 1 : -1;
  const usual = rules.atEnds[end === "greatest" ? 1 : 0];
  const found = rowCounter();
  let [total, value] = [0, Number.NaN];
  for (const { series, values } of parts) {
    let [top, count, visits, own, last] = [Number.NEGATIVE_INFINITY, 0, 0, 0, Number.NaN];
    for (const one of values) {
      if (Number.isNaN(one)) continue;
      own++;
      if (sign * one > top) [top, count, visits] = [sign * one, 0, 0];
      if (sign * one === top) {
        count++;
        if (one !== last) visits++;
      }
      last = one;
    }
    total += own;
    // One long visit is a value that stands still.
    if (
      visits < 3 ||
      count < 10 ||
      count < 0.02 * own ||
      count < 10 * usual * own ||
      !isPile(values, sign, top, count)
    )
      continue;
    value = sign * top;
    for (let i = 0; i < values.length; i++) if (values[i] === value) found.addAt(series, i);
  }
  if (found.count === 0) return null;
  return findingOf(found, write, {
    check: "saturation",
    column: name,
    severity: "warning",
    reason: "what lies beyond is not known",
    sentence: `${name} is at its ${end}, ${plain(value)}${unit}, in ${counted(found.count, "row")} of ${total}; in the reference ${plain(Number((100 * usual).toPrecision(2)))} % are.`,
    cause: "A sensor at the end of its scale, a limit in software, or a column too narrow for the number.",
    hint: "Take these rows as bounds and not as measurements, or as nulls.",
  });
}

/** Whether more values lie at the end than in the twentieth of the values next to it, by far: a column of few different values has no pile. */
function isPile(values: Float64Array, sign: number, top: number, count: number): boolean {
  const seen = new Map<number, number>();
  for (const value of values) {
    if (Number.isNaN(value) || sign * value === top) continue;
    const times = (seen.get(value) ?? 0) + 1;
    seen.set(value, times);
    if (2 * times > count) return false;
    if (seen.size > 5000) break;
  }
  return seen.size >= 20;
}
