import type { InferenceSession, Tensor } from "onnxruntime-node";
import { throwIfAborted } from "../../abort.ts";
import { TsopsError } from "../../errors.ts";
import { importPeer } from "../../import-peer.ts";
import { checkList, checkOptions, numberHint, shown } from "../../options.ts";
import type { CallOptions } from "../../ports/call-options.ts";
import type { FeatureColumn, FeatureMatrix } from "../regressor.ts";
import { checkPredictInput } from "../regressors/check-input.ts";
import { feedsOf, layoutOf, readOutput, runtimeError } from "./layout.ts";

/** Settings of `loadOnnx`. */
export interface LoadOnnxOptions {
  /** Names and kinds of the model's inputs, in the order of its columns. A feature matrix's columns fit. */
  readonly columns: readonly Pick<FeatureColumn, "name" | "kind">[];
  /** Threads of one prediction. Default 1: the same sums in the same order, and no threads that wait. */
  readonly threads?: number;
}

/** A model in ONNX's format, ready to predict in this process. */
export interface OnnxModel extends AsyncDisposable {
  /** Names and order of the columns; `predict` refuses others. */
  readonly featureNames: readonly string[];
  /**
   * One prediction per row; NaN is missing. Float models get the inputs rounded to float32.
   * @throws TsopsError SCHEMA_MISMATCH, VALUE_INVALID as a regressor's `predict`; MODEL_FORMAT_INVALID when the model fails or
   *   answers with another shape; SERVE_CLOSED after `close`; ABORTED
   */
  predict(x: FeatureMatrix, options?: CallOptions): Promise<Float64Array>;
  /** Frees the model's memory once predictions under way are done. Calling it again does nothing. */
  close(): Promise<void>;
}

/**
 * Opens an ONNX model, whoever wrote it: `toOnnx`, or a converter in Python such as onnxmltools for LightGBM. It must take one input of
 * n rows by one column per feature, or one input per feature that bears its name (n x 1, or n), as float or double; its first
 * output must be n x 1 or n numbers.
 *
 * Runs on the optional peer `onnxruntime-node` (CPU). That answers through promises, so the model is no `FittedRegressor`: for `reduce` take `onnxRegressor`.
 * @throws TsopsError MODEL_FORMAT_INVALID when it is no such model, SCHEMA_MISMATCH when its columns are others,
 *   MODEL_PARAMETER_INVALID, ADAPTER_MISSING_DEPENDENCY
 * @example
 * const files = await registry.readFiles("bikes", version);
 * await using model = await loadOnnx(files["model.onnx"], { columns: x.columns });
 * const predicted = await model.predict(x);
 */
export async function loadOnnx(bytes: Uint8Array, options: LoadOnnxOptions): Promise<OnnxModel> {
  checkOptions("MODEL_PARAMETER_INVALID", "loadOnnx()", options, { columns: true, threads: true });
  checkList("MODEL_PARAMETER_INVALID", "The columns of loadOnnx()", options.columns);
  const nameless = options.columns.findIndex(
    (column) =>
      typeof column?.name !== "string" || (column.kind !== "numeric" && column.kind !== "categorical"),
  );
  if (nameless !== -1)
    throw new TsopsError(
      "MODEL_PARAMETER_INVALID",
      `Column ${nameless} of loadOnnx() is ${shown(options.columns[nameless])}, not { name, kind }.`,
      {
        hint: 'Write { name: "lag_1", kind: "numeric" } for each column, or give those of a matrix: x.columns.',
      },
    );
  const { threads = 1 } = options;
  if (!Number.isInteger(threads) || threads < 1)
    throw new TsopsError(
      "MODEL_PARAMETER_INVALID",
      `threads must be a whole number from 1, got ${shown(threads)}.`,
      { hint: numberHint(threads, { least: 1, most: 64, isWhole: true }) },
    );
  if (!(bytes instanceof Uint8Array))
    throw new TsopsError(
      "MODEL_FORMAT_INVALID",
      `loadOnnx() takes the bytes of a model, got ${shown(bytes)}.`,
      {
        hint: 'Read the file first; a model from the registry has it as files["model.onnx"].',
      },
    );
  const columns = options.columns.map(({ name, kind }) => ({ name, kind }));
  const runtime = await importPeer("loadOnnx()", "onnxruntime-node", () => import("onnxruntime-node"));
  const session = await runtime.InferenceSession.create(bytes, {
    executionProviders: ["cpu"],
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    logSeverityLevel: 3,
  }).catch((cause: unknown) => {
    throw runtimeError("The bytes are no ONNX model that onnxruntime-node can run", cause);
  });
  try {
    const layout = layoutOf(
      session.inputMetadata,
      columns.map(({ name }) => name),
    );
    const feeds = (x: FeatureMatrix) =>
      Object.fromEntries(
        feedsOf(layout, x).map(({ name, type, data, dims }) => [
          name,
          type === "float64"
            ? new runtime.Tensor("float64", data as Float64Array, dims)
            : new runtime.Tensor("float32", data as Float32Array, dims),
        ]),
      );
    return openModel(session, columns, feeds);
  } catch (error) {
    await session.release();
    throw error;
  }
}

function openModel(
  session: InferenceSession,
  columns: LoadOnnxOptions["columns"],
  feeds: (x: FeatureMatrix) => Record<string, Tensor>,
): OnnxModel {
  const underWay = new Set<Promise<unknown>>();
  let closed: Promise<void> | null = null;
  const outputName = session.outputNames[0] as string;
  const close = (): Promise<void> => {
    closed ??= Promise.allSettled(underWay).then(() => session.release());
    return closed;
  };
  return {
    featureNames: columns.map(({ name }) => name),
    async predict(x, { signal } = {}) {
      if (closed !== null)
        throw new TsopsError("SERVE_CLOSED", "The ONNX model was closed.", {
          hint: "Load it again with loadOnnx().",
        });
      throwIfAborted(signal);
      checkPredictInput(x, columns);
      if (x.rows === 0) return new Float64Array(0);
      const running = session.run(feeds(x), [outputName]);
      underWay.add(running);
      try {
        const outputs = await running.catch((cause: unknown) => {
          throw runtimeError("The ONNX model failed", cause);
        });
        throwIfAborted(signal);
        return readOutput(outputs[outputName] as Tensor, outputName, x.rows);
      } finally {
        underWay.delete(running);
      }
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}
