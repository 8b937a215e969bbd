import type { QualityFinding } from "../quality/finding.ts";
import { columnHeads } from "./column-heads.ts";
import { whole } from "./format.ts";
import { type Html, html } from "./html.ts";
import { seriesText } from "./parts.ts";

const order: Readonly<Record<string, number>> = { error: 0, warning: 1, info: 2 };

const mostFindings = 200;

/** Findings, the worst first. */
export function qualityTable(findings: readonly QualityFinding[] | undefined): Html {
  if (findings === undefined) return html`<p class="empty">Data quality was not checked.</p>`;
  if (findings.length === 0) return html`<p class="empty">All checks passed.</p>`;
  const sorted = [...findings].sort(
    (a, b) => (order[a.severity] ?? 3) - (order[b.severity] ?? 3) || b.count - a.count,
  );
  const shown = sorted.slice(0, mostFindings);
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Quality findings"><table role="table" class="stack"><caption>${shown.length < findings.length && `${shown.length} of `}${whole(findings.length)} findings, the worst first</caption>
${columnHeads(["Severity", "Column", "Rows", "Finding"])}
<tbody role="rowgroup">${shown.map(
    ({ severity, reason, column, key, count, sentence, cause, hint, rows, from, to }) =>
      html`<tr role="row"><td role="cell"><span class="badge ${severity}" title="${reason}">${severity}</span></td><td role="cell">${column ?? "the table"}${key !== null && html`<small>${seriesText(key)}</small>`}</td><td role="cell">${whole(count)}</td><td role="cell" class="why">${sentence}<small>${cause} ${hint}</small>${rows.length > 0 && html`<small>first rows: ${rows.join(", ")}${from !== null && to !== null && html`; ${from} to ${to}`}</small>`}</td></tr>`,
  )}</tbody></table></div>`;
}
