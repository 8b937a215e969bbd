import { type LastObservation, lastObservations } from "../alerts/last-observations.ts";
import { columnHeads } from "./column-heads.ts";
import type { ReportData } from "./data.ts";
import { figure, minute, whole } from "./format.ts";
import { type Html, html } from "./html.ts";

const mostSeries = 200;

/** What the watches said last, a line a series. */
export function observedTable({ observations, zone = "UTC" }: ReportData): Html {
  if (observations === undefined) return html`<p class="empty">No watch was asked.</p>`;
  const found = lastObservations(observations);
  if (found.length === 0) return html`<p class="empty">The watches have nothing to say yet.</p>`;
  const shown = found.slice(0, mostSeries);
  return html`<div class="scroll" tabindex="0" role="region" aria-label="What the watches say"><table role="table" class="stack"><caption>${shown.length < found.length ? `The first ${shown.length} of ${whole(found.length)} series` : "Each series as it was observed last"}</caption>
${columnHeads(["Signal", "Verdict", "Value", "What was found"])}
<tbody role="rowgroup">${shown.map(
    (one) =>
      html`<tr role="row"><th role="rowheader" scope="row">${one.signal}<small>${seriesText(one)}</small></th><td role="cell">${one.verdict ?? "–"}</td><td role="cell">${figure(one.value)}</td><td role="cell" class="why">${one.sentence ?? "–"}${one.time !== undefined && html`<small>${minute(one.time, zone)}</small>`}</td></tr>`,
  )}</tbody></table></div>`;
}

function seriesText({ subject, labels }: LastObservation): string {
  return [subject, ...Object.entries(labels).map(([name, text]) => `${name} ${text}`)].join(", ");
}
