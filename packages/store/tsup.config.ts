import { defineConfig, esm } from "../../tsup.base.ts";
export default defineConfig(
  esm([
    "src/index.ts",
    "src/datasets/index.ts",
    "src/files/index.ts",
    "src/mlflow/index.ts",
    "src/redis/index.ts",
    "src/postgres/index.ts",
  ]),
);
