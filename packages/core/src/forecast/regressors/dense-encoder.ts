import { TsopsError } from "../../errors.ts";
import type { FeatureColumn, FeatureMatrix } from "../regressor.ts";

/** How one feature column becomes plain numbers. */
type ColumnEncoding =
  | { readonly kind: "numeric"; readonly mean: number; readonly flagsMissing: boolean }
  | { readonly kind: "categorical"; readonly codes: readonly number[] };

/**
 * Turns feature columns into dense finite numbers for models that know neither missing values nor categories. Plain data, so that it
 * can be saved as JSON.
 */
export interface DenseEncoding {
  readonly columns: readonly Pick<FeatureColumn, "name" | "kind">[];
  readonly encodings: readonly ColumnEncoding[];
}

/**
 * Learns an encoding: missing numbers become the column's mean, with a 0/1 column beside where training rows had some missing; categories
 * become one 0/1 column per code. Codes unseen in training, and missing ones, are 0 in all of them.
 */
export function learnDenseEncoding(x: FeatureMatrix): DenseEncoding {
  return {
    columns: x.columns.map(({ name, kind }) => ({ name, kind })),
    encodings: x.columns.map(({ kind, values }) => {
      if (kind === "categorical") {
        const codes = new Set(values.filter((value) => !Number.isNaN(value)));
        return { kind, codes: [...codes].sort((a, b) => a - b) };
      }
      let sum = 0;
      let present = 0;
      for (const value of values) {
        if (!Number.isFinite(value)) continue;
        sum += value;
        present++;
      }
      return { kind, mean: present === 0 ? 0 : sum / present, flagsMissing: present < values.length };
    }),
  };
}

/**
 * The encoded columns of a matrix that has the encoding's columns.
 * @throws TsopsError VALUE_INVALID when a number is infinite.
 */
export function encodeDense(encoding: DenseEncoding, x: FeatureMatrix): Float64Array[] {
  return encoding.encodings.flatMap((column, c) => {
    const { name, values } = x.columns[c] as FeatureColumn;
    if (column.kind === "categorical")
      return column.codes.map((code) => values.map((value) => (value === code ? 1 : 0)));
    const infinite = values.findIndex((value) => value === Infinity || value === -Infinity);
    if (infinite >= 0)
      throw new TsopsError("VALUE_INVALID", `Column "${name}" is ${values[infinite]} in row ${infinite}.`, {
        hint: "Clip or drop infinite values, or use a model on trees such as gbdt.",
        details: { rows: [infinite] },
      });
    const filled = values.map((value) => (Number.isNaN(value) ? column.mean : value));
    return column.flagsMissing ? [filled, values.map((value) => (Number.isNaN(value) ? 1 : 0))] : [filled];
  });
}
