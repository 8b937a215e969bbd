import type { InTurns } from "../../local/in-turns.ts";
import type { OutlierTreatment } from "../../outliers/outlier-option.ts";
import { filledLinearly, seasonOf } from "../ets/start.ts";
import { differencesOf, isConstant, seasonalDifferences } from "./differences.ts";
import { type ArimaFit, fitOrder } from "./fit-order.ts";
import { gapStateSize } from "./gap-filter.ts";
import { type ArimaOrder, armaCount, orderName } from "./order.ts";
import { difference, differencingOf, polynomialsOf } from "./polynomials.ts";
import { project, subtract, withoutRepeats } from "./regression.ts";
import type { ArimaData } from "./system.ts";

/** What the caller has decided. */
export interface ArimaChoice {
  readonly seasonLength: number;
  /** p, d, q, P, D, Q; left out when they are to be chosen. */
  readonly order?: readonly [number, number, number, number, number, number];
  readonly constant?: boolean;
  /** Known-future columns; none when left out. */
  readonly regressors?: readonly string[];
  readonly outliers: OutlierTreatment;
}

const mostModels = 94;
/** In the search such differences in likelihood decide nothing. */
const searchTolerance = 1e-2;
/** Operations of one likelihood (some hundredths of a second) above which gaps are filled for the search. */
const mostOperations = 5e6;

/** A series for the fit, NaN is missing. */
export function dataOf(y: Float64Array, regressors: readonly Float64Array[] = []): ArimaData {
  const missing: number[] = [];
  y.forEach((value, t) => {
    if (Number.isNaN(value)) missing.push(t);
  });
  // What a regressor is in a gap decides nothing.
  const known = (column: Float64Array) =>
    column.map((value, t) => (Number.isNaN(y[t] as number) ? 0 : value));
  return { filled: filledLinearly(y), missing, regressors: regressors.map(known) };
}

/** The series less the least squares fit of a mean and the regressors, gaps filled: what differences are chosen by. */
export function residualsOf({ filled, missing, regressors }: ArimaData): Float64Array {
  if (regressors.length === 0) return filled;
  const isKnown = new Float64Array(filled.length).fill(1);
  for (const row of missing) isKnown[row] = 0;
  const columns = withoutRepeats([isKnown, ...regressors], [isKnown, ...regressors]);
  const { slopes } = project(
    [...columns, filled.map((value, t) => value * (isKnown[t] as number))],
    0,
    columns.length,
  );
  const rest = filled.slice();
  subtract(columns, slopes, rest);
  return filledLinearly(rest.map((value, t) => (isKnown[t] === 0 ? Number.NaN : value)));
}

/** Operations of one exact likelihood of the order that the search starts with: see `systemOf`. */
function costOf({ filled, missing }: ArimaData, seasonLength: number): number {
  const order = {
    p: 2,
    d: 0,
    q: 2,
    seasonalP: 1,
    seasonalD: 1,
    seasonalQ: 1,
    seasonLength,
    hasConstant: true,
  };
  const size = gapStateSize(polynomialsOf(order), differencingOf(order));
  return filled.length * Math.min(size, missing.length) ** 2;
}

/** The series without its regressors, each gap filled by the mean of its place in the season and a line between its neighbours. */
function withGapsFilled(data: ArimaData, seasonLength: number): ArimaData {
  const rest = residualsOf(data);
  const isSeasonal = seasonLength > 1 && rest.length >= 2 * seasonLength;
  const season = isSeasonal ? seasonOf(rest, seasonLength, false) : new Float64Array(1);
  const deseasoned = rest.map((value, t) => value - (season[t % season.length] as number));
  for (const row of data.missing) deseasoned[row] = Number.NaN;
  const filled = filledLinearly(deseasoned).map((value, t) => value + (season[t % season.length] as number));
  return { filled, missing: [], regressors: [] };
}

/**
 * The order with the least AICc that a stepwise search finds (Hyndman & Khandakar 2008), by exact likelihoods: from four models to their neighbours, as long as one of them is better.
 * Unstable models are left out. Where the gaps of a series with a long season make a likelihood costly, the search sees them filled; what it finds is fitted with the gaps.
 */
export function* selectArima(
  { seasonLength, constant }: Pick<ArimaChoice, "seasonLength" | "constant">,
  y: Float64Array,
  regressors: readonly Float64Array[] = [],
): InTurns<ArimaFit | null> {
  const exact = dataOf(y, regressors);
  const isCostly = costOf(exact, seasonLength) > mostOperations;
  const data = isCostly ? withGapsFilled(exact, seasonLength) : exact;
  const filled = residualsOf(data);
  const rows = filled.length - data.missing.length;
  const plain = { p: 0, q: 0, seasonalP: 0, seasonalQ: 0, seasonLength };
  if (isConstant(filled)) return yield* fitOrder({ ...plain, d: 0, seasonalD: 0, hasConstant: true }, exact);
  const seasonalD = seasonalDifferences(filled, seasonLength);
  const deseasoned = seasonalD === 1 ? difference(filled, seasonLength) : filled;
  const d = differencesOf(deseasoned);
  const mayHaveConstant = constant !== false && d + seasonalD < 2;
  const mayLackConstant = constant !== true || d + seasonalD > 1;
  const base = { ...plain, d, seasonalD, hasConstant: mayHaveConstant };
  const still =
    d === 0 ? deseasoned : d === 1 ? difference(deseasoned, 1) : difference(difference(deseasoned, 1), 1);
  if (isConstant(still)) return yield* fitOrder(base, exact);

  const most = (limit: number, share: number) => Math.min(limit, Math.floor(rows / 3 / share));
  const isSeasonal = seasonLength > 1;
  const below = (limit: number) => (isSeasonal && limit > 0 ? Math.min(limit, seasonLength - 1) : limit);
  const limits = {
    p: below(most(5, 1)),
    q: below(most(5, 1)),
    seasonalP: isSeasonal ? most(2, seasonLength) : 0,
    seasonalQ: isSeasonal ? most(2, seasonLength) : 0,
  };
  // Values that lie on one side of 0 have a mean, also where one of them makes all others look as if it were chance; without it, and without autoregression, the forecast would be 0.
  const isOneSided = regressors.length === 0 && d + seasonalD === 0 && liesOnOneSide(exact.filled);
  const tried = new Set<string>();
  let best: ArimaFit | null = null;
  const isBetter = function* (order: ArimaOrder): InTurns<boolean> {
    const name = orderName(order);
    if (isOneSided && !order.hasConstant && order.p + order.seasonalP === 0 && constant !== false)
      return false;
    if (tried.has(name) || tried.size >= mostModels) return false;
    tried.add(name);
    const starts = best === null ? [] : [startFrom(best, order)];
    const fit = yield* fitOrder(order, data, {
      starts,
      isQuick: true,
      tolerance: searchTolerance,
      below: best?.aicc ?? Number.POSITIVE_INFINITY,
    });
    if (fit === null || !(fit.aicc < (best?.aicc ?? Number.POSITIVE_INFINITY)) || isNearUnitRoot(fit))
      return false;
    best = fit;
    return true;
  };

  const isShort = rows < 10;
  const capped = (p: number, q: number, seasonalP: number, seasonalQ: number): ArimaOrder => ({
    ...base,
    p: Math.min(p, limits.p),
    q: Math.min(q, limits.q),
    seasonalP: Math.min(seasonalP, limits.seasonalP),
    seasonalQ: Math.min(seasonalQ, limits.seasonalQ),
  });
  yield* isBetter(isShort ? capped(1, 1, 0, 0) : capped(2, 2, 1, 1));
  yield* isBetter(base);
  yield* isBetter(capped(1, 0, 1, 0));
  yield* isBetter(capped(0, 1, 0, 1));
  // A level that is too short for the criterion is not 0 for that.
  if (mayHaveConstant && mayLackConstant && (best !== null || d + seasonalD > 0))
    yield* isBetter({ ...base, hasConstant: false });
  const moves = neighbourMoves();
  for (let isMoving = best !== null; isMoving; ) {
    const { order } = best as unknown as ArimaFit;
    isMoving = false;
    for (const { p, q, seasonalP, seasonalQ } of moves) {
      const next = {
        ...order,
        p: order.p + p,
        q: order.q + q,
        seasonalP: order.seasonalP + seasonalP,
        seasonalQ: order.seasonalQ + seasonalQ,
      };
      const isPossible = (["p", "q", "seasonalP", "seasonalQ"] as const).every(
        (name) => next[name] >= 0 && next[name] <= limits[name],
      );
      isMoving = isPossible && (yield* isBetter(next));
      if (isMoving) break;
    }
    if (!isMoving && mayHaveConstant && mayLackConstant)
      isMoving = yield* isBetter({ ...order, hasConstant: !order.hasConstant });
  }
  const chosen = best as ArimaFit | null;
  // Too short for a criterion: the plainest model.
  if (chosen === null)
    return (yield* fitOrder(base, exact)) ?? (yield* fitOrder({ ...base, hasConstant: false }, exact));
  return yield* fitOrder(chosen.order, exact, armaCount(chosen.order) > 0 ? { starts: [chosen.free] } : {});
}

function liesOnOneSide(values: Float64Array): boolean {
  return values.every((value) => value > 0) || values.every((value) => value < 0);
}

/** Where the search for an order starts: at the estimates of another one, with 0 for what that one has not. */
function startFrom({ order, free }: ArimaFit, next: ArimaOrder): Float64Array {
  const start = new Float64Array(armaCount(next));
  let [from, to] = [0, 0];
  for (const name of ["p", "q", "seasonalP", "seasonalQ"] as const) {
    for (let i = 0; i < Math.min(order[name], next[name]); i++)
      // From the bounds a search would not get away.
      start[to + i] = Math.max(-3, Math.min(3, free[from + i] as number));
    from += order[name];
    to += next[name];
  }
  return start;
}

/** Steps to the neighbours of an order, in the order in which they are tried. */
function neighbourMoves() {
  const none = { p: 0, q: 0, seasonalP: 0, seasonalQ: 0 };
  const pairs = (a: "p" | "seasonalP", b: "q" | "seasonalQ", first: readonly (readonly [number, number])[]) =>
    first.map(([byA, byB]) => ({ ...none, [a]: byA, [b]: byB }));
  const steps = [
    [-1, 0],
    [0, -1],
    [1, 0],
    [0, 1],
    [-1, -1],
    [-1, 1],
    [1, -1],
    [1, 1],
  ] as const;
  return [...pairs("seasonalP", "seasonalQ", steps), ...pairs("p", "q", steps)];
}

/**
 * Whether a root of the polynomials is within 1 % of the unit circle. A seasonal moving average with such a root only undoes a difference, which is as it should be
 * where the season does not move. A trend that never moves is seldom the truth, though short series often look as if it were.
 */
function isNearUnitRoot({ order, coefficients }: ArimaFit): boolean {
  const { p, q, seasonalP, seasonalD, seasonalQ, seasonLength } = order;
  const isNear = (from: number, count: number, sign: number, lag: number) =>
    !isStationary(
      coefficients.slice(from, from + count).map((value, i) => sign * value * 1.01 ** (lag * (i + 1))),
    );
  return (
    isNear(0, p, 1, 1) ||
    isNear(p + q, seasonalP, 1, seasonLength) ||
    isNear(p, q, -1, 1) ||
    (seasonalD === 0 && isNear(p + q + seasonalP, seasonalQ, -1, seasonLength))
  );
}

/** By the partial autocorrelations. */
function isStationary(phi: Float64Array): boolean {
  let current = Array.from(phi);
  while (current.length > 0) {
    const partial = current.pop() as number;
    if (!(Math.abs(partial) < 1)) return false;
    const rest = 1 - partial * partial;
    current = current.map(
      (value, j) => (value + partial * (current[current.length - 1 - j] as number)) / rest,
    );
  }
  return true;
}
