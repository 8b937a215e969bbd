import { decimalsOf } from "./decimals.ts";
import { counted, findingOf, type QualityFinding, rowCounter } from "./finding.ts";
import type { NumberColumn } from "./number-series.ts";

/** A stretch of rounder values is no chance when it is rarer than this. */
const rare = 1e-9;

/** Values with fewer decimals than the reference has, in a stretch that is too long for chance. */
export function rounderValues({ name, parts, rules, write }: NumberColumn): QualityFinding | null {
  if (rules === null || rules.decimals === 0) return null;
  const { decimals, rounder } = rules;
  const fewer = (decimals ?? 10) - 1;
  // Of a column whose values are often round, only a long stretch says something; most zeros are round whatever the column is.
  const least = Math.max(24, Math.ceil(Math.log(rare) / Math.log(Math.min(Math.max(rounder, 1e-3), 0.999))));
  const found = rowCounter();
  let most = 0;
  for (const { series, values } of parts) {
    let [from, digits, run, last] = [0, 0, 0, Number.NaN];
    for (let i = 0; i <= values.length; i++) {
      const value = i < values.length ? (values[i] as number) : Number.POSITIVE_INFINITY;
      // A value that stays is one draw, not many.
      if (Number.isNaN(value) || value === 0 || value === last) continue;
      last = value;
      const own = Number.isFinite(value) ? decimalsOf(value) : 99;
      if (own <= fewer) {
        if (run === 0) from = i;
        run++;
        digits = Math.max(digits, own);
        continue;
      }
      if (run >= least) {
        for (let j = from; j < i; j++) if (!Number.isNaN(values[j])) found.addAt(series, j);
        most = Math.max(most, digits);
      }
      [run, digits] = [0, 0];
    }
  }
  if (found.count === 0) return null;
  const usual =
    decimals === null
      ? "more than 9 decimals are"
      : `${counted(decimals, "decimal")} ${decimals === 1 ? "is" : "are"}`;
  return findingOf(found, write, {
    check: "rounding",
    column: name,
    severity: "warning",
    reason: "small changes are lost, the level is not",
    sentence: `${name} has ${most === 0 ? "no decimals" : `${most} decimals at most`} in ${counted(found.count, "row")}; ${usual} usual.`,
    cause: "The source rounds, or a column of whole numbers lies in between.",
    hint: "Find where the digits are cut; learn the rules again if that is to stay.",
  });
}
