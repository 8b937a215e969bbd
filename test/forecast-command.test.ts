import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { columnsFromArrays, createRandom, float64, nullable, timestamp, utf8 } from "@tsops/core";
import { tableFiles } from "@tsops/store/files";
import { beforeAll, describe, expect, it } from "vitest";
import { temporaryDirectory } from "./temporary-directory.ts";

const root = resolve(import.meta.dirname, "..");
const folder = temporaryDirectory().path;
const day = 86_400_000;

interface Answer {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  /** The last line of stdout. */
  json(): ReturnType<typeof JSON.parse>;
}

const command = ["--import", "tsx", "--conditions=@tsops/source", "packages/core/src/cli/main.ts"];

/** Runs `tsops forecast` as a user does, in a process of its own. */
function forecast(...argv: readonly string[]): Promise<Answer> {
  return new Promise((done) => {
    execFile(
      process.execPath,
      [...command, "forecast", ...argv],
      // tsx is found from here; the files are named by their paths.
      { cwd: root, maxBuffer: 1 << 26 },
      (error, stdout, stderr) =>
        done({
          code: error === null ? 0 : Number(error.code),
          stdout,
          stderr,
          json: () => JSON.parse(stdout.trimEnd().split("\n").at(-1) ?? ""),
        }),
    );
  });
}

function path(name: string): string {
  return join(folder, name);
}

function csv(name: string, head: string, rows: readonly string[]): string {
  writeFileSync(path(name), `${[head, ...rows].join("\n")}\n`);
  return path(name);
}

const dates = (count: number, start = "2024-01-01", step = day) =>
  Array.from({ length: count }, (_, i) => new Date(Date.parse(start) + i * step).toISOString().slice(0, 10));
/** A weekly season on a slow trend, with a ripple that no model finds. */
const weekly = (i: number) => 100 + i / 10 + 12 * ((((i % 7) + 7) % 7) - 3) + 3 * Math.sin(i * i);
/** Rows of each hour, times as the clocks of Berlin show them. */
const clock = (start: string, hours: number) =>
  Array.from({ length: hours }, (_, i) => {
    const shown = new Date(Date.parse(start) + i * 3_600_000).toLocaleString("sv", {
      timeZone: "Europe/Berlin",
    });
    return `${shown.slice(0, 16)},${(50 + 10 * Math.sin((Math.PI * i) / 12) + Math.sin(i * i)).toFixed(3)}`;
  });
const daily = dates(140).map((date, i) => `${date},${weekly(i).toFixed(3)}`);

beforeAll(() => {
  csv("daily.csv", "ds,y", daily);
});

describe("a file of rows", () => {
  it("is forecast without a word said: what was guessed is told, with the option that says otherwise", async () => {
    const { code, stdout, stderr } = await forecast(path("daily.csv"), "--horizon", "7");
    expect([code, stderr]).toEqual([
      0,
      expect.stringContaining("guessed time column: ds (by its name; --time says otherwise)"),
    ]);
    for (const guess of ["target column: y", "frequency: 1d", "season: 7 steps", "time zone: UTC"])
      expect(stderr).toContain(`guessed ${guess}`);
    expect(stderr).toMatch(/^backtest of \w+.*3\/3/m);
    expect(stdout).toMatch(/^chosen: (auto: (the (mean|median) of )?\w|seasonalNaive )/m);
    expect(stdout).toMatch(/^ {2}seasonalNaive \(7\) +\d\.\d{3}/m);
    expect(stdout).toContain("backtest of 3 folds x 7 steps on 1 series, fitted before the first:");
    const rows = stdout.split("\n\n")[1]?.trimEnd().split("\n") ?? [];
    expect(rows[0]?.split(/ +/)).toEqual(["time", "mean", "lo-80", "hi-80", "lo-95", "hi-95"]);
    expect(rows.slice(1).map((row) => row.slice(0, 10))).toEqual(dates(7, "2024-05-20"));
  });

  it("gives one object with --json: what was chosen, scores, guesses, series, the forecast", async () => {
    const { code, stdout, json } = await forecast(
      path("daily.csv"),
      "--horizon",
      "7",
      "--level",
      "50",
      "--json",
    );
    expect([code, stdout.trimEnd().split("\n")]).toEqual([0, [expect.any(String)]]);
    const { chosen, scores, guessed, series, forecast: rows } = json();
    expect(chosen).toEqual({
      model: expect.any(String),
      combine: expect.stringMatching(/^(alone|mean|median)$/),
      members: expect.any(Array),
      candidates: expect.arrayContaining([{ name: "seasonalNaive", score: 1 }]),
      because: expect.any(String),
    });
    expect(scores).toMatchObject({ folds: 3, horizon: 7, refit: false, series: 1, seasonLength: 7 });
    expect(scores.models.map(({ model }: { model: string }) => model)).toContain("seasonalNaive (7)");
    expect(scores.models[0].coverage["50"]).toBeGreaterThan(0);
    expect(guessed).toContainEqual({
      what: "time column",
      value: "ds",
      because: "by its name",
      option: "--time",
    });
    expect(series).toMatchObject({
      count: 1,
      rows: 140,
      frequency: "1d",
      seasons: [7],
      fallback: [],
      dropped: [],
    });
    expect(rows).toHaveLength(7);
    for (const row of rows) {
      expect(Object.keys(row).sort()).toEqual(["hi-50", "key", "lo-50", "mean", "time"]);
      expect(row["lo-50"]).toBeLessThan(row.mean);
      expect(row["hi-50"]).toBeGreaterThan(row.mean);
    }
    // The pattern of the week goes on.
    const means = rows.map(({ mean }: { mean: number }) => mean);
    for (const [i, mean] of means.entries()) expect(Math.abs(mean - weekly(140 + i))).toBeLessThan(8);
  });

  it("with one wrong value is forecast as if it were missing, and that is told, whatever the model", async () => {
    const file = csv(
      "typo.csv",
      "date,units",
      dates(120).map((date, i) => `${date},${i === 100 ? 100_000 : weekly(i)}`),
    );
    for (const model of ["auto", "ets"]) {
      const { code, stderr, json } = await forecast(file, "--horizon", "7", "--model", model, "--json");
      expect(code).toBe(0);
      expect(stderr).toMatch(
        /left out of the fit as an outlier: 100000 at 2024-04-10T00:00:00Z \(usual there: /,
      );
      expect(stderr).toContain("guessed season: 7 steps");
      const rows = json().forecast as readonly Record<string, number>[];
      expect(rows).toHaveLength(7);
      for (const row of rows) expect(row["hi-95"]).toBeLessThan(250);
    }
  });

  it("with one wrong value is judged without it, as outcome, as history and in the scale, and that is told with the scores that it would make", async () => {
    const file = (name: string, wrong: number) =>
      csv(
        name,
        "date,units",
        dates(120).map((date, i) => `${date},${i === wrong ? 100_000 : weekly(i)}`),
      );
    const run = (name: string, ...more: string[]) =>
      forecast(path(name), "--horizon", "7", "--model", "ets", "--backtest", "3", ...more);
    const scored = file("scored.csv", 105);
    const { scores } = (await run("scored.csv", "--json")).json();
    expect([scores.outliers, scores.models.map(({ model }: { model: string }) => model)]).toEqual([
      1,
      ["ets", "seasonalNaive (7)"],
    ]);
    for (const { rows, mae, mase, rmse, withOutliers } of scores.models) {
      expect([rows, withOutliers.rows]).toEqual([20, 21]);
      expect([mae < 10, mase < 2]).toEqual([true, true]);
      // One error of nearly 100,000 among 21, in units of the scale of its fold.
      expect(withOutliers.mae).toBeCloseTo((20 * mae + 99_900) / 21, -1);
      expect(withOutliers.mase / mase / (withOutliers.mae / mae)).toBeCloseTo(1, 1);
      expect(withOutliers.rmse).toBeGreaterThan(1000 * rmse);
    }
    expect((await run(basename(scored))).stdout).toMatch(
      /\(1 of 21 outcomes is an outlier beyond doubt, and not scored; scored all the same: ets MASE \d+\.\d{3}, MAE 47\d\d, RMSE 21\d\d\d; seasonalNaive \(7\) MASE /,
    );
    // Before all cutoffs it makes no part of the scale: scores are those of a file without it.
    file("before.csv", 50);
    csv(
      "empty.csv",
      "date,units",
      dates(120).map((date, i) => `${date},${i === 50 ? "" : weekly(i)}`),
    );
    const [before, empty] = await Promise.all(
      ["before.csv", "empty.csv"].map(async (name) => (await run(name, "--json")).json().scores),
    );
    expect(before).toEqual(empty);
    expect(before.outliers).toBe(0);
  });

  it("with decimal commas is read when they are said", async () => {
    const comma = daily.map((row) => row.replace(",", ";").replace(".", ","));
    const asked = ["--horizon", "2", "--model", "ets", "--backtest", "0", "--json"];
    const [pointed, read] = [
      await forecast(path("daily.csv"), ...asked),
      await forecast(
        csv("decimal.csv", "ds;y", [...comma.slice(0, -1), (comma.at(-1) as string).replace(";", ";+")]),
        ...asked,
        "--decimal",
        ",",
      ),
    ];
    expect([read.code, read.json().forecast]).toEqual([0, pointed.json().forecast]);
  });

  it("with numbers as people write them is read where all of them say how, and that is told", async () => {
    const asked = ["--horizon", "2", "--model", "ets", "--backtest", "0", "--json"];
    const scaled = (write: (y: number) => string) =>
      dates(60).map((date, i) => `${date};${write(10 * Math.round(100 * weekly(i)))}`);
    const [plain, german, percent] = await Promise.all([
      forecast(
        csv(
          "plain.csv",
          "ds;y",
          scaled((y) => String(y / 10)),
        ),
        ...asked,
      ),
      forecast(
        csv(
          "german.csv",
          "ds;y",
          scaled((y) => `${(y / 10).toLocaleString("de", { minimumFractionDigits: 1 })} €`),
        ),
        ...asked,
      ),
      forecast(
        csv(
          "percent.csv",
          "ds;y",
          scaled((y) => `${(y / 10).toFixed(1)} %`),
        ),
        ...asked,
      ),
    ]);
    expect([german.code, german.json().forecast]).toEqual([0, plain.json().forecast]);
    expect([percent.code, percent.json().forecast]).toEqual([0, plain.json().forecast]);
    expect(german.stderr).toMatch(
      /guessed numbers of y: \d\d[.]\d{3},\d € is \d{5} \(decimal commas, points between thousands, € left out; --decimal says otherwise\)/,
    );
    expect(percent.stderr).toMatch(
      /guessed numbers of y: \d+[.]\d % is \d+ \(% left out; a column of plain numbers/,
    );
    const either = csv(
      "either.csv",
      "ds;y",
      dates(60).map((date, i) => `${date};${100 + i},${500 + i}`),
    );
    const refused = await forecast(either, ...asked);
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining('"100,500" in line 2')]);
    expect(refused.stderr).toContain("can be read in two ways: say --decimal .");
    const said = await forecast(either, ...asked, "--decimal", ".");
    expect(said.json().forecast[0].mean).toBeGreaterThan(100_000);
  });

  it("with the line of Excel that names the delimiter is read, and its lines are counted with it", async () => {
    const excel = (rows: readonly string[]) => ["ds|y", ...rows].map((row) => `${row.replace(",", "|")}\r`);
    const asked = ["--horizon", "2", "--model", "naive", "--backtest", "0", "--json"];
    const [plain, read, bad] = await Promise.all([
      forecast(path("daily.csv"), ...asked),
      forecast(csv("sep.csv", "sep=|\r", excel(daily)), ...asked),
      forecast(csv("sep-bad.csv", "sep=|\r", excel(["2024-01-01,x", ...daily.slice(1)])), ...asked),
    ]);
    expect([read.code, read.json().forecast]).toEqual([0, plain.json().forecast]);
    expect(bad.stderr).toContain('"x" in line 3');
  });

  it("is warned of a horizon that is long beside its history", async () => {
    const { code, json } = await forecast(
      path("daily.csv"),
      ...["--horizon", "100", "--model", "naive", "--backtest", "0", "--json"],
    );
    expect([code, json().notes]).toEqual([
      0,
      [expect.stringContaining("the horizon of 100 steps is more than half of the history, 140 rows")],
    ]);
  });

  it("is judged by fewer folds where its season would be too short before more, unless they are said", async () => {
    const months = Array.from({ length: 60 }, (_, i) => {
      const date = new Date(Date.UTC(2019, i, 1)).toISOString().slice(0, 10);
      return `${date},${(200 + i + 40 * Math.sin((Math.PI * i) / 6) + 3 * Math.sin(i * i)).toFixed(2)}`;
    });
    const asked = [csv("sixty.csv", "ds,y", months), ...["--horizon", "12", "--model", "ets", "--json"]];
    const [usual, said] = await Promise.all([forecast(...asked), forecast(...asked, "--backtest", "3")]);
    expect([usual.code, usual.json().scores.folds]).toEqual([0, 2]);
    expect(usual.json().notes).toEqual([
      expect.stringMatching(
        /^2 of 3 folds: with more, fewer than the 36 rows .* season of 12 steps; --backtest 3/,
      ),
    ]);
    expect([said.code, said.json().scores.folds, said.json().notes]).toEqual([0, 3, []]);
  });

  it("is told which seasons a model takes no notice of", async () => {
    const asked = [path("daily.csv"), "--horizon", "2", "--backtest", "0", "--json"];
    const [one, several] = await Promise.all([
      forecast(...asked, "--model", "ets", "--season", "7,14"),
      forecast(...asked, "--model", "mstl", "--season", "7,400"),
    ]);
    expect(one.json().notes).toEqual([
      "ets takes one season, of 7 steps, and takes no notice of 14: auto and mstl take several",
    ]);
    expect(several.json().notes).toEqual(["seasons of 400 steps are not used: no series has two of them"]);
  });

  it("with a named model whose intervals held clearly too few is told of the option that learns them from its errors", async () => {
    const noise = createRandom(3);
    const file = csv(
      "growth.csv",
      "ds,y",
      Array.from({ length: 180 }, (_, i) => {
        const season = 1 + 0.4 * Math.sin((i * Math.PI) / 6);
        const month = new Date(Date.UTC(2005, i, 1)).toISOString().slice(0, 10);
        return `${month},${(100 * Math.exp(0.012 * i) * season * (1 + 0.08 * noise.normal())).toFixed(3)}`;
      }),
    );
    const run = (...more: string[]) => forecast(file, "--horizon", "12", "--model", "ces", "--json", ...more);
    const [own, learnt] = await Promise.all([run(), run("--intervals", "errors")]);
    expect(own.json().notes).toContainEqual(
      expect.stringMatching(
        /^intervals of ces held too few outcomes in the backtest: .* % for 80 %.*; --intervals errors learns them from its errors in the past$/,
      ),
    );
    const held = ({ json }: Answer) => json().scores.models[0].coverage["80"];
    expect(held(learnt)).toBeGreaterThan(held(own) + 0.1);
    expect(learnt.json().notes).toEqual([]);
    // The forecast is that of the model.
    const means = ({ json }: Answer) => json().forecast.map(({ mean }: { mean: number }) => mean);
    expect(means(learnt)).toEqual(means(own));
    const short = await run("--intervals", "errors", "--level", "99.5");
    expect(short.json().notes).toContainEqual(
      "the history is too short to learn intervals of ces from its errors in the past: they are those of its own formulas",
    );
  });

  it("is told why there is no backtest", async () => {
    const asked = ["--horizon", "3", "--model", "ets", "--json"];
    const [season, rows] = await Promise.all([
      forecast(path("daily.csv"), ...asked, "--season", "138"),
      forecast(csv("thirteen.csv", "ds,y", daily.slice(0, 13)), ...asked),
    ]);
    expect([season.json().notes[0], rows.json().notes]).toEqual([
      "no backtest: it takes 138 rows, one season, before the 3 that are held out, and the history has too few",
      ["no backtest: it takes 12 rows before the 3 that are held out, and the history has too few"],
    ]);
  });

  it("is asked nothing that was said", async () => {
    const { code, stderr, json } = await forecast(
      csv(
        "said.csv",
        "when,shop,sold,paid",
        daily.map((row) => `${row.replace(",", ",north,")},1`),
      ),
      ...["--horizon", "2", "--time", "when", "--target", "sold", "--key", "shop", "--freq", "1d"],
      ...["--zone", "UTC", "--season", "7", "--model", "ets", "--backtest", "1", "--json"],
    );
    expect([code, stderr]).toEqual([0, expect.not.stringContaining("guessed")]);
    expect(json()).toMatchObject({
      chosen: { model: "ets", because: "as --model says" },
      scores: { folds: 1 },
      guessed: [],
      forecast: [{ key: { shop: "north" }, time: "2024-05-20" }, { time: "2024-05-21" }],
    });
  });

  it.each(["naive", "seasonalNaive", "theta", "ces", "mstl", "arima"])(
    "is forecast by %s alone when asked",
    async (model) => {
      const { code, json } = await forecast(
        path("daily.csv"),
        "--horizon",
        "3",
        "--model",
        model,
        "--backtest",
        "1",
        "--json",
      );
      expect([code, json().chosen.model, json().forecast.length]).toEqual([0, model, 3]);
      for (const row of json().forecast) expect(row["lo-80"]).toBeLessThan(row["hi-80"]);
    },
  );

  it("of real data is forecast and drawn", async () => {
    const data = join(root, "packages/store/data/bike_sharing.parquet");
    const { code, stderr } = await forecast(
      data,
      ...["--horizon", "24", "--target", "users", "--model", "mstl", "--backtest", "1"],
      ...["--out", path("bikes.parquet"), "--plot", path("bikes.svg")],
    );
    expect([code, stderr]).toEqual([0, expect.stringContaining("guessed season: 24 and 168 steps")]);
    expect(stderr).toMatch(/not used: holiday, .*--future/);
    await using written = await tableFiles.open(path("bikes.parquet"));
    expect(written.columns.map(({ name, kind }) => [name, kind])).toEqual([
      ["date_time", "localTime"],
      ...["mean", "lo-80", "hi-80", "lo-95", "hi-95"].map((name) => [name, "number"]),
    ]);
    const { data: columns } = await written.read({ date_time: timestamp({ zone: "UTC" }), mean: float64() });
    expect(columns["date_time"]).toMatchObject({
      values: { length: 24, 0: BigInt(Date.parse("2013-01-01T00:00Z")) * 1000n },
    });
    const svg = readFileSync(path("bikes.svg"), "utf8");
    expect(svg).toMatch(/^<svg xmlns="http:\/\/www.w3.org\/2000\/svg" /);
    expect(svg).toContain("bike_sharing.parquet: forecast of users, 24 steps");
    // History, forecast, two bands.
    expect(svg.match(/<path [^>]*d="M[^"]{200,}/g)?.length).toBeGreaterThanOrEqual(4);
    expect(svg).not.toContain("NaN");
    expect(svg).toContain("forecasts of the backtest");
  });
});

describe("several series", () => {
  const names = ["007", "b", "c"];
  const rows = names.flatMap((name, s) =>
    daily.map((row, i) => `${name},${row.slice(0, 11)}${(weekly(i) * (s + 1)).toFixed(3)}`),
  );
  const file = () => csv("series.csv", "item,ds,y", rows);

  it("are found by the column that tells them apart, and stay as they are written", async () => {
    const { code, stderr } = await forecast(
      file(),
      "--horizon",
      "3",
      "--model",
      "theta",
      "--backtest",
      "0",
      "--out",
      path("o.csv"),
    );
    expect([code, stderr]).toEqual([0, expect.stringContaining("guessed key column: item")]);
    const lines = readFileSync(path("o.csv"), "utf8").trimEnd().split("\n");
    expect(lines[0]).toBe("item,ds,mean,lo-80,hi-80,lo-95,hi-95");
    expect(lines.slice(1).map((line) => line.split(",").slice(0, 2))).toEqual(
      names.flatMap((name) => dates(3, "2024-05-20").map((date) => [name, date])),
    );
  });

  it("that never change have no MASE, and the report says how many rows that leaves out", async () => {
    const both = ["steady", "weekly"].flatMap((shop) =>
      daily.map((row) => `${shop},${shop === "steady" ? row.replace(/,.*/, ",5") : row}`),
    );
    const file = csv("steady.csv", "shop,ds,y", both);
    const { code, stdout } = await forecast(file, "--horizon", "7", "--model", "naive");
    expect([code, stdout]).toEqual([
      0,
      expect.stringContaining(
        "(MASE leaves out 21 of 42 rows: the history of their series repeats itself exactly, or is no longer than a season)",
      ),
    ]);
  });

  it("may be told apart by several columns", async () => {
    const shops = ["north", "south"].flatMap((shop) =>
      ["tea", "rum"].flatMap((product) => daily.slice(0, 30).map((row) => `${shop},${product},${row}`)),
    );
    const { code, stderr, json } = await forecast(
      csv("shops.csv", "shop,product,ds,y", shops),
      ...["--horizon", "1", "--model", "naive", "--backtest", "0", "--json"],
    );
    expect([code, stderr]).toEqual([0, expect.stringContaining("guessed key columns: shop, product")]);
    expect(json().forecast.map(({ key }: { key: unknown }) => key)).toEqual([
      { shop: "north", product: "rum" },
      { shop: "north", product: "tea" },
      { shop: "south", product: "rum" },
      { shop: "south", product: "tea" },
    ]);
  });

  it("give the same forecast as CSV and as Parquet, in any order of rows", async () => {
    const parts = rows.map((row) => row.split(",") as [string, string, string]);
    const shuffled = parts
      .map((part, i) => [part, (i * 7919) % parts.length] as const)
      .sort(([, a], [, b]) => a - b);
    await tableFiles.write(
      path("series.parquet"),
      columnsFromArrays(
        { y: nullable(float64()), item: utf8(), ds: timestamp() },
        {
          y: shuffled.map(([[, , y]]) => Number(y)),
          item: shuffled.map(([[item]]) => item),
          ds: shuffled.map(([[, date]]) => new Date(date)),
        },
      ),
      { timeStyle: "date" },
    );
    const options = ["--horizon", "4", "--model", "ets", "--json"];
    const [text, parquet] = [
      await forecast(file(), ...options),
      await forecast(path("series.parquet"), ...options),
    ];
    expect([text.code, parquet.code]).toEqual([0, 0]);
    expect(parquet.json()).toEqual(text.json());
    expect(text.json().forecast).toHaveLength(12);
  });

  it("of one row are repeated, and said to have no interval", async () => {
    const { code, stdout } = await forecast(
      csv("one.csv", "ds,y", ["2024-01-01,5"]),
      "--horizon",
      "2",
      "--freq",
      "1d",
    );
    expect([code, stdout]).toEqual([0, expect.stringContaining("no intervals, as too few values are known")]);
    expect(stdout).toMatch(/2024-01-03 +5\.000 +- +- +- +-/);
  });

  it("that end before the others are forecast from their own ends, and that is told", async () => {
    const ending = names.flatMap((name, s) => daily.slice(0, 140 - 10 * s).map((row) => `${name},${row}`));
    const { code, json } = await forecast(
      csv("ending.csv", "item,ds,y", ending),
      ...["--horizon", "1", "--model", "naive", "--backtest", "0", "--json"],
    );
    expect([code, json().notes]).toEqual([
      0,
      [
        '2 of 3 series end before 2024-05-19 and are forecast from their own ends: series {"item":"c"} till 2024-04-29 and series {"item":"b"} till 2024-05-09',
      ],
    ]);
    expect(json().series.endingEarly).toEqual({
      count: 2,
      first: [
        { series: 'series {"item":"c"}', last: "2024-04-29" },
        { series: 'series {"item":"b"}', last: "2024-05-09" },
      ],
    });
    expect(json().forecast.map(({ time }: { time: string }) => time)).toEqual([
      "2024-05-20",
      "2024-05-10",
      "2024-04-30",
    ]);
  });

  it("that are short or empty do not keep the others from their forecast, and are reported", async () => {
    const more = [
      ...daily.slice(-4).map((row) => `short,${row}`),
      `one,${daily[139]}`,
      ...dates(9, "2024-05-11").map((date) => `void,${date},NA`),
    ];
    const { code, stdout, json } = await forecast(
      csv("mixed.csv", "item,ds,y", [...rows, ...more]),
      ...["--horizon", "3", "--json"],
    );
    expect([code, stdout]).toEqual([0, expect.any(String)]);
    expect(json().series).toMatchObject({
      count: 6,
      fallback: [
        { series: 'series {"item":"one"}', rows: 1, model: "naive" },
        { series: 'series {"item":"short"}', rows: 4, model: "naive" },
      ],
      dropped: [{ series: 'series {"item":"void"}', because: "no value is known" }],
    });
    const of = (item: string) =>
      json().forecast.filter(({ key }: { key: { item: string } }) => key.item === item);
    expect(of("one").map(({ mean }: { mean: number }) => mean)).toEqual(
      Array(3).fill(Number(weekly(139).toFixed(3))),
    );
    expect(of("one")[0]).toMatchObject({ "lo-80": null, "hi-80": null });
    expect(of("short")[0]["hi-80"]).toBeGreaterThan(of("short")[0].mean);
    expect(of("void")).toEqual([]);
    expect(of("b")).toHaveLength(3);
  });
});

describe("times", () => {
  const column = (times: readonly string[]) =>
    times.map((time, i) => `${time},${(50 + 3 * (i % 4) + i / 5).toFixed(2)}`);
  const monthEnds = Array.from({ length: 60 }, (_, i) =>
    new Date(Date.UTC(2019, i + 1, 0)).toISOString().slice(0, 10),
  );
  const workdays = dates(300, "2023-01-02").filter((date) => ![0, 6].includes(new Date(date).getUTCDay()));
  const cases: readonly (readonly [string, string, readonly string[], string, readonly string[]])[] = [
    [
      "last days of months",
      "month_ends",
      monthEnds,
      "1mo (last days)",
      ["2024-01-31", "2024-02-29", "2024-03-31"],
    ],
    [
      "Mondays to Fridays",
      "workdays",
      workdays,
      "business days",
      ["2023-10-30", "2023-10-31", "2023-11-01"].slice(0, 3),
    ],
    [
      "Sundays",
      "sundays",
      dates(60, "2023-01-01", 7 * day),
      "1w",
      ["2024-02-25", "2024-03-03", "2024-03-10"],
    ],
    [
      "quarters of an hour past the hour",
      "hours",
      Array.from({ length: 60 }, (_, i) => new Date(Date.UTC(2024, 0, 1, i, 15)).toISOString()),
      "1h",
      ["2024-01-03T12:15:00Z", "2024-01-03T13:15:00Z", "2024-01-03T14:15:00Z"],
    ],
    [
      "days with an offset",
      "offset",
      dates(60).map((date) => `${date}T00:00:00-05:00`),
      "1d",
      ["2024-03-01T00:00:00-05:00", "2024-03-02T00:00:00-05:00", "2024-03-03T00:00:00-05:00"],
    ],
    [
      "steps",
      "steps",
      Array.from({ length: 60 }, (_, i) => String(10 + 2 * i)),
      "steps of 2",
      ["130", "132", "134"],
    ],
    [
      "days as they are written in Germany",
      "german",
      dates(60).map((date) => date.split("-").reverse().join(".")),
      "1d",
      ["2024-03-01", "2024-03-02", "2024-03-03"],
    ],
    [
      "months",
      "months_only",
      Array.from(
        { length: 30 },
        (_, i) => `${2010 + Math.floor(i / 12)}-${String((i % 12) + 1).padStart(2, "0")}`,
      ),
      "1mo",
      ["2012-07-01", "2012-08-01", "2012-09-01"],
    ],
    [
      "quarters",
      "quarters",
      Array.from({ length: 30 }, (_, i) => `${2010 + Math.floor(i / 4)}-Q${(i % 4) + 1}`),
      "3mo",
      ["2017-07-01", "2017-10-01", "2018-01-01"],
    ],
    [
      "seconds since 1970",
      "seconds",
      Array.from({ length: 60 }, (_, i) => String(1_700_002_800 + 3600 * i)),
      "1h",
      ["2023-11-17T11:00:00Z", "2023-11-17T12:00:00Z", "2023-11-17T13:00:00Z"],
    ],
    [
      "milliseconds since 1970",
      "milliseconds",
      Array.from({ length: 60 }, (_, i) => String(1000 * (1_700_002_800 + 3600 * i))),
      "1h",
      ["2023-11-17T11:00:00Z", "2023-11-17T12:00:00Z", "2023-11-17T13:00:00Z"],
    ],
    [
      "days as whole numbers",
      "packed",
      dates(60).map((date) => date.replaceAll("-", "")),
      "1d",
      ["2024-03-01", "2024-03-02", "2024-03-03"],
    ],
  ];

  it.each(cases)("that are %s go on as such", async (_, name, times, frequency, next) => {
    const { code, stderr, json } = await forecast(
      csv(`${name}.csv`, "date,y", column(times)),
      ...["--horizon", "3", "--model", "naive", "--backtest", "0", "--json"],
    );
    expect([code, stderr]).toEqual([0, expect.stringContaining(`guessed frequency: ${frequency} `)]);
    expect(json().forecast.map(({ time }: { time: string }) => time)).toEqual(next);
  });

  it("that are months as whole numbers are found by any name, if there are more than a year of them", async () => {
    const months = Array.from(
      { length: 30 },
      (_, i) => `${2015 + Math.floor(i / 12)}${String((i % 12) + 1).padStart(2, "0")}`,
    );
    const { code, stderr, json } = await forecast(
      csv("periods.csv", "period,y", column(months)),
      ...["--horizon", "3", "--model", "naive", "--backtest", "0", "--json"],
    );
    expect([code, stderr]).toEqual([0, expect.stringContaining("guessed frequency: 1mo ")]);
    expect(json().forecast.map(({ time }: { time: string }) => time)).toEqual([
      "2017-07-01",
      "2017-08-01",
      "2017-09-01",
    ]);
  });

  it("that are irregular are told as they are, with steps that a mean can be forecast in, and are forecast by it", async () => {
    const random = createRandom(4);
    let at = Date.parse("2026-01-01T00:20:07Z");
    const sent = Array.from({ length: 600 }, () => {
      at += 1000 * Math.ceil(-4000 * Math.log(1 - random.uniform()));
      return at;
    });
    const value = (time: number) => 50 + 10 * Math.sin((time / day) * 2 * Math.PI);
    const file = csv(
      "events.csv",
      "sent,level",
      sent.map((time) => `${new Date(time).toISOString().slice(0, 19)}Z,${value(time).toFixed(3)}`),
    );
    const refused = await forecast(file, "--horizon", "6");
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(
      /The times lie on no regular grid: they are from \d+s to \dh \d+m apart, half of them 51m 16s or less\./,
    );
    expect(refused.stderr).toContain(
      "hint: Say --freq 3h --aggregate mean to forecast their mean in steps of 3h.",
    );
    const done = await forecast(
      file,
      ...["--horizon", "6", "--freq", "3h", "--aggregate", "mean", "--model", "ets", "--json"],
    );
    expect([done.code, done.json().series.frequency]).toEqual([0, "3h"]);
    // The mean of three hours of a wave about 50.
    const last = Math.floor((sent.at(-1) as number) / 10_800_000) * 10_800_000;
    for (const row of done.json().forecast) {
      const start = Date.parse(row.time);
      expect([start >= last, start % 10_800_000]).toEqual([true, 0]);
      expect(Math.abs(row.mean - value(start + 5_400_000))).toBeLessThan(6);
    }
  });

  it("of a zone with daylight saving have days of 23 hours", async () => {
    const { code, json } = await forecast(
      csv("berlin.csv", "date,y", column(dates(60, "2024-01-30"))),
      ...["--horizon", "3", "--zone", "Europe/Berlin", "--model", "naive", "--backtest", "0", "--json"],
    );
    expect([code, json().forecast.map(({ time }: { time: string }) => time)]).toEqual([
      0,
      ["2024-03-30", "2024-03-31", "2024-04-01"],
    ]);
  });

  it("that are dates are days of the calendar, also where clocks were put forward at midnight", async () => {
    // 2017-10-15 began at one o'clock in São Paulo.
    const file = csv("sao-paulo.csv", "date,y", column(dates(50, "2017-09-01")));
    const asked = [file, "--horizon", "2", "--model", "naive", "--backtest", "0", "--json"];
    const { code, json } = await forecast(...asked, "--zone", "America/Sao_Paulo");
    expect([code, json().series.gaps.rows]).toEqual([0, 0]);
    expect(json().forecast.map(({ time }: { time: string }) => time)).toEqual(["2017-10-21", "2017-10-22"]);
    const nowhere = await forecast(...asked, "--zone", "Mars");
    expect([nowhere.code, nowhere.stderr]).toEqual([64, expect.stringContaining("TIME_INVALID")]);
  });

  it("of unix seconds are found in a column by another name, or read when it is said", async () => {
    const rows = Array.from({ length: 60 }, (_, i) => `${1_700_002_800 + 3600 * i}.0,${i % 5}`);
    const file = csv("fractions.csv", "stamp,y", rows);
    const said = ["--time", "stamp", "--time-format", "unix"];
    const asked = ["--horizon", "1", "--model", "naive", "--backtest", "0"];
    const { code, stdout } = await forecast(file, ...said, ...asked);
    expect([code, stdout]).toEqual([0, expect.stringContaining("2023-11-17T11:00:00Z")]);
    const whole = csv(
      "stamps.csv",
      "stamp,y",
      rows.map((row) => row.replace(".0", "")),
    );
    const found = await forecast(whole, ...asked);
    expect([found.code, found.stderr]).toEqual([
      0,
      expect.stringContaining("guessed form of the times: unix (all are seconds since 1970"),
    ]);
  });

  it("that are missing are gaps, which are told", async () => {
    const { code, stdout } = await forecast(
      csv(
        "gaps.csv",
        "ds,y",
        daily.filter((_, i) => ![20, 21, 50].includes(i)),
      ),
      ...["--horizon", "2", "--model", "ets", "--backtest", "1"],
    );
    expect([code, stdout]).toEqual([
      0,
      expect.stringContaining("gaps: 3 rows missing, taken as unknown values; the first from 2024-01-21"),
    ]);
  });
});

describe("seasons", () => {
  const shape = [-20, -15, -5, 0, 5, 10, 15, 20, 10, 5, -5, -20];
  const sales = (i: number) => 200 + i + (shape[((i % 12) + 12) % 12] as number);
  const months = Array.from(
    { length: 30 },
    (_, i) =>
      `${2022 + Math.floor(i / 12)}-${String((i % 12) + 1).padStart(2, "0")},${(sales(i) + 4 * Math.sin(i * i)).toFixed(2)}`,
  );
  const file = () => csv("months.csv", "month,sold", months);
  const error = (rows: readonly { readonly mean: number }[]) =>
    rows.reduce((sum, { mean }, h) => sum + Math.abs(mean - sales(30 + h)), 0) / rows.length;

  it("of a year are found in 30 months", async () => {
    const { code, stderr, json } = await forecast(file(), "--horizon", "6", "--backtest", "0", "--json");
    expect([code, stderr]).toEqual([
      0,
      expect.stringContaining("guessed season: 12 steps (what the series go with; --season says otherwise)"),
    ]);
    expect(json().series.seasons).toEqual([12]);
    // Two seasons and two horizons are more than there is: one is held out.
    expect(json().chosen).toMatchObject({ model: "auto", because: "by default" });
    expect(error(json().forecast)).toBeLessThan(6);
    const near = await forecast(file(), "--horizon", "3", "--json");
    expect(near.json()).toMatchObject({ chosen: { model: "auto" }, scores: { folds: 1, refit: false } });
  });

  it("of a year are found in 180 weeks", async () => {
    const weeks = dates(180, "2021-01-04", 7 * day).map(
      (date, i) =>
        `${date},${(200 + i / 5 + 20 * Math.sin((Math.PI * i) / 26) + 6 * Math.sin(i * i)).toFixed(2)}`,
    );
    const { code, stderr } = await forecast(
      csv("weeks.csv", "ds,y", weeks),
      ...["--horizon", "4", "--model", "naive", "--backtest", "0"],
    );
    expect([code, stderr]).toEqual([0, expect.stringContaining("guessed season: 52 steps")]);
  });

  it("that are not there are not guessed, and it is told which were looked for and which could not be", async () => {
    const line = dates(40).map((date, i) => `${date},${(5 + Math.sin(i * i * 1.7)).toFixed(3)}`);
    const { code, stderr, stdout } = await forecast(
      csv("none.csv", "ds,y", line),
      ...["--horizon", "4", "--backtest", "1"],
    );
    expect([code, stderr]).toEqual([
      0,
      expect.stringContaining(
        "guessed season: none (the series do not clearly go with 7; for 365 it takes two seasons, and the longest series has 40 rows",
      ),
    ]);
    // Without a season there is no seasonal naive.
    expect(stdout).toMatch(/^ {2}naive +\d/m);
    expect(stdout).not.toContain("seasonalNaive");
  });

  it.each(["ets", "theta"])(
    "that are said are used by %s in 30 months, and where none is it is told",
    async (model) => {
      const asked = ["--horizon", "6", "--backtest", "0", "--model", model, "--json"];
      const [guessed, said] = [
        await forecast(file(), ...asked),
        await forecast(file(), ...asked, "--season", "12"),
      ];
      const note = `${model} has no season of 12 steps in the series: its own test does not find one; --season 12 has it taken`;
      expect([guessed.code, guessed.stderr]).toEqual([0, expect.stringContaining(note)]);
      expect(guessed.json().notes).toEqual([expect.stringContaining(note)]);
      expect([said.code, said.stderr, said.json().notes]).toEqual([
        0,
        expect.not.stringContaining("has no season"),
        [],
      ]);
      expect(error(said.json().forecast)).toBeLessThan(error(guessed.json().forecast) / 1.5);
      const short = await forecast(
        csv("short.csv", "month,sold", months.slice(0, 20)),
        ...asked,
        "--season",
        "12",
      );
      expect(short.stderr).toContain(
        "has no season of 12 steps in the series: fewer than two of it are there, which take 24 rows",
      );
    },
  );
});

describe("times of clocks that change", () => {
  it("go on as such with their zone, the hour that is shown twice as two", async () => {
    const rows = clock("2023-10-20T00:00Z", 400);
    const file = csv("berlin-hours.csv", "ds,y", rows);
    const asked = [
      "--horizon",
      "2",
      "--zone",
      "Europe/Berlin",
      "--model",
      "naive",
      "--backtest",
      "0",
      "--json",
    ];
    const [there, back] = [
      await forecast(file, ...asked),
      await forecast(csv("berlin-back.csv", "ds,y", [...rows].reverse()), ...asked),
    ];
    expect([there.code, there.json().series]).toEqual([
      0,
      expect.objectContaining({ rows: 400, gaps: { rows: 0, first: [] } }),
    ]);
    expect(there.json().forecast.map(({ time }: { time: string }) => time)).toEqual(
      clock("2023-10-20T00:00Z", 402)
        .slice(-2)
        .map((row) => `${row.slice(0, 16)}:00`),
    );
    // The order of the rows says which of the two is the earlier one.
    expect(back.json().forecast).toEqual(there.json().forecast);
  });

  it("are noticed by the hour that is missing in spring, and their zone is asked for", async () => {
    const file = csv("spring.csv", "ds,y", clock("2024-03-20T00:00Z", 400));
    const asked = ["--horizon", "2", "--model", "naive", "--backtest", "0", "--json"];
    const { code, stderr, json } = await forecast(file, ...asked);
    const note = expect.stringMatching(
      /^2024-03-31 02:00:00 is missing, .*say its zone, e.g. --zone Europe\/Berlin$/,
    );
    expect([code, json().notes]).toEqual([0, [note]]);
    expect(stderr).toContain("--zone Europe/Berlin");
    const said = await forecast(file, ...asked, "--zone", "Europe/Berlin");
    expect([said.json().notes, said.json().series.gaps.rows]).toEqual([[], 0]);
  });
});

describe("rows at the end without a target", () => {
  const some = daily.slice(0, -7).map((row, i) => (i === 5 ? `${row.split(",")[0]},` : row));
  const empty = daily.slice(-7).map((row) => `${row.split(",")[0]},`);

  it("are what is to be forecast, and that is told", async () => {
    const args = ["--horizon", "7", "--model", "ets", "--json"];
    const [whole, without] = [
      await forecast(csv("empty-end.csv", "ds,y", [...some, ...empty]), ...args),
      await forecast(csv("no-end.csv", "ds,y", some), ...args),
    ];
    expect([whole.code, whole.stderr]).toEqual([
      0,
      expect.stringMatching(
        /7 rows at the end of a series without y: the forecast begins after the last known one, 2024/,
      ),
    ]);
    expect(whole.json().forecast).toEqual(without.json().forecast);
    expect(whole.json().forecast[0].time).toBe(empty[0]?.split(",")[0]);
  });
});

describe("columns that are known for the future", () => {
  // From 40 weeks before the other files on.
  const numbers = Array.from({ length: 420 }, (_, i) => i - 280);
  const days = dates(420, "2023-03-27");
  const promo = (i: number) => (i % 9 === 0 ? 1 : 0);
  const history = () =>
    csv(
      "known.csv",
      "ds,y,promo",
      numbers.map((i, row) => `${days[row]},${(weekly(i) + 60 * promo(i)).toFixed(3)},${promo(i)}`),
    );
  const coming = (name: string, count: number, left: readonly number[] = []) =>
    csv(
      name,
      "promo,ds",
      dates(count, "2024-05-20").flatMap((date, i) =>
        left.includes(i) ? [] : [`${promo(140 + i)},${date}`],
      ),
    );

  it("make the forecast know what is coming", async () => {
    const { code, stderr, json } = await forecast(
      history(),
      "--future",
      coming("future.csv", 7),
      "--horizon",
      "7",
      "--json",
    );
    expect([code, stderr]).toEqual([0, expect.stringContaining("guessed known-future columns: promo")]);
    // Row 144 has a promotion.
    const means = json().forecast.map(({ mean }: { mean: number }) => mean);
    expect(means[4] - weekly(144)).toBeGreaterThan(30);
    expect(Math.abs(means[3] - weekly(143))).toBeLessThan(25);
  });

  it("that were never known in one series leave it out, with the reason, and forecast the others", async () => {
    const rowsOf = (id: string, from: number, count: number, row: (i: number) => string) =>
      numbers.slice(from, from + count).map((i, t) => `${id},${days[from + t]},${row(i)}`);
    const known = (id: string, isKnown: boolean) =>
      rowsOf(id, 0, 413, (i) => `${(weekly(i) + 60 * promo(i)).toFixed(3)},${isKnown ? promo(i) : ""}`);
    const both = csv("half-known.csv", "id,ds,y,promo", [...known("a", true), ...known("b", false)]);
    const next = csv("half-known-future.csv", "id,ds,promo", [
      ...rowsOf("a", 413, 7, (i) => String(promo(i))),
      ...rowsOf("b", 413, 7, (i) => String(promo(i))),
    ]);
    const asked = [both, "--future", next, "--horizon", "7", "--model", "arima", "--backtest", "1"];
    const { code, json } = await forecast(...asked, "--json");
    expect([code, json().series.dropped]).toEqual([
      0,
      [
        {
          series: 'series {"id":"b"}',
          because: expect.stringContaining("with a known target and regressors"),
        },
      ],
    ]);
    expect(new Set(json().forecast.map(({ key }: { key: { id: string } }) => key.id))).toEqual(
      new Set(["a"]),
    );
    expect((await forecast(...asked)).stdout).toMatch(
      /left out: series \{"id":"b"\} \(arima needs \d+ rows with a known target/,
    );
  });

  it("are asked for when rows of them are missing", async () => {
    const { code, stderr } = await forecast(
      history(),
      "--future",
      coming("hole.csv", 7, [2, 5]),
      "--horizon",
      "7",
    );
    expect([code, stderr]).toEqual([1, expect.stringContaining("FUTURE_VALUES_MISSING")]);
    expect(stderr).toContain("lacks 2 of the 7 rows");
    expect(stderr).toContain("the series at 2024-05-22 and the series at 2024-05-25");
  });

  it("must be in both files, and have a model that takes them", async () => {
    const other = csv(
      "other.csv",
      "ds,weather",
      dates(7, "2024-05-20").map((date) => `${date},3`),
    );
    const none = await forecast(history(), "--future", other, "--horizon", "7");
    expect([none.code, none.stderr]).toEqual([64, expect.stringContaining("shares no column")]);
    const naive = await forecast(
      history(),
      "--future",
      coming("future.csv", 7),
      "--horizon",
      "7",
      "--model",
      "naive",
    );
    expect([naive.code, naive.stderr]).toEqual([
      64,
      expect.stringContaining("has no use for the columns of --future"),
    ]);
  });

  it("may stand at the end of the history itself", async () => {
    const whole = csv(
      "with-tail.csv",
      "ds,y,promo",
      dates(427, "2023-03-27").map((date, row) => {
        const i = row - 280;
        return `${date},${row < 420 ? (weekly(i) + 60 * promo(i)).toFixed(3) : ""},${promo(i)}`;
      }),
    );
    const asked = ["--horizon", "7", "--target", "y", "--model", "arima", "--backtest", "0", "--json"];
    const [known, unknown] = [
      await forecast(whole, ...asked, "--future", whole),
      await forecast(whole, ...asked),
    ];
    expect(unknown.stderr).toContain("come with --future, which may name the same file");
    // Row 144 has a promotion.
    const rises = [known, unknown].map(({ json }) => json().forecast[4].mean - weekly(144));
    expect(rises[0]).toBeGreaterThan(50);
    expect(rises[1]).toBeLessThan(40);
  });

  it("that are empty where there is nothing are asked for a word, and not passed over without one", async () => {
    const shops = ["a", "b"].flatMap((shop) =>
      numbers.map((i, row) => `${shop},${days[row]},${weekly(i).toFixed(3)},${promo(i) === 1 ? "fair" : ""}`),
    );
    const past = csv("fairs.csv", "shop,ds,y,event", shops);
    const ahead = (name: string, eventOf: (i: number) => string) =>
      csv(
        name,
        "shop,ds,event",
        ["a", "b"].flatMap((shop) =>
          dates(3, "2024-05-20").map((date, i) => `${shop},${date},${eventOf(i)}`),
        ),
      );
    const word = 'write a word for that, e.g. "none", in both files.';
    // The keys are in both files, and say nothing of the future.
    const empty = await forecast(
      past,
      "--future",
      ahead("no-fair.csv", () => ""),
      "--horizon",
      "3",
    );
    expect([empty.code, empty.stderr]).toEqual([64, expect.stringContaining("shares no column")]);
    expect(empty.stderr).toContain(`Of event it has no value: where there is nothing`);
    expect(empty.stderr).toContain(word);
    const some = await forecast(
      past,
      "--future",
      ahead("a-fair.csv", (i) => (i === 1 ? "fair" : "")),
      ...["--horizon", "3"],
    );
    expect([some.code, some.stderr]).toEqual([1, expect.stringContaining("lacks 4 of the 6 rows")]);
    expect(some.stderr).toContain(word);
  });
});

describe("what is wrong is said with its place", () => {
  const at = (rows: readonly string[], ...changed: readonly (readonly [number, string])[]) =>
    rows.map((row, i) => changed.find(([place]) => place === i)?.[1] ?? row);
  const twoColumns = daily.map((row, i) => `${row},${i}`);
  const cases: readonly (readonly [string, () => readonly string[], number, readonly string[]])[] = [
    [
      "a column that is not there",
      () => [path("daily.csv"), "--target", "yy"],
      64,
      ["CONFIG_INVALID", 'no column "yy"', "--target", 'Did you mean "y"?'],
    ],
    [
      "two columns with blanks in their names that could be the target",
      () => [csv("blanks.csv", "ds,shop A,shop B", twoColumns)],
      64,
      ["shop A, shop B", "--target 'shop A'"],
    ],
    [
      "two columns that could be the target",
      () => [csv("two.csv", "ds,sold,paid", twoColumns)],
      64,
      ["sold, paid", "--target sold"],
    ],
    [
      "columns named alike, capitals aside",
      () => [csv("alike.csv", "ds,y,Y", twoColumns)],
      64,
      ["CONFIG_INVALID", "2 columns of", 'named "y"', "y, Y_1 here, e.g. --target Y_1"],
    ],
    [
      "the only column of times as a key",
      () => [path("daily.csv"), "--key", "ds"],
      64,
      ['"ds", is named as a key or the target'],
    ],
    [
      "a frequency at which no row follows another",
      () => [path("daily.csv"), "--freq", "1h"],
      1,
      ["PANEL_INVALID", "24 steps", "Leave --freq out to have it guessed"],
    ],
    [
      "future rows that are there twice",
      () => {
        const priced = csv("priced.csv", "ds,y,price", twoColumns);
        const rows = dates(7, "2024-05-20").map((date, i) => `${date},${i}`);
        const twice = csv("twice-ahead.csv", "ds,price", [...rows, rows[2] as string]);
        return [priced, "--target", "y", "--future", twice];
      },
      1,
      ["PANEL_INVALID", "a time of a series twice: the series at 2024-05-22 in line 4 and line 9"],
    ],
    [
      "future rows that do not say which series they are for",
      () => {
        const shops = ["a", "b"].flatMap((shop) => twoColumns.map((row) => `${shop},${row}`));
        const ahead = dates(3, "2024-05-20").map((date, i) => `${date},${i}`);
        return [
          csv("priced-shops.csv", "store,ds,y,price", shops),
          ...["--target", "y", "--future", csv("no-store.csv", "ds,price", ahead)],
        ];
      },
      64,
      ['no column "store", the key of the history', "give it store, ds and price. It has ds, price"],
    ],
    [
      "a column with two roles",
      () => [path("daily.csv"), "--time", "ds", "--target", "ds"],
      64,
      ["two roles"],
    ],
    [
      "no column of times",
      () => [
        csv(
          "notime.csv",
          "a,y",
          daily.map((_, i) => `x${i},${i}`),
        ),
      ],
      64,
      ["--time", "a (text)"],
    ],
    [
      "texts that are no numbers",
      () => [csv("numbers.csv", "ds,y", at(daily, [3, "2024-01-04,4.5 kg"], [9, "2024-01-10,?"]))],
      1,
      ["VALUE_INVALID", '"4.5 kg" in line 5, "?" in line 11'],
    ],
    [
      "a word in the only column that can be the target",
      () => [csv("word.csv", "day,sold", at(daily, [30, "2024-01-31,closed"]))],
      1,
      [
        "guessed target column: sold (most of its texts are numbers",
        'Column "sold"',
        '1 value that is no number: "closed" in line 32',
        "Leave the field empty",
      ],
    ],
    [
      "percent signs with some of the values",
      () => [
        csv(
          "some-percent.csv",
          "ds,y",
          daily.map((row, i) => `${row}${i < 100 ? "%" : ""}`),
        ),
      ],
      1,
      ["VALUE_INVALID", "100 values", "with all of the values or with none"],
    ],
    [
      "marks between thousands, and a number without the others' mark before decimals",
      () => [
        csv(
          "thousands.csv",
          "ds;y",
          daily.map((row, i) => `${row.slice(0, 10)};${i === 9 ? "1.009,5" : `1,00${i % 10}.5`}`),
        ),
      ],
      1,
      ["VALUE_INVALID", '"1.009,5"', "Write all numbers in one way"],
    ],
    [
      "an hour that clocks show twice",
      () => [csv("autumn.csv", "ds,y", clock("2023-10-20T00:00Z", 400))],
      1,
      ["PANEL_INVALID", "2023-10-29 02:00:00 in line", "say --zone Europe/Berlin", "Leave no row out"],
    ],
    [
      "an hour that clocks never show",
      () => [
        csv(
          "never.csv",
          "ds,y",
          dates(3, "2024-03-30").flatMap((date) =>
            Array.from({ length: 24 }, (_, h) => `${date} ${String(h).padStart(2, "0")}:00,${h}`),
          ),
        ),
        "--zone",
        "Europe/Berlin",
      ],
      64,
      ["TIME_INVALID", "2024-03-31 02:00:00 in line 28", "never shown"],
    ],
    [
      "a form of times that is not known",
      () => [path("daily.csv"), "--time-format", "%s"],
      64,
      ["CONFIG_INVALID", '"%s" is no form of times', "unix"],
    ],
    [
      "texts that are no times",
      () => [csv("times.csv", "ds,y", at(daily, [5, "2024-13-45,3"]))],
      1,
      ["VALUE_INVALID", '"2024-13-45" in line 7'],
    ],
    [
      "a week that its year does not have",
      () => [
        csv(
          "week53.csv",
          "week,y",
          Array.from({ length: 53 }, (_, i) => `2024-W${String(i + 1).padStart(2, "0")},${i}`),
        ),
      ],
      1,
      ["VALUE_INVALID", '1 value that is no time of the form week: "2024-W53" in line 54', "52 weeks"],
    ],
    [
      "a quarter that is none, in a column without a name of times",
      () => [
        csv("quarter5.csv", "quarter,y", [
          ...Array.from({ length: 20 }, (_, i) => `${2010 + Math.floor(i / 4)}-Q${(i % 4) + 1},${i}`),
          "2015-Q5,20",
        ]),
      ],
      1,
      [
        "guessed time column: quarter (most of its texts are times",
        'of the form quarter: "2015-Q5" in line 22',
      ],
    ],
    [
      "a date that is none, in a column without a name of times",
      () => [csv("when.csv", "when,y", at(daily, [5, "soon,3"]))],
      1,
      ["VALUE_INVALID", '"soon" in line 7', "2024-03-01T08:00:00+01:00"],
    ],
    [
      "midnights of a clock that changes, with their offsets",
      () => [
        csv(
          "midnights.csv",
          "at,y",
          dates(60, "2024-03-01").map((date, i) => `${date}T00:00:00+0${i < 31 ? 1 : 2}:00,${i % 7}`),
        ),
      ],
      1,
      ["PANEL_INVALID", "regular by a clock that changes", "Say --zone Europe/Berlin"],
    ],
    [
      "a missing time",
      () => [csv("nulltime.csv", "ds,y", at(daily, [5, ",3"]))],
      1,
      ["PANEL_INVALID", "line 7"],
    ],
    [
      "times that can be read in two ways",
      () => [
        csv(
          "ways.csv",
          "ds,y",
          Array.from({ length: 9 }, (_, i) => `01/0${i + 1}/2024,${i}`),
        ),
      ],
      64,
      ["%d/%m/%Y, %m/%d/%Y", "--time-format"],
    ],
    [
      "a time twice",
      () => [csv("twice.csv", "ds,y", [...daily, daily[4] as string])],
      1,
      ["PANEL_INVALID", "2024-01-05 in line 6 and line 142", "--key"],
    ],
    [
      "irregular steps",
      () => [
        csv(
          "irregular.csv",
          "ds,y",
          daily.map((row, i) => `${row.slice(0, 10)}T0${i === 8 ? 7 : 6}:00:00Z,${i}`),
        ),
      ],
      1,
      ["PANEL_INVALID", "2024-01-09T07:00:00Z in line 10"],
    ],
    [
      "--aggregate without the length of steps",
      () => [path("daily.csv"), "--aggregate", "mean"],
      64,
      ["CONFIG_INVALID", "--freq 1h --aggregate mean"],
    ],
    [
      "times off the frequency that was said",
      () => [path("daily.csv"), "--freq", "1w"],
      1,
      ["PANEL_INVALID", "120 of 140 times"],
    ],
    [
      "several frequencies",
      () => [
        csv("several.csv", "unique_id,ds,y", [
          ...daily.map((row) => `a,${row}`),
          ...daily.filter((_, i) => i % 7 === 0).map((row) => `b,${row}`),
        ]),
      ],
      1,
      ["1d in", "1w in", "--freq 1d"],
    ],
    [
      "infinite values",
      () => [csv("infinite.csv", "ds,y", at(daily, [7, "2024-01-08,inf"]))],
      1,
      ["PANEL_INVALID", "infinite", "line 9"],
    ],
    [
      "no value at all",
      () => [
        csv(
          "void.csv",
          "ds,y",
          dates(30).map((date) => `${date},`),
        ),
        "--target",
        "y",
      ],
      1,
      ["PANEL_INVALID", "No value"],
    ],
    [
      "too few times to see a frequency",
      () => [csv("few.csv", "ds,y", daily.slice(0, 2))],
      64,
      ["FREQUENCY_INVALID", "--freq"],
    ],
    ["a horizon of 0", () => [path("daily.csv"), "--horizon", "0"], 64, ["--horizon", "at least 1"]],
    ["a negative horizon", () => [path("daily.csv"), "--horizon", "-3"], 64, ["--horizon"]],
    [
      "a horizon beyond all measure, before the file is read",
      () => [path("not-there.csv"), "--horizon", "1e9"],
      64,
      ["--horizon", "at most 100,000 steps"],
    ],
    [
      "a negative number of folds",
      () => [path("daily.csv"), "--backtest", "-1"],
      64,
      ["--backtest", "at least 1, or 0 for none"],
    ],
    [
      "a budget without a unit",
      () => [path("daily.csv"), "--budget", "10"],
      64,
      ['"10" is not a duration', '"15m"'],
    ],
    [
      "a frequency in words",
      () => [path("daily.csv"), "--freq", "daily"],
      64,
      ["--freq", "Write 1d; business for Mondays to Fridays, step for whole numbers"],
    ],
    ["a level of 100 %", () => [path("daily.csv"), "--level", "100"], 64, ["--level"]],
    [
      "a zone that is none",
      () => [path("daily.csv"), "--zone", "Mars/Base"],
      64,
      ["TIME_INVALID", "Mars/Base"],
    ],
    ["a file that is not there", () => [path("nothing.csv")], 1, ["STORE_NOT_FOUND", "nothing.csv"]],
    [
      "an extension that is not known",
      () => [csv("sheet.xlsx", "ds,y", daily)],
      64,
      ["CONFIG_INVALID", ".parquet"],
    ],
    [
      "an empty file",
      () => {
        writeFileSync(path("empty.csv"), "");
        return [path("empty.csv")];
      },
      1,
      ["PANEL_INVALID", "is empty"],
    ],
    ["names without rows", () => [csv("head.csv", "ds,y", [])], 1, ["PANEL_INVALID", "no rows"]],
    [
      "rows without names",
      () => [csv("headless.csv", daily[0] as string, daily.slice(1))],
      1,
      ["PANEL_INVALID", "no names"],
    ],
    [
      "lines of different lengths",
      () => [csv("ragged.csv", "ds,y", at(daily, [20, "2024-01-21,1,2"]))],
      1,
      ["SCHEMA_MISMATCH", "Line 22 of", "has 3 fields, and there are 2 names", "double quotes"],
    ],
    [
      "text that is not UTF-8",
      () => {
        writeFileSync(
          path("latin.csv"),
          `ds,y,town\n${daily.map((row) => `${row},Z\u00fcrich`).join("\n")}`,
          "latin1",
        );
        return [path("latin.csv")];
      },
      1,
      ["VALUE_INVALID", "not written in UTF-8: line 2", "iconv -f WINDOWS-1252 -t UTF-8"],
    ],
    [
      "decimal commas that could be between thousands",
      () => [
        csv(
          "commas.csv",
          "ds;y",
          daily.map((row) => row.replace(",", ";").replace(".", ",")),
        ),
      ],
      1,
      ["VALUE_INVALID", "140 values", "in line 2", "--decimal ,"],
    ],
    [
      "a key column with the name of a column of the forecast",
      () => [
        csv(
          "clash.csv",
          "mean,ds,y",
          daily.map((row) => `a,${row}`),
        ),
        "--key",
        "mean",
      ],
      64,
      ["CONFIG_INVALID", '"mean"'],
    ],
    [
      "a Parquet file that is none",
      () => {
        writeFileSync(path("no.parquet"), "ds,y\n");
        return [path("no.parquet")];
      },
      1,
      ["STORE_CORRUPT", "no.parquet"],
    ],
    [
      "a folder to write to that is not there",
      () => [path("daily.csv"), "--out", path("nowhere/o.csv")],
      1,
      ["STORE_NOT_FOUND", "nowhere"],
    ],
    ["an output that is the input", () => [path("daily.csv"), "--out", path("daily.csv")], 64, ["overwrite"]],
    [
      "an output of no known format",
      () => [path("daily.csv"), "--out", path("o.json")],
      64,
      [".csv, .tsv, .parquet"],
    ],
    ["a picture of no known format", () => [path("daily.csv"), "--plot", path("o.png")], 64, [".svg"]],
  ];

  it.each(cases)("%s", async (_, argv, code, texts) => {
    const [file, ...options] = argv();
    const horizon = options.includes("--horizon") ? [] : ["--horizon", "3"];
    const answer = await forecast(file as string, ...horizon, ...options);
    expect([answer.code, answer.stdout]).toEqual([code, ""]);
    for (const text of texts) expect(answer.stderr).toContain(text);
    // Sentences for people, and no traces of the program.
    expect(answer.stderr).not.toMatch(/^\s+at /m);
  });

  it("of a slip in the name of an option that is required", async () => {
    const [slip, none] = await Promise.all([
      forecast(path("daily.csv"), "--horizn", "3"),
      forecast(path("daily.csv")),
    ]);
    expect([slip.code, slip.stderr]).toEqual([64, expect.stringContaining("unknown option '--horizn'")]);
    expect(slip.stderr).toContain("Did you mean --horizon?");
    expect([none.code, none.stderr]).toEqual([
      64,
      expect.stringContaining("required option '--horizon <steps>' not specified"),
    ]);
  });

  it("as data with --json", async () => {
    const { code, json } = await forecast(
      csv("two.csv", "ds,sold,paid", twoColumns),
      "--horizon",
      "3",
      "--json",
    );
    expect([code, json()]).toEqual([
      64,
      {
        error: {
          code: "CONFIG_INVALID",
          message: expect.stringContaining("sold, paid"),
          hint: expect.any(String),
          details: { option: "--target", candidates: ["sold", "paid"] },
        },
      },
    ]);
  });
});

describe("what is written", () => {
  it("takes the place of an older file whole, and leaves it alone when the forecast fails", async () => {
    mkdirSync(path("out"));
    const target = path("out/forecast.csv");
    writeFileSync(target, "old\n");
    const failed = await forecast(
      csv("bad.csv", "ds,y", ["2024-01-01,x", ...daily.slice(1)]),
      "--horizon",
      "2",
      "--out",
      target,
    );
    expect([failed.code, readFileSync(target, "utf8")]).toEqual([1, "old\n"]);
    const done = await forecast(path("daily.csv"), "--horizon", "2", "--model", "naive", "--out", target);
    expect([done.code, readFileSync(target, "utf8").split("\n")[0]]).toEqual([
      0,
      "ds,mean,lo-80,hi-80,lo-95,hi-95",
    ]);
    expect(readdirSync(path("out"))).toEqual(["forecast.csv"]);
    expect(done.stdout).toContain(`wrote ${target}: 2 rows`);
  });

  it("is nothing when the command is stopped", async () => {
    mkdirSync(path("stopped"));
    const rows = Array.from({ length: 60 }, (_, s) => daily.map((row) => `s${s},${row}`)).flat();
    const file = csv("slow.csv", "unique_id,ds,y", rows);
    const options = [
      "--horizon",
      "7",
      "--model",
      "arima",
      "--out",
      path("stopped/o.csv"),
      "--plot",
      path("stopped/o.svg"),
    ];
    const child = spawn(process.execPath, [...command, "forecast", file, ...options], { cwd: root });
    let stderr = "";
    child.stderr.on("data", (text) => {
      if (!stderr.includes("guessed season") && `${stderr}${text}`.includes("guessed season"))
        child.kill("SIGINT");
      stderr += text;
    });
    const [code] = await once(child, "close");
    expect([code, stderr, readdirSync(path("stopped"))]).toEqual([
      75,
      expect.stringContaining("ABORTED"),
      [],
    ]);
  });

  it("is no picture when the file of the forecast cannot be written", async () => {
    mkdirSync(path("taken.csv.d"));
    const { code, stderr } = await forecast(
      path("daily.csv"),
      "--horizon",
      "2",
      "--model",
      "naive",
      "--out",
      path("taken.csv.d"),
      "--plot",
      path("never.svg"),
    );
    expect([code, existsSync(path("never.svg"))]).toEqual([64, false]);
    expect(stderr).toContain("CONFIG_INVALID");
  });

  it("shows the first twelve of many series in a picture, and says so", async () => {
    const rows = Array.from({ length: 14 }, (_, s) =>
      daily.slice(0, 40).map((row) => `s${String(s).padStart(2, "0")},${row}`),
    ).flat();
    const { code, stderr } = await forecast(
      csv("many.csv", "unique_id,ds,y", rows),
      "--horizon",
      "2",
      "--model",
      "naive",
      "--backtest",
      "0",
      "--plot",
      path("many.svg"),
    );
    expect([code, stderr]).toEqual([0, expect.stringContaining("shows the first 12 of 14 series")]);
    const svg = readFileSync(path("many.svg"), "utf8");
    expect(svg).toContain("the first 12 of 14 series");
    // The chart of each, beside four marks of the legend and the whole.
    expect(svg.match(/<svg /g)).toHaveLength(12 + 4 + 1);
    expect([svg.includes(">s11</text>"), svg.includes(">s12</text>")]).toEqual([true, false]);
  });
});
