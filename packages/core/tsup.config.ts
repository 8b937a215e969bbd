import { defineConfig, esm } from "../../tsup.base.ts";
export default defineConfig(
  esm([
    "src/index.ts",
    "src/arrow/index.ts",
    "src/cli/progress-bar.ts",
    "src/testing/index.ts",
    "src/testing/source/index.ts",
    "src/forecast/regressors/ridge.ts",
    "src/forecast/regressors/random-forest.ts",
    "src/threads/program.ts",
    "src/forecast/onnx/index.ts",
    "src/forecast/augurs/index.ts",
    "src/airflow/index.ts",
    "src/cli/run-process.ts",
    "src/cli/main.ts",
  ]),
);
