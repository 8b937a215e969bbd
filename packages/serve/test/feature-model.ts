import { gbdt, panel, reduce, selectColumns, sha256Hex, timestamp, withColumn } from "@tsops/core";
import type { Home } from "@tsops/store";
import { demandRows, features } from "./fixtures.ts";

const forecaster = reduce(gbdt({ trees: 5, leaves: 4, seed: "s" }), { lags: [24], windows: [] });
const knownFuture = ["sky__temp", "recent__day"] as const;

/** Rows of demand with their features, each as known one hour after the row before it. */
function trainingRows(from: number, to: number) {
  const { source } = features(to);
  const rows = demandRows(from, to);
  const spine = withColumn(rows, "known_at", timestamp(), {
    kind: "timestamp",
    values: rows.data.at.values,
    valid: null,
  });
  const joined = source.lookup(spine, { time: "at", knownAt: { column: "known_at" } });
  return selectColumns(joined, ["shop", "at", "units", ...knownFuture]);
}

/** Fits a model whose known-future columns are features, on rows 48 .. until, and makes it champion. */
export async function registerFeatureModel(
  home: Pick<Home, "tracker" | "registry">,
  until: number,
): Promise<void> {
  const history = panel(trainingRows(48, until), {
    keys: ["shop"],
    time: "at",
    target: "units",
    frequency: "1h",
    knownFuture,
  });
  const fitted = await forecaster.fit(history, { horizon: 24 });
  const bytes = fitted.save();
  const run = await home.tracker.startRun({ experiment: "demand" });
  const logged = await run.logModel({
    name: "demand",
    files: { "model.tsops": bytes },
    flavors: {},
    lineage: {
      codeVersion: null,
      definitionHash: "d",
      trainingSet: null,
      modelHash: sha256Hex(bytes),
      seed: "s",
      environment: {},
    },
  });
  await run.end();
  const { version } = await home.registry.register("demand", logged);
  await home.registry.setAlias("demand", "champion", version);
}
