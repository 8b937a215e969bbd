import type { DriftPage, DriftPageColumn, DriftPageComparison, RenderDriftPage } from "@tsops/core";
import { checkMade } from "../check-made.ts";
import { columnHeads } from "./column-heads.ts";
import { heatSteps } from "./drift-map.ts";
import { figure, whole } from "./format.ts";
import { type Html, html } from "./html.ts";
import { legend, swatch } from "./legend.ts";
import { htmlPage } from "./page.ts";

/** What is shown at most, so that a page stays small whatever it is made of. */
const most = {
  columns: 250,
  detailed: 120,
  heatColumns: 60,
  heatWindows: 120,
  windows: 120,
  findings: 12,
  others: 60,
};
/** Labels over a heat map. */
const mostLabels = 8;

/**
 * One HTML file about drift: each column with its decision, p-value and effect, every test in a sentence, and a heat map where there are several windows. Self-contained: no script, no
 * request, light and dark, for desk and phone; needs no peers.
 */
export const renderDriftPage: RenderDriftPage = (page) => {
  checkMade("renderDriftPage()", "a DriftPage, as `tsops drift --html` makes it", page, {
    title: "text",
    lead: "text",
    alpha: "number",
    tiles: "list",
    comparisons: "list",
    untested: "list",
    notes: "list",
  });
  const { title, lead, tiles, isByWindow, untested, notes } = page;
  const sections: readonly (readonly [id: string, name: string, body: Html])[] = [
    ...(isByWindow
      ? ([
          ["map", "Heat map", heatSection(page)],
          ["columns", "Columns", historyTable(page)],
          ["windows", "Windows", windowSection(page)],
        ] as const)
      : ([
          ["columns", "Columns", columnTable(page)],
          ["tests", "Tests", testSection(page)],
        ] as const)),
    ["untested", "Not tested", untestedSection(untested)],
    ["notes", "Guesses and notes", list(notes, "Nothing was guessed.")],
  ];
  return htmlPage({
    title,
    lead,
    style: heatRules(),
    tiles: html`<dl class="tiles">${tiles.map(({ name, value, note }) => html`<div><dt>${name}</dt><dd>${value}<small>${note}</small></dd></div>`)}</dl>`,
    sections,
    footer: "Written by tsops; this file needs no network.",
  });
};

function heatRules(): string {
  const colours = heatSteps.map(({ colour }, i) => `.heat .s${i}{background:${colour}}`).join("");
  return `.heat{width:auto;border-collapse:separate;border-spacing:1px}
.heat td{width:14px;min-width:11px;height:22px;padding:0;border:0;border-radius:2px;text-align:center;font-size:9px;line-height:22px;color:var(--heat-dot)}
.heat thead th{padding:0 4px 4px 0;border:0;font-weight:400;font-variant-numeric:tabular-nums;overflow:visible}
.heat th[scope=row]{position:sticky;left:0;background:var(--card);border:0;padding:0 8px 0 0;font-weight:400;white-space:nowrap;max-width:14rem;overflow:hidden;text-overflow:ellipsis;vertical-align:middle}
@media (max-width:640px){.heat th[scope=row]{max-width:7.5rem}.stack td[data-name]::before{content:attr(data-name) " ";color:var(--muted)}}
${colours}`;
}

function probability(value: number): string {
  return value > 0 && value < 0.0001 ? value.toExponential(1) : value.toFixed(4);
}

function badge(drift: boolean): Html {
  return drift
    ? html`<span class="badge warn">drift</span>`
    : html`<span class="badge plain">no drift</span>`;
}

/** An effect with its unit, where that is more than to say that it is the column's. */
function effectOf({ tests: [test] }: DriftPageColumn): string {
  if (test === undefined) return "–";
  return `${figure(test.effect)}${test.unit === "units of the column" ? "" : ` ${test.unit}`}`;
}

/** Those that drift first, then by p-value. */
function sorted(columns: readonly DriftPageColumn[]): readonly DriftPageColumn[] {
  return [...columns].sort(
    (a, b) => Number(b.drift) - Number(a.drift) || a.adjustedPValue - b.adjustedPValue || a.pValue - b.pValue,
  );
}

function columnTable({ comparisons, alpha }: DriftPage): Html {
  const all = sorted(comparisons[0]?.columns ?? []);
  const shown = all.slice(0, most.columns);
  return html`<p class="note">A column drifts when its p-value, adjusted for the number of columns, is at most ${alpha}. Its p-value puts its tests together; the one that says most is shown.</p>
<div class="scroll" tabindex="0" role="region" aria-label="Decision on each column"><table role="table" class="stack"><caption>${shown.length} of ${whole(all.length)} columns, those that drift first</caption>
${columnHeads(["Column", "Decision", "Adjusted p", "Effect", "What was found"])}<tbody role="rowgroup">${shown.map(
    (column) =>
      html`<tr role="row"><th role="rowheader" scope="row">${column.column}</th><td role="cell">${badge(column.drift)}</td><td role="cell" class="nobr" data-name="adjusted p">${probability(column.adjustedPValue)}</td><td role="cell" data-name="effect">${effectOf(column)}</td><td role="cell" class="why">${column.tests[0]?.sentence ?? "–"}</td></tr>\n`,
  )}</tbody></table></div>`;
}

function testSection({ comparisons }: DriftPage): Html {
  const all = sorted(comparisons[0]?.columns ?? []);
  const shown = all.slice(0, most.detailed);
  return html`<p class="note">Every test of each column. A column's tests are put together by Simes, the columns by Benjamini-Hochberg.${shown.length < all.length && ` Of the first ${shown.length} of ${whole(all.length)} columns.`}</p>
${shown.map((column) => html`<details${column.drift && html` open`}><summary>${column.column}: p = ${probability(column.pValue)}</summary>${testTable(column)}</details>\n`)}`;
}

function testTable({ column, tests }: DriftPageColumn): Html {
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Tests of ${column}"><table role="table" class="stack">${columnHeads(["Test", "Statistic", "p", "Effect", "In words"])}<tbody role="rowgroup">${tests.map(
    ({ test, statistic, pValue, effect, unit, sentence }) =>
      html`<tr role="row"><th role="rowheader" scope="row">${test}</th><td role="cell" class="nobr" data-name="statistic">${figure(statistic)}</td><td role="cell" class="nobr" data-name="p">${probability(pValue)}</td><td role="cell" data-name="effect">${figure(effect)} ${unit}</td><td role="cell" class="why">${sentence}</td></tr>`,
  )}</tbody></table></div>`;
}

/** How one column did over all windows. */
interface History {
  readonly column: string;
  readonly windows: number;
  readonly flagged: number;
  readonly last: { readonly name: string; readonly sentence: string } | null;
}

/** Those that drift most often first. */
function historiesOf(comparisons: readonly DriftPageComparison[]): readonly History[] {
  const found = new Map<string, History>();
  for (const { name, columns } of comparisons)
    for (const { column, drift, tests } of columns) {
      const before = found.get(column);
      found.set(column, {
        column,
        windows: (before?.windows ?? 0) + 1,
        flagged: (before?.flagged ?? 0) + (drift ? 1 : 0),
        last: drift ? { name, sentence: tests[0]?.sentence ?? "" } : (before?.last ?? null),
      });
    }
  return [...found.values()].sort((a, b) => b.flagged - a.flagged);
}

function heatSection({ comparisons }: DriftPage): Html {
  const all = historiesOf(comparisons);
  const columns = all.slice(0, most.heatColumns);
  const windows = comparisons.slice(-most.heatWindows);
  const left = [
    ...(columns.length < all.length
      ? [` The ${columns.length} of ${whole(all.length)} columns that drift most often are drawn.`]
      : []),
    ...(windows.length < comparisons.length
      ? [` The newest ${windows.length} of ${whole(comparisons.length)} windows are drawn.`]
      : []),
  ];
  const byWindow = windows.map((window) => new Map(window.columns.map((column) => [column.column, column])));
  const each = Math.max(1, Math.ceil(windows.length / mostLabels));
  const labels = Array.from({ length: Math.ceil(windows.length / each) }, (_, i) => ({
    name: windows[i * each]?.name ?? "",
    span: Math.min(each, windows.length - i * each),
  }));
  return html`<p class="note">A row for each column, a cell for each window, the oldest on the left. Colours are p-values adjusted for the number of columns of the window; a dot marks drift.${left}</p>
${legend([...heatSteps].reverse().map(({ colour, name }) => [swatch(colour, "band"), name] as const))}
<div class="scroll" tabindex="0" role="region" aria-label="Heat map of columns by windows"><table class="heat"><thead><tr><th scope="col">Column</th>${labels.map(({ name, span }) => html`<th scope="colgroup" colspan="${span}">${name.slice(0, 10)}</th>`)}</tr></thead>
<tbody>${columns.map(
    ({ column }) =>
      html`<tr><th scope="row" title="${column}">${column}</th>${windows.map(({ name }, i) => heatCell(name, byWindow[i]?.get(column)))}</tr>\n`,
  )}</tbody></table></div>`;
}

function heatCell(window: string, found: DriftPageColumn | undefined): Html {
  if (found === undefined) return html`<td></td>`;
  const step = heatSteps.findIndex(({ upTo }) => found.adjustedPValue <= upTo);
  return html`<td class="s${step}"${found.drift && html` title="${window}: ${found.tests[0]?.test}, adjusted p = ${probability(found.adjustedPValue)}"`}>${found.drift && "●"}</td>`;
}

function historyTable({ comparisons }: DriftPage): Html {
  const all = historiesOf(comparisons);
  const shown = all.slice(0, most.columns);
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Drift by column"><table role="table" class="stack"><caption>${shown.length} of ${whole(all.length)} columns over ${whole(comparisons.length)} windows</caption>
${columnHeads(["Column", "Drift in", "What was found last"])}<tbody role="rowgroup">${shown.map(
    ({ column, windows, flagged, last }) =>
      html`<tr role="row"><th role="rowheader" scope="row">${column}</th><td role="cell" class="when">${flagged} of ${windows}</td><td role="cell" class="why">${last?.sentence ?? "–"}${last !== null && html`<small>${last.name}</small>`}</td></tr>\n`,
  )}</tbody></table></div>`;
}

function windowSection({ comparisons, alpha }: DriftPage): Html {
  const drifting = comparisons.filter(({ columns }) => columns.some(({ drift }) => drift)).reverse();
  const shown = drifting.slice(0, most.windows);
  return html`<p class="note">Windows with drift, the newest first. The false-discovery rate of ${alpha} holds within each window, not over all: with nothing changed, about that share of the windows drifts.${shown.length < drifting.length && ` The newest ${shown.length} of ${whole(drifting.length)}.`}</p>
${shown.length === 0 && html`<p class="empty">No window drifts.</p>`}
${shown.map(({ name, note, columns }, i) => {
  const flagged = sorted(columns.filter(({ drift }) => drift));
  const sentences = flagged.slice(0, most.findings).map(({ tests }) => tests[0]?.sentence ?? "");
  return html`<details${i === 0 && html` open`}><summary>${name}: ${flagged.length} of ${columns.length} columns</summary><p class="note">${note}</p>${list(
    flagged.length > sentences.length
      ? [...sentences, `And ${flagged.length - sentences.length} more.`]
      : sentences,
    "",
  )}</details>\n`;
})}`;
}

function untestedSection(untested: DriftPage["untested"]): Html {
  const shown = untested.slice(0, most.others);
  return list(
    [
      ...shown.map(({ column, reason }) => `${column}: ${reason}`),
      ...(shown.length < untested.length ? [`And ${whole(untested.length - shown.length)} more.`] : []),
    ],
    "All columns were tested.",
  );
}

function list(items: readonly string[], empty: string): Html {
  if (items.length === 0) return html`<p class="empty">${empty}</p>`;
  return html`<ul>${items.slice(0, most.others + 1).map((item) => html`<li class="why">${item}</li>`)}</ul>`;
}
