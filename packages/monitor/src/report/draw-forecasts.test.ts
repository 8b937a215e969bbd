import type { DrawnSeries, ForecastDrawing } from "@tsops/core";
import { DOMParser } from "linkedom";
import { describe, expect, it } from "vitest";
import { drawForecasts } from "./draw-forecasts.ts";

const hour = 3_600_000;
const start = Date.parse("2026-03-01T00:00Z");

function drawing(names: readonly string[], changes: Partial<ForecastDrawing> = {}): ForecastDrawing {
  return {
    title: "a title",
    target: "load",
    scale: "time",
    series: names.map((name) => ({
      name,
      history: Array.from({ length: 30 }, (_, i) => ({
        at: start + i * hour,
        y: i === 9 ? Number.NaN : i % 5,
      })),
      forecast: Array.from({ length: 6 }, (_, i) => ({
        at: start + (30 + i) * hour,
        mean: i % 5,
        intervals: [80, 95].map((level) => ({
          level,
          lower: (i % 5) - level / 50,
          upper: (i % 5) + level / 50,
        })),
      })),
    })),
    ...changes,
  };
}

async function draw(what: ForecastDrawing) {
  const svg = await drawForecasts(what);
  return { svg, document: new DOMParser().parseFromString(svg, "image/svg+xml") };
}

describe("a drawing of forecasts", () => {
  it("has history, forecast and a band per level, and says what they are", async () => {
    const { svg, document } = await draw(drawing(["load"]));
    const texts = [...document.querySelectorAll("text")].map(({ textContent }) => textContent);
    for (const text of ["a title", "history", "forecast", "80 % interval", "95 % interval"])
      expect(texts).toContain(text);
    expect(svg).not.toContain("NaN");
    expect(document.documentElement.getAttribute("aria-label")).toBe(
      "Line chart of load: history, then a forecast of 6 steps with intervals, for load",
    );
    // The history is cut where a value is missing.
    const paths = [...document.querySelectorAll("path")].map((path) => path.getAttribute("d") ?? "");
    expect(paths.some((path) => path.split("M").length === 3)).toBe(true);
  });

  it("has the forecasts of a backtest over the history, fold by fold, each with its bands", async () => {
    const [plain] = drawing(["load"]).series;
    const fold = (from: number) =>
      (plain?.forecast ?? []).map((step, i) => ({ ...step, at: start + (from + i) * hour }));
    const { svg, document } = await draw(
      drawing([], { series: [{ ...plain, folds: [fold(18), fold(24)] } as DrawnSeries] }),
    );
    const dashed = [...document.querySelectorAll("[stroke-dasharray='5 2']")];
    const lines = dashed.flatMap((one) => [
      ...one.querySelectorAll("path"),
      ...(one.tagName === "path" ? [one] : []),
    ]);
    // The legend's line is no path.
    expect(lines).toHaveLength(2);
    expect(svg).toContain("forecasts of the backtest");
    expect(document.documentElement.getAttribute("aria-label")).toContain(
      "history with the forecasts of a backtest, then a forecast of 6 steps",
    );
    expect((await draw(drawing(["load"]))).svg).not.toContain("forecasts of the backtest");
  });

  it("puts a chart for each of several series below its name", async () => {
    const { document } = await draw(drawing(["a", "b", "c", "d"]));
    const texts = [...document.querySelectorAll("text")].map(({ textContent }) => textContent);
    expect(texts.filter((text) => ["a", "b", "c", "d"].includes(text ?? ""))).toEqual(["a", "b", "c", "d"]);
    const places = [...document.querySelectorAll("svg svg[x]")].map((chart) =>
      [chart.getAttribute("x"), chart.getAttribute("y")].join(),
    );
    expect(new Set(places).size).toBe(4);
  });

  it("stays a picture whatever the names hold", async () => {
    const name = `<script>alert("x")</script>&\u0007`;
    const { svg, document } = await draw(drawing([name, "b"], { title: name, target: name }));
    expect(svg).not.toContain("<script");
    expect([...document.querySelectorAll("text")].map(({ textContent }) => textContent)).toContain(
      name.replace("\u0007", "\ufffd"),
    );
  });

  it("counts steps where there are no times, and bears bounds that are not known", async () => {
    const steps = drawing(["s"], { scale: "steps" });
    const { svg, document } = await draw({
      ...steps,
      series: steps.series.map((one) => ({
        ...one,
        history: one.history.map(({ y }, i) => ({ at: 1000 + i, y })),
        forecast: one.forecast.map(({ mean }, i) => ({
          at: 1030 + i,
          mean,
          intervals: [{ level: 80, lower: Number.NaN, upper: Number.NaN }],
        })),
      })),
    });
    expect(svg).not.toContain("NaN");
    expect([...document.querySelectorAll("text")].map(({ textContent }) => textContent)).toContain("1,010");
  });
});
