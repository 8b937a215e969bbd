import { TsopsError } from "../../errors.ts";
import { checkMethods, shown } from "../../options.ts";
import { loadGbdt } from "../gbdt/bytes.ts";
import type { FeatureColumn, FittedRegressor } from "../regressor.ts";
import { loadLinear } from "../regressors/linear-model.ts";
import { gbdtGraph } from "./gbdt-graph.ts";
import { encodeOnnx, type OnnxGraph } from "./graph.ts";
import { linearGraph } from "./linear-graph.ts";

/** What a model reads and computes, before it is written. */
interface Convertible {
  readonly columns: readonly Pick<FeatureColumn, "name" | "kind">[];
  readonly graph: OnnxGraph;
}

/**
 * Writes a fitted `gbdt`, `ridge`, `elasticNet` or `lasso` as an ONNX model, for everything that runs ONNX: Python's `onnxruntime`, MLflow, other servers.
 *
 * The model has one input, `features`: n rows by one column per feature, in the order of `featureNames`, doubles; NaN is missing, and
 * categories are their codes. Its one output, `prediction`, is n x 1 doubles, equal to `predict` to about 1e-12 of the values it
 * adds up. Operators: ai.onnx 15 and ai.onnx.ml 3, so onnxruntime 1.11 and newer. The names and kinds of the columns stand in the
 * file's metadata under `tsops.columns`. Equal models give equal bytes.
 *
 * One difference stays: what `predict` refuses (infinities in linear models, categories that are no whole numbers) an ONNX runtime computes with.
 *
 * Needs the optional peer `protobufjs`.
 * @throws TsopsError MODEL_PARAMETER_INVALID for other regressors, ADAPTER_MISSING_DEPENDENCY
 * @example
 * const model = await gbdt().fit(x, y);
 * await writeFile("model.onnx", await toOnnx(model));
 */
export async function toOnnx(fitted: FittedRegressor): Promise<Uint8Array> {
  checkMethods(
    "MODEL_PARAMETER_INVALID",
    "The regressor given to toOnnx()",
    fitted,
    ["predict", "save"],
    "Give what fit() of a regressor resolved to.",
  );
  const { columns, graph } = convert(fitted);
  return encodeOnnx(fitted.kind, columns.length, graph, { "tsops.columns": JSON.stringify(columns) });
}

/** The columns that a fitted regressor reads, with their kinds. @throws TsopsError MODEL_PARAMETER_INVALID */
export function columnsOf(fitted: FittedRegressor): Convertible["columns"] {
  return convert(fitted).columns;
}

function convert(fitted: FittedRegressor): Convertible {
  if (fitted.kind === "gbdt") {
    const state = loadGbdt(fitted.save());
    return { columns: state.columns, graph: gbdtGraph(state) };
  }
  if (fitted.kind === "ridge" || fitted.kind === "elastic-net") {
    const { state } = loadLinear(fitted.save(), fitted.kind);
    return { columns: state.encoding.columns, graph: linearGraph(state) };
  }
  throw new TsopsError(
    "MODEL_PARAMETER_INVALID",
    `toOnnx() writes regressors of kind gbdt, ridge and elastic-net, got ${shown(fitted.kind)}.`,
    { hint: "Take the regressor out of a forecaster, or save the model with save()." },
  );
}
