import { daysFromCivil, daysInMonth } from "./civil.ts";

/** What ISO 8601 text says, before any zone rule is applied. One object is reused by every parse: read it at once. */
export interface IsoText {
  /** Wall-clock seconds counted as if in UTC, whole. */
  localSeconds: number;
  /** 0..999,999. */
  micros: number;
  /** Seconds east of UTC, or null when the text has no offset. */
  offset: number | null;
  /** The offset was written as `Z`, which says nothing about local time. */
  isUtc: boolean;
  /** Zone in brackets, or null. */
  zone: string | null;
  /** Occurrence of a repeated wall-clock time: 0 first (`#0`), 1 second (`#1`), null when the text does not say. */
  fold: 0 | 1 | null;
}

const parsed: IsoText = { localSeconds: 0, micros: 0, offset: null, isUtc: false, zone: null, fold: null };

const dash = 45;
const colon = 58;

function digits2(text: string, at: number): number {
  const tens = text.charCodeAt(at) - 48;
  const ones = text.charCodeAt(at + 1) - 48;
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : Number.NaN;
}

/**
 * Reads extended ISO 8601: `2012-03-04`, `2012-03-04T05:06[:07[.890123]]`, then optionally `Z` or `±hh[:mm[:ss]]`, a zone
 * in brackets and `#0` / `#1`. A space may stand for the `T`, six-digit years carry a sign.
 * @returns The parts (reused by the next call), or a clause that says what is wrong.
 */
export function parseIsoText(text: string): IsoText | string {
  let at = 0;
  let year: number;
  const first = text.charCodeAt(0);
  if (first === 43 || first === dash) {
    const magnitude = digits2(text, 1) * 10_000 + digits2(text, 3) * 100 + digits2(text, 5);
    year = first === dash ? -magnitude : magnitude;
    if (Object.is(year, -0)) return "writes the year zero as -000000";
    at = 7;
  } else {
    year = digits2(text, 0) * 100 + digits2(text, 2);
    at = 4;
  }
  const month = digits2(text, at + 1);
  const day = digits2(text, at + 4);
  if (Number.isNaN(year + month + day) || text.charCodeAt(at) !== dash || text.charCodeAt(at + 3) !== dash)
    return "is not ISO 8601 text such as 2012-03-04T05:06:07Z";
  if (month < 1 || month > 12 || day < 1 || day > daysInMonth(year, month))
    return "names a day that does not exist";
  at += 6;

  let seconds = 0;
  let micros = 0;
  const separator = text.charCodeAt(at);
  const hasTime = separator === 84 || separator === 116 || separator === 32;
  if (hasTime) {
    const hour = digits2(text, at + 1);
    const minute = digits2(text, at + 4);
    if (!(hour <= 23 && minute <= 59) || text.charCodeAt(at + 3) !== colon)
      return "has a time of day that is not hh:mm[:ss[.ffffff]] within 00:00 .. 23:59:59.999999";
    at += 6;
    let second = 0;
    if (text.charCodeAt(at) === colon) {
      second = digits2(text, at + 1);
      if (second === 60) return "has a leap second, which microseconds since 1970 cannot tell apart";
      if (!(second <= 59)) return "has seconds outside 00 .. 59";
      at += 3;
      const mark = text.charCodeAt(at);
      if (mark === 46 || mark === 44) {
        at++;
        const start = at;
        let scale = 100_000;
        for (;;) {
          const digit = text.charCodeAt(at) - 48;
          if (!(digit >= 0 && digit <= 9)) break;
          if (at - start < 6) {
            micros += digit * scale;
            scale /= 10;
          } else if (digit !== 0) return "is finer than a microsecond";
          at++;
        }
        if (at === start) return "has a decimal point without digits";
      }
    }
    seconds = hour * 3600 + minute * 60 + second;
  }
  parsed.localSeconds = daysFromCivil(year, month, day) * 86_400 + seconds;
  parsed.micros = micros;
  parsed.offset = null;
  parsed.isUtc = false;
  parsed.zone = null;
  parsed.fold = null;
  return at === text.length ? parsed : parseSuffix(text, at, hasTime);
}

function parseSuffix(text: string, from: number, hasTime: boolean): IsoText | string {
  let at = from;
  const mark = text.charCodeAt(at);
  if (hasTime && (mark === 90 || mark === 122)) {
    parsed.offset = 0;
    parsed.isUtc = true;
    at++;
  } else if (hasTime && (mark === 43 || mark === dash)) {
    const hours = digits2(text, at + 1);
    at += 3;
    let minutes = 0;
    let seconds = 0;
    const hasColon = text.charCodeAt(at) === colon;
    const next = text.charCodeAt(at) - 48;
    if (hasColon || (next >= 0 && next <= 9)) {
      minutes = digits2(text, hasColon ? at + 1 : at);
      at += hasColon ? 3 : 2;
      if (hasColon && text.charCodeAt(at) === colon) {
        seconds = digits2(text, at + 1);
        at += 3;
      }
    }
    if (!(hours <= 23 && minutes <= 59 && seconds <= 59)) return "has an offset that is not ±hh[:mm[:ss]]";
    const offset = hours * 3600 + minutes * 60 + seconds;
    parsed.offset = mark === dash ? 0 - offset : offset;
  }
  if (text.charCodeAt(at) === 91) {
    const end = text.indexOf("]", at);
    if (end <= at + 1) return "has a bracket that is not [zone]";
    parsed.zone = text.slice(at + 1, end);
    at = end + 1;
  }
  if (text.charCodeAt(at) === 35) {
    const fold = text.charCodeAt(at + 1) - 48;
    if (fold !== 0 && fold !== 1) return "ends in # without 0 (first occurrence) or 1 (second occurrence)";
    parsed.fold = fold;
    at += 2;
  }
  if (at !== text.length) return `has ${JSON.stringify(text.slice(at, at + 20))} after the time`;
  return parsed;
}
