import { TsopsError } from "@tsops/core";
import { describe, expect, it } from "vitest";
import { joinedOf } from "../../test/joined-outcomes.ts";
import type { ReportData } from "./data.ts";
import { renderReport, reportJson } from "./index.ts";
import { shownSeries } from "./shown-series.ts";

const hour = 3_600_000_000n;
const each = 48;

/** Series numbered from 0; the error of a series is its number plus 1, times `size`. */
function served(
  series: number,
  size: (series: number) => number = () => 1,
  known: (series: number) => boolean = () => true,
) {
  const length = series * each;
  const of = (row: number) => Math.floor(row / each);
  return joinedOf({
    series: Array.from({ length: series }, (_, i) => ({ shop: `s${i}` })),
    seriesIndex: Int32Array.from({ length }, (_, row) => of(row)),
    step: Int32Array.from({ length }, (_, row) => 1 + (row % 24)),
    time: BigInt64Array.from({ length }, (_, row) => hour * BigInt(row % each)),
    cutoff: BigInt64Array.from(
      { length },
      (_, row) => 24n * hour * BigInt(Math.floor((row % each) / 24)) - hour,
    ),
    mean: new Float64Array(length).fill(10),
    y: Float64Array.from({ length }, (_, row) =>
      known(of(row)) ? 10 + (row % 2 === 0 ? 1 : -1) * (1 + of(row)) * size(of(row)) : Number.NaN,
    ),
    quantiles: [0.1, 0.9].map((probability) => ({
      probability,
      values: new Float64Array(length).fill(100 * probability),
    })),
  });
}

const data = (overrides: Partial<ReportData> & Pick<ReportData, "served">): ReportData => ({
  title: "shops",
  now: hour * 48n,
  target: { name: "sales" },
  ...overrides,
});
const names = (shown: ReturnType<typeof shownSeries>["shown"]) =>
  shown.map(({ name, why }) => `${why} ${name.slice(5)}`);

describe("shownSeries", () => {
  it("gives the first series, the worst, the typical and the best, by error", () => {
    const { shown, all } = shownSeries({ served: served(101) }, 10);
    expect(all).toBe(101);
    expect(names(shown)).toEqual([
      "chosen s0",
      "worst s100",
      "worst s99",
      "worst s98",
      "typical s52",
      "typical s51",
      "typical s50",
      "best s3",
      "best s2",
      "best s1",
    ]);
    expect(shown.map(({ mae }) => mae)).toEqual([1, 101, 100, 99, 53, 52, 51, 4, 3, 2]);
  });

  it("gives all where there are few, also one that has no outcome yet", () => {
    expect(
      names(
        shownSeries(
          {
            served: served(
              4,
              () => 1,
              (i) => i !== 2,
            ),
          },
          10,
        ).shown,
      ).sort(),
    ).toEqual(["best s1", "chosen s0", "unjudged s2", "worst s3"]);
    expect(shownSeries({ served: served(1) }, 10).shown).toHaveLength(1);
    expect(shownSeries({ served: served(0) }, 10)).toEqual({ shown: [], all: 0 });
  });

  it("compares series of different sizes by MASE where all have a scale, else by error", () => {
    // The greatest series errs most, and least for its size.
    const big = served(30, (i) => (i === 29 ? 100 : 1));
    const scale = ({ shop }: { shop?: unknown }) => (shop === "s29" ? 1e6 : 1);
    expect(names(shownSeries({ served: big }, 4).shown)).toContain("worst s29");
    const scaled = shownSeries({ served: big, scale }, 4).shown;
    expect(names(scaled)).toEqual(["chosen s0", "worst s28", "typical s14", "best s29"]);
    expect(scaled[1]?.mase).toBe(29);
    const partly = shownSeries(
      { served: big, scale: (key) => (key["shop"] === "s3" ? Number.NaN : scale(key)) },
      4,
    );
    expect(names(partly.shown)).toContain("worst s29");
  });

  it("refuses a series that was not forecast, and says which were", () => {
    const caught = (() => {
      try {
        shownSeries({ served: served(3), series: { shop: "s7" } }, 10);
      } catch (error) {
        return error;
      }
    })();
    expect(TsopsError.is(caught, "MONITOR_INVALID")).toBe(true);
    expect((caught as TsopsError).hint).toContain("s0");
  });
});

describe("a report of many series", () => {
  it("lets the reader choose among ten, the named one first, and counts those left out", async () => {
    const given = data({ served: served(40), series: { shop: "s7" } });
    const page = await renderReport(given);
    expect(page.match(/name="series"/g)).toHaveLength(10);
    expect(page).toMatch(/value="shop=s7" data-series="0" checked><span>shop=s7 /);
    expect(page).toContain("30 of 40 are left out here");
    expect(page).toContain("outcomes of sales of shop=s39");
    const json = reportJson(given);
    expect(json.seriesLeftOut).toBe(30);
    expect(json.series.map((one) => (one as { name: string }).name.slice(5))).toEqual([
      "s7",
      "s39",
      "s38",
      "s37",
      "s21",
      "s20",
      "s19",
      "s2",
      "s1",
      "s0",
    ]);
    expect((json.series[0] as { forecast: unknown }).forecast).toEqual(json.forecast);
    expect((json.series[1] as { forecast: { y: number }[] }).forecast[0]?.y).toBe(50);
  });

  it("stays below a megabyte with two months of hours of each, and then draws fewer of them", async () => {
    const rows = 62 * 24;
    const series = 12;
    const length = rows * series;
    const many = joinedOf({
      series: Array.from({ length: series }, (_, i) => ({ shop: `s${i}` })),
      seriesIndex: Int32Array.from({ length }, (_, row) => Math.floor(row / rows)),
      step: Int32Array.from({ length }, (_, row) => 1 + (row % 24)),
      time: BigInt64Array.from({ length }, (_, row) => hour * BigInt(row % rows)),
      cutoff: BigInt64Array.from(
        { length },
        (_, row) => 24n * hour * BigInt(Math.floor((row % rows) / 24)) - hour,
      ),
      mean: Float64Array.from({ length }, (_, row) => 100 * Math.sin(row / 7.3)),
      y: Float64Array.from({ length }, (_, row) => 110 * Math.sin(row / 7.1)),
      quantiles: [0.025, 0.1, 0.9, 0.975].map((probability) => ({
        probability,
        values: Float64Array.from(
          { length },
          (_, row) => 100 * Math.sin(row / 7.3) + 40 * (probability - 0.5),
        ),
      })),
    });
    const page = await renderReport(data({ served: many, days: 62 }));
    expect(Buffer.byteLength(page)).toBeLessThan(1_000_000);
    expect(page.match(/name="series"/g)?.length).toBeGreaterThanOrEqual(4);
    expect(page).toMatch(/[28] of 12 are left out here/);
  }, 60_000);

  it("has no choice where there is one series", async () => {
    const page = await renderReport(data({ served: served(1) }));
    expect(page).not.toContain('name="series"');
    expect(page).toContain("Line chart of forecast");
  });
});
