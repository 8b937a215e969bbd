import { defineConfig, esm } from "../../tsup.base.ts";
export default defineConfig(
  esm([
    "src/index.ts",
    "src/drift/column-thread.ts",
    "src/report/index.ts",
    "src/statistics/index.ts",
    "src/sketches/index.ts",
    "src/prometheus/index.ts",
    "src/opentelemetry/index.ts",
  ]),
);
