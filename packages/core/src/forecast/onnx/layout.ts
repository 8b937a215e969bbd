import type { InferenceSession, Tensor } from "onnxruntime-node";
import { TsopsError } from "../../errors.ts";
import type { FeatureMatrix } from "../regressor.ts";

/** Element types of inputs that a matrix of doubles can be given as. */
type FloatType = "float32" | "float64";

/** How a matrix becomes the model's inputs. */
export interface InputLayout {
  /** One input of all columns, or one per column in their order. */
  readonly inputs: readonly { readonly name: string; readonly type: FloatType; readonly rank: number }[];
  readonly isMatrix: boolean;
}

/** What an ONNX session says of its inputs. */
export type InputMetadata = InferenceSession["inputMetadata"];

/** What one input is given. */
export interface InputValues {
  readonly name: string;
  readonly type: FloatType;
  readonly data: Float64Array | Float32Array;
  readonly dims: readonly number[];
}

/** What an output holds. */
export type OutputValues = Pick<Tensor, "dims" | "type" | "data">;

/** @throws TsopsError MODEL_FORMAT_INVALID, SCHEMA_MISMATCH */
export function layoutOf(metadata: InputMetadata, names: readonly string[]): InputLayout {
  const inputs = metadata.map((input) => {
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

/** A matrix as what the model's inputs are given. */
export function feedsOf({ inputs, isMatrix }: InputLayout, x: FeatureMatrix): readonly InputValues[] {
  const input = (name: string, type: FloatType, values: Float64Array, dims: number[]): InputValues => ({
    name,
    type,
    data: type === "float64" ? values : Float32Array.from(values),
    dims,
  });
  if (isMatrix) {
    const [only] = inputs;
    const width = x.columns.length;
    const values = new Float64Array(x.rows * width);
    x.columns.forEach((column, c) => {
      for (let row = 0; row < x.rows; row++) values[row * width + c] = column.values[row] as number;
    });
    return [input(only!.name, only!.type, values, [x.rows, width])];
  }
  return inputs.map(({ name, type, rank }, c) =>
    input(name, type, x.columns[c]!.values, rank === 1 ? [x.rows] : [x.rows, 1]),
  );
}

/** @throws TsopsError MODEL_FORMAT_INVALID */
export function readOutput(output: OutputValues, name: string, rows: number): Float64Array {
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
export function runtimeError(what: string, cause: unknown): TsopsError {
  const text = cause instanceof Error ? cause.message : String(cause);
  const reason = text.length > 300 ? `${text.slice(0, 300)}…` : text;
  return new TsopsError("MODEL_FORMAT_INVALID", `${what}: ${reason.trim()}`, {
    hint: "See that the file is whole, and of an opset that this onnxruntime-node knows.",
  });
}
