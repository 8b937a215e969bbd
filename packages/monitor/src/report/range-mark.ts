import { escapeText, type Html, trusted } from "./html.ts";

/** A value with its range, and what it is held against. */
export interface MarkedRange {
  readonly difference: number;
  readonly lower: number;
  readonly upper: number;
  /** A dashed line. */
  readonly below: number;
}

const [width, height, margin] = [220, 24, 6];

/** A small bar from one bound to the other with a dot at the value, on an axis from `-reach` to `reach`; what lies beyond is cut at the edge. */
export function rangeMark(
  { difference, lower, upper, below }: MarkedRange,
  reach: number,
  label: string,
): Html {
  const across = (value: number) => {
    const share = (Math.max(-reach, Math.min(reach, value)) + reach) / (2 * reach);
    return Number((margin + share * (width - 2 * margin)).toFixed(1));
  };
  const middle = height / 2;
  const bar = Number.isNaN(lower + upper)
    ? ""
    : `<path class="range" d="M${across(lower)} ${middle}H${across(upper)}"/>`;
  return trusted(
    `<svg class="multiple" viewBox="0 0 ${width} ${height}" role="img" aria-label="${escapeText(label)}"><path class="zero" d="M${across(0)} 0V${height}"/><path class="mark" d="M${across(below)} 0V${height}"/>${bar}<path class="value" d="M${across(difference)} ${middle}h0"/></svg>`,
  );
}
