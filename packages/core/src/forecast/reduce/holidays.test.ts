import { describe, expect, it } from "vitest";
import { float64, timestamp } from "../../schema/column-type.ts";
import { columnsFromArrays } from "../../schema/from-arrays.ts";
import { parseFrequency } from "../../time/frequency.ts";
import { panel } from "../panel/build-panel.ts";
import { ridge } from "../regressors/ridge.ts";
import { holidayColumns } from "./holiday-features.ts";
import { type Holidays, listHolidays, resolveHolidays } from "./holidays.ts";
import { reduce } from "./reduce.ts";

const zone = "Europe/Berlin";
const german: Holidays = { dates: ["2026-12-26", "2026-04-03", "2026-12-25", "2026-10-26", "2026-03-29"] };

function columnsOf(frequency: string, first: string, rows: number, holidays: Holidays, inZone = zone) {
  const grid = parseFrequency(frequency, { zone: inZone });
  const start = grid.indexOf(BigInt(Date.parse(first)) * 1000n);
  const times = BigInt64Array.from({ length: rows }, (_, i) => grid.instantAt(start + i));
  return { times, columns: holidayColumns(resolveHolidays(holidays, "holidays[0]"), times, grid, true) };
}

/** The local day as Intl tells it, the slow way. */
function dayByIntl(micros: bigint, inZone: string): string {
  return new Intl.DateTimeFormat("sv-SE", { timeZone: inZone }).format(new Date(Number(micros / 1000n)));
}

const gap = (a: string, b: string): number => Math.round((Date.parse(b) - Date.parse(a)) / 86_400_000);

describe("holidays", () => {
  it("are local days of the zone, also when clocks change: as Intl and a search over all dates say", () => {
    for (const inZone of [zone, "America/Havana", "Asia/Beirut", "Pacific/Auckland", "-05:00"])
      for (const [frequency, rows] of [
        ["15m", 1400],
        ["1h", 900],
        ["1d", 250],
      ] as const) {
        const dates = ["2026-03-08", "2026-03-29", "2026-04-05", "2026-10-25", "2026-11-01"];
        const within = 9;
        const { times, columns } = columnsOf(frequency, "2026-03-05T12:00Z", rows, { dates, within }, inZone);
        const named = inZone === "-05:00" ? "Etc/GMT+5" : inZone;
        times.forEach((time, i) => {
          const day = dayByIntl(time, named);
          const ahead = dates.map((date) => gap(day, date)).filter((days) => days >= 0);
          const behind = dates.map((date) => gap(date, day)).filter((days) => days >= 0);
          expect(columns.get("holiday")?.[i], day).toBe(dates.includes(day) ? 1 : 0);
          expect(columns.get("days_to_holiday")?.[i], day).toBe(Math.min(within, ...ahead));
          expect(columns.get("days_since_holiday")?.[i], day).toBe(Math.min(within, ...behind));
        });
      }
  });

  it("are counted within weeks, months and steps longer than a day, each once", () => {
    const months = columnsOf("1mo", "2026-01-01T00:00+01:00", 12, german);
    expect([...months.columns.keys()]).toEqual(["holiday"]);
    expect(Array.from(months.columns.get("holiday") ?? [])).toEqual([0, 0, 1, 1, 0, 0, 0, 0, 0, 1, 0, 2]);
    const weeks = columnsOf("1w", "2026-03-23T00:00+01:00", 3, german);
    // Sunday 29 March belongs to the week of Monday 23, Good Friday 3 April to the next.
    expect(Array.from(weeks.columns.get("holiday") ?? [])).toEqual([1, 1, 0]);
    for (const [frequency, rows] of [
      ["2d", 160],
      ["36h", 200],
    ] as const) {
      const { columns } = columnsOf(frequency, "2026-01-03T00:00+01:00", rows, german);
      // Until November: all but Christmas.
      expect(columns.get("holiday")?.reduce((sum, count) => sum + count, 0)).toBe(3);
    }
  });

  it("do not guess beyond the list: days to a next one that it cannot tell are missing", () => {
    const { columns } = columnsOf("1d", "2026-12-20T00:00+01:00", 12, german);
    expect(Array.from(columns.get("days_to_holiday") ?? [])).toEqual([
      5,
      4,
      3,
      2,
      1,
      0,
      0,
      ...Array.from({ length: 5 }, () => Number.NaN),
    ]);
    expect(Array.from(columns.get("days_since_holiday") ?? []).slice(4)).toEqual([7, 0, 0, 1, 2, 3, 4, 5]);
  });

  it("refuse rows that the list does not speak for, in a fit and in a forecast", async () => {
    const grid = parseFrequency("1d");
    const first = grid.indexOf(BigInt(Date.parse("2026-10-01T00:00Z")) * 1000n);
    const history = (rows: number) =>
      panel(
        columnsFromArrays(
          { at: timestamp(), y: float64() },
          {
            at: BigInt64Array.from({ length: rows }, (_, i) => grid.instantAt(first + i)),
            y: Float64Array.from({ length: rows }, (_, i) => i % 7),
          },
        ),
        { time: "at", target: "y", frequency: "1d" },
      );
    const forecaster = reduce(ridge(), { lags: [7], holidays: [german] });
    const fitted = await forecaster.fit(history(88), { horizon: 7 });
    expect(() => fitted.predict()).toThrow(
      /listed from 2026-01-01 until 2026-12-31, but the forecast reaches 2027-01-03/,
    );
    expect(fitted.predict({ horizon: 4 }).mean.every(Number.isFinite)).toBe(true);
    expect(forecaster.load(fitted.save()).predict({ horizon: 4 })).toEqual(fitted.predict({ horizon: 4 }));
    await expect(forecaster.fit(history(99), { horizon: 7 })).rejects.toMatchObject({
      code: "MODEL_PARAMETER_INVALID",
      details: { found: "2027-01-07" },
    });
    const longer = reduce(ridge(), { lags: [7], holidays: [{ ...german, until: "2027-12-31" }] });
    expect((await longer.fit(history(99), { horizon: 7 })).predict().length).toBe(7);
  });

  it("refuse dates that are none", () => {
    for (const wrong of ["2026-02-29", "2026-13-01", "26-01-01", "2026-01-01T00:00Z", new Date(0)])
      expect(() => resolveHolidays({ dates: [wrong as string] }, "holidays[0]")).toThrow(
        /holidays\[0\].dates\[0\] is no day of the calendar/,
      );
    expect(() => resolveHolidays({ dates: [] }, "holidays[0]")).toThrow(/lists no dates/);
    expect(() => resolveHolidays({ ...german, until: "2026-05-01" }, "h")).toThrow(/lists 2026-12-26/);
    expect(() => resolveHolidays({ ...german, day: 1 } as Holidays, "h")).toThrow(/no option "day"/);
  });
});

describe("listHolidays", () => {
  it("takes what date-holidays 3.37.0 gives, several days and clock changes included", () => {
    // getHolidays(2026) of Saudi Arabia and Russia, and a day of 23 hours in Berlin.
    const entries = [
      {
        date: "2026-03-19 00:00:00 -0600",
        start: new Date("2026-03-18T15:00Z"),
        end: new Date("2026-03-22T15:00Z"),
      },
      {
        date: "2026-01-02 00:00:00",
        start: new Date("2026-01-01T21:00Z"),
        end: new Date("2026-01-06T21:00Z"),
      },
      {
        date: "2026-03-29 00:00:00",
        start: new Date("2026-03-28T23:00Z"),
        end: new Date("2026-03-29T22:00Z"),
      },
    ];
    const listed = listHolidays((year) => (year === 2026 ? entries : [`${year}-01-01`]), {
      from: 2025,
      until: 2026,
    });
    expect(listed).toEqual({
      dates: [
        "2025-01-01",
        ...[2, 3, 4, 5, 6].map((day) => `2026-01-0${day}`),
        ...[19, 20, 21, 22, 29].map((day) => `2026-03-${day}`),
      ],
      from: "2025-01-01",
      until: "2026-12-31",
    });
    expect(() => listHolidays(() => ["Christmas"], { from: 2026, until: 2026 })).toThrow(/A holiday of 2026/);
  });
});
