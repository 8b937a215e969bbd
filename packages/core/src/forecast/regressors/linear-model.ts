import { type JsonValue, readBinary, writeBinary } from "../../bytes.ts";
import type { FeatureMatrix, FittedRegressor } from "../regressor.ts";
import { checkPredictInput } from "./check-input.ts";
import { type DenseEncoding, encodeDense } from "./dense-encoder.ts";

/** Everything a fitted linear model consists of. */
export interface LinearState {
  readonly encoding: DenseEncoding;
  readonly intercept: number;
  /** One per encoded column. */
  readonly coefficients: Float64Array<ArrayBuffer>;
}

/** What a linear model was fitted with, saved beside it. */
type Settings = Readonly<Record<string, number>>;

/** A fitted linear model of any kind. */
interface LinearModel<Kind extends string> extends FittedRegressor {
  readonly kind: Kind;
  readonly intercept: number;
  readonly coefficients: Float64Array;
}

/** A linear model from what its fit, or its bytes, gave. */
export function linearModel<Kind extends string>(
  kind: Kind,
  state: LinearState,
  settings: Settings = {},
): LinearModel<Kind> {
  const { encoding, intercept, coefficients } = state;
  return {
    kind,
    featureNames: encoding.columns.map(({ name }) => name),
    intercept,
    coefficients,
    predict: (x) => predictLinear(state, x),
    save: () =>
      writeBinary(
        kind,
        1,
        { encoding: encoding as unknown as JsonValue, settings },
        { intercept: Float64Array.of(intercept), coefficients },
      ),
  };
}

function predictLinear({ encoding, intercept, coefficients }: LinearState, x: FeatureMatrix): Float64Array {
  checkPredictInput(x, encoding.columns);
  const result = new Float64Array(x.rows).fill(intercept);
  encodeDense(encoding, x).forEach((values, c) => {
    const coefficient = coefficients[c] as number;
    for (let row = 0; row < x.rows; row++) result[row]! += coefficient * values[row]!;
  });
  return result;
}

/**
 * Reads what `save` of a linear model wrote.
 * @throws TsopsError MODEL_FORMAT_INVALID
 */
export function loadLinear(bytes: Uint8Array, kind: string): { state: LinearState; settings: Settings } {
  const contents = readBinary(bytes, kind, 1);
  return {
    state: {
      encoding: contents.header["encoding"] as unknown as DenseEncoding,
      intercept: contents.array("intercept", "float64", 1)[0] as number,
      coefficients: contents.array("coefficients", "float64"),
    },
    settings: contents.header["settings"] as Settings,
  };
}
