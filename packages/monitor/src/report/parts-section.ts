import type { ReportData } from "./data.ts";
import { figure, percent, whole } from "./format.ts";
import { type Html, html } from "./html.ts";
import { type KeyPart, keyParts, type StepPart, stepParts } from "./parts.ts";
import { multiples, smallMultiple } from "./small-multiple.ts";

/** Steps that bars can tell apart. */
const mostSteps = 96;

/** Where the error is: by step of the horizon and by series, as small charts to compare. */
export function partsSection(data: ReportData, mostKeys: number): Html {
  const steps = stepParts(data.served).filter(({ rows }) => rows > 0);
  if (steps.length === 0) return html`<p class="empty">No outcome has come yet.</p>`;
  const { window, metric, parts } = keyParts(data);
  const shown = parts.slice(0, mostKeys);
  const highest = Math.max(...shown.flatMap(({ windows }) => windows.map((one) => one[metric] || 0)));
  return html`<p class="note">Mean absolute error and coverage at each step of the horizon; the dashed line is what was promised.${steps.length > mostSteps && ` The first ${mostSteps} of ${whole(steps.length)} steps are drawn.`}</p>
${multiples(stepMultiples(steps.slice(0, mostSteps)))}
${
  parts.length > 1 &&
  html`<p class="note">${errorName[metric]} of each series in windows of ${window}, all on one scale, the greatest first.${shown.length < parts.length && ` The first ${shown.length} of ${whole(parts.length)} series.`}</p>
${multiples(shown.map((part) => keyMultiple(part, window, metric, highest)))}`
}`;
}

function stepMultiples(steps: readonly StepPart[]) {
  const [first, last] = [steps[0] as StepPart, steps.at(-1) as StepPart];
  const worst = steps.reduce((most, part) => (part.mae > most.mae ? part : most));
  return [
    {
      name: "Error by step",
      figures: `step ${first.step}: ${figure(first.mae)}, step ${last.step}: ${figure(last.mae)}, greatest at ${worst.step}: ${figure(worst.mae)}`,
      chart: smallMultiple(
        steps.map(({ step, mae }) => ({ x: step, y: mae })),
        {
          kind: "bars",
          label: `Mean absolute error at ${steps.length} steps, greatest at step ${worst.step}`,
        },
      ),
    },
    ...first.intervals.map(({ level }) => {
      const coverage = (part: StepPart) =>
        part.intervals.find((found) => found.level === level)?.coverage ?? Number.NaN;
      const least = steps.reduce((low, part) => (coverage(part) < coverage(low) ? part : low));
      return {
        name: `${level} % interval covers, by step`,
        figures: `step ${first.step}: ${percent(coverage(first))}, step ${last.step}: ${percent(coverage(last))}, least at ${least.step}: ${percent(coverage(least))}`,
        chart: smallMultiple(
          steps.map((part) => ({ x: part.step, y: coverage(part) })),
          {
            kind: "bars",
            domain: [0, 1],
            mark: level / 100,
            label: `Coverage of the ${level} % interval at ${steps.length} steps, least at step ${least.step}`,
          },
        ),
      };
    }),
  ];
}

const errorName = { mae: "Mean absolute error", mase: "MASE" } as const;

function keyMultiple(
  { name, mae, mase, rows, windows }: KeyPart,
  window: string,
  metric: "mae" | "mase",
  highest: number,
) {
  return {
    name,
    figures: `${figure(mae)}${metric === "mase" ? `, MASE ${mase.toFixed(2)},` : ""} over ${whole(rows)} outcomes`,
    chart: smallMultiple(
      windows.map((one) => ({ x: Number(one.start / 1_000_000n), y: one[metric] })),
      {
        kind: "line",
        domain: [0, highest],
        label: `${errorName[metric]} of ${name} over ${windows.length} windows of ${window}`,
      },
    ),
  };
}
