// The report and the forecast picture: one HTML file without scripts or requests, and one SVG.
import { mkdir, writeFile } from "node:fs/promises";
import type { Registry } from "@tsops/core";
import type { JoinedOutcomes } from "@tsops/monitor";
import { forecastSvg, type ReportData, renderReport } from "@tsops/monitor/report";
import type { Home } from "@tsops/store";
import type { Comparison } from "./baselines.ts";
import { modelName, zone } from "./definitions.ts";

/** Writes both files below the home, and says where. */
export async function writeReport(
  { home, registry }: { readonly home: Home; readonly registry: Registry },
  served: JoinedOutcomes,
  compared: Comparison,
  found: Pick<ReportData, "quality" | "observations">,
  now: bigint,
): Promise<{ readonly report: string; readonly picture: string }> {
  const data: ReportData = {
    title: modelName,
    subtitle:
      "Hourly bike rentals in Washington D.C., forecast at midnight for the next 24 hours. The measured weather stands in for a weather forecast.",
    now,
    zone,
    served,
    target: { name: "rentals", unit: "rentals/h" },
    scale: compared.scale,
    comparisons: [
      { name: "never retrained", time: compared.time, mean: compared.neverRetrained.mean },
      { name: "seasonal naive", time: compared.time, mean: compared.seasonalNaive.mean },
    ],
    decisions: await home.decisions.list({ limit: 10_000 }),
    ...found,
    champion: await registry.resolve(modelName, "champion"),
  };
  const directory = `${home.path}/reports`;
  await mkdir(directory, { recursive: true });
  const [report, picture] = [`${directory}/${modelName}.html`, `${directory}/${modelName}.svg`];
  await writeFile(report, await renderReport(data));
  await writeFile(picture, await forecastSvg(data));
  return { report, picture };
}
