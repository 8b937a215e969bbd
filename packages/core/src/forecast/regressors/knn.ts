import { throwIfAborted } from "../../abort.ts";
import { type JsonValue, readBinary, writeBinary } from "../../bytes.ts";
import { TsopsError } from "../../errors.ts";
import { checkOptions, checkWord, numberHint, shown } from "../../options.ts";
import type { FeatureColumn, FeatureMatrix, FittedRegressor, Regressor } from "../regressor.ts";
import { checkFitInput, checkPredictInput, withoutZeroWeights } from "./check-input.ts";
import { type DenseEncoding, encodeDense, learnDenseEncoding } from "./dense-encoder.ts";
import { nearestRows } from "./nearest-rows.ts";

/** Settings of `knn`. */
export interface KnnOptions {
  /** Rows that a prediction is the mean of; all, where there are fewer. Default 5. */
  readonly neighbours?: number;
  /**
   * `"uniform"`, the default: all count alike. `"distance"`: by one over their distance; where some are at the very point, they alone count. Weights of the fit multiply either.
   */
  readonly weights?: "uniform" | "distance";
}

/** The mean of the nearest rows, unfitted. */
export interface KnnRegressor extends Regressor {
  readonly kind: "knn";
}

/** How columns become coordinates. */
interface Scaling {
  readonly columns: readonly Pick<FeatureColumn, "name" | "kind">[];
  /** Of the numeric columns. */
  readonly encoding: DenseEncoding;
  /** Mean and deviation per encoded number. */
  readonly scales: readonly { readonly mean: number; readonly deviation: number }[];
}

interface KnnState {
  readonly scaling: Scaling;
  readonly neighbours: number;
  readonly weighting: "uniform" | "distance";
  /** Coordinates of the training rows: scaled numbers, then codes (-1 where missing), row by row. */
  readonly points: Float64Array<ArrayBuffer>;
  readonly y: Float64Array<ArrayBuffer>;
  readonly rowWeights: Float64Array<ArrayBuffer>;
}

/**
 * Nearest neighbours: the mean target of the rows whose columns are the most alike. It never predicts beyond what it has seen, so let `reduce` put a growing
 * target in relation to its `level`.
 *
 * Numbers are scaled to standard deviation 1. A category adds 2 to the squared distance when it differs, as much as two random values of a
 * number on average. Missing numbers are replaced by the column's mean and differ by 1 from those that are there, where training rows had some missing; a missing
 * category is a category of its own. Infinite values are refused. Of rows equally far the later ones are taken.
 *
 * Exact, by a k-d tree; checked against scikit-learn. The fitted model holds all training rows, also when saved: bound them with `maxTrainingRows` of `reduce`. The time of a prediction grows with
 * the columns that vary by themselves: with 100,000 rows it is microseconds for three of them, milliseconds for twenty.
 * @throws TsopsError MODEL_PARAMETER_INVALID when an option is out of range.
 * @example
 * const forecaster = reduce(knn({ neighbours: 10 }), { lags: [24, 168], calendar: ["hour"], level: { width: 168 } });
 */
export function knn(options: KnnOptions = {}): KnnRegressor {
  checkOptions("MODEL_PARAMETER_INVALID", "knn()", options, { neighbours: true, weights: true });
  const { neighbours = 5, weights: weighting = "uniform" } = options;
  if (!(typeof neighbours === "number" && Number.isInteger(neighbours) && neighbours >= 1))
    throw new TsopsError(
      "MODEL_PARAMETER_INVALID",
      `neighbours must be a whole number from 1, got ${shown(neighbours)}.`,
      { hint: numberHint(neighbours, { least: 1, most: 0x7fffffff, isWhole: true }, 5) },
    );
  checkWord("MODEL_PARAMETER_INVALID", "weights", weighting, ["uniform", "distance"]);
  return {
    kind: "knn",
    params: { neighbours, weights: weighting },
    async fit(matrix, values, fitOptions = {}) {
      checkFitInput(matrix, values, fitOptions);
      const { x, y, weights } = withoutZeroWeights(matrix, values, fitOptions.weights);
      throwIfAborted(fitOptions.signal);
      const scaling = learnScaling(x);
      const rowWeights = Float64Array.from(weights ?? new Float64Array(x.rows).fill(1));
      const points = coordinates(scaling, x);
      return knnModel({ scaling, neighbours, weighting, points, y: Float64Array.from(y), rowWeights });
    },
    load(bytes) {
      const contents = readBinary(bytes, "knn", 1);
      const saved = contents.header as unknown as Pick<KnnState, "scaling" | "neighbours" | "weighting">;
      const y = contents.array("y", "float64");
      return knnModel({
        scaling: saved.scaling,
        neighbours: saved.neighbours,
        weighting: saved.weighting,
        points: contents.array("points", "float64", y.length * widthOf(saved.scaling)),
        y,
        rowWeights: contents.array("rowWeights", "float64", y.length),
      });
    },
  };
}

function knnModel(state: KnnState): FittedRegressor {
  const { scaling, neighbours, weighting, points, y, rowWeights } = state;
  const width = widthOf(scaling);
  const numbers = scaling.scales.length;
  const near = nearestRows({ rows: y.length, numbers, codes: width - numbers, values: points }, neighbours);
  return {
    kind: "knn",
    featureNames: scaling.columns.map(({ name }) => name),
    predict(x) {
      checkPredictInput(x, scaling.columns);
      const asked = coordinates(scaling, x);
      return Float64Array.from({ length: x.rows }, (_, row) => {
        const { rows, distances } = near(asked.subarray(row * width, (row + 1) * width));
        const isHere = distances[0] === 0;
        let sum = 0;
        let total = 0;
        rows.forEach((neighbour, k) => {
          const distance = distances[k] as number;
          let weight = rowWeights[neighbour] as number;
          if (weighting === "distance" && isHere) weight *= distance === 0 ? 1 : 0;
          // In relation to the nearest: 1 over a tiny distance would be infinite.
          else if (weighting === "distance") weight *= Math.sqrt((distances[0] as number) / distance);
          sum += weight * (y[neighbour] as number);
          total += weight;
        });
        return sum / total;
      });
    },
    save: () =>
      writeBinary(
        "knn",
        1,
        { scaling: scaling as unknown as JsonValue, neighbours, weighting },
        { points, y, rowWeights },
      ),
  };
}

function numericOf(x: FeatureMatrix): FeatureMatrix {
  return { rows: x.rows, columns: x.columns.filter(({ kind }) => kind === "numeric") };
}

function widthOf({ columns, scales }: Scaling): number {
  return scales.length + columns.filter(({ kind }) => kind === "categorical").length;
}

function learnScaling(x: FeatureMatrix): Scaling {
  const numeric = numericOf(x);
  const encoding = learnDenseEncoding(numeric);
  const dense = encodeDense(encoding, numeric);
  // A flag of what is missing stays 0 or 1: where few are, its deviation would put them far away from all others.
  const isFlag = encoding.encodings.flatMap((one) =>
    one.kind === "numeric" && one.flagsMissing ? [false, true] : [false],
  );
  const scales = dense.map((values, c) => {
    if (isFlag[c]) return { mean: 0, deviation: 1 };
    const mean = values.reduce((sum, value) => sum + value, 0) / x.rows;
    const deviation = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / x.rows);
    return { mean, deviation: deviation > 1e-13 * Math.abs(mean) ? deviation : 1 };
  });
  return { columns: x.columns.map(({ name, kind }) => ({ name, kind })), encoding, scales };
}

function coordinates(scaling: Scaling, x: FeatureMatrix): Float64Array<ArrayBuffer> {
  const width = widthOf(scaling);
  const points = new Float64Array(x.rows * width);
  encodeDense(scaling.encoding, numericOf(x)).forEach((values, c) => {
    const { mean, deviation } = scaling.scales[c] as Scaling["scales"][number];
    for (let row = 0; row < x.rows; row++)
      points[row * width + c] = ((values[row] as number) - mean) / deviation;
  });
  x.columns
    .filter(({ kind }) => kind === "categorical")
    .forEach(({ values }, c) => {
      for (let row = 0; row < x.rows; row++) {
        const code = values[row] as number;
        points[row * width + scaling.scales.length + c] = Number.isNaN(code) ? -1 : code;
      }
    });
  return points;
}
