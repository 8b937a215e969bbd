import { throwIfAborted } from "../../abort.ts";
import { type JsonValue, readBinary, writeBinary } from "../../bytes.ts";
import { TsopsError } from "../../errors.ts";
import { importPeer } from "../../import-peer.ts";
import { checkOptions, shown } from "../../options.ts";
import { createRandom, type Random, type Seed } from "../../random.ts";
import type { FittedRegressor, Regressor } from "../regressor.ts";
import { checkFitInput, checkPredictInput, withoutZeroWeights } from "./check-input.ts";
import { type DenseEncoding, encodeDense, learnDenseEncoding } from "./dense-encoder.ts";

/** Settings of `randomForest`. */
export interface RandomForestOptions {
  /** Number of trees. Default 50. */
  readonly trees?: number;
  /** Share of the columns each tree sees, in (0, 1]. Default 1. */
  readonly columnFraction?: number;
  /** Rows drawn with replacement per tree, as a share of all, in (0, 1]. Default 1. */
  readonly rowFraction?: number;
  /** Nodes with at most this many rows become leaves. Default 3. */
  readonly minNodeRows?: number;
  /** Splits between root and leaf, at most. Default: no limit. */
  readonly maxDepth?: number;
  /** Default 0. */
  readonly seed?: Seed;
}

/** Averaged regression trees, unfitted. */
export interface RandomForestRegressor extends Regressor {
  readonly kind: "random-forest";
}

/** Trees in flat arrays; a child `>= 0` is a node, `< 0` the leaf `~child`. */
interface FlatTrees {
  readonly roots: Int32Array<ArrayBuffer>;
  readonly columns: Int32Array<ArrayBuffer>;
  /** Values below it go left. */
  readonly thresholds: Float64Array<ArrayBuffer>;
  readonly left: Int32Array<ArrayBuffer>;
  readonly right: Int32Array<ArrayBuffer>;
  readonly leafValues: Float64Array<ArrayBuffer>;
}

/** What is read of a node of ml-cart. */
interface CartNode {
  readonly left?: CartNode;
  readonly right?: CartNode;
  readonly splitColumn?: number;
  readonly splitValue?: number;
  readonly distribution?: number;
}

/** The part of ml-random-forest that is used. */
interface ForestLibrary {
  readonly RandomForestRegression: new (
    options: Record<string, unknown>,
  ) => {
    train(rows: number[][], y: number[]): void;
    readonly indexes: readonly (readonly number[])[];
    readonly estimators: readonly { readonly root: CartNode }[];
  };
}

/**
 * Random forest for regression: the mean of trees grown by `ml-random-forest` on rows drawn with replacement, in proportion to their weights.
 *
 * That library tries every threshold by going through all rows again, so its time grows with the square of the rows: with 6
 * columns a tree takes about 0.2 s on 1,000 rows and 3 s on 4,000. For more use `gbdt`, or `rowFraction`. Missing numbers
 * are replaced by the column's mean, and flagged in a column of their own where training rows had some; categories become
 * one column each. Infinite values are refused.
 *
 * Fitting needs the optional peer `ml-random-forest`; loading and predicting need nothing.
 * @throws TsopsError MODEL_PARAMETER_INVALID when an option is out of range; from `fit` also ADAPTER_MISSING_DEPENDENCY.
 */
export function randomForest(options: RandomForestOptions = {}): RandomForestRegressor {
  const settings = resolveOptions(options);
  return {
    kind: "random-forest",
    params: { ...settings },
    async fit(matrix, values, fitOptions = {}) {
      checkFitInput(matrix, values, fitOptions);
      const { x, y, weights } = withoutZeroWeights(matrix, values, fitOptions.weights);
      throwIfAborted(fitOptions.signal);
      const library = (await importPeer(
        "randomForest",
        "ml-random-forest",
        () => import("ml-random-forest"),
      )) as unknown as ForestLibrary;
      const encoding = learnDenseEncoding(x);
      const columns = encodeDense(encoding, x);
      const draw = rowSampler(y.length, weights);
      const random = createRandom(settings.seed);
      const trees: { root: CartNode; columns: readonly number[] }[] = [];
      for (let tree = 0; tree < settings.trees; tree++) {
        const rows = Array.from({ length: Math.max(1, Math.round(y.length * settings.rowFraction)) }, () =>
          draw(random),
        );
        const forest = new library.RandomForestRegression({
          nEstimators: 1,
          useSampleBagging: false,
          noOOB: true,
          // The library takes a number in (0, 1] as a share and rounds down; the half keeps it from losing a column.
          maxFeatures: Math.min(
            1,
            (columnCount(columns.length, settings.columnFraction) + 0.5) / columns.length,
          ),
          seed: random.integer(0x7fffffff),
          treeOptions: { minNumSamples: settings.minNodeRows, maxDepth: settings.maxDepth },
        });
        forest.train(
          rows.map((row) => columns.map((values) => values[row] as number)),
          rows.map((row) => y[row] as number),
        );
        trees.push({ root: forest.estimators[0]?.root as CartNode, columns: forest.indexes[0] ?? [] });
        fitOptions.progress?.({ task: "random-forest", done: tree + 1, total: settings.trees });
        await new Promise<void>((resume) => setImmediate(resume));
        throwIfAborted(fitOptions.signal);
      }
      return createModel(encoding, flatten(trees));
    },
    load(bytes) {
      const contents = readBinary(bytes, "random-forest", 1);
      const columns = contents.array("columns", "int32");
      return createModel(contents.header["encoding"] as unknown as DenseEncoding, {
        roots: contents.array("roots", "int32"),
        columns,
        thresholds: contents.array("thresholds", "float64", columns.length),
        left: contents.array("left", "int32", columns.length),
        right: contents.array("right", "int32", columns.length),
        leafValues: contents.array("leafValues", "float64"),
      });
    },
  };
}

function resolveOptions(options: RandomForestOptions): Required<RandomForestOptions> {
  checkOptions("MODEL_PARAMETER_INVALID", "randomForest()", options, {
    trees: true,
    columnFraction: true,
    rowFraction: true,
    minNodeRows: true,
    maxDepth: true,
    seed: true,
  });
  const check = (
    name: keyof RandomForestOptions,
    fallback: number,
    isValid: (value: number) => boolean,
  ): number => {
    const value = (options[name] as number | undefined) ?? fallback;
    if (typeof value !== "number" || !isValid(value))
      throw new TsopsError(
        "MODEL_PARAMETER_INVALID",
        `${name} of the random forest cannot be ${shown(value)}.`,
        { hint: `By default it is ${fallback}.` },
      );
    return value;
  };
  const isCount = (value: number): boolean => Number.isInteger(value) && value >= 1;
  const isShare = (value: number): boolean => value > 0 && value <= 1;
  return {
    trees: check("trees", 50, isCount),
    columnFraction: check("columnFraction", 1, isShare),
    rowFraction: check("rowFraction", 1, isShare),
    minNodeRows: check("minNodeRows", 3, isCount),
    maxDepth: check("maxDepth", Infinity, (value) => value === Infinity || isCount(value)),
    seed: options.seed ?? 0,
  };
}

function columnCount(columns: number, fraction: number): number {
  return Math.max(1, Math.round(columns * fraction));
}

/** Draws a row with a probability proportional to its weight. */
function rowSampler(rows: number, weights: Float64Array | undefined): (random: Random) => number {
  if (weights === undefined) return (random) => random.integer(rows);
  const cumulative = new Float64Array(rows);
  let total = 0;
  for (let row = 0; row < rows; row++) {
    total += weights[row] as number;
    cumulative[row] = total;
  }
  return (random) => {
    const target = random.uniform() * total;
    let low = 0;
    let high = rows - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((cumulative[middle] as number) > target) high = middle;
      else low = middle + 1;
    }
    return low;
  };
}

function flatten(trees: readonly { root: CartNode; columns: readonly number[] }[]): FlatTrees {
  const columns: number[] = [];
  const thresholds: number[] = [];
  const left: number[] = [];
  const right: number[] = [];
  const leafValues: number[] = [];
  const visit = (node: CartNode, names: readonly number[]): number => {
    if (node.left === undefined || node.right === undefined)
      return ~(leafValues.push(node.distribution ?? 0) - 1);
    const index = columns.push(names[node.splitColumn ?? 0] ?? 0) - 1;
    thresholds.push(node.splitValue ?? 0);
    left.push(0);
    right.push(0);
    left[index] = visit(node.left, names);
    right[index] = visit(node.right, names);
    return index;
  };
  const roots = trees.map((tree) => visit(tree.root, tree.columns));
  return {
    roots: Int32Array.from(roots),
    columns: Int32Array.from(columns),
    thresholds: Float64Array.from(thresholds),
    left: Int32Array.from(left),
    right: Int32Array.from(right),
    leafValues: Float64Array.from(leafValues),
  };
}

function createModel(encoding: DenseEncoding, trees: FlatTrees): FittedRegressor {
  return {
    kind: "random-forest",
    featureNames: encoding.columns.map(({ name }) => name),
    predict(x) {
      checkPredictInput(x, encoding.columns);
      return meanOfTrees(trees, encodeDense(encoding, x), x.rows);
    },
    save: () => writeBinary("random-forest", 1, { encoding: encoding as unknown as JsonValue }, { ...trees }),
  };
}

function meanOfTrees(trees: FlatTrees, columns: readonly Float64Array[], rows: number): Float64Array {
  const result = new Float64Array(rows);
  for (let row = 0; row < rows; row++) {
    let sum = 0;
    for (const root of trees.roots) {
      let node = root;
      while (node >= 0)
        node =
          columns[trees.columns[node]!]![row]! < trees.thresholds[node]!
            ? trees.left[node]!
            : trees.right[node]!;
      sum += trees.leafValues[~node]!;
    }
    result[row] = sum / trees.roots.length;
  }
  return result;
}
