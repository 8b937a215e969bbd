import {
  columnsFromArrays,
  type DecisionRecord,
  float64,
  type PredictionRecord,
  TsopsError,
  timestamp,
  toMicros,
} from "@tsops/core";
import { parseHTML } from "linkedom";
import { describe, expect, it, vi } from "vitest";
import { joinOutcomes } from "../performance/join-outcomes.ts";
import type { ReportData } from "./data.ts";
import { errorLines, expectations } from "./error-over-time.ts";
import { evenFigures, wallClock } from "./format.ts";
import { escapeText, html } from "./html.ts";
import { driftReports, forecastSvg, renderReport, reportJson } from "./index.ts";

const zone = "-05:00";
const hour = 3_600_000_000n;
const start = toMicros("2024-01-01T00:00:00", { zone });
const at = (step: number) => start + hour * BigInt(step);
const target = { name: "load", unit: "MW" };

async function served(days: number, outcomeSteps = 24 * days) {
  const truth = (step: number) => 100 + 50 * Math.sin(step / 4) + step / 10;
  const predictions = Array.from({ length: days }, (_, day): PredictionRecord => {
    const mean = Float64Array.from({ length: 24 }, (_, i) => truth(24 * day + i) + ((7 * i) % 11) - 5);
    return {
      predictionId: `p${day}`,
      requestId: `r${day}`,
      deployment: "load",
      model: "load",
      modelVersion: day < days / 2 ? 1 : 2,
      role: "champion",
      key: {},
      cutoff: at(24 * day - 1),
      servedAt: at(24 * day),
      latencyMs: 1,
      times: BigInt64Array.from({ length: 24 }, (_, i) => at(24 * day + i)),
      mean,
      quantiles: [0.025, 0.1, 0.9, 0.975].map((probability) => ({
        probability,
        values: mean.map((value) => value + 20 * (probability - 0.5)),
      })),
      features: {},
      statuses: {},
      featureTimes: {},
      featureTables: {},
    };
  });
  const outcomes = columnsFromArrays(
    { at: timestamp(), y: float64() },
    {
      at: BigInt64Array.from({ length: outcomeSteps }, (_, step) => at(step)),
      y: Float64Array.from({ length: outcomeSteps }, (_, step) => truth(step)),
    },
  );
  return joinOutcomes(predictions, outcomes, { keys: [], time: "at", target: "y" });
}

const decision = (
  day: number,
  kind: DecisionRecord["kind"],
  verdict: string,
  evidence: DecisionRecord["evidence"] = {},
  reason = `${verdict} because of numbers.`,
): DecisionRecord => ({
  id: `${kind}-${day}-${verdict}`,
  kind,
  subject: "load",
  time: at(24 * day),
  verdict,
  reason,
  requestedBy: "daily",
  evidence,
});

const drift = (column: string, adjustedPValue: number) => ({
  column,
  pValue: adjustedPValue,
  adjustedPValue,
  drift: adjustedPValue <= 0.05,
  tests: [
    {
      test: "level",
      statistic: 1,
      pValue: adjustedPValue,
      effect: 1,
      unit: "MW",
      sentence: `${column} moved.`,
    },
  ],
});

async function data(overrides: Partial<ReportData> = {}): Promise<ReportData> {
  const time = BigInt64Array.from({ length: 24 * 60 }, (_, step) => at(step));
  return {
    title: "load",
    now: at(24 * 60),
    zone,
    target,
    served: await served(60, 24 * 59),
    scale: 20,
    comparisons: [{ name: "naive", time, mean: new Float64Array(time.length).fill(100) }],
    decisions: [
      decision(10, "gate", "promote", { loss: "absolute", candidate: { loss: 3 } }),
      decision(20, "drift", "drift", { columns: [drift("temp", 1e-4), drift("wind", 0.4)] }),
      decision(25, "retrain", "no_retrain"),
      decision(30, "gate", "reject"),
      decision(40, "alert", "alert"),
    ],
    quality: [
      {
        check: "gaps",
        column: "at",
        severity: "warning",
        key: null,
        reason: "models need the steps",
        count: 3,
        rows: [4],
        from: "2024-03-01T00:00:00Z",
        to: "2024-03-01T03:00:00Z",
        sentence: "3 steps have no row.",
        cause: "The source was away.",
        hint: "Load the rows again.",
      },
    ],
    ...overrides,
  };
}

/** Text that tries to be markup, in every way it may be put in. */
const hostile = `</title></style><script>alert(1)</script><img src=x onerror=alert(1)>"' onload="x" & ]]> \u0000\ud800 &lt;`;

/** Every tag that a page opens. */
const tagsOf = (page: string) => new Set([...page.matchAll(/<([a-zA-Z][^\s/>]*)/g)].map(([, name]) => name));

describe("renderReport", () => {
  it("counts promotions, rejections and alerts by quarter as at the top, and promises nothing for a champion without a backtest", async () => {
    const decisions = [
      decision(10, "gate", "promote", { loss: "absolute", candidate: { loss: 3 } }),
      decision(12, "alert", "alert"),
      decision(13, "alert", "resolved"),
      decision(14, "alert", "held"),
      decision(30, "gate", "reject"),
      decision(40, "experiment", "promote"),
    ];
    const told = await data({ decisions });
    const { overview } = reportJson(told) as unknown as { overview: Record<string, number> };
    expect([overview["promotions"], overview["rejections"], overview["alerts"]]).toEqual([2, 1, 1]);
    const page = parseHTML(await renderReport(told)).document;
    const cells = [...page.querySelectorAll("#quarters tbody tr")].map((row) =>
      [...row.querySelectorAll("td")].slice(-3).map((cell) => Number(cell.textContent)),
    );
    const total = (column: number) => cells.reduce((sum, row) => sum + (row[column] ?? 0), 0);
    expect([total(0), total(1), total(2)]).toEqual([2, 1, 1]);
    const [promise, ...others] = expectations(told, errorLines(told));
    expect([promise?.error, others.length]).toEqual([3, 0]);
    expect(promise?.to).toEqual(wallClock(at(24 * 40), zone));
  });

  it("is one page without scripts, requests or foreign fonts, well below a megabyte", async () => {
    const page = await renderReport(await data());
    expect(page.startsWith('<!doctype html>\n<html lang="en">')).toBe(true);
    expect(page.length).toBeLessThan(300_000);
    expect(page.includes(`content="default-src 'none'; style-src 'unsafe-inline'"`)).toBe(true);
    expect(/<(script|link|iframe|object|embed|img|base|form)\b/i.test(page)).toBe(false);
    expect(/https?:|@import|url\(|\son\w+=/i.test(page.replaceAll("http://www.w3.org/2000/svg", ""))).toBe(
      false,
    );
    expect([...page.matchAll(/href="([^"]*)"/g)].every(([, target]) => target?.startsWith("#"))).toBe(true);
  });

  it("gives the same bytes for the same data", async () => {
    const [once, again] = [await renderReport(await data()), await renderReport(await data())];
    expect(once === again).toBe(true);
  });

  it("shows what the logs say: figures, decisions, drift, quality, lineage", async () => {
    const page = await renderReport(
      await data({
        champion: {
          name: "load",
          version: 2,
          runId: "run1",
          modelId: "m-1",
          createdAt: at(24 * 30),
          aliases: ["champion"],
          tags: {},
          lineage: {
            codeVersion: null,
            definitionHash: "d".repeat(64),
            trainingSet: {
              name: "load-hourly",
              definitionHash: "e".repeat(64),
              tables: [{ table: "meter", version: 17 }],
              rows: 1440,
              contentHash: "f".repeat(64),
            },
            modelHash: "a".repeat(64),
            seed: "s",
            environment: { node: "20" },
          },
        },
      }),
    );
    for (const text of [
      "promote because of numbers.",
      "reject because of numbers.",
      "4 of 5 decisions, newest first; 1 found nothing to do",
      "temp moved.",
      "3 steps have no row.",
      "load-hourly",
      "version 17",
      "2024 Q1",
      "Line chart of forecast",
      "Heat map of 2 columns over 1 windows; 1 of 2 cells show drift",
      "promised by the champion’s backtest",
      "2024, -05:00",
      "1 promotions, 1 rejections, 1 alerts",
      "24 steps wait for their outcome",
    ])
      expect(page.includes(text), text).toBe(true);
    expect(page.includes("no_retrain")).toBe(false);
  });

  it("says what is missing instead of drawing nothing", async () => {
    const page = await renderReport({
      title: "new",
      now: start,
      target: { name: "load" },
      served: await joinOutcomes(
        [],
        columnsFromArrays({ at: timestamp(), y: float64() }, { at: [], y: [] }),
        {
          keys: [],
          time: "at",
          target: "y",
        },
      ),
    });
    for (const text of [
      "Nothing has been predicted yet.",
      "No drift report has been made yet.",
      "Data quality was not checked.",
      "No model version serves yet.",
      "No decision has been made yet.",
    ])
      expect(page.includes(text)).toBe(true);
    expect(page.includes("NaN")).toBe(false);
  });

  it("never lets text become markup", async () => {
    const fine = await renderReport(await data());
    const page = await renderReport(
      await data({
        title: hostile,
        subtitle: hostile,
        target: { name: hostile, unit: hostile },
        comparisons: [{ name: hostile, time: (await served(60)).time, mean: (await served(60)).mean }],
        decisions: [
          decision(
            10,
            "gate",
            "promote",
            { loss: "absolute", candidate: { loss: 3 }, note: hostile },
            hostile,
          ),
          {
            ...decision(11, "alert", hostile, {}, hostile),
            id: hostile,
            requestedBy: hostile,
            subject: hostile,
          },
          { ...decision(12, "gate", "reject"), kind: hostile as "gate" },
          decision(20, "drift", "drift", { columns: [drift(hostile, 1e-4), drift("</svg>", 0.4)] }),
        ],
        quality: [
          {
            check: "range",
            column: hostile,
            key: { [hostile]: hostile },
            severity: "error",
            reason: hostile,
            count: 1,
            rows: [1],
            from: hostile,
            to: hostile,
            sentence: hostile,
            cause: hostile,
            hint: hostile,
          },
        ],
      }),
    );
    const foreign = [...tagsOf(page)].filter((tag) => !tagsOf(fine).has(tag));
    expect(foreign).toEqual([]);
    expect(page.match(/<\/style>/g)).toHaveLength(1);
    const handlers = [...parseHTML(page).document.querySelectorAll("*")].flatMap((element) =>
      [...element.attributes].filter(({ name }) => name.startsWith("on")),
    );
    expect(handlers).toEqual([]);
    expect(page.includes("\u0000")).toBe(false);
    expect(page.includes("&#60;script&#62;alert(1)&#60;/script&#62;")).toBe(true);
  });

  it("stays small with long logs", async () => {
    const decisions = Array.from({ length: 5000 }, (_, i) =>
      decision(Math.floor(i / 100), "gate", "reject", {
        numbers: Array.from({ length: 200 }, (_, j) => i + j / 7),
      }),
    );
    const page = await renderReport(await data({ decisions }));
    expect(page.length).toBeLessThan(1_000_000);
    expect(page.includes("4700 older ones are in the log")).toBe(true);
  });

  it("stays below a megabyte with two years of daily drift reports, and says what it left out", async () => {
    const tests = ["level", "scale", "shape", "season", "autocorrelation", "missing", "mix"];
    const decisions = Array.from({ length: 730 }, (_, at) =>
      decision(
        at,
        "drift",
        "drift",
        {
          columns: Array.from({ length: 60 }, (_, i) => ({
            ...drift(`column number ${i}`, ((7 * at + i) % 11) / 11),
            tests: tests.map((test, k) => ({
              test,
              statistic: 1,
              pValue: ((13 * at + 5 * i + k) % 101) / 101,
              effect: Math.sin(at / 20 + i + k),
              unit: "MW",
              sentence: `Column ${i} moved by ${k}.`,
            })),
          })),
        },
        "Columns drift, which this long sentence says with all of their names. ".repeat(20),
      ),
    );
    const given = await data({ decisions });
    const page = await renderReport(given);
    expect(Buffer.byteLength(page)).toBeLessThan(1_000_000);
    expect(page).toMatch(/The \d+ of 60 columns that drift most often/);
    expect(page).toMatch(
      /Of the 730 windows at most \d+ are drawn, of each stretch the one with the least p-value/,
    );
    expect(page).toContain("Some parts are thinned to stay below 1 MB");
    const json = reportJson(given);
    expect(json.drift).toHaveLength(60);
    expect(json.decisions).toHaveLength(730);
  });

  it("shows kinds of decisions and checks that it does not know like any other", async () => {
    const page = await renderReport(
      await data({
        decisions: [decision(3, "incident" as never, "opened", { cause: { of: "unknown" } })],
        quality: [
          {
            check: "new" as never,
            column: null,
            severity: "notice" as never,
            count: 2,
            rows: [],
            sentence: "Something new.",
            key: null,
            reason: "",
            from: null,
            to: null,
            cause: "",
            hint: "",
          },
        ],
      }),
    );
    for (const text of ["opened because of numbers.", "incident", "Something new.", "notice"])
      expect(page.includes(text), text).toBe(true);
  });

  it("gives the same figures as JSON: instants as ISO 8601, what is no number as null", async () => {
    const given = await data();
    const json = reportJson(given);
    expect(JSON.parse(JSON.stringify(json))).toEqual(json);
    expect(json).toMatchObject({
      format: 1,
      now: "2024-03-01T05:00:00Z",
      zone,
      target: { name: "load", unit: "MW" },
      overview: {
        promotions: 1,
        rejections: 1,
        alerts: 1,
        driftReports: { all: 1, flagged: 1 },
        waiting: 24,
      },
      champion: null,
    });
    expect(json.days).toHaveLength(60);
    expect(json.days.at(-1)).toMatchObject({ rows: 0, mae: null });
    expect(json.steps).toHaveLength(24);
    expect(json.drift[0]).toMatchObject({
      column: "temp",
      flagged: 1,
      flaggedAt: ["2024-01-21T05:00:00Z"],
      tests: [{ test: "level", unit: "MW", windows: [{ time: "2024-01-21T05:00:00Z", effect: 1 }] }],
    });
    const page = await renderReport(given);
    const [point] = (json.calibration as { intervals: { observed: number }[] }).intervals;
    expect(page.includes(`${(100 * (point?.observed ?? 0)).toFixed(1)} %`)).toBe(true);
  });

  it("draws each of several drift reports of one day, with their times of the day", async () => {
    const decisions = [0, 6, 12, 18].map((hours) => ({
      ...decision(20, "drift", "drift", { columns: [drift("temp", hours === 6 ? 1e-9 : 0.9)] }),
      id: `drift-${hours}`,
      time: at(24 * 20 + hours),
    }));
    const page = await renderReport(await data({ decisions }));
    const map = [...parseHTML(page).document.querySelectorAll("svg")].find((svg) =>
      svg.getAttribute("aria-label")?.startsWith("Heat map of 1 columns over 4 windows; 1 of 4 cells"),
    );
    const cells = [...(map?.querySelectorAll("rect") ?? [])];
    expect(new Set(cells.map((cell) => cell.getAttribute("x"))).size).toBe(4);
    expect(map?.textContent).toContain("2024-01-21 06:00");
  });

  it("cuts the name of a series on its button, whatever its length", async () => {
    const long = `north ${"x".repeat(5000)}`;
    const all = await data();
    const keyed = {
      ...all.served,
      series: [{ site: long }, { site: "south" }],
      seriesIndex: all.served.seriesIndex.map((_, row) => row % 2),
    };
    const { document } = parseHTML(await renderReport({ ...all, served: keyed }));
    const names = [...document.querySelectorAll(".series label span")].map(({ textContent }) => textContent);
    expect(names).toHaveLength(2);
    for (const name of names) expect(name?.length).toBeLessThan(100);
  });

  it("draws the newest windows and the columns that drifted most when there are many", async () => {
    const decisions = Array.from({ length: 100 }, (_, week) =>
      decision(Math.floor(week / 2), "drift", "drift", {
        columns: Array.from({ length: 50 }, (_, i) => drift(`c${i}`, i === 42 ? 1e-9 : 0.8)),
      }),
    );
    const page = await renderReport(await data({ decisions }));
    expect(page.includes("Heat map of 30 columns over")).toBe(true);
    expect(
      page.includes("The newest 60 of 100 windows are drawn, on a small screen 18; the table counts all."),
    ).toBe(true);
    expect(page.includes("The 30 columns that drifted most are drawn.")).toBe(true);
    expect(page.includes("100 of 100")).toBe(true);
    expect(page.length).toBeLessThan(1_000_000);
  });
});

describe("driftReports", () => {
  it("finds the reports among decisions, also after a log wrote and read them as JSON", () => {
    const decisions = [
      decision(1, "drift", "drift", JSON.parse(JSON.stringify({ columns: [drift("temp", 0.01)] }))),
      decision(2, "gate", "reject", { columns: [drift("temp", 0.01)] }),
      decision(3, "drift", "no_drift", {}),
    ];
    expect(driftReports(decisions).map(({ time, report }) => [time, report.columns.length])).toEqual([
      [at(24), 1],
    ]);
  });
});

describe("forecastSvg", () => {
  it("is a picture of its own, with its colours and a description", async () => {
    const svg = await forecastSvg({ served: await served(30), target, zone });
    expect(/^<svg [^>]*xmlns="http:\/\/www.w3.org\/2000\/svg"/.test(svg)).toBe(true);
    expect(svg.includes("prefers-color-scheme:dark")).toBe(true);
    // A title, a legend, and an axis that says the year.
    for (const text of [
      "load (MW), 2024-01-10 to 2024-01-30",
      "forecast",
      "95 % interval",
      "outcome",
      "2024, -05:00",
    ])
      expect(svg.includes(`>${text}</text>`), text).toBe(true);
    expect(svg.match(/ aria-label=/g)).toHaveLength(1);
    expect(
      /aria-label="Line chart of forecast, intervals and outcomes of load from 2024-01-10 to 2024-01-30/.test(
        svg,
      ),
    ).toBe(true);
    expect(/NaN|undefined/.test(svg)).toBe(false);
    expect(svg).toBe(await forecastSvg({ served: await served(30), target, zone }));
  });

  it("draws the forecast with the latest cutoff of each instant", async () => {
    const joined = await served(30);
    const again = {
      ...joined,
      mean: joined.mean.map((value) => value + 1e4),
      cutoff: joined.cutoff.map((c) => c - hour),
    };
    const both = {
      ...joined,
      length: 2 * joined.length,
      ...Object.fromEntries(
        (["seriesIndex", "sourceIndex", "predictionIndex", "step"] as const).map((name) => [
          name,
          Int32Array.from([...joined[name], ...joined[name]]),
        ]),
      ),
      time: BigInt64Array.from([...joined.time, ...joined.time]),
      cutoff: BigInt64Array.from([...joined.cutoff, ...again.cutoff]),
      y: Float64Array.from([...joined.y, ...joined.y]),
      mean: Float64Array.from([...joined.mean, ...again.mean]),
      quantiles: joined.quantiles.map(({ probability, values }) => ({
        probability,
        values: Float64Array.from([...values, ...values]),
      })),
    };
    expect(await forecastSvg({ served: both, target, zone })).toBe(
      await forecastSvg({ served: joined, target, zone }),
    );
  });

  it("says how to install the chart library when it is missing", async () => {
    vi.resetModules();
    vi.doMock("@observablehq/plot", () => {
      throw new Error("Cannot find package");
    });
    const { forecastSvg: withoutPlot } = await import("./forecast-svg.ts");
    const error = await withoutPlot({ served: await served(1), target }).catch((caught: unknown) => caught);
    vi.doUnmock("@observablehq/plot");
    expect(TsopsError.is(error, "ADAPTER_MISSING_DEPENDENCY")).toBe(true);
    expect((error as TsopsError).hint).toBe("Run `npm install @observablehq/plot linkedom`.");
  });
});

describe("evenFigures", () => {
  it("gives the numbers of a column the same decimals", () => {
    const errors = [31, 31.26, 56.04, 4.1, Number.NaN];
    expect(errors.map(evenFigures(errors))).toEqual(["31.0", "31.3", "56.0", "4.1", "–"]);
    expect([12_345.6, 7.4].map(evenFigures([12_345.6, 7.4]))).toEqual(["12,346", "7"]);
    expect([0.0123, -0.5].map(evenFigures([0.0123, -0.5]))).toEqual(["0.012", "-0.500"]);
    expect([0, 0].map(evenFigures([0]))).toEqual(["0", "0"]);
  });
});

describe("html", () => {
  it("escapes text, keeps markup, leaves out nothing else", () => {
    expect(
      html`<p>${"<b>"}${html`<i>${"&"}</i>`}${[1, " ", 2n]}${null}${undefined}${false}${0}</p>`.markup,
    ).toBe("<p>&#60;b&#62;<i>&#38;</i>1 20</p>");
    expect(escapeText("a\u0001\ud800\ufffe😀`'\"")).toBe("a\ufffd\ufffd\ufffd😀&#96;&#39;&#34;");
  });
});
