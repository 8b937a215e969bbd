/**
 * Bets that the level has been another one since a row, of unknown size: each is a mixture over normally distributed sizes, which has a
 * closed form, so two sums a bet are all that is kept. What a shift does to the rank of an innovation grows smaller as later ranks are
 * taken among shifted innovations too, the sooner the shorter the past: so bets are as careful as the reference's level is uncertain.
 * Source: D. Siegmund, E. S. Venkatraman (1995), "Using the generalized likelihood ratio statistic for sequential detection of a
 * change-point", Ann. Statist. 23, as a mixture instead of a maximum; J. Shin, A. Ramdas, A. Rinaldo (2024), "E-detectors: a
 * nonparametric framework for sequential change detection", NEJSDS 2, for starting anew.
 */
export interface LevelBets {
  /** Grid index of the row from which on a bet holds, ascending; NaN for none yet. */
  readonly since: Float64Array;
  /** Rows since then. */
  readonly rows: Float64Array;
  /** Innovations that ranks were taken among by then. */
  readonly learnt: Float64Array;
  /** Sum of scores times what a shift of 1 adds to them, and of the squares of the latter. */
  readonly sums: Float64Array;
  readonly information: Float64Array;
  /** What was put in, as if at its beginning. */
  readonly stakes: Float64Array;
}

const mostStarts = 20;
/** Rows between starts. */
const between = 24;

/** Before any bet. */
export function noLevelBets(): LevelBets {
  const zeros = () => new Float64Array(mostStarts);
  return {
    since: zeros().fill(Number.NaN),
    rows: zeros(),
    learnt: zeros(),
    sums: zeros(),
    information: zeros(),
    stakes: zeros(),
  };
}

/** A row for the bets on levels. */
export interface LevelRow {
  index: number;
  /** Innovations that the rank was taken among. */
  learnt: number;
  score: number;
  /** What a lasting shift of 1 adds to the score of a rank among innovations before it. */
  unit: number;
  /** Power that the bets are taken to. */
  power: number;
  /** What is put in before this row. */
  share: number;
}

/** One row of all bets. @param variance - Of the sizes of shifts. @returns Their capital. */
export function placeLevelBets(bets: LevelBets, row: LevelRow, variance: number): number {
  const { since, rows, learnt, sums, information, stakes } = bets;
  let count = startsOf(bets);
  if (count === 0 || (rows[count - 1] as number) >= between) {
    if (count === mostStarts) count = withoutOne(bets, row.index, variance);
    since[count] = row.index;
    learnt[count] = row.learnt;
    rows[count] = 0;
    sums[count] = 0;
    information[count] = 0;
    stakes[count] = 0;
    count++;
  }
  const newest = count - 1;
  stakes[newest] = (stakes[newest] as number) + row.share / growthOf(bets, newest, variance);
  let capital = 0;
  for (let i = 0; i < count; i++) {
    const past = learnt[i] as number;
    const unit = (row.unit * past) / (past + (rows[i] as number));
    sums[i] = (sums[i] as number) + row.power * unit * row.score;
    information[i] = (information[i] as number) + row.power * unit * unit;
    rows[i] = (rows[i] as number) + 1;
    capital += (stakes[i] as number) * growthOf(bets, i, variance);
  }
  return Math.min(capital, mostCapital);
}

/** The best bet: since when, and how large the shift is. */
export function bestLevelBet(
  bets: LevelBets,
  variance: number,
): { readonly capital: number; readonly since: number; readonly shift: number } {
  let best = { capital: 0, since: Number.NaN, shift: 0 };
  for (let i = 0; i < startsOf(bets); i++) {
    const capital = (bets.stakes[i] as number) * growthOf(bets, i, variance);
    if (capital > best.capital) {
      const shift = (bets.sums[i] as number) / ((bets.information[i] as number) + 1 / variance);
      best = { capital, since: bets.since[i] as number, shift };
    }
  }
  return best;
}

/** Products end here: they must not overflow. */
const mostCapital = 1e200;
const mostLogarithm = 400;

/** What 1 put in at the beginning has become. */
function growthOf({ sums, information }: LevelBets, i: number, variance: number): number {
  const sum = sums[i] as number;
  const spread = 1 + variance * (information[i] as number);
  return Math.exp(Math.min((variance * sum * sum) / (2 * spread), mostLogarithm)) / Math.sqrt(spread);
}

function startsOf({ since }: LevelBets): number {
  let count = mostStarts;
  while (count > 0 && Number.isNaN(since[count - 1])) count--;
  return count;
}

/** Drops the start that its neighbours replace best for its age; the older one takes its capital. @returns The starts left. */
function withoutOne(bets: LevelBets, index: number, variance: number): number {
  const { since, stakes } = bets;
  let [least, at] = [Number.POSITIVE_INFINITY, 1];
  for (let i = 1; i < mostStarts - 1; i++) {
    const gap = (since[i + 1] as number) - (since[i - 1] as number);
    const ratio = gap / (index - (since[i] as number) + between);
    if (ratio < least) [least, at] = [ratio, i];
  }
  const capital = (stakes[at] as number) * growthOf(bets, at, variance);
  stakes[at - 1] = (stakes[at - 1] as number) + capital / growthOf(bets, at - 1, variance);
  for (const values of Object.values(bets) as Float64Array[]) values.copyWithin(at, at + 1);
  since[mostStarts - 1] = Number.NaN;
  return mostStarts - 1;
}
