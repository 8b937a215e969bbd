import { calendarFieldNames } from "./calendar-features.ts";
import { columnOf, type FeatureContext, invalid, type ReduceFeature } from "./feature.ts";
import type { MatchFeature } from "./options.ts";

/** A feature from the latest known values of rows that are alike, see `MatchFeature`. @throws TsopsError MODEL_PARAMETER_INVALID. */
export function matchFeature(
  { fields, count, within }: Required<MatchFeature>,
  context: FeatureContext,
  holidays: readonly string[],
): ReduceFeature {
  for (const field of fields)
    if (
      !(calendarFieldNames as readonly string[]).includes(field) &&
      !holidays.includes(field) &&
      !context.spec.knownFuture.includes(field)
    )
      throw invalid(
        `A match on "${field}" is not possible: it is neither a calendar field, the name of holidays nor a known-future column of the panel.`,
        `Calendar fields are ${calendarFieldNames.join(", ")}.`,
      );
  return {
    name: `match_${fields.join("_")}${count === 1 ? "" : `_${count}`}`,
    kind: "numeric",
    complete: context.strategy === "recursive" ? 1 : context.horizon,
    reach: within,
    bind(work, level) {
      const groups = groupRows(
        fields.map((field) => work.calendar.get(field) ?? columnOf(work, field)),
        work.w.length,
      );
      return (t, cutoff) => {
        const group = groups[t] as number;
        if (group < 0) return Number.NaN;
        let sum = 0;
        let found = 0;
        for (let i = cutoff; i >= 0 && i >= t - within && found < count; i--) {
          if (groups[i] !== group) continue;
          const value = work.w[i] as number;
          if (Number.isNaN(value)) continue;
          sum += value;
          found++;
        }
        return found === 0 ? Number.NaN : (sum / found - level.center) / level.scale;
      };
    },
  };
}

/** Numbers the rows by their combination of values; -1 where one is missing. */
function groupRows(columns: readonly Float64Array[], length: number): Int32Array {
  let groups = new Int32Array(length);
  for (const values of columns) {
    const seen = new Map<number, Map<number, number>>();
    const next = new Int32Array(length);
    let count = 0;
    for (let i = 0; i < length; i++) {
      const before = groups[i] as number;
      const value = values[i] as number;
      if (before < 0 || Number.isNaN(value)) {
        next[i] = -1;
        continue;
      }
      let inner = seen.get(before);
      if (inner === undefined) {
        inner = new Map();
        seen.set(before, inner);
      }
      let group = inner.get(value);
      if (group === undefined) {
        group = count++;
        inner.set(value, group);
      }
      next[i] = group;
    }
    groups = next;
  }
  return groups;
}
