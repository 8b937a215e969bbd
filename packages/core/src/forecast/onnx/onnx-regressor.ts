import { throwIfAborted } from "../../abort.ts";
import { readBinary, writeBinary } from "../../bytes.ts";
import { TsopsError } from "../../errors.ts";
import { sha256Hex } from "../../hash.ts";
import { importPeer } from "../../import-peer.ts";
import { checkList, checkOptions, shown } from "../../options.ts";
import { listSome } from "../panel/rows.ts";
import type { FeatureColumn, FeatureMatrix, FittedRegressor, Regressor } from "../regressor.ts";
import { checkFitInput, checkPredictInput } from "../regressors/check-input.ts";
import { feedsOf, layoutOf, readOutput } from "./layout.ts";
import { openSync, type SyncSession } from "./sync-session.ts";

/** Settings of `onnxRegressor`. */
export interface OnnxRegressorOptions {
  /**
   * Names of the columns that the model was trained on, in their order: those of `featureNames` of the fitted reduction. The fit refuses others. Default: the names of the model's
   * inputs where it has one for each column; where it takes one matrix, only the number of columns can be checked.
   */
  readonly columns?: readonly string[];
}

/** A model that was trained elsewhere, as a regressor. */
export interface OnnxRegressor extends Regressor {
  readonly kind: "onnx";
}

type Columns = readonly Pick<FeatureColumn, "name" | "kind">[];

/**
 * A regressor of an ONNX model that was trained elsewhere, in Python with scikit-learn, LightGBM or PyTorch, or by `toOnnx`: `reduce` makes the features, the model predicts. Its fit trains nothing;
 * it checks that the model takes the features that there are, in their number and order.
 *
 * The bytes that a fitted one saves hold the model whole. Predictions run on the optional peer `onnxruntime-node`, on a thread that the caller waits for: a call takes a quarter of a
 * millisecond more than the model. Float models get their inputs rounded to single precision.
 * @param bytes - As for `loadOnnx`: one input of n rows by one column per feature, or one input per feature that bears its name; one number per row as the first output.
 * @throws TsopsError MODEL_FORMAT_INVALID when it is no such model, MODEL_PARAMETER_INVALID, ADAPTER_MISSING_DEPENDENCY; from `fit` SCHEMA_MISMATCH when the model's columns are others than the features,
 * and MODEL_FORMAT_INVALID when its answer is not one number per row.
 * @example
 * const regressor = await onnxRegressor(await readFile("model.onnx"), { columns: ["lag_1", "lag_24"] });
 * const fitted = await reduce(regressor, { lags: [1, 24] }).fit(load, { horizon: 24 });
 */
export async function onnxRegressor(
  bytes: Uint8Array,
  options: OnnxRegressorOptions = {},
): Promise<OnnxRegressor> {
  checkOptions("MODEL_PARAMETER_INVALID", "onnxRegressor()", options, { columns: true });
  if (options.columns !== undefined)
    checkList("MODEL_PARAMETER_INVALID", "The columns of onnxRegressor()", options.columns);
  if (!(bytes instanceof Uint8Array))
    throw new TsopsError(
      "MODEL_FORMAT_INVALID",
      `onnxRegressor() takes the bytes of a model, got ${shown(bytes)}.`,
      { hint: "Read the file first." },
    );
  await importPeer("onnxRegressor()", "onnxruntime-node", () => import("onnxruntime-node"));
  const model = bytes.slice();
  const session = openSync(model, "onnxRegressor()");
  const trained = options.columns === undefined ? null : [...options.columns];
  return {
    kind: "onnx",
    params: { sha256: sha256Hex(model), columns: trained },
    async fit(x, y, fitOptions = {}) {
      checkFitInput(x, y, fitOptions);
      throwIfAborted(fitOptions.signal);
      refuseOthers(trained, x);
      const fitted = fittedOnnx(model, session, x.columns);
      // One row shows whether it answers with one number a row.
      fitted.predict({
        rows: Math.min(1, x.rows),
        columns: x.columns.map((column) => ({ ...column, values: column.values.subarray(0, 1) })),
      });
      return fitted;
    },
    load(saved) {
      const contents = readBinary(saved, "onnx", 1);
      const own = contents.array("model", "uint8");
      return fittedOnnx(
        own,
        openSync(own, "A saved ONNX model"),
        contents.header["columns"] as unknown as Columns,
      );
    },
  };
}

/** @throws TsopsError SCHEMA_MISMATCH. */
function fittedOnnx(model: Uint8Array, session: SyncSession, given: Columns): FittedRegressor {
  const columns = given.map(({ name, kind }) => ({ name, kind }));
  const names = columns.map(({ name }) => name);
  const layout = withFeatures(names, () => layoutOf(session.inputs, names));
  return {
    kind: "onnx",
    featureNames: names,
    predict(x) {
      checkPredictInput(x, columns);
      if (x.rows === 0) return new Float64Array(0);
      return readOutput(session.run(feedsOf(layout, x)), session.outputName, x.rows);
    },
    save: () => writeBinary("onnx", 1, { columns }, { model: model as Uint8Array<ArrayBuffer> }),
  };
}

/** @throws TsopsError SCHEMA_MISMATCH when the features are not those that the model was trained on. */
function refuseOthers(trained: readonly string[] | null, { columns }: FeatureMatrix): void {
  if (trained === null) return;
  const names = columns.map(({ name }) => name);
  const first = Array.from({ length: Math.max(trained.length, names.length) }, (_, c) => c).find(
    (c) => trained[c] !== names[c],
  );
  if (first === undefined) return;
  const said = (list: readonly string[]) => list[first] ?? "not there";
  throw new TsopsError(
    "SCHEMA_MISMATCH",
    `The ONNX model was trained on ${trained.length} columns, and there are ${names.length} features: column ${first + 1} is ${said(trained)} for the model, and ${said(names)} here.`,
    {
      hint: `Train on the features in their order (${listSome(names, 20)}), or choose options of reduce that give the model's.`,
      details: { columns: trained, features: names },
    },
  );
}

/** Names the features where the model's inputs do not fit them. */
function withFeatures<T>(names: readonly string[], work: () => T): T {
  try {
    return work();
  } catch (cause) {
    if (!TsopsError.is(cause, "SCHEMA_MISMATCH")) throw cause;
    throw new TsopsError("SCHEMA_MISMATCH", `${cause.message} The features are ${listSome(names, 20)}.`, {
      hint: "Train on these features in their order, or choose options of reduce that give the model's.",
      details: { ...cause.details, features: names },
      cause,
    });
  }
}
