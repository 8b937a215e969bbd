import { outputName } from "../forecast/onnx/graph.ts";
import { columnsOf, toOnnx } from "../forecast/onnx/to-onnx.ts";
import type { FittedRegressor, Regressor } from "../forecast/regressor.ts";
import type { TrainingSetLineage } from "../lineage.ts";
import { checkMethods, checkOptions } from "../options.ts";
import type { CallOptions } from "../ports/call-options.ts";
import type { ActiveRun, LoggedModel } from "../ports/tracker.ts";
import { checkTrainingSet, lineageOf, trainingInput } from "./model-lineage.ts";

/** Names of a logged regressor's files: as ONNX, and as its `save` wrote it. */
export const regressorFiles = { onnx: "model.onnx", saved: "regressor.tsops" } as const;

/** What to log of a fitted regressor. */
export interface LogRegressorOptions extends CallOptions {
  /** Name of the logged model. */
  readonly name: string;
  /** What was fitted: its kind and parameters are logged. */
  readonly regressor: Pick<Regressor, "kind" | "params" | "fit">;
  /** A `gbdt`, `ridge`, `elasticNet` or `lasso`. */
  readonly fitted: FittedRegressor;
  /** Lineage of the rows it was fitted on; null when they come from no training set. */
  readonly trainingSet: TrainingSetLineage | null;
  /** Commit of the code, e.g. `process.env.GIT_COMMIT`. Left out, the lineage says that it was not given. */
  readonly codeVersion?: string;
  /** Versions of what the fit depends on besides Node and @tsops/core, e.g. `{ "ml-matrix": "6.15.1" }`. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** What an environment for the model needs; whoever builds one takes the newest that fit. */
const requirements = ["mlflow>=3", "numpy", "onnx>=1.16", "onnxruntime>=1.18", "pandas>=2"];
const python = "3.11";

/**
 * Logs a fitted regressor as a model of the run that MLflow's Python side loads and serves: `mlflow.pyfunc.load_model`,
 * `mlflow.onnx.load_model`, `mlflow models serve`. A data frame with the columns of `featureNames` (doubles, in any order; NaN is missing,
 * categories are their codes) gives a frame with the column `prediction`. In Node, `loadOnnx` reads its `model.onnx`, and `load` of the
 * regressor its `regressor.tsops`.
 *
 * Parameters, training set and lineage are logged as `logForecaster` does. Needs the optional peer `protobufjs`.
 * @throws TsopsError MODEL_PARAMETER_INVALID, ADAPTER_MISSING_DEPENDENCY, ABORTED, and what the tracker throws
 */
export async function logRegressor(run: ActiveRun, options: LogRegressorOptions): Promise<LoggedModel> {
  checkOptions("MODEL_PARAMETER_INVALID", "logRegressor()", options, {
    name: true,
    regressor: true,
    fitted: true,
    trainingSet: true,
    codeVersion: true,
    environment: true,
    signal: true,
  });
  const { regressor, fitted, trainingSet, signal } = options;
  checkMethods("MODEL_PARAMETER_INVALID", "The regressor", regressor, ["fit"], "Give what was fitted.");
  checkTrainingSet("logRegressor()", trainingSet);
  const onnx = await toOnnx(fitted);
  const saved = fitted.save();
  await run.logParams({ kind: regressor.kind, params: JSON.stringify(regressor.params) }, { signal });
  if (trainingSet !== null) await run.logInputs([trainingInput(trainingSet)], { signal });
  return run.logModel(
    {
      name: options.name,
      files: { [regressorFiles.onnx]: onnx, [regressorFiles.saved]: saved, ...environmentFiles() },
      flavors: {
        onnx: {
          onnx_version: "1.12.0",
          data: regressorFiles.onnx,
          providers: ["CPUExecutionProvider"],
          onnx_session_options: null,
          code: null,
        },
        python_function: {
          loader_module: "mlflow.onnx",
          data: regressorFiles.onnx,
          python_version: python,
          env: { conda: "conda.yaml", virtualenv: "python_env.yaml" },
        },
        tsops: { kind: regressor.kind, data: regressorFiles.saved },
      },
      signature: {
        inputs: schema(columnsOf(fitted).map(({ name }) => name)),
        outputs: schema([outputName]),
      },
      params: { kind: regressor.kind },
      lineage: lineageOf(regressor, saved, options),
    },
    { signal },
  );
}

/** Columns of doubles in MLflow's schema. */
function schema(names: readonly string[]): string {
  return JSON.stringify(names.map((name) => ({ type: "double", name, required: true })));
}

/** From these MLflow builds an environment when it is not told to take the one it runs in. JSON is YAML. */
function environmentFiles(): Record<string, Uint8Array> {
  const encoder = new TextEncoder();
  const json = (value: unknown): Uint8Array => encoder.encode(`${JSON.stringify(value, null, 2)}\n`);
  return {
    "requirements.txt": encoder.encode(`${requirements.join("\n")}\n`),
    "python_env.yaml": json({
      python,
      build_dependencies: ["pip"],
      dependencies: ["-r requirements.txt"],
    }),
    "conda.yaml": json({
      name: "mlflow-env",
      channels: ["conda-forge"],
      dependencies: [`python=${python}`, "pip", { pip: requirements }],
    }),
  };
}
