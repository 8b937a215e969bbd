import type { InferenceSession, Tensor } from "onnxruntime-node";
import { throwIfAborted } from "../../abort.ts";
import { TsopsError } from "../../errors.ts";
import { importPeer } from "../../import-peer.ts";
import { checkList, checkOptions, shown } from "../../options.ts";
import type { CallOptions } from "../../ports/call-options.ts";
import type { FeatureColumn, FeatureMatrix } from "../regressor.ts";
import { checkPredictInput } from "../regressors/check-input.ts";

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

/** Element types of inputs that a matrix of doubles can be given as. */
type FloatType = "float32" | "float64";

/** How a matrix becomes the model's inputs. */
interface InputLayout {
  /** One input of all columns, or one per column in their order. */
  readonly inputs: readonly { readonly name: string; readonly type: FloatType; readonly rank: number }[];
  readonly isMatrix: boolean;
}

/**
 * Opens an ONNX model, whoever wrote it: `toOnnx`, or a converter in Python such as onnxmltools for LightGBM. It must take one input of
 * n rows by one column per feature, or one input per feature that bears its name (n x 1, or n), as float or double; its first
 * output must be n x 1 or n numbers.
 *
 * Runs on the optional peer `onnxruntime-node` (CPU). That answers through promises, so the model is no `FittedRegressor` for `reduce`.
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
  const { threads = 1 } = options;
  if (!Number.isInteger(threads) || threads < 1)
    throw new TsopsError(
      "MODEL_PARAMETER_INVALID",
      `threads must be a whole number from 1, got ${shown(threads)}.`,
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
      session,
      columns.map(({ name }) => name),
    );
    return openModel(session, columns, (x) => feedsOf(runtime.Tensor, layout, x));
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

/** @throws TsopsError MODEL_FORMAT_INVALID, SCHEMA_MISMATCH */
function layoutOf(session: InferenceSession, names: readonly string[]): InputLayout {
  const inputs = session.inputMetadata.map((input) => {
    const type = input.isTensor ? input.type : "no tensor";
    if (!input.isTensor || (type !== "float32" && type !== "float64"))
      throw new TsopsError(
        "MODEL_FORMAT_INVALID",
        `Input "${input.name}" of the ONNX model is ${type}; float32 or float64 is needed.`,
        { hint: "Convert the model with float inputs.", details: { input: input.name, type } },
      );
    return { name: input.name, type: type as FloatType, rank: input.shape.length, width: input.shape.at(-1) };
  });
  const [first] = inputs;
  const foundNames = inputs.map(({ name }) => name);
  const isMatrix =
    inputs.length === 1 && first?.rank === 2 && (names.length !== 1 || first.name !== names[0]);
  if (isMatrix) {
    // A text stands for a width that the model leaves open.
    if (typeof first?.width === "number" && first.width > 0 && first.width !== names.length)
      throw new TsopsError(
        "SCHEMA_MISMATCH",
        `The ONNX model takes ${first.width} ${first.width === 1 ? "column" : "columns"}, and ${names.length} ${names.length === 1 ? "was" : "were"} named.`,
        { hint: "Name one column per feature, in the order of its training.", details: { columns: names } },
      );
    return { inputs, isMatrix };
  }
  if (inputs.some(({ rank, width }) => rank > 2 || (rank === 2 && typeof width === "number" && width > 1)))
    throw new TsopsError(
      "MODEL_FORMAT_INVALID",
      `The ONNX model's inputs (${foundNames.slice(0, 5).join(", ")}) are neither one matrix nor one column each.`,
    );
  const byName = new Map(inputs.map((input) => [input.name, input]));
  const ordered = names.flatMap((name) => byName.get(name) ?? []);
  if (ordered.length !== names.length || inputs.length !== names.length)
    throw new TsopsError("SCHEMA_MISMATCH", "The ONNX model's inputs are other columns than those named.", {
      hint: "Name the inputs as the model does.",
      details: { inputs: foundNames, columns: names },
    });
  return { inputs: ordered, isMatrix };
}

function feedsOf(
  TensorClass: typeof Tensor,
  { inputs, isMatrix }: InputLayout,
  x: FeatureMatrix,
): Record<string, Tensor> {
  const tensor = (type: FloatType, values: Float64Array, dims: number[]): Tensor =>
    type === "float64"
      ? new TensorClass("float64", values, dims)
      : new TensorClass("float32", Float32Array.from(values), dims);
  if (isMatrix) {
    const [input] = inputs;
    const width = x.columns.length;
    const values = new Float64Array(x.rows * width);
    x.columns.forEach((column, c) => {
      for (let row = 0; row < x.rows; row++) values[row * width + c] = column.values[row] as number;
    });
    return { [input!.name]: tensor(input!.type, values, [x.rows, width]) };
  }
  return Object.fromEntries(
    inputs.map(({ name, type, rank }, c) => [
      name,
      tensor(type, x.columns[c]!.values, rank === 1 ? [x.rows] : [x.rows, 1]),
    ]),
  );
}

/** @throws TsopsError MODEL_FORMAT_INVALID */
function readOutput(output: Tensor, name: string, rows: number): Float64Array {
  const { dims, type } = output;
  const isColumn = (dims.length === 1 || (dims.length === 2 && dims[1] === 1)) && dims[0] === rows;
  if (!isColumn || (type !== "float32" && type !== "float64"))
    throw new TsopsError(
      "MODEL_FORMAT_INVALID",
      `Output "${name}" of the ONNX model is ${type} [${dims.join(", ")}]; one number per row is needed: [${rows}, 1] or [${rows}].`,
      { hint: "Load a regression model with one target." },
    );
  return Float64Array.from(output.data as Float32Array | Float64Array);
}

/** ONNX Runtime may put the whole graph into its message. */
function runtimeError(what: string, cause: unknown): TsopsError {
  const text = cause instanceof Error ? cause.message : String(cause);
  const reason = text.length > 300 ? `${text.slice(0, 300)}…` : text;
  return new TsopsError("MODEL_FORMAT_INVALID", `${what}: ${reason.trim()}`, {
    hint: "See that the file is whole, and of an opset that this onnxruntime-node knows.",
  });
}
