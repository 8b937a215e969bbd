import assert from "node:assert/strict";
import { TsopsError, type TsopsErrorCode } from "../errors.ts";
import type { FittedForecaster, Forecaster } from "../forecast/forecaster.ts";
import { probabilitiesOf } from "../forecast/levels.ts";
import { panel } from "../forecast/panel/build-panel.ts";
import type { Panel } from "../forecast/panel/panel.ts";
import { panelToColumns, slicePanel } from "../forecast/panel/panel-slices.ts";
import { createRandom } from "../random.ts";
import { float64, nullable, timestamp, utf8 } from "../schema/column-type.ts";
import type { Columns } from "../schema/columns.ts";
import { columnsFromArrays } from "../schema/from-arrays.ts";
import { sliceColumns, takeColumns } from "../schema/reshape.ts";
import { type ConformanceCase, type ConformanceOptions, conformanceCases } from "./case.ts";

const hour = 3_600_000_000n;
const start = 1_700_000_000_000_000n - (1_700_000_000_000_000n % hour);
const horizon = 6;
/** Hours of history in the cases: a forecaster that is tested must be content with them. */
const historyRows = 240;
const laterRows = 24;

interface Subject {
  readonly forecaster: Forecaster;
  readonly make: () => Forecaster | Promise<Forecaster>;
  close(): Promise<void>;
}

/**
 * What every `Forecaster` promises. The forecaster should be small and need at most 240 rows a series: the cases fit three hourly series of so
 * many rows with a daily season, positive values, a known-future column `temp` (number) and `sky` (text) and a past-only
 * column `load`, for a horizon of 6 steps.
 * @param make - A new forecaster; called several times, each time with the same settings and seed.
 */
export function forecasterCases(
  make: () => Forecaster | Promise<Forecaster>,
  options?: ConformanceOptions,
): readonly ConformanceCase[] {
  return conformanceCases<Subject>(
    async () => ({ forecaster: await make(), make, close: async () => {} }),
    cases,
    options,
  );
}

const cases: Readonly<Record<string, (subject: Subject) => Promise<void>>> = {
  async "says its kind, parameters, series and where they end"({ forecaster }) {
    const { history } = data();
    const fitted = await forecaster.fit(history, { horizon });
    assert.equal(fitted.kind, forecaster.kind);
    assert.deepEqual(JSON.parse(JSON.stringify(forecaster.params)), forecaster.params);
    assert.equal(fitted.horizon, horizon);
    assert.deepEqual(fitted.series, history.series);
    assert.deepEqual([...fitted.lastTimes], lastTimes(history));
    assert.equal(fitted.spec.target, "y");
  },

  async "predicts each series and step once, finite, after the last observed instant"({ forecaster }) {
    const { history, future } = data();
    const forecast = predict(await forecaster.fit(history, { horizon }), { future });
    assert.equal(forecast.length, 3 * horizon);
    assert.ok(forecast.mean.every(Number.isFinite), "some predictions are not finite");
    const ends = lastTimes(history);
    for (let row = 0; row < forecast.length; row++) {
      assert.equal(forecast.seriesIndex[row], Math.floor(row / horizon));
      assert.equal(forecast.step[row], (row % horizon) + 1);
      const end = ends[forecast.seriesIndex[row] as number] as bigint;
      assert.equal(forecast.cutoff[row], end);
      assert.equal(forecast.time[row], end + hour * BigInt(forecast.step[row] as number));
    }
  },

  async "predicts a shorter horizon as the beginning of the longer one"({ forecaster }) {
    const { history, future } = data();
    const fitted = await forecaster.fit(history, { horizon });
    const whole = predict(fitted, { future });
    const short = predict(fitted, { future, horizon: 2 });
    assert.equal(short.length, 6);
    for (let s = 0; s < 3; s++)
      for (let h = 0; h < 2; h++) assert.equal(short.mean[s * 2 + h], whole.mean[s * horizon + h]);
  },

  async "predicts the asked series alone as among the others, and asks for their future rows only"({
    forecaster,
  }) {
    const { history, future } = data();
    const fitted = await forecaster.fit(history, { horizon });
    const levels = fitted.hasIntervals ? [50] : [];
    const whole = predict(fitted, { future, levels });
    const keys = [{ station: "c" }, { station: "a" }, { station: "a" }];
    const asked = predict(fitted, { future: rowsOf(future, ["a", "c"]), levels, keys });
    assert.deepEqual(asked.series, [history.series[0], history.series[2]]);
    assert.deepEqual([...asked.seriesIndex], [...whole.seriesIndex.slice(0, 2 * horizon)]);
    const pick = <T>(values: Iterable<T>): T[] =>
      [...values].filter((_, row) => Math.floor(row / horizon) !== 1);
    for (const name of ["step", "time", "cutoff", "mean"] as const)
      assert.deepEqual([...asked[name]], pick<bigint | number>(whole[name]), name);
    assert.deepEqual(
      asked.quantiles.map(({ values }) => [...values]),
      whole.quantiles.map(({ values }) => pick(values)),
    );
    assert.deepEqual(predict(fitted, { future, levels, keys }), asked);
    assert.equal(predict(fitted, { future, keys: [] }).length, 0);
    const error = await refuses("KEY_UNKNOWN", () => predict(fitted, { future, keys: [{ station: "z" }] }));
    assert.match(error.message, /"z"/);
  },

  async "gives equal bytes and predictions for equal data and settings"({ forecaster, make }) {
    const { history, future } = data();
    const first = await forecaster.fit(history, { horizon });
    const second = await (await make()).fit(history, { horizon });
    assert.deepEqual(second.save(), first.save());
    assert.deepEqual(predict(second, { future }), predict(first, { future }));
  },

  async "keeps fits that run at the same time apart"({ forecaster }) {
    const [a, b] = [data("a").history, data("b").history];
    const alone = [await forecaster.fit(a, { horizon }), await forecaster.fit(b, { horizon })];
    const together = await Promise.all([forecaster.fit(a, { horizon }), forecaster.fit(b, { horizon })]);
    together.forEach((fitted, i) => {
      assert.deepEqual(fitted.save(), alone[i]?.save());
    });
  },

  async "knows nothing of what comes after its panel"({ forecaster }) {
    const one = data();
    const other = data();
    other.whole.y.forEach((_, row) => {
      if ((other.whole.times[row] as bigint) > (one.cutoff as bigint)) other.whole.y[row] = 1e6;
    });
    const cut = (whole: Panel) => slicePanel(whole, { until: one.cutoff });
    assert.deepEqual(
      (await forecaster.fit(cut(other.whole), { horizon })).save(),
      (await forecaster.fit(cut(one.whole), { horizon })).save(),
    );
  },

  async "leaves its input as it was"({ forecaster }) {
    const { history, future, later } = data();
    const before = structuredClone({ history, future, later });
    const fitted = await forecaster.fit(history, { horizon });
    predict(fitted, { future });
    fitted.update(later);
    assert.deepEqual({ history, future, later }, before);
  },

  async "predicts the same after saving and loading"({ forecaster, make }) {
    const { history, future, later, laterFuture } = data();
    const fitted = await forecaster.fit(history, { horizon });
    const loaded = (await make()).load(fitted.save());
    assert.deepEqual(loaded.spec, fitted.spec);
    assert.equal(loaded.hasIntervals, fitted.hasIntervals);
    assert.deepEqual(loaded.lastTimes, fitted.lastTimes);
    assert.deepEqual(predict(loaded, { future }), predict(fitted, { future }));
    assert.deepEqual(loaded.save(), fitted.save());
    assert.deepEqual(
      predict(loaded.update(later), { future: laterFuture }),
      predict(fitted.update(later), { future: laterFuture }),
    );
  },

  async "refuses foreign, truncated and damaged bytes"({ forecaster }) {
    const bytes = (await forecaster.fit(data().history, { horizon })).save();
    const damaged = bytes.slice();
    damaged[bytes.length - 1] = (damaged[bytes.length - 1] as number) ^ 1;
    for (const wrong of [new Uint8Array(0), new Uint8Array(100), bytes.slice(0, -1), damaged])
      await refuses("MODEL_FORMAT_INVALID", () => forecaster.load(wrong));
  },

  async "absorbs rows into a new value and leaves the old one as it was"({ forecaster }) {
    const { history, future, later, laterFuture } = data();
    const fitted = await forecaster.fit(history, { horizon });
    const before = { bytes: fitted.save(), forecast: predict(fitted, { future }) };
    const updated = fitted.update(later);
    assert.deepEqual(
      [...updated.lastTimes],
      lastTimes(history).map((time) => time + hour * BigInt(laterRows)),
    );
    assert.equal(updated.hasIntervals, fitted.hasIntervals);
    assert.notDeepEqual(predict(updated, { future: laterFuture }).mean, before.forecast.mean);
    assert.deepEqual(fitted.save(), before.bytes);
    assert.deepEqual(predict(fitted, { future }), before.forecast);
  },

  async "absorbs rows in pieces, repeated or in another order with the same result"({ forecaster }) {
    const { history, later } = data();
    const fitted = await forecaster.fit(history, { horizon });
    const atOnce = fitted.update(later).save();
    let inPieces: FittedForecaster = fitted;
    for (let h = 0; h < laterRows; h += 8) {
      const from = (lastTimes(history)[0] as bigint) + hour * BigInt(h + 1);
      const piece = rowsBetween(later, from, from + hour * 7n);
      inPieces = inPieces.update(piece).update(piece);
    }
    assert.deepEqual(inPieces.save(), atOnce);
    assert.deepEqual(fitted.update(reversed(later)).save(), atOnce);
    assert.deepEqual(fitted.update(later).update(later).save(), atOnce);
    assert.deepEqual(fitted.update(sliceColumns(later, 0, 0)).save(), fitted.save());
  },

  async "takes rows that are not there for missing values"({ forecaster }) {
    const { history, later, laterFuture } = data();
    const fitted = await forecaster.fit(history, { horizon });
    const last = lastTimes(history)[0] as bigint;
    const gap = (time: bigint): boolean => time > last + hour * 3n && time <= last + hour * 6n;
    const skipped = fitted.update(rowsWhere(later, (time) => !gap(time)));
    const missing = fitted.update(withNull(later, gap));
    const [a, b] = [predict(skipped, { future: laterFuture }), predict(missing, { future: laterFuture })];
    assert.ok(a.mean.every(Number.isFinite), "some predictions after a gap are not finite");
    assert.deepEqual(
      a.mean.map((value) => Math.round(value * 1e6)),
      b.mean.map((value) => Math.round(value * 1e6)),
    );
  },

  async "predicts finite numbers where the history has missing values"({ forecaster }) {
    const { history, future } = data("holes");
    const random = createRandom("where the holes are");
    const y = history.y.map((value) => (random.uniform() < 0.2 ? Number.NaN : value));
    const fitted = await forecaster.fit({ ...history, y }, { horizon });
    assert.ok(predict(fitted, { future }).mean.every(Number.isFinite), "some predictions are not finite");
  },

  async "refuses to absorb series that it does not know, and lists them"({ forecaster }) {
    const { history, later } = data();
    const fitted = await forecaster.fit(history, { horizon });
    const stranger = { ...later.data["station"], dictionary: ["a", "b", "never seen"] } as never;
    const error = await refuses("KEY_UNKNOWN", () =>
      fitted.update({ ...later, data: { ...later.data, station: stranger } }),
    );
    assert.match(error.message, /never seen/);
  },

  async "refuses to absorb infinite, repeated or contradicting targets"({ forecaster }) {
    const { history, later } = data();
    const fitted = await forecaster.fit(history, { horizon });
    const changed = (change: (value: number) => number) =>
      withTarget(later, (value, row) => (row === laterRows - 1 ? change(value) : value));
    await refuses("PANEL_INVALID", () => fitted.update(changed(() => Number.POSITIVE_INFINITY)));
    await refuses("PANEL_INVALID", () => fitted.update(later).update(changed((value) => value + 1)));
    const first = Int32Array.of(...Array.from({ length: later.length }, (_, row) => row), 0);
    await refuses("PANEL_INVALID", () => fitted.update(takeColumns(later, first)));
  },

  async "refuses a horizon beyond the fitted one, and levels outside 0 to 100"({ forecaster }) {
    const { history, future } = data();
    const fitted = await forecaster.fit(history, { horizon });
    await refuses("MODEL_PARAMETER_INVALID", () => predict(fitted, { future, horizon: horizon + 1 }));
    await refuses("MODEL_PARAMETER_INVALID", () => predict(fitted, { future, horizon: 0 }));
    await refuses("MODEL_PARAMETER_INVALID", () => predict(fitted, { future, levels: [100] }));
  },

  async "asks for the known-future columns that it names"({ forecaster }) {
    const { history, future } = data();
    const fitted = await forecaster.fit(history, { horizon });
    if (fitted.spec.knownFuture.length === 0) {
      assert.equal(predict(fitted, {}).length, 3 * horizon);
      return;
    }
    await refuses("FUTURE_VALUES_MISSING", () => predict(fitted, {}));
    const error = await refuses("FUTURE_VALUES_MISSING", () =>
      predict(fitted, { future: sliceColumns(future, 1, future.length) }),
    );
    assert.equal(error.details["count"], 1);
  },

  async "gives the quantiles that bound the asked levels, in order, or refuses them and says beforehand that it has none"({
    forecaster,
  }) {
    const { history, future } = data();
    const fitted = await forecaster.fit(history, { horizon });
    assert.equal(typeof fitted.hasIntervals, "boolean");
    assert.deepEqual(predict(fitted, { future, levels: [], quantiles: [] }).quantiles, []);
    if (!fitted.hasIntervals) {
      await refuses("MODEL_PARAMETER_INVALID", () => predict(fitted, { future, levels: [80] }));
      await refuses("MODEL_PARAMETER_INVALID", () => predict(fitted, { future, quantiles: [0.5] }));
      return;
    }
    const forecast = predict(fitted, { future, levels: [80, 50] });
    assert.deepEqual(
      forecast.quantiles.map(({ probability }) => probability),
      probabilitiesOf([50, 80]),
    );
    for (let row = 0; row < forecast.length; row++)
      for (let q = 1; q < forecast.quantiles.length; q++) {
        const [below, above] = [forecast.quantiles[q - 1]?.values[row], forecast.quantiles[q]?.values[row]];
        assert.ok(
          (below as number) <= (above as number),
          `quantiles cross in row ${row}: ${below} > ${above}`,
        );
      }
  },

  async "refuses series that are too short or all missing, and lists them"({ forecaster }) {
    const { history } = data();
    const short = slicePanel(history, { until: history.times[0] as bigint });
    const error = await refuses("SERIES_TOO_SHORT", () => forecaster.fit(short, { horizon }));
    assert.match(error.message, /\d/);
    const nothing = { ...history, y: history.y.map(() => Number.NaN) };
    await refuses("SERIES_TOO_SHORT", () => forecaster.fit(nothing, { horizon }));
  },

  async "refuses horizons that are no whole number from 1"({ forecaster }) {
    const { history } = data();
    for (const wrong of [0, -1, 1.5, Number.NaN])
      await refuses("MODEL_PARAMETER_INVALID", () => forecaster.fit(history, { horizon: wrong }));
  },

  async "stops with ABORTED when its signal fires"({ forecaster }) {
    const { history } = data();
    await refuses("ABORTED", () => forecaster.fit(history, { horizon, signal: AbortSignal.abort() }));
  },
};

/** The rows of some stations. */
function rowsOf(rows: Columns, stations: readonly string[]): Columns {
  const { codes, dictionary } = rows.data["station"] as { codes: Int32Array; dictionary: readonly string[] };
  const kept: number[] = [];
  codes.forEach((code, row) => {
    if (stations.includes(dictionary[code] as string)) kept.push(row);
  });
  return takeColumns(rows, Int32Array.from(kept));
}

type PredictOf = Parameters<FittedForecaster["predict"]>[0];

function predict(fitted: FittedForecaster, options: PredictOf) {
  return fitted.predict(options);
}

/** Three stations with a daily season, `historyRows` to learn from and `laterRows` + horizon after them. */
function data(seed = "forecaster") {
  const random = createRandom(seed);
  const rows = historyRows + laterRows + horizon;
  const names = ["a", "b", "c"];
  const length = names.length * rows;
  const at = new BigInt64Array(length);
  const temp = new Float64Array(length);
  const load = new Float64Array(length);
  const y = new Float64Array(length);
  const sky: string[] = [];
  for (let i = 0; i < length; i++) {
    const t = i % rows;
    at[i] = start + hour * BigInt(t);
    temp[i] = 10 + 5 * Math.sin(t / 40) + random.normal();
    load[i] = random.uniform(1, 2);
    sky.push(random.uniform() < 0.3 ? "rain" : "clear");
    y[i] =
      50 +
      10 * Math.floor(i / rows) +
      20 * Math.sin((2 * Math.PI * t) / 24) +
      temp[i]! +
      (sky[i] === "rain" ? -5 : 0) +
      random.normal();
  }
  const columns = columnsFromArrays(
    { station: utf8(), at: timestamp(), y: float64(), temp: float64(), sky: utf8(), load: float64() },
    {
      station: Array.from({ length }, (_, i) => names[Math.floor(i / rows)] as string),
      at,
      y,
      temp,
      sky,
      load,
    },
  );
  const whole = panel(columns, {
    keys: ["station"],
    time: "at",
    target: "y",
    frequency: "1h",
    knownFuture: ["temp", "sky"],
    pastOnly: ["load"],
  });
  const cutoff = start + hour * BigInt(historyRows - 1);
  const between = (from: bigint, until: bigint): Columns =>
    panelToColumns(slicePanel(whole, { from, until }));
  const end = cutoff + hour * BigInt(laterRows);
  return {
    whole,
    cutoff,
    history: slicePanel(whole, { until: cutoff }) as Panel,
    future: between(cutoff + 1n, cutoff + hour * BigInt(horizon)),
    later: between(cutoff + 1n, end),
    laterFuture: between(end + 1n, end + hour * BigInt(horizon)),
  };
}

function lastTimes(history: Panel): bigint[] {
  return history.series.map((_, s) => history.times[(history.offsets[s + 1] as number) - 1] as bigint);
}

function rowsWhere(rows: Columns, keep: (time: bigint) => boolean): Columns {
  const times = (rows.data["at"] as { values: BigInt64Array }).values;
  const chosen: number[] = [];
  for (let row = 0; row < rows.length; row++) if (keep(times[row] as bigint)) chosen.push(row);
  return takeColumns(rows, Int32Array.from(chosen));
}

function rowsBetween(rows: Columns, from: bigint, until: bigint): Columns {
  return rowsWhere(rows, (time) => time >= from && time <= until);
}

function reversed(rows: Columns): Columns {
  return takeColumns(
    rows,
    Int32Array.from({ length: rows.length }, (_, row) => rows.length - 1 - row),
  );
}

function withTarget(rows: Columns, change: (value: number, row: number) => number): Columns {
  const column = rows.data["y"] as { kind: "float64"; values: Float64Array; valid: Uint8Array | null };
  return {
    ...rows,
    types: { ...rows.types, y: nullable(float64()) },
    data: { ...rows.data, y: { ...column, values: column.values.map(change) } },
  } as Columns;
}

/** The rows with NaN targets where `isGap`. */
function withNull(rows: Columns, isGap: (time: bigint) => boolean): Columns {
  const times = (rows.data["at"] as { values: BigInt64Array }).values;
  return withTarget(rows, (value, row) => (isGap(times[row] as bigint) ? Number.NaN : value));
}

async function refuses(code: TsopsErrorCode, run: () => unknown): Promise<TsopsError> {
  try {
    await run();
  } catch (error) {
    assert.ok(TsopsError.is(error, code), `expected ${code}, got ${error}`);
    return error;
  }
  assert.fail(`expected ${code}, but nothing was refused`);
}
