import { escapeText, type Html, html, trusted } from "./html.ts";

/** One point of a small chart. */
export interface SmallPoint {
  /** Where it lies across, in any unit. */
  readonly x: number;
  /** NaN leaves a gap. */
  readonly y: number;
  /** Marked by a dot. */
  readonly isFlagged?: boolean;
}

/** How a small chart is drawn. */
export interface SmallChart {
  readonly kind: "line" | "bars";
  /** What it shows, for people who cannot see it. */
  readonly label: string;
  /** Default: all values, and 0. */
  readonly domain?: readonly [number, number];
  /** A value that the others are held against: a dashed line. */
  readonly mark?: number;
}

const [width, height, margin] = [220, 56, 4];

/**
 * A small chart, one of many that are looked at together: a line with dots at what is flagged, or bars. The figures beside it say what it cannot.
 */
export function smallMultiple(
  points: readonly SmallPoint[],
  { kind, label, domain, mark }: SmallChart,
): Html {
  const known = points.filter(({ y }) => Number.isFinite(y));
  const lowest = domain?.[0] ?? known.reduce((least, { y }) => Math.min(least, y), 0);
  const highest = domain?.[1] ?? known.reduce((most, { y }) => Math.max(most, y), 0);
  const first = points.reduce((least, { x }) => Math.min(least, x), Number.POSITIVE_INFINITY);
  const last = points.reduce((most, { x }) => Math.max(most, x), Number.NEGATIVE_INFINITY);
  const span = last - first || 1;
  const across = (x: number) => round(margin + ((x - first) / span) * (width - 2 * margin));
  const up = (y: number) =>
    round(height - margin - ((y - lowest) / (highest - lowest || 1)) * (height - 2 * margin));
  const zero = up(Math.min(Math.max(0, lowest), highest));
  const body = kind === "line" ? lineOf(points, across, up) : barsOf(points, up, zero);
  return trusted(
    `<svg class="multiple" viewBox="0 0 ${width} ${height}" role="img" aria-label="${escapeText(label)}"><path class="zero" d="M0 ${zero}H${width}"/>${body}${mark === undefined ? "" : `<path class="mark" d="M0 ${up(mark)}H${width}"/>`}</svg>`,
  );
}

function lineOf(
  points: readonly SmallPoint[],
  across: (x: number) => number,
  up: (y: number) => number,
): string {
  let path = "";
  let isDrawing = false;
  for (const { x, y } of points) {
    if (Number.isFinite(y)) path += `${isDrawing ? "L" : "M"}${across(x)} ${up(y)}`;
    isDrawing = Number.isFinite(y);
  }
  const dots = points
    .filter(({ y, isFlagged }) => isFlagged === true && Number.isFinite(y))
    .map(({ x, y }) => `M${across(x)} ${up(y)}h0`)
    .join("");
  return `<path class="run" d="${path}"/>${dots === "" ? "" : `<path class="flags" d="${dots}"/>`}`;
}

function barsOf(points: readonly SmallPoint[], up: (y: number) => number, zero: number): string {
  const each = (width - 2 * margin) / Math.max(1, points.length);
  const bars = points
    .map(({ y }, i) =>
      Number.isFinite(y)
        ? `M${round(margin + (i + 0.1) * each)} ${zero}V${up(y)}h${round(0.8 * each)}V${zero}z`
        : "",
    )
    .join("");
  return `<path class="bars" d="${bars}"/>`;
}

function round(value: number): number {
  return Number(value.toFixed(1));
}

/** One small chart with its name and figures. */
export interface Multiple {
  readonly name: string;
  readonly figures: string;
  readonly chart: Html;
}

/** Small charts side by side. */
export function multiples(items: readonly Multiple[]): Html {
  return html`<ul class="multiples">${items.map(({ name, figures, chart }) => html`<li><strong>${name}</strong>${chart}<small>${figures}</small></li>`)}</ul>`;
}

/**
 * As many points at most, cut into runs of equal length: of each, the one that says most.
 * @param weight - Greater says more.
 */
export function thinned<T>(items: readonly T[], most: number, weight: (item: T) => number): readonly T[] {
  if (items.length <= most) return items;
  return Array.from({ length: most }, (_, i) => {
    const run = items.slice(
      Math.floor((i * items.length) / most),
      Math.floor(((i + 1) * items.length) / most),
    );
    return run.reduce((best, item) => (weight(item) > weight(best) ? item : best));
  });
}
