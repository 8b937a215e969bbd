import { defineConfig } from "tsup";

export default defineConfig({
  entry: ["src/app.ts"],
  format: "esm",
  target: "node20",
  outDir: "dist",
  sourcemap: true,
  clean: true,
  removeNodeProtocol: false,
});
