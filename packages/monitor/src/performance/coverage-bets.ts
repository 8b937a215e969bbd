/** Shares of the largest bet that cannot lose more than everything. */
const shares = [0.03, 0.06, 0.12, 0.24, 0.48, 0.9];

/** Capitals of bets on the share of misses of blocks; plain data. */
export interface CoverageBets {
  /** Bet on more misses than promised, by ascending size, then on fewer. */
  readonly capital: number[];
  /** Of each bet, what 1 put in at its best beginning has become, and when that was (microseconds UTC; 0 for never). */
  readonly best: number[];
  readonly since: number[];
  /** Blocks that were bet on. */
  blocks: number;
}

/** Bets of which none has begun. */
export function noCoverageBets(): CoverageBets {
  const zeros = () => new Array<number>(2 * shares.length).fill(0);
  return { capital: zeros(), best: zeros(), since: zeros(), blocks: 0 };
}

/** Products end here: they must not overflow. */
const mostCapital = 1e200;

/**
 * Bets on one block. Each bet multiplies its capital by 1 + b (share of misses - promised share), which has mean 1 as long as the promise is
 * kept, and is never negative. Half of the money begins with the first block, and the rest is put in bit by bit, 1 / (n (n + 1)) of it with the
 * n-th, so that what was lost in a long good time does not hide a change.
 * Source: Waudby-Smith & Ramdas (2024), "Estimating means of bounded random variables by betting", JRSS B 86.
 * @param promised - Share of misses that is promised, between 0 and 1.
 */
export function betOnBlock(
  bets: CoverageBets,
  missShare: number,
  promised: number,
  startMicros: number,
): void {
  bets.blocks++;
  const n = bets.blocks;
  const share = ((n === 1 ? 0.5 : 0) + 0.5 / (n * (n + 1))) / bets.capital.length;
  bets.capital.forEach((capital, i) => {
    const part = shares[i % shares.length] as number;
    const size = i < shares.length ? part / promised : -part / (1 - promised);
    const factor = 1 + size * (missShare - promised);
    if ((bets.best[i] as number) <= 1) {
      bets.best[i] = 1;
      bets.since[i] = startMicros;
    }
    bets.best[i] = Math.min((bets.best[i] as number) * factor, mostCapital);
    bets.capital[i] = Math.min((capital + share) * factor, mostCapital);
  });
}

/** All capital, what has not been put in included: 1 at the beginning. By Ville's inequality it ever reaches 1 / alpha with probability alpha at most. */
export function totalCapital({ capital, blocks }: CoverageBets): number {
  return capital.reduce((sum, value) => sum + value, 0) + (blocks === 0 ? 1 : 0.5 / (blocks + 1));
}

/** What the bet with most capital says: too many misses or too few; and since when bets of that kind would have won most. */
export function leadingBet({ capital, best, since }: CoverageBets): {
  readonly isTooMany: boolean;
  readonly since: number;
} {
  const isTooMany = capital.indexOf(Math.max(...capital)) < shares.length;
  const own = isTooMany ? best.slice(0, shares.length) : best.slice(shares.length);
  const leader = own.indexOf(Math.max(...own)) + (isTooMany ? 0 : shares.length);
  return { isTooMany, since: since[leader] as number };
}
