import type { QualityFinding } from "../quality/finding.ts";
import { whole } from "./format.ts";
import { type Html, html } from "./html.ts";

const order = { error: 0, warning: 1, info: 2 } as const;

/** Findings, the worst first. */
export function qualityTable(findings: readonly QualityFinding[] | undefined): Html {
  if (findings === undefined) return html`<p class="empty">Data quality was not checked.</p>`;
  if (findings.length === 0) return html`<p class="empty">All checks passed.</p>`;
  const sorted = [...findings].sort((a, b) => order[a.severity] - order[b.severity] || b.count - a.count);
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Quality findings"><table><caption>${findings.length} findings, the worst first</caption>
<thead><tr><th scope="col">Severity</th><th scope="col">Column</th><th scope="col">Rows</th><th scope="col">Finding</th></tr></thead>
<tbody>${sorted.map(
    ({ severity, column, count, sentence, rows }) =>
      html`<tr><td><span class="badge ${severity}">${severity}</span></td><td>${column ?? "the table"}</td><td>${whole(count)}</td><td class="why">${sentence}${rows.length > 0 && html`<small>first rows: ${rows.join(", ")}</small>`}</td></tr>`,
  )}</tbody></table></div>`;
}
