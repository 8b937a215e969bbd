import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { untyped } from "../../../../test/without-types.ts";
import { allForecasters } from "../../test/all-forecasters.ts";
import { hourlyPanel, hourlyRows } from "../../test/hourly-series.ts";
import { type BinaryContents, readBinary, writeBinary } from "../bytes.ts";
import { createRandom } from "../random.ts";
import { float64, nullable, timestamp, utf8 } from "../schema/column-type.ts";
import type { Columns } from "../schema/columns.ts";
import { columnsFromRows } from "../schema/from-rows.ts";
import type { FittedAuto } from "./auto/fitted.ts";
import type { FittedConformal } from "./conformal/fitted.ts";
import { type FittedEnsemble, medians } from "./ensemble/fitted.ts";
import type { FittedForecaster, Forecaster } from "./forecaster.ts";
import { aggregatePanel } from "./hierarchy/aggregate.ts";
import type { FittedReconciled } from "./hierarchy/fitted.ts";
import { type LocalForecaster, localForecaster, localParts } from "./local/local-forecaster.ts";
import { ets, holt, holtWinters, ses } from "./models/ets/ets.ts";
import { mstl } from "./models/mstl/mstl.ts";
import { randomWalkWithDrift } from "./models/random-walk-with-drift.ts";
import { theta } from "./models/theta/theta.ts";
import { panel } from "./panel/build-panel.ts";
import type { Panel } from "./panel/panel.ts";
import { panelToBinary } from "./panel/panel-bytes.ts";
import { panelTail, panelToColumns, slicePanel } from "./panel/panel-slices.ts";

interface Row {
  readonly station: string;
  readonly at: bigint;
  readonly y: number | null;
  readonly temp: number | null;
  readonly sky: string | null;
  readonly load: number | null;
}

const hour = 3_600_000_000n;
const horizon = 6;
/** Hours of the fit, and those that `update` brings. */
const [fitHours, laterHours] = [240, 31];
const end = fitHours + laterHours;

/** What happened at a station in an hour: a daily season, weather, noise. */
function rowAt(station: string, t: number): Row {
  const random = createRandom(`${station} ${t}`);
  const temp = 10 + 5 * Math.sin(t / 40) + random.normal();
  const sky = random.uniform() < 0.3 ? "rain" : "clear";
  const level = 50 + 10 * (station.codePointAt(0) as number) - 970;
  const y = level + 20 * Math.sin((2 * Math.PI * t) / 24) + temp - (sky === "rain" ? 5 : 0) + random.normal();
  return { station, at: hour * BigInt(t), y, temp, sky, load: random.uniform(1, 2) };
}

const hourOf = ({ at }: Row) => Number(at / hour);

/** The feed: "b" begins later, some targets are unknown, "c" has no rows for three hours of the fit and for eight later on. */
const feed: readonly Row[] = ["a", "b", "c"]
  .flatMap((station) =>
    Array.from({ length: end }, (_, t) => rowAt(station, t)).filter((row) => {
      const t = hourOf(row);
      if (station === "b") return t >= 7;
      return station !== "c" || !((t >= 100 && t < 103) || (t >= 250 && t < 258));
    }),
  )
  .map((row) =>
    ["a 33", "a 239", "b 252", "b 253"].includes(`${row.station} ${hourOf(row)}`) ? { ...row, y: null } : row,
  );

const between = (from: number, until: number, rows = feed) =>
  rows.filter((row) => hourOf(row) >= from && hourOf(row) < until);
const later = between(fitHours, end);
const future = columnsOf(
  ["a", "b", "c"].flatMap((station) =>
    Array.from({ length: laterHours + horizon }, (_, i) => rowAt(station, fitHours + i)),
  ),
);
const history = panelOf(between(0, fitHours));
const longer = panelOf(between(0, end));

function columnsOf(rows: readonly Row[]): Columns {
  return columnsFromRows(
    {
      station: utf8(),
      at: timestamp(),
      y: nullable(float64()),
      temp: nullable(float64()),
      sky: nullable(utf8()),
      load: nullable(float64()),
    },
    rows,
  ) as Columns;
}

function panelOf(rows: readonly Row[]): Panel {
  return panel(columnsOf(rows), {
    keys: ["station"],
    time: "at",
    target: "y",
    frequency: "1h",
    knownFuture: ["temp", "sky"],
    pastOnly: ["load"],
  });
}

const predict = (fitted: FittedForecaster) =>
  fitted.predict({ future, levels: fitted.hasIntervals ? [80] : [] });
const after = (fitted: FittedForecaster, rows: readonly Row[]) => fitted.update(columnsOf(rows));

/** Whether errors are scored as rows come: an outcome that comes after its forecast was scored changes means, not scores. */
const isScoring = (fitted: FittedForecaster) => fitted.kind === "conformal" || fitted.kind === "auto";

/** Series that share their scores adapt in the order in which they come, and here one falls silent for eight hours. */
const sharesScores = (fitted: FittedForecaster) =>
  isScoring(fitted) && (fitted as FittedConformal).adaptedLevels.some(({ key }) => key === null);

/**
 * Says in terms that know nothing of `update` what a fitted forecaster must be once rows have come: what it learnt, applied to the longer history.
 */
async function expectSameParametersOnLonger(
  make: () => Forecaster,
  fitted: FittedForecaster,
  updated: FittedForecaster,
): Promise<void> {
  const forecaster = make();
  const parts = localParts(forecaster);
  if (parts !== undefined)
    expect(updated.save()).toEqual(
      (await fitKnowing(forecaster as LocalForecaster, longer, laterHours, fitted)).save(),
    );
  else if (fitted.kind === "seasonalNaive" || fitted.kind === "windowAverage")
    expect(updated.save()).toEqual((await forecaster.fit(longer, { horizon })).save());
  else if (fitted.kind === "reduce") expect(updated.save()).toEqual(withHistory(fitted.save(), longer));
  else if (fitted.kind === "ensemble") expectSameMix(fitted as FittedEnsemble, updated as FittedEnsemble);
  else if (fitted.kind === "reconciled") {
    const [before, now] = [fitted as FittedReconciled, updated as FittedReconciled];
    const isOfAll = before.forecaster.series.length > history.series.length;
    const news = slicePanel(isOfAll ? aggregatePanel(longer, { levels: [[]] }) : longer, {
      from: hour * BigInt(fitHours),
    });
    expect(now.forecaster.save()).toEqual(before.forecaster.update(panelToColumns(news)).save());
    const all = now.predictLevels({ future });
    for (let h = 0; h < horizon; h++)
      expect(all.mean[h]).toBeCloseTo(
        [1, 2, 3].reduce((sum, s) => sum + (all.mean[s * horizon + h] as number), 0),
        9,
      );
  } else {
    const [before, now] = [fitted as FittedConformal | FittedAuto, updated as FittedConformal | FittedAuto];
    expect(now.forecaster.save()).toEqual(before.forecaster.update(columnsOf(later)).save());
    const inner = now.kind === "auto" ? (now.forecaster as FittedConformal).forecaster : now.forecaster;
    expect(predict(now).mean).toEqual(inner.predict({ future } as never).mean);
  }
}

/** The fit of a longer history with the parameters that the history without its last rows gives: all recursions run from the first row. */
async function fitKnowing(
  forecaster: LocalForecaster,
  whole: Panel,
  unknownRows: number,
  before: FittedForecaster,
  steps = horizon,
) {
  const { model, loadModel } = localParts(forecaster) as NonNullable<ReturnType<typeof localParts>>;
  const known = (values: Float64Array) => values.subarray(0, values.length - unknownRows);
  const { fitInTurns: _, estimated: __, ...others } = model;
  const knowing = {
    ...others,
    fit: (y: Float64Array, x: readonly Float64Array[]) => model.fit(known(y), x.map(known)),
  };
  const fitted = await localForecaster(knowing, loadModel).fit(whole, { horizon: steps, threads: 1 });
  // What the shorter history says of its errors is a parameter too.
  const [first, own] = [before, fitted].map((one) => readBinary(one.save(), model.kind, 1)) as [
    BinaryContents,
    BinaryContents,
  ];
  const arrays = own.arrayNames.map((name) => {
    const type = /^panel\.times$/.test(name) ? "int64" : /offsets|ends$/.test(name) ? "int32" : "float64";
    return [name, (name.startsWith("inflation") ? first : own).array(name, type as "float64")] as const;
  });
  const bytes = writeBinary(model.kind, 1, own.header, Object.fromEntries(arrays));
  return localForecaster(model, loadModel).load(bytes);
}

/** The same, whose fits tell nothing of the rows that they saw: of more rows they would tell something else. */
function withoutNotes(forecaster: LocalForecaster): LocalForecaster {
  const { model, loadModel } = localParts(forecaster) as NonNullable<ReturnType<typeof localParts>>;
  const { seasons: _, seasonTooLong: __, fewRows: ___, ...plain } = model;
  return localForecaster(plain, loadModel);
}

/** The saved bytes of a reduction with the last rows of another history beside what the fit learnt. */
function withHistory(bytes: Uint8Array, whole: Panel): Uint8Array {
  const { header, arrayNames, array } = readBinary(bytes, "reduce", 3);
  const offsets = array("panel.offsets", "int32");
  // A feature of all rows keeps them all.
  const keptRows = offsets[1] === fitHours ? Number.POSITIVE_INFINITY : (offsets[1] as number);
  const { known, past, spec } = (header as unknown as { panel: Panel }).panel;
  const own = {
    ...whole,
    spec,
    known: whole.known.filter(({ name }) => known.some((one) => one.name === name)),
    past: whole.past.filter(({ name }) => past.some((one) => one.name === name)),
  };
  const kept = panelToBinary(panelTail(own, keptRows));
  const learnt = Object.fromEntries(
    arrayNames
      .filter((name) => !name.startsWith("panel."))
      .map((name) => [name, array(name, name.startsWith("regressor") ? "uint8" : "float64")]),
  );
  return writeBinary("reduce", 3, { ...header, ...kept.header }, { ...kept.arrays, ...learnt } as never);
}

/** Members are updated one by one; their weights stay. */
function expectSameMix(before: FittedEnsemble, now: FittedEnsemble): void {
  now.members.forEach((member, m) => {
    expect(member.save()).toEqual(before.members[m]?.update(columnsOf(later)).save());
  });
  expect(now.weights).toEqual(before.weights);
  const means = now.members.map((member) => (member as FittedForecaster).predict({ future }).mean);
  const mixed = (now.weights === null ? medians(means) : predict(now).mean).map((value, row) =>
    now.weights === null
      ? value
      : means.reduce(
          (sum, mean, m) =>
            sum + (now.weights?.[Math.floor(row / horizon)]?.[m] as number) * (mean[row] as number),
          0,
        ),
  );
  predict(now).mean.forEach((value, row) => {
    expect(value).toBeCloseTo(mixed[row] as number, 9);
  });
}

describe.each(Object.entries(allForecasters))("update of %s", (name, make) => {
  let fitted: FittedForecaster;
  let updated: FittedForecaster;
  beforeAll(async () => {
    fitted = await make().fit(history, { horizon });
    updated = after(fitted, later);
  });

  it("gives what the same parameters give on the longer history", async () => {
    await expectSameParametersOnLonger(make, fitted, updated);
  });

  it("does not depend on how rows come: at once or in pieces, in any order, again, saved and loaded in between", () => {
    const piece = fc.record({
      hours: fc.integer({ min: 1, max: 20 }),
      isLoaded: fc.boolean(),
      again: fc.integer({ min: 0, max: 4 }),
    });
    fc.assert(
      fc.property(fc.array(piece, { minLength: 1, maxLength: 12 }), fc.integer(), (pieces, seed) => {
        let from = fitHours;
        let state = fitted;
        for (const { hours, isLoaded, again } of [...pieces, { hours: end, isLoaded: false, again: 0 }]) {
          if (from >= end) break;
          const until = Math.min(end, from + hours);
          const rows = between(Math.max(fitHours, from - again), until);
          state = after(state, createRandom(`${seed} ${from}`).shuffle([...rows]));
          if (isLoaded) state = make().load(state.save());
          from = until;
        }
        expect(predict(state).mean).toEqual(predict(updated).mean);
        if (sharesScores(fitted)) return;
        expect(state.save()).toEqual(updated.save());
        expect(predict(state)).toEqual(predict(updated));
      }),
      { numRuns: 6 },
    );
  });

  it("does not depend on which series comes first", () => {
    const isLast = (row: Row) => hourOf(row) >= end - horizon;
    let inTurn = after(
      fitted,
      later.filter((row) => !isLast(row)),
    );
    for (const station of ["c", "a", "b"])
      inTurn = after(
        inTurn,
        later.filter((row) => isLast(row) && row.station === station),
      );
    expect(predict(inTurn).mean).toEqual(predict(updated).mean);
    if (!isScoring(fitted)) expect(inTurn.save()).toEqual(updated.save());
  });

  it("is nothing for no rows, rows that are there, and rows before all that is kept", () => {
    const same = (rows: readonly Row[]) => expect(after(updated, rows).save()).toEqual(updated.save());
    same([]);
    same(later);
    same(between(0, end));
    same([rowAt("a", -1), rowAt("b", -30)]);
    same(later.map((row) => ({ ...row, y: null })));
  });

  it("refuses another target for an hour that is kept, and a series that is new; nothing changes", () => {
    const before = updated.save();
    const last = later.filter((row) => hourOf(row) === end - 1);
    const refused = (rows: readonly Row[], code: string, text: string) =>
      expect(() => after(updated, rows)).toThrow(
        expect.objectContaining({ code, message: expect.stringContaining(text) }),
      );
    const next = ["a", "b", "c"].map((station) => rowAt(station, end));
    refused(
      [...next, ...last.map((row) => ({ ...row, y: (row.y as number) + 1 }))],
      "PANEL_INVALID",
      "1970-01-12T06:00",
    );
    refused([...next, rowAt("z", end)], "KEY_UNKNOWN", '"z"');
    refused([...next, next[0] as Row], "PANEL_INVALID", "more than one row");
    refused([{ ...(next[0] as Row), y: Number.POSITIVE_INFINITY }], "PANEL_INVALID", "infinite");
    for (const [nothing, said] of [
      [undefined, "undefined"],
      [null, "null"],
      ["rows", 'the text "rows"'],
    ] as const)
      expect(() => updated.update(untyped(nothing))).toThrow(
        expect.objectContaining({
          code: "PANEL_INVALID",
          message: `update() takes rows, got ${said}.`,
          hint: "Give a list of them, [{ station, at, y }], or columns.",
        }),
      );
    expect(updated.save()).toEqual(before);
  });

  it("takes hours without a row, with null and with NaN for the same", () => {
    const isGap = (row: Row) => hourOf(row) >= 244 && hourOf(row) < 263;
    const unknown = (nothing: null | number) =>
      later.map((row) =>
        isGap(row) ? { ...row, y: nothing, temp: nothing, sky: null, load: nothing } : row,
      );
    const without = after(
      fitted,
      later.filter((row) => !isGap(row)),
    );
    expect(after(fitted, unknown(null)).save()).toEqual(without.save());
    expect(after(fitted, unknown(Number.NaN)).save()).toEqual(without.save());
  });

  it("takes a value that comes late for one that came in time", () => {
    const late = (row: Row) => hourOf(row) === end - 4 && row.station !== "a";
    const state = after(
      after(
        fitted,
        later.filter((row) => !late(row)),
      ),
      later.filter(late),
    );
    expect(predict(state).mean).toEqual(predict(updated).mean);
    if (!isScoring(fitted)) expect(state.save()).toEqual(updated.save());
  });

  it("leaves what it began from as it was, whatever becomes of it on two ways", () => {
    const start = after(fitted, between(fitHours, fitHours + 9));
    const before = { bytes: start.save(), forecast: predict(start) };
    const rest = between(fitHours + 9, end);
    const higher = after(
      start,
      rest.map((row) => ({ ...row, y: row.y && row.y + 100 })),
    );
    const high = predict(higher);
    expect(after(start, rest).save()).toEqual(updated.save());
    expect(
      after(
        higher,
        ["a", "b", "c"].map((station) => rowAt(station, end)),
      ).lastTimes,
    ).not.toEqual(higher.lastTimes);
    expect(predict(higher)).toEqual(high);
    expect({ bytes: start.save(), forecast: predict(start) }).toEqual(before);
  });

  it.skipIf(name.startsWith("reconciled"))("leaves the other series as they were", () => {
    const only = predict(
      after(
        fitted,
        later.filter((row) => row.station === "b"),
      ),
    );
    const [before, now] = [predict(fitted), predict(updated)];
    for (let row = 0; row < only.length; row++)
      expect(only.mean[row]).toBe((Math.floor(row / horizon) === 1 ? now : before).mean[row]);
  });
});

/** Forms and trends that the cases above do not meet. */
const further: Record<string, () => LocalForecaster> = {
  "ets, additive": () =>
    ets({ error: "additive", trend: "additive", season: "additive", damped: true, seasonLength: 4 }),
  "holt, damped": () => holt({ damped: true }),
  "Holt-Winters": () => holtWinters({ seasonLength: 4 }),
  ses,
  "mstl, drift": () => mstl({ seasonLengths: [3, 12], trend: randomWalkWithDrift() }),
  "theta, additive": () => theta({ seasonLength: 4, season: "additive" }),
};
const locals = Object.entries({ ...allForecasters, ...further }).flatMap(([name, make]) => {
  const forecaster = make();
  return localParts(forecaster) === undefined || name === "arima, regressors"
    ? []
    : [[name, forecaster as LocalForecaster] as const];
});

describe.each(locals)("update of short series by %s", (_, telling) => {
  const forecaster = withoutNotes(telling);
  const value = fc.double({ min: 1, max: 100, noNaN: true });
  const first = fc.array(fc.option(value, { freq: 12 }), { minLength: 40, maxLength: 60 });
  const news = fc.array(fc.option(value, { freq: 4 }), { minLength: 1, maxLength: 40 });

  it("continues row by row, saved and loaded each time, what the same parameters began", async () => {
    await fc.assert(
      fc.asyncProperty(first, news, fc.integer({ min: 1, max: 9 }), async (y, rest, steps) => {
        fc.pre(y[0] !== null && y.filter((one) => one !== null).length >= 33);
        const fitted = await forecaster.fit(hourlyPanel(y), { horizon: steps });
        const atOnce = fitted.update(hourlyRows(rest, y.length));
        let byRow = fitted;
        rest.forEach((one, i) => {
          byRow = forecaster.load(byRow.update(hourlyRows([one], y.length + i)).save());
        });
        expect(byRow.save()).toEqual(atOnce.save());
        const knowing = await fitKnowing(
          forecaster,
          hourlyPanel([...y, ...rest]),
          rest.length,
          fitted,
          steps,
        );
        expect(atOnce.save()).toEqual(knowing.save());
        const levels = knowing.hasIntervals ? [80] : [];
        expect(byRow.predict({ levels })).toEqual(knowing.predict({ levels }));
      }),
      { numRuns: 8 },
    );
  });
});
