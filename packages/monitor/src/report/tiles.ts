import type { ReportData } from "./data.ts";
import { evenFigures, percent, whole } from "./format.ts";
import { type Html, html } from "./html.ts";
import { overviewOf } from "./overview.ts";

/** The figures at the top: error, coverage, decisions, predictions. */
export function tiles(data: ReportData): Html {
  const { target } = data;
  const overview = overviewOf(data);
  const { error, mase, recentDays, driftReports } = overview;
  const scaled = (value: number) => (Number.isNaN(value) ? "" : `, MASE ${value.toFixed(2)}`);
  const written = evenFigures([error.all, error.recent]);
  const unit = target.unit === undefined ? "" : ` ${target.unit}`;
  return html`<dl class="tiles">
${tile(`Error, last ${recentDays} days`, written(error.recent), `mean absolute${unit}${scaled(mase.recent)}`)}
${tile("Error, all days", written(error.all), `over ${whole(overview.outcomes)} outcomes${scaled(mase.all)}`)}
${overview.coverage.map(({ level, all, recent }) => tile(`${level} % interval covers`, percent(all), `last ${recentDays} days ${percent(recent)}`))}
${tile("Promotions", whole(overview.promotions), `${whole(overview.rejections)} rejected by the gate`)}
${tile("Alerts", whole(overview.alerts), `${whole(driftReports.flagged)} of ${whole(driftReports.all)} drift reports flag a column`)}
${tile("Predictions", whole(overview.predictions), `${whole(overview.waiting)} steps wait for their outcome`)}
</dl>`;
}

function tile(name: string, value: string, note: string): Html {
  return html`<div><dt>${name}</dt><dd>${value}<small>${note}</small></dd></div>`;
}
