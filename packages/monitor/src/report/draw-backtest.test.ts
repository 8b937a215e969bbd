import {
  backtest,
  columnsFromArrays,
  conformal,
  createRandom,
  ets,
  float64,
  naive,
  panel,
  randomWalkWithDrift,
  seasonalNaive,
  timestamp,
  utf8,
} from "@tsops/core";
import { DOMParser } from "linkedom";
import { describe, expect, it } from "vitest";
import { drawBacktest } from "./draw-backtest.ts";

const hour = 3_600_000_000n;

function panelOf(series: Readonly<Record<string, readonly number[]>>) {
  const rows = Object.entries(series).flatMap(([city, y]) => y.map((value, t) => ({ city, value, t })));
  return panel(
    columnsFromArrays(
      { city: utf8(), at: timestamp(), y: float64() },
      {
        city: rows.map(({ city }) => city),
        at: BigInt64Array.from(rows, ({ t }) => hour * BigInt(t)),
        y: Float64Array.from(rows, ({ value }) => value),
      },
    ),
    { keys: ["city"], time: "at", target: "y", frequency: "1h" },
  );
}

function noisy(rows: number, seed: string): number[] {
  const random = createRandom(seed);
  return Array.from({ length: rows }, (_, t) => 50 + 10 * Math.sin((Math.PI * t) / 12) + random.normal());
}

const load = panelOf({ oslo: noisy(240, "a"), turin: noisy(240, "b"), bergen: noisy(240, "c") });
const folds = { horizon: 12, folds: 3, levels: [80, 95] };

async function draw(...args: Parameters<typeof drawBacktest>) {
  const svg = await drawBacktest(...args);
  const document = new DOMParser().parseFromString(svg, "image/svg+xml");
  return {
    svg,
    texts: [...document.querySelectorAll("text")].map(({ textContent }) => textContent),
    /** The charts, in order: series, errors, coverage. */
    charts: [...document.querySelectorAll("svg svg.plot")],
  };
}

type Element = Awaited<ReturnType<typeof draw>>["charts"][number];

/** The corners of the lines of a chart with a stroke. */
function linesOf(chart: Element | undefined, stroke: string): [number, number][][] {
  return [...(chart?.querySelectorAll("path") ?? [])]
    .filter((path) => (path.getAttribute("stroke") ?? path.parentElement?.getAttribute("stroke")) === stroke)
    .map((path) =>
      [...(path.getAttribute("d") ?? "").matchAll(/(-?[\d.]+),(-?[\d.]+)/g)].map(
        ([, x, y]) => [Number(x), Number(y)] as [number, number],
      ),
    );
}

describe("a drawing of backtests", { timeout: 60_000 }, () => {
  it("has a chart for each series with all folds, then errors and coverage by step of each model", async () => {
    const models = {
      ets: await backtest(ets({ seasonLength: 24 }), load, folds),
      seasonal: await backtest(conformal(seasonalNaive({ seasonLength: 24 }), { folds: 4 }), load, folds),
    };
    const { svg, texts, charts } = await draw(models, { history: load });
    expect(charts).toHaveLength(5);
    for (const text of ["oslo", "turin", "bergen", "outcome", "80 % interval", "cutoff", "ets", "seasonal"])
      expect(texts).toContain(text);
    expect(texts).toContain("Backtest of ets, seasonal");
    expect(texts).toContain("MASE by step");
    expect(svg).not.toContain("NaN");
    const [series] = charts;
    expect(linesOf(series, "var(--forecast)")).toHaveLength(3);
    expect(linesOf(series, "var(--forecast)").every((line) => line.length === 12)).toBe(true);
    // The other model's forecasts are beside them, in its colour.
    expect(linesOf(series, "var(--other-1)").map((line) => line.length)).toEqual([12, 12, 12]);
    expect(linesOf(series, "var(--other-1)")).not.toEqual(linesOf(series, "var(--forecast)"));
    // Two horizons before the first cutoff, and the three folds.
    expect(Math.max(...linesOf(series, "currentColor").map((line) => line.length))).toBe(60);
    const cutoffs = [...(series?.querySelectorAll("line") ?? [])].filter(
      (line) =>
        (line.getAttribute("stroke") ?? line.parentElement?.getAttribute("stroke")) === "var(--muted)",
    );
    expect(cutoffs).toHaveLength(3);
    expect(await drawBacktest(models, { history: load })).toBe(svg);
  });

  it("draws errors to scale", async () => {
    // The naive forecast of a straight line errs by one more unit each step, its drift by none.
    const line = panelOf({ oslo: Array.from({ length: 100 }, (_, t) => 3 * t) });
    const { charts, texts } = await draw({
      drift: await backtest(randomWalkWithDrift(), line, { horizon: 6, folds: 2, levels: [] }),
      naive: await backtest(naive(), line, { horizon: 6, folds: 2, levels: [] }),
    });
    // No levels were asked for, so there is no coverage.
    expect(charts).toHaveLength(2);
    expect(texts).toContain("MASE by step");
    const [drift] = linesOf(charts[1], "var(--forecast)");
    const [errors] = linesOf(charts[1], "var(--other-1)");
    expect(errors).toHaveLength(6);
    const bottom = drift?.[0]?.[1] as number;
    const unit = bottom - (errors?.[0]?.[1] as number);
    expect(unit).toBeGreaterThan(5);
    errors?.forEach(([x, y], i) => {
      expect(bottom - y).toBeCloseTo(unit * (i + 1), 0);
      if (i > 0) expect(x).toBeGreaterThan(errors[i - 1]?.[0] as number);
    });
  });

  it("shows the coverage of every level of a single model, and one point where there is one step", async () => {
    const one = await backtest(ets({ seasonLength: 24 }), load, { ...folds, horizon: 1, folds: 5 });
    const { charts, texts } = await draw({ ets: one }, { keys: [{ city: "turin" }] });
    expect(charts).toHaveLength(3);
    expect(texts).toContain("Outcomes within the intervals of 80 % and 95 % (dashed) by step");
    expect(charts.map((chart) => chart.querySelectorAll("circle").length)).toEqual([5, 1, 2]);
  });

  it("stays a picture whatever the names hold", async () => {
    const name = '<b>"x"</b>';
    const named = panelOf({ [name]: noisy(80, "d") });
    const { svg, texts } = await draw({
      [name]: await backtest(naive(), named, { horizon: 4, folds: 2, levels: [] }),
    });
    expect(svg).not.toContain("<b>");
    expect(texts.filter((text) => text === name)).toHaveLength(2);
  });

  it("refuses what cannot be drawn, and says what to do", async () => {
    const result = await backtest(naive(), load, { horizon: 4, folds: 2, levels: [80] });
    const longer = await backtest(naive(), load, { horizon: 6, folds: 2, levels: [90] });
    const other = await backtest(naive(), load, { horizon: 4, folds: 2, levels: [90] });
    const six = Object.fromEntries(Array.from({ length: 6 }, (_, i) => [`m${i}`, result]));
    await expect(drawBacktest({})).rejects.toThrow(/1 to 5 backtests, got 0/);
    await expect(drawBacktest(six)).rejects.toThrow(/got 6/);
    await expect(drawBacktest({ a: 1 as never })).rejects.toMatchObject({
      code: "MONITOR_INVALID",
      message: '"a" is no result of backtest(), got 1.',
    });
    await expect(drawBacktest(undefined as never)).rejects.toThrow(/takes backtests by name, got undefined/);
    await expect(drawBacktest({ a: result, b: longer })).rejects.toThrow(/over 4 steps, "b" over 6/);
    await expect(drawBacktest({ a: result, b: other })).rejects.toThrow(/no interval level in common/);
    await expect(drawBacktest({ a: result }, { keys: [{ city: "rome" }] })).rejects.toThrow(
      /rome was not backtested/,
    );
    await expect(drawBacktest({ a: result }, { keys: [] })).rejects.toThrow(/1 to 24 series/);
    // @ts-expect-error there is no such option
    await expect(drawBacktest({ a: result }, { key: [] })).rejects.toThrow(/key/);
  });
});
