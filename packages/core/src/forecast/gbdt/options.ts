import { TsopsError } from "../../errors.ts";
import { checkOptions, checkWord, numberHint, type OptionNames, shown } from "../../options.ts";
import type { Seed } from "../../random.ts";

/** How categorical columns are split. Defaults are LightGBM's. */
export interface CategoricalSplitOptions {
  /** Added to a category's hessian when categories are put in order; categories with fewer rows are never listed. Default 10. */
  readonly smoothing?: number;
  /** Extra L2 penalty of many-vs-rest splits and of the leaves they make. Default 10. */
  readonly l2?: number;
  /** Most categories a split may list. Default 32. */
  readonly maxListed?: number;
  /** Columns with at most this many categories are split one against the rest. Default 4. */
  readonly oneVsRestUpTo?: number;
  /** Fewest rows between two candidate splits of the ordered categories. Default 100. */
  readonly minGroupRows?: number;
}

/** When to stop adding trees. */
export interface EarlyStoppingOptions {
  /** Trees without an improvement of the validation loss after which fitting stops. Default 50. */
  readonly rounds?: number;
  /**
   * Without a validation set in `fit`, this share of the rows, the last ones, is held out. Default 0.1.
   * Rows that are not in time order need an explicit validation set.
   */
  readonly fraction?: number;
}

/** What a gbdt minimises. */
export type LossName = (typeof lossNames)[number];
const lossNames = ["squared", "absolute", "quantile", "huber", "poisson", "tweedie"] as const;

/** Settings of `gbdt`; the defaults are LightGBM's where it has them. */
export interface GbdtOptions {
  /**
   * `squared` predicts the mean, `absolute` the median, `quantile` the quantile `alpha`, `huber` a mean on which single far values have little
   * pull. `poisson` and `tweedie` predict the mean of targets of 0 or more, through a logarithm: effects multiply, predictions are positive.
   * Default `squared`.
   */
  readonly loss?: LossName;
  /** Level of the quantile loss, in (0, 1). Required for `loss: "quantile"`, refused otherwise. */
  readonly alpha?: number;
  /** Size of a residual beyond which Huber's loss is linear, in units of the target. Default 0.9; refused with other losses. */
  readonly delta?: number;
  /** Power of the mean that the variance grows with, in (1, 2), for `loss: "tweedie"`. Default 1.5; refused with other losses. */
  readonly power?: number;
  /** Number of trees, at most. Default 100. */
  readonly trees?: number;
  /** Factor on every leaf value. Default 0.1. */
  readonly learningRate?: number;
  /** Leaves per tree, at most. Trees grow leaf-wise: the leaf with the greatest gain is split next. Default 31. */
  readonly leaves?: number;
  /** Splits between root and leaf, at most. Default: no limit. */
  readonly maxDepth?: number;
  /** Fewest training rows in a leaf. Default 20. */
  readonly minLeafRows?: number;
  /** Least sum of hessians in a leaf: of weights, or of second derivatives for the losses `poisson` and `tweedie`. Default 0.001. */
  readonly minLeafHessian?: number;
  /** Least gain of a split. Default 0. */
  readonly minSplitGain?: number;
  /** L1 penalty on leaf values. Default 0. */
  readonly l1?: number;
  /** L2 penalty on leaf values. Default 0. */
  readonly l2?: number;
  /** Histogram bins per column besides the one for missing values, 2 to 255. Default 255. */
  readonly bins?: number;
  /** Share of the rows each tree is fitted on, drawn without replacement, in (0, 1]. Default 1. */
  readonly rowFraction?: number;
  /** Share of the columns each tree may split on, in (0, 1]. Default 1. */
  readonly columnFraction?: number;
  readonly categorical?: CategoricalSplitOptions;
  /**
   * Numeric columns by name that predictions may only rise or only fall with, all else equal (missing values apart). Holds exactly, for every loss.
   * Fits take longer.
   */
  readonly monotone?: Readonly<Record<string, "increasing" | "decreasing">>;
  /** On when given, or when `fit` is given a validation set; `false` turns it off. */
  readonly earlyStopping?: EarlyStoppingOptions | false;
  /** Decides which rows and columns are drawn. Default 0. */
  readonly seed?: Seed;
  /**
   * Threads that fit, 1 to 64: the calling one and worker threads beside it, which end with the fit. The model is the same, byte by byte, for any
   * number. Used from 20,000 rows on, where memory can be shared (Node, with WebAssembly). Default 1.
   */
  readonly threads?: number;
}

/** Options with every default filled in. */
export interface ResolvedGbdtOptions {
  readonly loss: LossName;
  /** 0.5 for the absolute loss, 0 where it has no meaning. */
  readonly alpha: number;
  /** 0 where it has no meaning. */
  readonly delta: number;
  /** 0 where it has no meaning. */
  readonly power: number;
  readonly trees: number;
  readonly learningRate: number;
  readonly leaves: number;
  readonly maxDepth: number;
  readonly minLeafRows: number;
  readonly minLeafHessian: number;
  readonly minSplitGain: number;
  readonly l1: number;
  readonly l2: number;
  readonly bins: number;
  readonly rowFraction: number;
  readonly columnFraction: number;
  readonly categorical: Required<CategoricalSplitOptions>;
  readonly monotone: Readonly<Record<string, "increasing" | "decreasing">>;
  readonly earlyStopping: Required<EarlyStoppingOptions> | false | undefined;
  readonly seed: Seed;
  readonly threads: number;
}

const gbdtOptionNames: OptionNames<GbdtOptions> = {
  loss: true,
  alpha: true,
  delta: true,
  power: true,
  trees: true,
  learningRate: true,
  leaves: true,
  maxDepth: true,
  minLeafRows: true,
  minLeafHessian: true,
  minSplitGain: true,
  l1: true,
  l2: true,
  bins: true,
  rowFraction: true,
  columnFraction: true,
  categorical: true,
  monotone: true,
  earlyStopping: true,
  seed: true,
  threads: true,
};

/** As LightGBM and scikit-learn name them. */
const otherLossNames: Readonly<Record<string, readonly string[]>> = {
  squared: ["l2", "mse", "rmse", "regression", "regression_l2", "mean_squared_error", "squared_error"],
  absolute: ["l1", "mae", "regression_l1", "mean_absolute_error", "absolute_error"],
};

/** @throws TsopsError MODEL_PARAMETER_INVALID naming the option that is unknown or out of range. */
export function resolveGbdtOptions(options: GbdtOptions): ResolvedGbdtOptions {
  checkOptions("MODEL_PARAMETER_INVALID", "gbdt()", options, gbdtOptionNames);
  const loss = options.loss ?? "squared";
  checkWord("MODEL_PARAMETER_INVALID", "The loss of gbdt()", loss, lossNames, otherLossNames);
  if (loss === "quantile" && options.alpha === undefined)
    throw invalid("The quantile loss needs a level.", "Pass alpha between 0 and 1, e.g. alpha: 0.9.");
  if (loss !== "quantile" && options.alpha !== undefined)
    throw invalid(
      `alpha is the level of the quantile loss; this gbdt has the loss "${loss}".`,
      'Leave it out, or give loss: "quantile".',
    );
  if (loss !== "huber" && options.delta !== undefined)
    throw invalid(
      `delta belongs to the loss "huber"; this gbdt has the loss "${loss}".`,
      'Leave it out, or give loss: "huber".',
    );
  if (loss !== "tweedie" && options.power !== undefined)
    throw invalid(
      `power belongs to the loss "tweedie"; this gbdt has the loss "${loss}".`,
      'Leave it out, or give loss: "tweedie".',
    );
  const { categorical, earlyStopping } = options;
  if (categorical !== undefined)
    checkOptions("MODEL_PARAMETER_INVALID", "categorical", categorical, {
      smoothing: true,
      l2: true,
      maxListed: true,
      oneVsRestUpTo: true,
      minGroupRows: true,
    });
  if (earlyStopping !== undefined && earlyStopping !== false)
    checkOptions("MODEL_PARAMETER_INVALID", "earlyStopping", earlyStopping, { rounds: true, fraction: true });
  const seed = options.seed ?? 0;
  if (typeof seed === "number" && !Number.isFinite(seed))
    throw invalid(`seed must be finite, got ${seed}.`, "Give a whole number or a text.");
  return {
    loss,
    alpha:
      loss === "absolute"
        ? 0.5
        : loss === "quantile"
          ? within("alpha", options.alpha, 0.5, OPEN_0, OPEN_1)
          : 0,
    delta: loss === "huber" ? within("delta", options.delta, 0.9, OPEN_0, Number.MAX_VALUE) : 0,
    power: loss === "tweedie" ? powerOf(options.power) : 0,
    trees: integer("trees", options.trees, 100, 1),
    learningRate: within("learningRate", options.learningRate, 0.1, OPEN_0, Number.MAX_VALUE),
    leaves: integer("leaves", options.leaves, 31, 2, 65536),
    maxDepth: integer("maxDepth", options.maxDepth, 0x7fffffff, 1),
    minLeafRows: integer("minLeafRows", options.minLeafRows, 20, 1),
    minLeafHessian: within("minLeafHessian", options.minLeafHessian, 1e-3, 0, Number.MAX_VALUE),
    minSplitGain: within("minSplitGain", options.minSplitGain, 0, 0, Number.MAX_VALUE),
    l1: within("l1", options.l1, 0, 0, Number.MAX_VALUE),
    l2: within("l2", options.l2, 0, 0, Number.MAX_VALUE),
    bins: integer("bins", options.bins, 255, 2, 255),
    rowFraction: within("rowFraction", options.rowFraction, 1, OPEN_0, 1),
    columnFraction: within("columnFraction", options.columnFraction, 1, OPEN_0, 1),
    categorical: {
      smoothing: within("categorical.smoothing", categorical?.smoothing, 10, 0, Number.MAX_VALUE),
      l2: within("categorical.l2", categorical?.l2, 10, 0, Number.MAX_VALUE),
      maxListed: integer("categorical.maxListed", categorical?.maxListed, 32, 1),
      oneVsRestUpTo: integer("categorical.oneVsRestUpTo", categorical?.oneVsRestUpTo, 4, 0),
      minGroupRows: integer("categorical.minGroupRows", categorical?.minGroupRows, 100, 1),
    },
    monotone: monotoneOf(options.monotone),
    earlyStopping:
      earlyStopping === undefined || earlyStopping === false
        ? earlyStopping
        : {
            rounds: integer("earlyStopping.rounds", earlyStopping.rounds, 50, 1),
            fraction: within("earlyStopping.fraction", earlyStopping.fraction, 0.1, OPEN_0, OPEN_1),
          },
    seed,
    threads: integer("threads", options.threads, 1, 1, 64),
  };
}

function powerOf(power = 1.5): number {
  if (!(power > 1 && power < 2))
    throw invalid(
      `power must be greater than 1 and less than 2, got ${shown(power)}.`,
      'Use loss: "poisson" for 1.',
    );
  return power;
}

function monotoneOf(monotone: GbdtOptions["monotone"] = {}): ResolvedGbdtOptions["monotone"] {
  if (typeof monotone !== "object" || monotone === null || Array.isArray(monotone))
    throw invalid(
      `monotone takes directions by the name of a column, got ${shown(monotone)}.`,
      'Write e.g. monotone: { price: "decreasing" }.',
    );
  for (const [name, direction] of Object.entries(monotone))
    if (direction !== "increasing" && direction !== "decreasing")
      throw invalid(
        `monotone is "increasing" or "decreasing", got ${shown(direction)} for "${name}".`,
        `Write monotone: { ${name}: "increasing" }, for example.`,
      );
  return { ...monotone };
}

const OPEN_0 = Number.MIN_VALUE;
const OPEN_1 = 1 - Number.EPSILON / 2;

function within(
  name: string,
  value: number | undefined,
  fallback: number,
  low: number,
  high: number,
): number {
  if (value === undefined) return fallback;
  if (!(typeof value === "number" && value >= low && value <= high))
    throw invalid(
      `${name} must be ${rangeWords(low, high)}, got ${shown(value)}.`,
      `By default it is ${fallback}.`,
    );
  return value;
}

function integer(
  name: string,
  value: number | undefined,
  fallback: number,
  low: number,
  high = 0x7fffffff,
): number {
  if (value === undefined) return fallback;
  if (!(Number.isInteger(value) && value >= low && value <= high))
    throw invalid(
      `${name} must be a whole number ${rangeWords(low, high)}, got ${shown(value)}.`,
      numberHint(value, { least: low, most: high, isWhole: true }, fallback),
    );
  return value;
}

function rangeWords(low: number, high: number): string {
  const above = low === OPEN_0 ? "greater than 0" : `at least ${low}`;
  if (high >= 0x7fffffff) return above;
  return `${above} and ${high === OPEN_1 ? "less than 1" : `at most ${high}`}`;
}

function invalid(message: string, hint: string): TsopsError {
  return new TsopsError("MODEL_PARAMETER_INVALID", message, { hint });
}
