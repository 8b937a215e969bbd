import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { TsopsError } from "../errors.ts";
import { formatInstant, toMicros } from "../time/instant.ts";
import { intervalsBetween, latestDueInterval, parseSchedule, type Schedule } from "./schedule.ts";

const at = toMicros;
const texts = (schedule: Schedule, from: string, to: string): string[] =>
  [...intervalsBetween(parseSchedule(schedule), at(from), at(to))].map(
    ({ start, end }) => `${formatInstant(start)}/${formatInstant(end)}`,
  );

describe("data intervals", () => {
  it("of a frequency lie on its grid, wholly inside the range", () => {
    expect(texts({ every: "1d" }, "2011-01-01T12:00Z", "2011-01-04T12:00Z")).toEqual([
      "2011-01-02T00:00:00Z/2011-01-03T00:00:00Z",
      "2011-01-03T00:00:00Z/2011-01-04T00:00:00Z",
    ]);
    expect(texts({ every: "1mo" }, "2011-01-01T00:00Z", "2011-03-01T00:00Z")).toEqual([
      "2011-01-01T00:00:00Z/2011-02-01T00:00:00Z",
      "2011-02-01T00:00:00Z/2011-03-01T00:00:00Z",
    ]);
  });

  it("of a cron pattern reach from tick to tick", () => {
    expect(texts({ cron: "30 6 * * MON-FRI" }, "2011-01-06T00:00Z", "2011-01-11T00:00Z")).toEqual([
      "2011-01-06T06:30:00Z/2011-01-07T06:30:00Z",
      "2011-01-07T06:30:00Z/2011-01-10T06:30:00Z",
    ]);
  });

  it("follow a zone's clocks: a day may last 23 or 25 hours", () => {
    for (const schedule of [
      { every: "1d", zone: "Europe/Berlin" },
      { cron: "0 0 * * *", zone: "Europe/Berlin" },
    ])
      expect(texts(schedule, "2024-03-29T23:00Z", "2024-04-01T22:00Z")).toEqual([
        "2024-03-29T23:00:00Z/2024-03-30T23:00:00Z",
        "2024-03-30T23:00:00Z/2024-03-31T22:00:00Z",
        "2024-03-31T22:00:00Z/2024-04-01T22:00:00Z",
      ]);
  });

  it("of a daily job at a time that clocks skip or repeat: one run a day", () => {
    const schedule = { cron: "30 2 * * *", zone: "Europe/Berlin" };
    expect(texts(schedule, "2024-03-30T00:00Z", "2024-04-02T00:00Z")).toEqual([
      "2024-03-30T01:30:00Z/2024-03-31T01:00:00Z",
      "2024-03-31T01:00:00Z/2024-04-01T00:30:00Z",
    ]);
    expect(texts(schedule, "2024-10-26T00:00Z", "2024-10-29T00:00Z")).toEqual([
      "2024-10-26T00:30:00Z/2024-10-27T00:30:00Z",
      "2024-10-27T00:30:00Z/2024-10-28T01:30:00Z",
    ]);
  });

  it("take offsets as zones", () => {
    expect(texts({ cron: "0 0 * * *", zone: "-05:00" }, "2011-01-01T00:00Z", "2011-01-03T00:00Z")).toEqual([
      "2011-01-01T05:00:00Z/2011-01-02T05:00:00Z",
    ]);
  });

  it("work before 1970 and from instants off the second", () => {
    expect(texts({ cron: "0 0 * * *" }, "1969-12-30T00:00:00.000001Z", "1970-01-01T00:00Z")).toEqual([
      "1969-12-31T00:00:00Z/1970-01-01T00:00:00Z",
    ]);
  });

  it("never overlap and leave no gap", () => {
    const schedules: Schedule[] = [
      { cron: "*/17 9-11 * * *" },
      { cron: "15 2,14 * * *", zone: "America/New_York" },
      { cron: "0 0 1 * *" },
      { every: "6h", zone: "Europe/Berlin" },
    ];
    fc.assert(
      fc.property(
        fc.constantFrom(...schedules),
        fc.bigInt({ min: at("2011-01-01T00:00Z"), max: at("2012-01-01T00:00Z") }),
        (schedule, from) => {
          const ticks = parseSchedule(schedule);
          const found = [...intervalsBetween(ticks, from, from + 3n * 86_400_000_000n)];
          found.forEach(({ start, end }, i) => {
            expect(end).toBeGreaterThan(start);
            expect(start).toBeGreaterThanOrEqual(from);
            if (i > 0) expect(start).toBe(found[i - 1]?.end);
            expect(latestDueInterval(ticks, end)).toEqual({ start, end });
            expect(latestDueInterval(ticks, end - 1n)?.end).toBe(start);
          });
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe("the latest due interval", () => {
  it("waits for the delay", () => {
    const ticks = parseSchedule({ every: "1h", delay: "10m" });
    const due = (now: string) => formatInstant(latestDueInterval(ticks, at(now))?.end ?? 0n);
    expect(due("2011-01-01T05:09:59Z")).toBe("2011-01-01T04:00:00Z");
    expect(due("2011-01-01T05:10:00Z")).toBe("2011-01-01T05:00:00Z");
  });
});

describe("what is no schedule is refused", () => {
  const codeOf = (schedule: Schedule): string => {
    try {
      parseSchedule(schedule);
      return "nothing";
    } catch (error) {
      return TsopsError.is(error) ? error.code : String(error);
    }
  };
  it.each([
    [{ cron: "61 * * * *" }, "PIPELINE_INVALID"],
    [{ cron: "* * * *" }, "PIPELINE_INVALID"],
    [{ cron: "0 0 0 1 1 * 2020" }, "PIPELINE_INVALID"],
    [{ cron: "0 0 * * *", zone: "Mars/Phobos" }, "TIME_INVALID"],
    [{ every: "0h" }, "FREQUENCY_INVALID"],
    [{ every: "1h", delay: "soon" }, "DURATION_INVALID"],
  ] as const)("%o", (schedule, code) => {
    expect(codeOf(schedule)).toBe(code);
  });

  it("ends where a pattern has no further tick", () => {
    expect([...intervalsBetween(parseSchedule({ cron: "0 0 30 2 *" }), 0n, 10n ** 15n)]).toEqual([]);
  });
});
