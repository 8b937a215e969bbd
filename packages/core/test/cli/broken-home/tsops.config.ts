import { defineConfig, pipeline, TsopsError } from "@tsops/core";
import { memoryLedger } from "@tsops/core/testing";

export default defineConfig({
  home: () => {
    throw new TsopsError("STORE_READ_ONLY", "The home cannot be written.", { hint: "Make it writable." });
  },
  ledger: () => ({ ...memoryLedger(), list: () => Promise.reject(new Error("connection refused")) }),
  pipelines: [pipeline("empty")],
});
