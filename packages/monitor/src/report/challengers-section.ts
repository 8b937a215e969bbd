import { type ChallengerComparison, challengerComparisons } from "./challengers.ts";
import { columnHeads } from "./column-heads.ts";
import type { ReportData } from "./data.ts";
import { day, evenFigures, whole } from "./format.ts";
import { type Html, html } from "./html.ts";
import { rangeMark } from "./range-mark.ts";

/** Comparisons that a page shows. */
const mostComparisons = 20;

/** Verdicts that have a colour; words say the same. */
const tones: Readonly<Record<string, string>> = { promote: "good", reject: "bad", keep: "bad" };

/** What was compared with the champion: the difference of the losses with its range, all on one scale. */
export function challengersSection({ decisions = [], zone = "UTC" }: ReportData): Html {
  const all = challengerComparisons(decisions);
  const shown = all.slice(0, mostComparisons);
  if (shown.length === 0) return html`<p class="empty">No challenger has been compared yet.</p>`;
  const reach = Math.min(1, greatestReach(shown));
  const loss = evenFigures(shown.flatMap((one) => [one.candidateLoss, one.referenceLoss]));
  return html`<p class="note">How much greater or less the challenger’s loss is, in % of the loss of what served. The bar holds the expected difference (each end by the alpha that was decided by); the dashed line is what all of it must be below for a promotion. Of an experiment the last look.${shown.length < all.length && ` The newest ${shown.length} of ${whole(all.length)} comparisons; the decision log has the others.`}</p>
<div class="scroll" tabindex="0" role="region" aria-label="Comparisons with challengers"><table role="table" class="stack"><caption>Challengers against what served, newest first; the bars reach from −${Math.round(100 * reach)} to +${Math.round(100 * reach)} %</caption>
${columnHeads(["When", "Verdict", "Compared", "Difference of the loss"])}<tbody role="rowgroup">${shown.map(
    (one) =>
      html`<tr role="row"><td role="cell" class="when">${day(one.time, zone)}</td><td role="cell"><span class="badge ${tones[one.verdict] ?? "plain"}">${one.verdict.replaceAll("_", " ")}</span><span class="kind">${one.kind}</span></td><td role="cell" class="why">${one.candidate} against ${one.reference}<small>${one.loss} loss ${loss(one.candidateLoss)} against ${loss(one.referenceLoss)} · <code>${one.decision}</code></small></td><td role="cell" class="why">${difference(one, reach)}</td></tr>`,
  )}</tbody></table></div>`;
}

function difference(one: ChallengerComparison, reach: number): Html {
  if (Number.isNaN(one.difference)) return html`not tested`;
  const text = `${signed(one.difference)} (${signed(one.lower)} to ${signed(one.upper)})`;
  return html`${rangeMark(one, reach, `Loss of ${one.candidate} against ${one.reference}: ${text}`)}<span class="nobr">${text}</span>`;
}

/** The furthest that anything known reaches from 0, with room beside it. */
function greatestReach(comparisons: readonly ChallengerComparison[]): number {
  const known = comparisons
    .flatMap(({ difference: middle, lower, upper, below }) => [middle, lower, upper, below])
    .filter(Number.isFinite);
  return 1.1 * known.reduce((most, value) => Math.max(most, Math.abs(value)), 0.01);
}

function signed(share: number): string {
  if (Number.isNaN(share)) return "–";
  if (!Number.isFinite(share)) return share > 0 ? "no upper bound" : "no lower bound";
  return `${share > 0 ? "+" : share < 0 ? "−" : ""}${Math.abs(100 * share).toFixed(1)} %`;
}
