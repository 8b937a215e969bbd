// Which stretches of real data are expected to be quiet: a rule of the calendar, written down before any of them was tested, and of no value of the data.
import { toMicros } from "@tsops/core";

export const day = 86_400_000_000n;

/** Days on which people are known to behave otherwise, each `[from, to)`, at the offset of the data's clock. */
export interface KnownEvents {
  readonly offset: string;
  readonly days: readonly (readonly [from: string, to: string])[];
}

const one = (date: string): readonly [string, string] => {
  const next = new Date(`${date}T00:00:00Z`);
  next.setUTCDate(next.getUTCDate() + 1);
  return [date, next.toISOString().slice(0, 10)];
};

/**
 * Washington: public holidays of the United States and of the District (16 and 15 April), the days from Christmas Eve to New Year, and the
 * hurricanes Irene and Sandy with a day before and two after.
 */
export const washington: KnownEvents = {
  offset: "-05:00",
  days: [
    one("2011-01-01"),
    one("2011-01-17"),
    one("2011-02-21"),
    one("2011-04-15"),
    one("2011-05-30"),
    one("2011-07-04"),
    ["2011-08-26", "2011-08-31"],
    one("2011-09-05"),
    one("2011-10-10"),
    one("2011-11-11"),
    ["2011-11-24", "2011-11-26"],
    ["2011-12-24", "2012-01-03"],
    one("2012-01-16"),
    one("2012-02-20"),
    one("2012-04-16"),
    one("2012-05-28"),
    one("2012-07-04"),
    one("2012-09-03"),
    one("2012-10-08"),
    ["2012-10-28", "2012-11-02"],
    one("2012-11-12"),
    ["2012-11-22", "2012-11-24"],
    ["2012-12-24", "2013-01-02"],
  ],
};

/** New York: public holidays, the days from Christmas Eve to New Year, and what the Numenta Anomaly Benchmark labels (marathon, Thanksgiving, blizzard). */
export const newYork: KnownEvents = {
  offset: "-05:00",
  days: [
    one("2014-07-04"),
    one("2014-09-01"),
    one("2014-10-13"),
    ["2014-10-30", "2014-11-04"],
    one("2014-11-11"),
    ["2014-11-25", "2014-11-30"],
    ["2014-12-23", "2015-01-04"],
    one("2015-01-19"),
    ["2015-01-24", "2015-01-30"],
  ],
};

/** Whether an event lies in [from, to), microseconds UTC. */
export function hasEvent({ offset, days }: KnownEvents, from: bigint, to: bigint): boolean {
  return days.some(([first, end]) => {
    const [start, stop] = [toMicros(`${first}T00:00${offset}`), toMicros(`${end}T00:00${offset}`)];
    return start < to && stop > from;
  });
}

/** Whether the year's course stands still in [from, to): in the middle of summer or of winter, 10 June to 31 August, 10 December to 20 February. */
export function isMidSeason(from: bigint, to: bigint): boolean {
  const dates = [from, to - 1n].map((at) => new Date(Number(at / 1000n)).toISOString().slice(5, 10));
  const [first, last] = dates as [string, string];
  const isSummer = first >= "06-10" && last <= "08-31" && first <= last;
  const inWinter = (date: string) => date >= "12-10" || date <= "02-20";
  return isSummer || (inWinter(first) && inWinter(last) && to - from < 90n * day);
}
