import { type FeatureMatrix, type GateLoss, shown, TsopsError } from "@tsops/core";
import type { CarriedValue } from "../performance/carried.ts";
import type { JoinedOutcomes } from "../performance/join-outcomes.ts";
import { pickRows, type RowChoice } from "../performance/pick-rows.ts";
import { lossReader } from "../performance/row-losses.ts";

/** The features of some rows and how large their losses were, in order of time. */
export interface LossRows {
  readonly x: FeatureMatrix;
  /** One loss per row. */
  readonly loss: Float64Array;
}

/**
 * Reads features and losses of two stretches of served rows, texts as the same codes in both. `step` stands for the horizon step unless a
 * column of that name was carried.
 * @throws TsopsError MONITOR_INVALID when a feature was not carried
 */
export function lossRows(
  joined: JoinedOutcomes,
  features: readonly string[],
  stretches: readonly RowChoice[],
  loss: GateLoss,
): LossRows[] {
  const lossOf = lossReader(joined, loss);
  const columns = features.map((name) => columnOf(joined, name));
  return stretches.map((stretch) => {
    const rows = pickRows(joined, stretch).filter((row) => !Number.isNaN(lossOf(row)));
    const times = Float64Array.from(joined.time, Number);
    rows.sort((a, b) => (times[a] as number) - (times[b] as number));
    return {
      loss: Float64Array.from(rows, lossOf),
      x: {
        rows: rows.length,
        columns: columns.map(({ name, kind, read }) => ({
          name,
          kind,
          values: Float64Array.from(rows, read),
        })),
      },
    };
  });
}

interface ReadColumn {
  readonly name: string;
  readonly kind: "numeric" | "categorical";
  readonly read: (row: number) => number;
}

function columnOf(joined: JoinedOutcomes, name: string): ReadColumn {
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
