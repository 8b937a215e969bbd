/**
 * Capitals of bets that may begin at any row. Each is a mixture over all its beginnings of the product of the factors since, kept up
 * in one number as in the Shiryaev-Roberts procedure; beside it the beginning that has done best is followed.
 * Source: A. N. Shiryaev (1963), "On optimum methods in quickest detection problems", Theory Probab. Appl. 8.
 */
export interface Capitals {
  /** Of each bet, all beginnings together. */
  readonly total: Float64Array;
  /** Of its best beginning alone. */
  readonly best: Float64Array;
  /** Grid index of the best beginning. */
  readonly since: Float64Array;
  /** From there on: rows, sum of past innovations, sum of squared standardised innovations. */
  readonly rows: Float64Array;
  readonly sums: Float64Array;
  readonly squares: Float64Array;
}

/** A row that is bet on. */
export interface BetRow {
  index: number;
  pastInnovation: number;
  standardised: number;
}

/** Capitals of bets of which none has begun. */
export function noCapitals(bets: number): Capitals {
  const zeros = () => new Float64Array(bets);
  return { total: zeros(), best: zeros(), since: zeros(), rows: zeros(), sums: zeros(), squares: zeros() };
}

/** Products end here: they must not overflow. */
const mostCapital = 1e200;

/** One row of one bet: `share` is put in, then all of it is multiplied by the factor. @returns Its capital. */
export function placeBet(
  capitals: Capitals,
  bet: number,
  share: number,
  factor: number,
  row: BetRow,
): number {
  const { total, best, since, rows, sums, squares } = capitals;
  if ((best[bet] as number) <= share) {
    best[bet] = share;
    since[bet] = row.index;
    rows[bet] = 0;
    sums[bet] = 0;
    squares[bet] = 0;
  }
  best[bet] = Math.min((best[bet] as number) * factor, mostCapital);
  rows[bet] = (rows[bet] as number) + 1;
  sums[bet] = (sums[bet] as number) + row.pastInnovation;
  squares[bet] = (squares[bet] as number) + row.standardised ** 2;
  const capital = Math.min(((total[bet] as number) + share) * factor, mostCapital);
  total[bet] = capital;
  return capital;
}
