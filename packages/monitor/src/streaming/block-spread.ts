/**
 * How much more the sums of blocks of numbers vary than those of independent ones would: what a model missed of their dependence. It is
 * taken from differences between neighbouring blocks, of which a lasting change touches only one, so it may go on learning.
 * Source: J. von Neumann (1941), "Distribution of the ratio of the mean square successive difference to the variance", Ann. Math. Statist. 12.
 */
export interface BlockSpread {
  /**
   * Rows in the present block, its sum, the sum of the last one (NaN for none), the number of differences, and the sum of their squares
   * over what independent numbers would give.
   */
  readonly numbers: Float64Array;
}

const blockRows = 48;
/** A difference counts up to this many times its usual square. */
const mostSquare = 6;
/** Of its standard error, what is taken off an estimate: few blocks shall not make bets small. */
const doubt = 0.5;

/** Before any number. */
export function noBlocks(): BlockSpread {
  return { numbers: Float64Array.of(0, 0, Number.NaN, 0, 0) };
}

/** Takes a number of mean 0. @param variance - Of one number. */
export function addToBlock({ numbers }: BlockSpread, value: number, variance: number): void {
  numbers[0] = (numbers[0] as number) + 1;
  numbers[1] = (numbers[1] as number) + value;
  if (numbers[0] < blockRows) return;
  const [, sum, last, count, squares] = numbers as unknown as [number, number, number, number, number];
  if (!Number.isNaN(last)) {
    numbers[3] = count + 1;
    numbers[4] = squares + Math.min((sum - last) ** 2 / (2 * blockRows * variance), mostSquare);
  }
  numbers[0] = 0;
  numbers[1] = 0;
  numbers[2] = sum;
}

/** The power that keeps bets fair: 1 over the factor, at most 1. */
export function fairPower({ numbers }: BlockSpread): number {
  const count = numbers[3] as number;
  if (count < 4) return 1;
  const factor = ((numbers[4] as number) / count) * (1 - doubt * Math.sqrt(3 / count));
  return factor > 1 ? 1 / factor : 1;
}
