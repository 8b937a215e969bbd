import { TsopsError } from "../../errors.ts";
import { shown } from "../../options.ts";
import type { FeatureMatrix, FittedRegressor } from "../regressor.ts";
import { checkCode, checkPredictInput } from "../regressors/check-input.ts";
import { codeLookup } from "./bins.ts";
import type { Forest } from "./forest.ts";
import { type Link, predictionOf } from "./link.ts";
import { type PackedForest, packForest, scoreRow } from "./packed-forest.ts";
import { type ShapValues, shapValues } from "./shap.ts";

/** What a column contributed to a fitted gbdt. */
export interface FeatureImportance {
  readonly name: string;
  /** Decrease of the training loss summed over the column's splits. */
  readonly gain: number;
  /** Number of splits on the column. */
  readonly splits: number;
}

/** A tree from its root down. */
export type GbdtNode = GbdtLeaf | GbdtSplit;

/** Where a row ends. */
export interface GbdtLeaf {
  /** What the tree adds to the prediction. */
  readonly value: number;
  /** Training rows that ended here. */
  readonly rows: number;
}

/** A question to one column. */
export interface GbdtSplit {
  readonly column: string;
  /** Numeric columns: values up to it go left. */
  readonly threshold?: number;
  /** Categorical columns: codes that go left; all others, unseen ones included, go right. */
  readonly codes?: readonly number[];
  /** Where missing values go. */
  readonly missing: "left" | "right";
  /** Whether 0 counts as missing here: LightGBM has that. */
  readonly zeroIsMissing?: true;
  /** Decrease of the training loss. */
  readonly gain: number;
  readonly left: GbdtNode;
  readonly right: GbdtNode;
}

/** A fitted gradient boosting model. */
export interface GbdtModel extends FittedRegressor {
  readonly kind: "gbdt";
  readonly params: Readonly<Record<string, unknown>>;
  /** Names and kinds of the columns that `predict` takes, in order. */
  readonly columns: readonly { readonly name: string; readonly kind: "numeric" | "categorical" }[];
  /** Trees kept: fewer than asked for after early stopping, or when nothing was left to learn. */
  readonly treeCount: number;
  /** What the sum of leaves starts from; the prediction before the first tree, through the link. */
  readonly baseline: number;
  /** How the sum of baseline and leaves becomes the prediction. */
  readonly link: Link;
  /** Mean validation loss after 0, 1, 2, ... trees, also of those that early stopping dropped; empty without validation rows. */
  readonly validationLosses: readonly number[];
  /**
   * Predicts one row without building a matrix.
   * @param row - One value per column, in the order of `featureNames`; NaN is missing, categories are codes.
   * @throws TsopsError SCHEMA_MISMATCH when the row has another length, VALUE_INVALID when a category is no code.
   */
  predictRow(row: ArrayLike<number>): number;
  /**
   * How far each column moved each prediction (Shapley values by TreeSHAP).
   * @throws TsopsError SCHEMA_MISMATCH when the columns are not the fitted ones.
   */
  shap(x: FeatureMatrix): ShapValues;
  /** Importance per column, in the order of `featureNames`. */
  importance(): FeatureImportance[];
  /**
   * One tree, to be looked at. The prediction is the baseline plus the values of the leaves a row reaches, through the link.
   * @throws RangeError when there is no such tree.
   */
  tree(index: number): GbdtNode;
}

/** Everything a model consists of. */
export interface GbdtState {
  readonly params: Readonly<Record<string, unknown>>;
  readonly columns: readonly { readonly name: string; readonly kind: "numeric" | "categorical" }[];
  /** Known codes per column; undefined for numeric ones. */
  readonly codes: readonly (Int32Array | undefined)[];
  readonly baseline: number;
  readonly link: Link;
  readonly forest: Forest;
  readonly validationLosses: readonly number[];
}

/** Wraps the parts of a model. */
export function createGbdtModel(state: GbdtState, save: (state: GbdtState) => Uint8Array): GbdtModel {
  const { columns, forest, baseline, link } = state;
  const isPlain = link.kind === "identity";
  const predictionFor = predictionOf(link);
  const lookups = state.codes.map((codes) => (codes === undefined ? undefined : codeLookup(codes)));
  const buffer = new Float64Array(columns.length);
  let packed: PackedForest | null = null;
  const sourcesOf = (x: FeatureMatrix): Float64Array[] =>
    x.columns.map(({ values }, c) => {
      const lookup = lookups[c];
      return lookup === undefined ? values : values.map((code) => lookup(code));
    });
  return {
    kind: "gbdt",
    params: state.params,
    featureNames: columns.map(({ name }) => name),
    columns,
    treeCount: forest.roots.length,
    baseline,
    link,
    validationLosses: state.validationLosses,
    predict(x: FeatureMatrix) {
      checkPredictInput(x, columns);
      packed ??= packForest(forest);
      const scores = scoreRows(packed, sourcesOf(x), x.rows, baseline);
      return isPlain ? scores : scores.map(predictionFor);
    },
    predictRow(row) {
      if (typeof row !== "object" || row === null || row.length !== columns.length)
        throw new TsopsError(
          "SCHEMA_MISMATCH",
          typeof row === "object" && row !== null && row.length !== undefined
            ? `The row has ${row.length} values, the model was fitted on ${columns.length} columns.`
            : `A row is numbers in an array, got ${shown(row)}.`,
          { hint: "Give one number for each of featureNames, in their order." },
        );
      for (let c = 0; c < buffer.length; c++) {
        const lookup = lookups[c];
        const value = row[c]!;
        if (lookup !== undefined) checkCode(value, columns[c]!.name);
        buffer[c] = lookup === undefined ? value : lookup(value);
      }
      packed ??= packForest(forest);
      const score = baseline + scoreRow(packed, buffer);
      return isPlain ? score : predictionFor(score);
    },
    shap(x) {
      checkPredictInput(x, columns);
      return shapValues(forest, baseline, sourcesOf(x), x.rows);
    },
    importance() {
      const gain = new Float64Array(columns.length);
      const splits = new Float64Array(columns.length);
      forest.columns.forEach((column, node) => {
        gain[column]! += forest.gains[node]!;
        splits[column]!++;
      });
      return columns.map(({ name }, c) => ({ name, gain: gain[c]!, splits: splits[c]! }));
    },
    tree(index) {
      const root = forest.roots[index];
      if (root === undefined)
        throw new RangeError(`There is no tree ${index}; the model has ${forest.roots.length}.`);
      return describe(state, root);
    },
    save: () => save(state),
  };
}

function describe(state: GbdtState, child: number): GbdtNode {
  const { forest } = state;
  if (child < 0) return { value: forest.leafValues[~child]!, rows: forest.leafRows[~child]! };
  const column = forest.columns[child]!;
  const threshold = forest.thresholds[child]!;
  const common = {
    column: state.columns[column]!.name,
    gain: forest.gains[child]!,
    left: describe(state, forest.children[2 * child]!),
    right: describe(state, forest.children[2 * child + 1]!),
  };
  const codes = state.codes[column];
  if (codes === undefined) return numericSplit(common, threshold, forest.kinds[child]!);
  const goesLeft = (bin: number): boolean =>
    ((forest.categorySets[threshold + (bin >>> 5)]! >>> (bin & 31)) & 1) === 1;
  const listed = [...codes].filter((_, bin) => goesLeft(bin)).sort((a, b) => a - b);
  return { ...common, codes: listed, missing: goesLeft(codes.length) ? "left" : "right" };
}

function numericSplit(
  common: Pick<GbdtSplit, "column" | "gain" | "left" | "right">,
  threshold: number,
  kind: number,
): GbdtSplit {
  const missing = kind === 1 || kind === 4 ? "left" : "right";
  return { ...common, threshold, missing, ...(kind >= 3 ? { zeroIsMissing: true } : {}) };
}

function scoreRows(
  forest: PackedForest,
  sources: readonly Float64Array[],
  rows: number,
  baseline: number,
): Float64Array {
  const result = new Float64Array(rows);
  const buffer = new Float64Array(sources.length);
  for (let row = 0; row < rows; row++) {
    for (let c = 0; c < buffer.length; c++) buffer[c] = sources[c]![row]!;
    result[row] = baseline + scoreRow(forest, buffer);
  }
  return result;
}
