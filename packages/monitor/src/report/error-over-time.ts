import type { DecisionRecord } from "@tsops/core";
import { performanceByWindow } from "../performance/by-window.ts";
import type { ReportData } from "./data.ts";
import { eventOf, isPromotion, type ReportEvent } from "./events.ts";
import { axisLabel, type ChartSize, chartWidth } from "./forecast-chart.ts";
import { figure, wallClock } from "./format.ts";
import type { ChartRenderer } from "./plot.ts";

/** Days that one point of the chart averages, as noise of single days hides what changes. */
export const smoothingDays = 14;

/** The error of one forecaster over time. */
export interface ErrorLine {
  readonly name: string;
  /** Colour as a CSS variable. */
  readonly colour: string;
  readonly dash: string | null;
  readonly points: readonly { readonly at: Date; readonly mae: number }[];
}

/** What the champion's backtest promised, from one promotion to the next. */
export interface Expectation {
  readonly from: Date;
  readonly to: Date;
  readonly error: number;
}

/** Trailing mean absolute errors of the loop and of what it is compared with. */
export function errorLines(data: ReportData): ErrorLine[] {
  const { served, comparisons = [], zone = "UTC" } = data;
  const loop: ErrorLine = {
    name: "served",
    colour: "var(--forecast)",
    dash: null,
    points: smooth(
      performanceByWindow(served, { window: "1d", zone }).map(({ end, mae }) => ({
        at: wallClock(end, zone),
        mae,
      })),
    ),
  };
  const champion = championOutcomes(data);
  const others = comparisons.map(
    ({ name, time, mean }, i): ErrorLine => ({
      name,
      colour: `var(--other-${(i % 4) + 1})`,
      dash: ["6 3", "4 2", "8 3 2 3", "12 4"][i % 4] as string,
      points: smooth(dailyErrors(time, mean, champion, zone)),
    }),
  );
  return [loop, ...others];
}

/** Errors over time, with what was expected, promotions, rejections and alarms. */
export function errorChart({ Plot, svg }: ChartRenderer, data: ReportData, size: ChartSize): string {
  const { decisions = [], zone = "UTC", target } = data;
  const lines = errorLines(data);
  const rows = lines.flatMap(({ name, colour, points }) =>
    points.map((point) => ({ ...point, name, colour })),
  );
  const highest = rows.reduce((top, { mae }) => Math.max(top, mae), 0) * 1.12 || 1;
  const events = eventsOf(decisions, zone);
  const drawn = events.slice(-mostEvents);
  return svg(
    {
      width: chartWidth[size],
      height: size === "wide" ? 320 : 260,
      marginLeft: 44,
      marginRight: 8,
      marginTop: 24,
      x: { type: "utc", label: null, ...(size === "narrow" ? { ticks: 4 } : {}) },
      y: {
        grid: true,
        domain: [0, highest],
        ticks: 5,
        label: `error: ${axisLabel(target)}`,
      },
      symbol: { type: "identity" } as never,
      marks: [
        Plot.ruleY([0], { strokeOpacity: 0.4 }),
        Plot.ruleX(
          drawn.filter(({ kind }) => kind === "promoted"),
          { x: "at", stroke: "var(--good)", strokeOpacity: 0.6 },
        ),
        Plot.ruleY(expectations(data, lines), {
          x1: "from",
          x2: "to",
          y: "error",
          stroke: "var(--forecast)",
          strokeWidth: 2,
          strokeLinecap: "round",
          strokeDasharray: promiseDash,
        }),
        ...lines
          .map((line) =>
            Plot.lineY(line.points, {
              x: "at",
              y: "mae",
              stroke: line.colour,
              strokeWidth: line.dash === null ? 2.25 : 1.5,
              ...(line.dash === null ? {} : { strokeDasharray: line.dash }),
            }),
          )
          .reverse(),
        ...(["promoted", "rejected", "alert"] as const).map((kind) =>
          Plot.dot(
            drawn.filter((event) => event.kind === kind),
            {
              x: "at",
              y: kind === "alert" ? 0 : highest,
              symbol: kind === "promoted" ? "triangle" : kind === "rejected" ? "times" : "diamond",
              r: size === "wide" ? 5 : 4,
              title: "title",
              ...(kind === "rejected"
                ? { stroke: "var(--bad)", strokeWidth: 2 }
                : { fill: kind === "promoted" ? "var(--good)" : "var(--warn)" }),
            },
          ),
        ),
      ],
    },
    errorLabel(lines, events),
  );
}

interface ChartEvent {
  readonly at: Date;
  readonly kind: ReportEvent;
  readonly title: string;
}

/** Marks that a chart can show; a log may hold more. */
const mostEvents = 200;

function eventsOf(decisions: readonly DecisionRecord[], zone: string): ChartEvent[] {
  return decisions.flatMap((decision): ChartEvent[] => {
    const kind = eventOf(decision);
    return kind === null ? [] : [{ at: wallClock(decision.time, zone), kind, title: decision.reason }];
  });
}

/** How the promise of a champion's backtest is drawn: unlike any comparison. */
export const promiseDash = "1 4";

/** The candidate's own error of each promotion by absolute loss: what it promised until the next one, which may promise nothing that the log knows. */
export function expectations(
  { decisions = [], zone = "UTC" }: ReportData,
  lines: readonly ErrorLine[],
): Expectation[] {
  const promises = decisions.filter(isPromotion).map(({ kind, time, evidence }) => {
    const candidate = evidence["candidate"] as { readonly loss?: unknown } | undefined;
    const isKnown = kind === "gate" && evidence["loss"] === "absolute" && typeof candidate?.loss === "number";
    return { from: wallClock(time, zone), error: isKnown ? (candidate.loss as number) : null };
  });
  const end = lines[0]?.points.at(-1)?.at;
  return promises.flatMap(({ from, error }, i) => {
    const to = promises[i + 1]?.from ?? end;
    return error === null || to === undefined || to <= from ? [] : [{ from, to, error }];
  });
}

/** Trailing means over days with outcomes; nothing until half of the days are there. */
function smooth(daily: readonly { at: Date; mae: number }[]): { at: Date; mae: number }[] {
  const dayLength = 86_400_000;
  return daily.flatMap(({ at }, i) => {
    let sum = 0;
    let count = 0;
    for (let j = i; j >= 0; j--) {
      const other = daily[j] as { at: Date; mae: number };
      if (at.getTime() - other.at.getTime() >= smoothingDays * dayLength) break;
      if (Number.isNaN(other.mae)) continue;
      sum += other.mae;
      count++;
    }
    return 2 * count < smoothingDays ? [] : [{ at, mae: sum / count }];
  });
}

/** Outcomes by instant, of a single series; the comparisons are forecasts of that one. */
function championOutcomes({ served }: ReportData): Map<bigint, number> {
  const outcomes = new Map<bigint, number>();
  for (let row = 0; row < served.length; row++)
    if (served.seriesIndex[row] === 0 && !Number.isNaN(served.y[row] as number))
      outcomes.set(served.time[row] as bigint, served.y[row] as number);
  return outcomes;
}

function dailyErrors(
  time: BigInt64Array,
  mean: Float64Array,
  outcomes: ReadonlyMap<bigint, number>,
  zone: string,
): { at: Date; mae: number }[] {
  const dayLength = 86_400_000;
  const days = new Map<number, { sum: number; count: number }>();
  time.forEach((micros, row) => {
    const y = outcomes.get(micros);
    if (y === undefined || Number.isNaN(mean[row] as number)) return;
    const day = Math.floor(wallClock(micros, zone).getTime() / dayLength);
    const total = days.get(day) ?? { sum: 0, count: 0 };
    days.set(day, { sum: total.sum + Math.abs(y - (mean[row] as number)), count: total.count + 1 });
  });
  return [...days]
    .sort(([a], [b]) => a - b)
    .map(([day, { sum, count }]) => ({ at: new Date((day + 1) * dayLength), mae: sum / count }));
}

function errorLabel(lines: readonly ErrorLine[], events: readonly ChartEvent[]): string {
  const texts = lines.flatMap(({ name, points }) => {
    const last = points.at(-1);
    return last === undefined ? [] : [`${name} ends at ${figure(last.mae)}`];
  });
  const count = (kind: ChartEvent["kind"]) => events.filter((event) => event.kind === kind).length;
  return `Line chart of the mean absolute error over time, ${smoothingDays}-day means: ${texts.join(", ") || "not enough outcomes yet"}; ${count("promoted")} promotions, ${count("rejected")} rejections, ${count("alert")} alerts`;
}
