import { defineConfig, esm } from "../../tsup.base.ts";
export default defineConfig([
  esm([
    "src/index.ts",
    "src/report/index.ts",
    "src/statistics/index.ts",
    "src/sketches/index.ts",
    "src/prometheus/index.ts",
    "src/opentelemetry/index.ts",
  ]),
  {
    ...esm(["src/drift/threads/column-thread.ts"]),
    clean: false,
    dts: false,
    splitting: false,
    // A thread loads the few functions that it needs of it rather than all: it starts sooner, and takes less memory.
    noExternal: ["@tsops/core"],
  },
]);
