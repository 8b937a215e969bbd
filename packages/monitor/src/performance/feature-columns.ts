import { shown, TsopsError } from "@tsops/core";
import type { CarriedValue } from "./carried.ts";
import type { JoinedOutcomes } from "./join-outcomes.ts";

/** One feature of joined rows. */
export interface ReadColumn {
  readonly name: string;
  readonly kind: "numeric" | "categorical";
  readonly read: (row: number) => number;
}

/**
 * Reads a carried column as a feature: texts as codes, which are the same for all rows, and what is missing as NaN. `step` stands for the horizon step unless a column of that
 * name was carried.
 * @throws TsopsError MONITOR_INVALID when it was not carried
 */
export function featureColumn(joined: JoinedOutcomes, name: string): ReadColumn {
  const values = Object.hasOwn(joined.carried, name) ? joined.carried[name] : undefined;
  if (values === undefined) {
    if (name === "step") return { name, kind: "numeric", read: (row) => joined.step[row] as number };
    throw new TsopsError("MONITOR_INVALID", `The feature ${shown(name)} is not beside the joined rows.`, {
      hint: `Carry it: joinOutcomes(..., { carry: [${JSON.stringify(name)}] }). There are ${Object.keys(joined.carried).join(", ") || "none"}.`,
      details: { option: "features", feature: name },
    });
  }
  if (!values.some((value) => typeof value === "string"))
    return { name, kind: "numeric", read: (row) => numberOf(values[row]) };
  const codes = new Map<CarriedValue, number>();
  for (const value of values) if (value !== null && !codes.has(value)) codes.set(value, codes.size);
  return { name, kind: "categorical", read: (row) => codes.get(values[row] ?? null) ?? Number.NaN };
}

function numberOf(value: CarriedValue | undefined): number {
  return value === null || value === undefined ? Number.NaN : Number(value);
}
