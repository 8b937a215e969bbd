import type { ColumnHistory, TestedWindow } from "./drift-histories.ts";
import { heatSteps } from "./drift-map.ts";
import { day, figure, whole } from "./format.ts";
import { type Html, html } from "./html.ts";
import { multiples, smallMultiple, thinned } from "./small-multiple.ts";

/** How much of the columns is shown. */
export interface DrillDownSize {
  readonly columns: number;
  /** Windows that a small chart shows. */
  readonly windows: number;
}

/** From here on a window of a test counts as found. */
const found = 0.05;

/** Each column to be opened: a small chart of every test over time, its effect with dots where its own p-value is small. */
export function driftColumns(histories: readonly ColumnHistory[], zone: string, most: DrillDownSize): Html {
  const all = histories.filter(({ tests }) => tests.length > 0);
  const shown = all.slice(0, most.columns);
  if (shown.length === 0) return html``;
  const longest = Math.max(...shown.flatMap(({ tests }) => tests.map(({ windows }) => windows.length)));
  return html`<h3 class="drill">Column by column</h3>
<p class="note">Open a column to see each of its tests over time: the size of the change, with a dot where the test's own p-value is at most ${found}.${shown.length < all.length && ` The ${shown.length} of ${whole(all.length)} columns that drift most often.`}${longest > most.windows && ` Of the ${whole(longest)} windows at most ${most.windows} are drawn, of each stretch the one with the least p-value.`}</p>
${shown.map((history) => columnDetails(history, zone, most))}`;
}

function columnDetails(
  { column, flagged, windows, tests }: ColumnHistory,
  zone: string,
  most: DrillDownSize,
): Html {
  return html`<details class="column" data-key="column ${column}"><summary>${column}<small>${flagged} of ${windows} windows drift</small></summary>${multiples(
    tests.map(({ test, unit, windows: all }) => {
      const drawn = thinned(all, most.windows, ({ pValue }) => -pValue);
      const least = all.reduce((best, window) => (window.pValue < best.pValue ? window : best));
      const last = all.at(-1) as TestedWindow;
      const small = all.filter(({ pValue }) => pValue <= found).length;
      return {
        name: test,
        figures: `last ${figure(last.effect)} ${unit} (${probability(last.pValue)}); least p ${probabilityValue(least.pValue)} on ${day(least.time, zone)}`,
        chart: smallMultiple(
          drawn.map(({ time, effect, pValue }) => ({
            x: Number(time / 1_000_000n),
            y: effect,
            isFlagged: pValue <= found,
          })),
          {
            kind: "line",
            label: `${test} of ${column} over ${all.length} windows: p is at most ${found} in ${small}`,
          },
        ),
      };
    }),
  )}</details>
`;
}

function probability(value: number): string {
  return `p = ${probabilityValue(value)}`;
}

function probabilityValue(value: number): string {
  return value > 0 && value < (heatSteps[1]?.upTo ?? 0) ? value.toExponential(1) : value.toFixed(3);
}
