/**
 * A second as-of join: slow, obvious, and sharing no code with the real one. For every spine row it looks at every
 * feature row and applies the rules of the point-in-time join one by one. Sums are exact fractions of bigints.
 */

/** A value of a row; instants are bigint microseconds. */
export type OracleValue = number | bigint | string | boolean | null;

/** A row by column name. A column that is absent is null. */
export type OracleRow = Readonly<Record<string, OracleValue>>;

/** One feature. */
export type OracleFeature =
  | { readonly column: string; readonly lastNonNull: boolean }
  | {
      readonly column: string;
      readonly aggregate: "sum" | "count" | "mean" | "min" | "max" | "std" | "first" | "last";
      readonly windowMicros: bigint;
    };

/** One view and its rows in ingest order. */
export interface OracleView {
  readonly name: string;
  /** View key column and the spine column it meets. */
  readonly keys: readonly { readonly column: string; readonly spine: string }[];
  readonly time: string;
  /** Null when the table does not declare one. */
  readonly availableAt: string | null;
  readonly features: Readonly<Record<string, OracleFeature>>;
  readonly ttlMicros: bigint | null;
  readonly lagMicros: bigint;
  readonly boundary: "inclusive" | "exclusive";
  readonly rows: readonly OracleRow[];
}

/** What a row must have been available at; see `KnownAt`. */
export type OracleKnownAt = "spine" | "ignore" | { readonly column: string } | { readonly micros: bigint };

/** What a view contributes to one spine row. */
export interface OracleMatch {
  readonly features: Readonly<Record<string, OracleValue>>;
  readonly featureTime: bigint | null;
  readonly status: "present" | "expired" | "not_yet_known" | "missing";
}

/** The matches of one view, one for each spine row. */
export function oracleJoin(
  spine: readonly OracleRow[],
  time: string,
  view: OracleView,
  knownAt: OracleKnownAt,
): OracleMatch[] {
  return spine.map((row) => matchOne(row, row[time] as bigint | null, view, knownAt));
}

interface Candidate {
  readonly row: OracleRow;
  readonly time: bigint;
  readonly available: bigint | null;
  readonly sequence: number;
}

function matchOne(
  spineRow: OracleRow,
  at: bigint | null,
  view: OracleView,
  knownAt: OracleKnownAt,
): OracleMatch {
  const past: Candidate[] = [];
  view.rows.forEach((row, sequence) => {
    const time = (row[view.time] ?? null) as bigint | null;
    if (at === null || at === undefined || time === null) return;
    if (!view.keys.every(({ column, spine }) => sameKey(row[column] ?? null, spineRow[spine] ?? null)))
      return;
    const age = at - time;
    const isOldEnough = view.boundary === "exclusive" ? age > view.lagMicros : age >= view.lagMicros;
    if (!isOldEnough) return;
    const available = view.availableAt === null ? null : ((row[view.availableAt] ?? null) as bigint | null);
    past.push({ row, time, available, sequence });
  });

  const known = past.filter(({ available }) => {
    if (view.availableAt === null || knownAt === "ignore") return true;
    const limit =
      knownAt === "spine"
        ? at
        : "micros" in knownAt
          ? knownAt.micros
          : ((spineRow[knownAt.column] ?? null) as bigint | null);
    return available !== null && limit !== null && available <= limit;
  });
  const eligible = known.filter(
    ({ time }) => view.ttlMicros === null || (at as bigint) - time <= view.ttlMicros,
  );
  eligible.sort(byOrder);

  const winner = eligible[eligible.length - 1];
  const status =
    winner !== undefined
      ? "present"
      : known.length > 0
        ? "expired"
        : past.length > 0
          ? "not_yet_known"
          : "missing";
  const features: Record<string, OracleValue> = {};
  for (const [name, feature] of Object.entries(view.features))
    features[name] =
      "aggregate" in feature
        ? aggregateOf(feature, windowOf(eligible, at as bigint, view, feature.windowMicros))
        : rowValue(feature, eligible);
  return { features, featureTime: winner?.time ?? null, status };
}

function sameKey(a: OracleValue, b: OracleValue): boolean {
  return a !== null && b !== null && typeof a === typeof b && a === b;
}

function byOrder(a: Candidate, b: Candidate): number {
  if (a.time !== b.time) return a.time < b.time ? -1 : 1;
  if (a.available !== b.available) {
    if (a.available === null) return -1;
    if (b.available === null) return 1;
    return a.available < b.available ? -1 : 1;
  }
  return a.sequence - b.sequence;
}

function rowValue(
  feature: { column: string; lastNonNull: boolean },
  eligible: readonly Candidate[],
): OracleValue {
  const values = eligible.map(({ row }) => row[feature.column] ?? null);
  if (feature.lastNonNull) return values.filter((value) => value !== null).at(-1) ?? null;
  return values.at(-1) ?? null;
}

/** Rows of the window in order; where the table declares available at, one row a time: the latest revision. */
function windowOf(
  eligible: readonly Candidate[],
  at: bigint,
  view: OracleView,
  windowMicros: bigint,
): Candidate[] {
  if (eligible.length === 0) return [];
  const newest = at - view.lagMicros;
  const inside = eligible.filter(({ time }) =>
    view.boundary === "exclusive"
      ? time >= newest - windowMicros && time < newest
      : time > newest - windowMicros && time <= newest,
  );
  if (view.availableAt === null) return inside;
  return inside.filter((candidate, i) => inside[i + 1]?.time !== candidate.time);
}

function aggregateOf(
  feature: { column: string; aggregate: string },
  window: readonly Candidate[],
): OracleValue {
  const values = window.map(({ row }) => row[feature.column] ?? null).filter((value) => value !== null);
  const numbers = values as (number | bigint)[];
  switch (feature.aggregate) {
    case "count":
      return BigInt(values.length);
    case "first":
      return values[0] ?? null;
    case "last":
      return values.at(-1) ?? null;
    case "sum":
      return values.length === 0 ? null : sumOf(numbers);
    case "mean":
      return values.length === 0 ? null : sumOf(numbers) / values.length;
    case "min":
      return values.length === 0 ? null : numbers.reduce((a, b) => extreme(a, b, -1));
    case "max":
      return values.length === 0 ? null : numbers.reduce((a, b) => extreme(a, b, 1));
    default:
      return values.length < 2 ? null : deviationOf(numbers);
  }
}

function extreme(a: number | bigint, b: number | bigint, sign: 1 | -1): number | bigint {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number.NaN;
  if (Object.is(a, -0) || Object.is(b, -0)) {
    if (a === 0 && b === 0) return sign < 0 || (Object.is(a, -0) && Object.is(b, -0)) ? -0 : 0;
  }
  return (sign < 0 ? a < b : a > b) ? a : b;
}

/** In units of 2^-1074, of which every float64 and integer is a whole number. */
function unitsOf(value: number | bigint): bigint {
  if (typeof value === "bigint") return value * 2n ** 1074n;
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  const bits = view.getBigUint64(0);
  const exponent = (bits >> 52n) & 0x7ffn;
  const fraction = bits & 0xfffffffffffffn;
  const units = exponent === 0n ? fraction : (fraction + 2n ** 52n) << (exponent - 1n);
  return value < 0 ? -units : units;
}

function sumOf(values: readonly (number | bigint)[]): number {
  const special = specialOf(values);
  if (special !== null) return special;
  const total = values.reduce<bigint>((sum, value) => sum + unitsOf(value), 0n);
  const { significand, exponent } = roundedRatio(total, 1n);
  return scaled(significand, exponent - 1074);
}

function deviationOf(values: readonly (number | bigint)[]): number {
  if (specialOf(values) !== null) return Number.NaN;
  const units = values.map(unitsOf);
  const n = BigInt(units.length);
  const total = units.reduce((a, b) => a + b, 0n);
  // n * sum((x - mean)^2) * n = sum((n x - total)^2)
  const squares = units.reduce((sum, x) => sum + (n * x - total) ** 2n, 0n);
  const { significand, exponent } = roundedRatio(squares, n * n * (n - 1n));
  const isOdd = exponent % 2 !== 0;
  return scaled(Math.sqrt(isOdd ? significand * 2 : significand), (exponent - (isOdd ? 1 : 0)) / 2 - 1074);
}

function specialOf(values: readonly (number | bigint)[]): number | null {
  const specials = values.filter((value) => typeof value === "number" && !Number.isFinite(value)) as number[];
  return specials.length === 0 ? null : specials.reduce((a, b) => a + b);
}

/** A fraction as `significand * 2^exponent`, the significand of at most 53 bits, rounded to nearest, ties to even. */
function roundedRatio(numerator: bigint, denominator: bigint): { significand: number; exponent: number } {
  if (numerator < 0n) {
    const { significand, exponent } = roundedRatio(-numerator, denominator);
    return { significand: -significand, exponent };
  }
  if (numerator % denominator === 0n && numerator / denominator < 2n ** 53n)
    return { significand: Number(numerator / denominator), exponent: 0 };
  // About right to begin with; the loops put it right.
  let exponent = 4 * (numerator.toString(16).length - denominator.toString(16).length) - 53;
  let low = exponent < 0 ? numerator << BigInt(-exponent) : numerator;
  let high = exponent > 0 ? denominator << BigInt(exponent) : denominator;
  while (low / high >= 2n ** 53n) {
    high *= 2n;
    exponent++;
  }
  while (low / high < 2n ** 52n) {
    low *= 2n;
    exponent--;
  }
  const quotient = low / high;
  const rest = 2n * (low % high);
  const isUp = rest > high || (rest === high && quotient % 2n === 1n);
  return { significand: Number(quotient + (isUp ? 1n : 0n)), exponent };
}

function scaled(significand: number, exponent: number): number {
  let result = significand;
  for (let left = Math.abs(exponent); left > 0; left -= 500) {
    const step = 2 ** Math.min(left, 500);
    result = exponent < 0 ? result / step : result * step;
  }
  return result;
}
