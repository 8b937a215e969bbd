import { throwIfAborted } from "../../abort.ts";
import { type JsonValue, readBinary, writeBinary } from "../../bytes.ts";
import { TsopsError } from "../../errors.ts";
import { checkMethods, checkOptions, shown } from "../../options.ts";
import type { FeatureMatrix, FittedRegressor, Regressor } from "../regressor.ts";
import { checkFitInput, checkPredictInput, withoutZeroWeights } from "./check-input.ts";
import { type DenseEncoding, encodeDense, learnDenseEncoding } from "./dense-encoder.ts";

/** One number per row, as most libraries answer, or a list of one. */
export type MlPredictions = ArrayLike<number> | ArrayLike<ArrayLike<number>>;

/** How to train, restore and ask a model of a library. */
export interface MlRegressorOptions<Model> {
  /** Names the library's model, e.g. `"cart"`: saved bytes have the kind `"ml:cart"`. */
  readonly name: string;
  /** What the model is trained with, recorded beside it. JSON. */
  readonly params?: Readonly<Record<string, unknown>>;
  /** Trains on rows of finite numbers. `weights` has one per row, or is undefined; see `usesWeights`. */
  readonly train: (rows: number[][], y: number[], weights: number[] | undefined) => Model | Promise<Model>;
  /** Whether `train` uses its weights. Default false: a fit with unequal weights is refused. */
  readonly usesWeights?: boolean;
  /** The model as JSON. Default: `model.toJSON()`. */
  readonly toJson?: (model: Model) => unknown;
  /** Restores a model from its JSON. */
  readonly load: (json: never) => Model;
  /** Default: `model.predict(rows)`. */
  readonly predict?: (model: Model, rows: number[][]) => MlPredictions;
}

/** A regressor of a library, unfitted. */
export interface MlRegressor extends Regressor {
  readonly kind: `ml:${string}`;
}

/**
 * Makes a regressor of a model that has the shape of those of ml.js: trained on rows of numbers, asked with `predict`, saved with `toJSON`, restored with a
 * static `load`. Any other library fits as well when the four are told.
 *
 * Missing numbers are replaced by the column's mean, and flagged in a column of their own where training rows had some; categories
 * become one column each. Infinite values are refused. What predicts is the model as it was restored from its own JSON, so a library that loses something
 * on the way shows it in a backtest and not after a deployment; JSON has no NaN and no infinities. The library must give the same model for the same data: hand it a seed.
 * @throws TsopsError MODEL_PARAMETER_INVALID when an option is wrong, or rows are weighed that the library cannot weigh; from `fit` and `predict` FIT_FAILED when the library
 * throws or predicts what is no finite number.
 * @example
 * import { DecisionTreeRegression } from "ml-cart";
 *
 * const tree = mlRegressor({
 *   name: "cart",
 *   train(rows, y) {
 *     const model = new DecisionTreeRegression({ maxDepth: 6 });
 *     model.train(rows, y);
 *     return model;
 *   },
 *   load: (json) => DecisionTreeRegression.load(json),
 * });
 * const forecaster = reduce(tree, { lags: [24, 168] });
 */
export function mlRegressor<Model>(options: MlRegressorOptions<Model>): MlRegressor {
  checkOptions("MODEL_PARAMETER_INVALID", "mlRegressor()", options, {
    name: true,
    params: true,
    train: true,
    usesWeights: true,
    toJson: true,
    load: true,
    predict: true,
  });
  checkMethods(
    "MODEL_PARAMETER_INVALID",
    "The model given to mlRegressor()",
    options,
    ["train", "load"],
    "Give train: (rows, y) => model, and load: (json) => model.",
  );
  const { name, params = {}, usesWeights = false } = options;
  if (typeof name !== "string" || name === "")
    throw new TsopsError("MODEL_PARAMETER_INVALID", `name must be a text, got ${shown(name)}.`, {
      hint: 'Saved models are told apart by it, e.g. "cart".',
    });
  const kind = `ml:${name}` as const;
  const restored = (encoding: DenseEncoding, json: string): FittedRegressor => {
    const model = attempt(kind, "restoring", () => options.load(JSON.parse(json) as never));
    return {
      kind,
      featureNames: encoding.columns.map((column) => column.name),
      predict(x) {
        checkPredictInput(x, encoding.columns);
        if (x.rows === 0) return new Float64Array(0);
        const rows = rowsOf(encoding, x);
        const answer = attempt(kind, "predicting", () =>
          options.predict === undefined
            ? (model as { predict(rows: number[][]): MlPredictions }).predict(rows)
            : options.predict(model, rows),
        );
        return numbersOf(kind, answer, x.rows);
      },
      save: () =>
        writeBinary(
          kind,
          1,
          { encoding: encoding as unknown as JsonValue },
          { model: new TextEncoder().encode(json) },
        ),
    };
  };
  return {
    kind,
    params,
    async fit(matrix, values, fitOptions = {}) {
      checkFitInput(matrix, values, fitOptions);
      const { x, y, weights } = withoutZeroWeights(matrix, values, fitOptions.weights);
      throwIfAborted(fitOptions.signal);
      if (!usesWeights && weights?.some((weight) => weight !== weights[0]))
        throw new TsopsError("MODEL_PARAMETER_INVALID", `The regressor "${kind}" cannot weigh rows.`, {
          hint: "Fit without weights, or use them in train and say usesWeights: true.",
        });
      const encoding = learnDenseEncoding(x);
      const rows = rowsOf(encoding, x);
      const json = await attemptLater(kind, "training", async () => {
        const model = await options.train(rows, Array.from(y), weights && Array.from(weights));
        // Objects with toJSON inside are written by it.
        return JSON.stringify(options.toJson === undefined ? model : options.toJson(model));
      });
      throwIfAborted(fitOptions.signal);
      return restored(encoding, json);
    },
    load(bytes) {
      const contents = readBinary(bytes, kind, 1);
      const json = new TextDecoder().decode(contents.array("model", "uint8"));
      return restored(contents.header["encoding"] as unknown as DenseEncoding, json);
    },
  };
}

function rowsOf(encoding: DenseEncoding, x: FeatureMatrix): number[][] {
  const columns = encodeDense(encoding, x);
  return Array.from({ length: x.rows }, (_, row) => columns.map((values) => values[row] as number));
}

function numbersOf(kind: string, answer: MlPredictions, rows: number): Float64Array {
  if (typeof answer !== "object" || answer === null || answer.length !== rows)
    throw new TsopsError(
      "FIT_FAILED",
      `The regressor "${kind}" answered ${rows} rows with ${shown(answer)}.`,
      { hint: "Give predict: (model, rows) => one number per row." },
    );
  const numbers = Float64Array.from({ length: rows }, (_, row) => {
    const one = answer[row] as number | ArrayLike<number>;
    return typeof one === "number" ? one : one.length === 1 ? (one[0] as number) : Number.NaN;
  });
  const wrong = numbers.findIndex((value) => !Number.isFinite(value));
  if (wrong >= 0)
    throw new TsopsError("FIT_FAILED", `The regressor "${kind}" predicts no finite number in row ${wrong}.`, {
      hint: "Give predict: (model, rows) => one number per row, and look at what the model was trained on.",
      details: { rows: [wrong] },
    });
  return numbers;
}

function attempt<T>(kind: string, doing: string, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    throw failed(kind, doing, cause);
  }
}

async function attemptLater<T>(kind: string, doing: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    throw failed(kind, doing, cause);
  }
}

function failed(kind: string, doing: string, cause: unknown): TsopsError {
  const said = cause instanceof Error ? cause.message : String(cause);
  return new TsopsError("FIT_FAILED", `The library of "${kind}" failed while ${doing}: ${said}`, {
    hint: "The cause is the library's own error.",
    cause,
  });
}
