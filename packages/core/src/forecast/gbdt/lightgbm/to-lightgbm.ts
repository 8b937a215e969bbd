import { TsopsError } from "../../../errors.ts";
import { checkMethods, shown } from "../../../options.ts";
import type { FittedRegressor } from "../../regressor.ts";
import { loadGbdt } from "../bytes.ts";
import type { Link } from "../link.ts";
import type { GbdtState } from "../model.ts";
import { categoricalBit, defaultLeftBit } from "./decisions.ts";

/** Objectives by the loss of a fit. */
const objectives: Readonly<Record<string, string>> = {
  squared: "regression",
  absolute: "regression_l1",
  quantile: "quantile",
  huber: "huber",
  poisson: "poisson",
  tweedie: "tweedie",
};

const linkObjectives: Readonly<Record<Link["kind"], (slope: number) => string>> = {
  identity: () => "regression",
  log: () => "poisson",
  sigmoid: (slope) => `binary sigmoid:${slope}`,
  softplus: () => "cross_entropy_lambda",
  square: () => "regression sqrt",
};

/**
 * Writes a fitted `gbdt` in LightGBM's text format (version 4): `lightgbm.Booster(model_file="model.txt")` predicts the same numbers. Columns are in the
 * order of `featureNames`; white space in their names becomes `_`. NaN is missing, categories are their codes.
 *
 * The baseline is added to the leaves of the first tree, as LightGBM itself does. LightGBM sends missing categories right; where a split
 * sends them left, its left side is written twice, behind a question for missing values, and SHAP values there differ. Hessians are
 * not kept: `leaf_weight` counts rows.
 * @throws TsopsError MODEL_PARAMETER_INVALID when given another regressor, or when two names are equal but for white space.
 * @example
 * await writeFile("model.txt", toLightgbm(model));
 */
export function toLightgbm(fitted: FittedRegressor): string {
  checkMethods(
    "MODEL_PARAMETER_INVALID",
    "The regressor given to toLightgbm()",
    fitted,
    ["predict", "save"],
    "Give what fit() of a gbdt resolved to.",
  );
  if (fitted.kind !== "gbdt")
    throw new TsopsError(
      "MODEL_PARAMETER_INVALID",
      `toLightgbm() writes regressors of kind gbdt, got ${shown(fitted.kind)}.`,
      { hint: "Give what fit() of a gbdt resolved to: await gbdt(...).fit(matrix, y)." },
    );
  const state = loadGbdt(fitted.save());
  const { roots } = state.forest;
  const trees =
    roots.length === 0 ? [constantTree(state)] : Array.from(roots, (_, tree) => writeTree(state, tree));
  const blocks = trees.map((tree, index) => `Tree=${index}\n${tree}\n\n`);
  const objective = objectiveOf(state);
  const header = [
    "tree",
    "version=v4",
    "num_class=1",
    "num_tree_per_iteration=1",
    "label_index=0",
    `max_feature_idx=${state.columns.length - 1}`,
    ...(objective === undefined ? [] : [`objective=${objective}`]),
    `feature_names=${namesOf(state).join(" ")}`,
    `feature_infos=${state.codes.map((codes) => (codes === undefined ? "[-inf:inf]" : codesInfo(codes))).join(" ")}`,
    `tree_sizes=${blocks.map((block) => block.length).join(" ")}`,
  ];
  const parameters = [
    "parameters:",
    "[boosting: gbdt]",
    `[objective: ${objective?.split(" ")[0] ?? "custom"}]`,
  ];
  return [
    `${header.join("\n")}\n\n`,
    ...blocks,
    "end of trees\n\n",
    `feature_importances:\n${importances(state)}\n`,
    `${parameters.join("\n")}\n\nend of parameters\n\n`,
    "pandas_categorical:null\n",
  ].join("");
}

function objectiveOf({ params, link }: GbdtState): string | undefined {
  const { loss, objective } = params;
  if (objective === "none") return undefined;
  if (typeof objective === "string") return objective;
  return objectives[loss as string] ?? linkObjectives[link.kind](link.slope);
}

/** Names without white space, which would end them. */
function namesOf({ columns }: GbdtState): string[] {
  const names = columns.map(({ name }) => name.replaceAll(/\s/g, "_"));
  const double = names.find((name, column) => name === "" || names.indexOf(name) !== column);
  if (double !== undefined)
    throw new TsopsError(
      "MODEL_PARAMETER_INVALID",
      double === ""
        ? "LightGBM's format has no columns without a name."
        : `Two columns would be named "${double}" in LightGBM's format, which has no white space in names.`,
      { hint: "Rename a column." },
    );
  return names;
}

function codesInfo(codes: Int32Array): string {
  return codes.length === 0 ? "none" : codes.toSorted().join(":");
}

function importances({ columns, forest }: GbdtState): string {
  const splits = columns.map(() => 0);
  for (const column of forest.columns) splits[column] = (splits[column] as number) + 1;
  return columns
    .map(({ name }, column) => ({ name: name.replaceAll(/\s/g, "_"), count: splits[column] as number }))
    .filter(({ count }) => count > 0)
    .sort((a, b) => b.count - a.count)
    .map(({ name, count }) => `${name}=${count}\n`)
    .join("");
}

function constantTree({ baseline }: GbdtState): string {
  return new TreeText().toText([baseline], [0]);
}

function writeTree(state: GbdtState, index: number): string {
  const text = new TreeText();
  const leafValues: number[] = [];
  const leafRows: number[] = [];
  const { forest } = state;
  const shift = index === 0 ? state.baseline : 0;
  /** Writes what is below and returns its number, rows and mean value. */
  const write = (child: number): { id: number; rows: number; value: number } => {
    if (child < 0) {
      const value = (forest.leafValues[~child] as number) + shift;
      const rows = forest.leafRows[~child] as number;
      leafValues.push(value);
      leafRows.push(rows);
      return { id: ~(leafValues.length - 1), rows, value };
    }
    const column = forest.columns[child] as number;
    const gain = forest.gains[child] as number;
    const codes = state.codes[column];
    const [left, right] = [forest.children[2 * child] as number, forest.children[2 * child + 1] as number];
    const threshold = forest.thresholds[child] as number;
    if (codes === undefined) {
      const node = text.open(column, gain, threshold, numericType(forest.kinds[child] as number));
      return text.close(node, write(left), write(right));
    }
    const goesLeft = (bin: number): boolean =>
      (((forest.categorySets[threshold + (bin >>> 5)] as number) >>> (bin & 31)) & 1) === 1;
    const listed = [...codes].filter((_, bin) => goesLeft(bin));
    const split = () => {
      const node = text.openSet(column, gain, listed);
      return text.close(node, write(left), write(right));
    };
    if (!goesLeft(codes.length)) return split();
    // Nothing is below the threshold: missing values go left, all codes right.
    const node = text.open(column, 0, Number.NEGATIVE_INFINITY, defaultLeftBit | nanIsMissing);
    return text.close(node, write(left), split());
  };
  write(forest.roots[index] as number);
  return text.toText(leafValues, leafRows);
}

const nanIsMissing = 2 << 2;
const zeroIsMissing = 1 << 2;

function numericType(kind: number): number {
  const left = kind === 1 || kind === 4 ? defaultLeftBit : 0;
  return left | (kind >= 3 ? zeroIsMissing : nanIsMissing);
}

interface Written {
  readonly id: number;
  readonly rows: number;
  readonly value: number;
}

/** The lines of one tree, node by node. */
class TreeText {
  readonly #columns: number[] = [];
  readonly #gains: number[] = [];
  readonly #thresholds: number[] = [];
  readonly #types: number[] = [];
  readonly #left: number[] = [];
  readonly #right: number[] = [];
  readonly #values: number[] = [];
  readonly #rows: number[] = [];
  readonly #setEnds = [0];
  readonly #setWords: number[] = [];

  /** Begins a node, before what is below it. */
  open(column: number, gain: number, threshold: number, type: number): number {
    this.#columns.push(column);
    this.#gains.push(gain);
    this.#types.push(type);
    return this.#thresholds.push(threshold) - 1;
  }

  openSet(column: number, gain: number, codes: readonly number[]): number {
    const words = new Uint32Array(codes.reduce((most, code) => Math.max(most, (code >>> 5) + 1), 1));
    for (const code of codes) words[code >>> 5] = (words[code >>> 5] as number) | (1 << (code & 31));
    for (const word of words) this.#setWords.push(word);
    this.#setEnds.push(this.#setWords.length);
    return this.open(column, gain, this.#setEnds.length - 2, categoricalBit);
  }

  close(node: number, left: Written, right: Written): Written {
    const rows = left.rows + right.rows;
    const value = rows === 0 ? left.value : (left.value * left.rows + right.value * right.rows) / rows;
    this.#left[node] = left.id;
    this.#right[node] = right.id;
    this.#values[node] = value;
    this.#rows[node] = rows;
    return { id: node, rows, value };
  }

  toText(leafValues: readonly number[], leafRows: readonly number[]): string {
    const sets = this.#setEnds.length - 1;
    const line = (name: string, values: readonly number[]): string =>
      `${name}=${values.map(numberText).join(" ")}\n`;
    return [
      line("num_leaves", [leafValues.length]),
      line("num_cat", [sets]),
      line("split_feature", this.#columns),
      line("split_gain", this.#gains),
      line("threshold", this.#thresholds),
      line("decision_type", this.#types),
      line("left_child", this.#left),
      line("right_child", this.#right),
      line("leaf_value", leafValues),
      line("leaf_weight", leafRows),
      line("leaf_count", leafRows),
      line("internal_value", this.#values),
      line("internal_weight", this.#rows),
      line("internal_count", this.#rows),
      ...(sets === 0 ? [] : [line("cat_boundaries", this.#setEnds), line("cat_threshold", this.#setWords)]),
      "is_linear=0\n",
      "shrinkage=1\n",
    ].join("");
  }
}

function numberText(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return "inf";
  return value === Number.NEGATIVE_INFINITY ? "-inf" : String(value);
}
