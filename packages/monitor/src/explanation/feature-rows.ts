import type { FeatureMatrix, GateLoss } from "@tsops/core";
import { featureColumn } from "../performance/feature-columns.ts";
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
  const columns = features.map((name) => featureColumn(joined, name));
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
