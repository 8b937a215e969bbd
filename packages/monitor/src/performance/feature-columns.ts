import { TsopsError } from "@tsops/core";
import { named } from "../named.ts";
import type { CarriedValue } from "./carried.ts";
import type { JoinedOutcomes } from "./join-outcomes.ts";

/** One feature of joined rows. */
export interface ReadColumn {
  readonly name: string;
  readonly kind: "numeric" | "categorical";
  readonly read: (row: number) => number;
}

/**
 * Reads a carried column, or a column of the key, as a feature: texts as codes, which are the same for all rows, and what is missing as NaN. `step` stands for the horizon step unless a
 * column of that name was carried or is part of the key.
 * @throws TsopsError MONITOR_INVALID when it is neither
 */
export function featureColumn(joined: JoinedOutcomes, name: string): ReadColumn {
  const values = Object.hasOwn(joined.carried, name) ? joined.carried[name] : undefined;
  if (values === undefined) {
    if (joined.series.some((key) => Object.hasOwn(key, name)))
      return coded(
        name,
        joined.series.map((key) => key[name] ?? null),
        (row) => joined.seriesIndex[row] as number,
      );
    if (name === "step") return { name, kind: "numeric", read: (row) => joined.step[row] as number };
    const keys = joined.series.flatMap((key) => Object.keys(key));
    const known = [...new Set([...keys, ...Object.keys(joined.carried)])];
    throw new TsopsError("MONITOR_INVALID", `The feature ${named(name)} is not beside the joined rows.`, {
      hint: `Carry it: joinOutcomes(..., { carry: [${named(name)}] }). There are ${known.join(", ") || "none"}.`,
      details: { option: "features", feature: name },
    });
  }
  return coded(name, values, (row) => row);
}

/** Numbers as they are, texts as codes. @param at - Where the value of a row is. */
function coded(name: string, values: readonly CarriedValue[], at: (row: number) => number): ReadColumn {
  if (!values.some((value) => typeof value === "string"))
    return { name, kind: "numeric", read: (row) => numberOf(values[at(row)]) };
  const codes = new Map<CarriedValue, number>();
  for (const value of values) if (value !== null && !codes.has(value)) codes.set(value, codes.size);
  return { name, kind: "categorical", read: (row) => codes.get(values[at(row)] ?? null) ?? Number.NaN };
}

function numberOf(value: CarriedValue | undefined): number {
  return value === null || value === undefined ? Number.NaN : Number(value);
}
