import type { DecisionRecord } from "@tsops/core";
import { columnHeads } from "./column-heads.ts";
import { minute } from "./format.ts";
import { type Html, html } from "./html.ts";

/** Rows before the button that shows the rest. */
const firstRows = 12;
/** Characters of the numbers behind one decision. */
const mostEvidence = 4_000;
/** Characters of a reason. */
const mostReason = 800;

/** How much of the log is shown. */
export interface DecisionTableSize {
  readonly rows: number;
  /** Characters of the numbers behind all decisions. */
  readonly evidence: number;
}

/** What a verdict means for the eye; words say the same. */
const tones: Readonly<Record<string, string>> = {
  promote: "good",
  reject: "bad",
  rollback: "bad",
  retrain: "info",
  drift: "warn",
  alert: "warn",
  resolved: "good",
  undelivered: "bad",
};

/** The decisions that changed or asked something, newest first; those that found nothing to do are counted. */
export function decisionTable(
  decisions: readonly DecisionRecord[],
  zone: string,
  most: DecisionTableSize,
): Html {
  const quiet = decisions.filter(({ verdict }) => verdict.startsWith("no_"));
  const told = decisions.filter(({ verdict }) => !verdict.startsWith("no_")).reverse();
  if (told.length === 0 && quiet.length === 0)
    return html`<p class="empty">No decision has been made yet.</p>`;
  const kinds = [...new Set(told.map(({ kind }) => kind))].sort();
  const shown = told.slice(0, most.rows);
  let evidenceLeft = most.evidence;
  const rows = shown.map(({ id, kind, verdict, time, reason, requestedBy, evidence, subject }) => {
    const numbers = evidenceText(evidence);
    const fits = numbers.length <= mostEvidence && numbers.length <= evidenceLeft;
    if (fits) evidenceLeft -= numbers.length;
    return html`<tr role="row" data-kind="${kind}"><td role="cell" class="when">${minute(time, zone)}</td><td role="cell"><span class="badge ${tones[verdict] ?? "plain"}">${words(verdict)}</span>${kind !== verdict && html`<span class="kind">${kind}</span>`}</td><td role="cell" class="why">${clipped(reason)}<small>asked by ${requestedBy} · ${subject} · <code>${id}</code></small>${fits && numbers !== "{}" && html`<details data-key="${id}"><summary>Numbers</summary><pre tabindex="0" role="region" aria-label="Numbers of ${id}">${numbers}</pre></details>`}</td></tr>`;
  });
  return html`${kinds.length > 1 && html`<fieldset class="filter"><legend>Show</legend>${["all", ...kinds].map((kind, i) => html`<label><input type="radio" name="kind" value="${kind}"${i === 0 && html` checked`}><span>${kind}</span></label>`)}</fieldset>`}
<div class="scroll" tabindex="0" role="region" aria-label="Decision log"><table role="table" class="stack decisions"><caption>${shown.length} of ${decisions.length} decisions, newest first${quiet.length > 0 && `; ${quiet.length} found nothing to do`}${told.length > shown.length && `; ${told.length - shown.length} older ones are in the log`}</caption>
${columnHeads(["When", "What", "Why"])}<tbody role="rowgroup">${rows}</tbody></table></div>
${shown.length > firstRows && html`<label class="more"><input type="checkbox"><span>Show all ${shown.length}</span></label>`}`;
}

/** Rules that hide older rows and those of kinds that are not chosen; the page has no script. */
export function filterRules(decisions: readonly DecisionRecord[]): string {
  const older = `section:not(:has(.more input:checked)):not(:has(.filter input:checked:not([value="all"]))) .decisions tbody tr:nth-child(n+${firstRows + 1}){display:none}
section:has(.filter input:checked:not([value="all"])) .more{display:none}`;
  const kinds = [...new Set(decisions.map(({ kind }) => kind))]
    .filter((kind) => /^[a-z_]+$/.test(kind))
    .map(
      (kind) =>
        `section:has(.filter input[value="${kind}"]:checked) .decisions tr[data-kind]:not([data-kind="${kind}"]){display:none}`,
    );
  return ["@media screen{", older, ...kinds, "}"].join("\n");
}

function evidenceText(evidence: DecisionRecord["evidence"]): string {
  return JSON.stringify(
    evidence,
    (_, value: unknown) =>
      typeof value === "bigint"
        ? String(value)
        : typeof value === "number" && Number.isFinite(value)
          ? Number(value.toPrecision(6))
          : value,
    1,
  );
}

function clipped(reason: string): string {
  return reason.length > mostReason ? `${reason.slice(0, mostReason - 1)}…` : reason;
}

function words(verdict: string): string {
  return verdict.replaceAll("_", " ");
}
