import type { Panel } from "../panel/panel.ts";

/** The panel without covariates, for models that use none: they then ask for no future values and need none in updates. */
export function withoutCovariates(panel: Panel): Panel<never> {
  const spec = { ...panel.spec, knownFuture: [], pastOnly: [], static: [] };
  return { ...panel, spec, known: [], past: [], static: [] };
}
