import { formatInstant, resolveZone } from "@tsops/core";

/** A number for people: three significant digits, more where it is greater than 1000; a dash for NaN. */
export function figure(value: number): string {
  return evenFigures([value])(value);
}

/**
 * Numbers of one column for people, all with as many decimals as the greatest needs for three significant
 * digits; a dash for NaN.
 */
export function evenFigures(values: readonly number[]): (value: number) => string {
  const greatest = values.reduce(
    (most, value) => (Number.isFinite(value) ? Math.max(most, Math.abs(value)) : most),
    0,
  );
  const decimals = greatest === 0 ? 0 : Math.min(20, Math.max(0, 2 - Math.floor(Math.log10(greatest))));
  return (value) =>
    Number.isFinite(value)
      ? value.toLocaleString("en-US", { minimumFractionDigits: decimals, maximumFractionDigits: decimals })
      : "–";
}

/** A share as percent with one decimal. */
export function percent(share: number): string {
  return Number.isFinite(share) ? `${(100 * share).toFixed(1)} %` : "–";
}

/** A whole number with thousands apart. */
export function whole(value: number): string {
  return value.toLocaleString("en-US", { maximumFractionDigits: 0 });
}

/** `2012-10-29` in the zone. */
export function day(micros: bigint, zone: string): string {
  return formatInstant(micros, { zone }).slice(0, 10);
}

/** `2012-10-29 14:00` in the zone. */
export function minute(micros: bigint, zone: string): string {
  return formatInstant(micros, { zone }).slice(0, 16).replace("T", " ");
}

/** The zone's wall clock as a Date whose UTC fields show it, for axes that label in UTC. */
export function wallClock(micros: bigint, zone: string): Date {
  const milliseconds = Number(micros) / 1000;
  return new Date(milliseconds + resolveZone(zone).periodAt(milliseconds / 1000).offset * 1000);
}

/** A hash that people can compare at a glance. */
export function short(hash: string | null): string {
  return hash === null ? "–" : hash.slice(0, 12);
}
