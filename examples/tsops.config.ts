// Wires the `tsops` command to the home that the demo leaves behind, e.g. `npx tsops decisions --config examples/tsops.config.ts`.
import { defineConfig } from "@tsops/core";
import { openHome } from "@tsops/store";

export default defineConfig({ home: () => openHome("./.tsops-demo", { create: false }) });
