import { wavesOf, waveValues } from "../drift/model/waves.ts";

/** A bet that innovations follow the waves of a season as they did over its last cycles. */
export interface SeasonBet {
  readonly season: number;
  /** How many of the season's waves it learns: those of the first harmonic, or all. */
  readonly waves: number;
  /** What is kept from row to row. */
  readonly keep: number;
  /** Place of its first wave among the sums of all bets. */
  readonly offset: number;
  /** Values of the season's waves, position by position. */
  readonly table: Float64Array;
  /** Waves in a row of the table. */
  readonly width: number;
}

/** Cycles that a bet looks back. */
const memories = [3, 12];
/** Expected variance of a wave's coefficient, in innovations: it says how soon a wave is believed. */
const expectedVariance = 0.1;

/** Bets for each season: with short and long memory, on its first harmonic and on all. */
export function seasonBets(seasons: readonly number[]): SeasonBet[] {
  let offset = 0;
  return seasons.flatMap((season) => {
    const all = wavesOf([season]);
    const columns = all.map((wave) => waveValues(wave, 0, season));
    const table = new Float64Array(season * all.length);
    columns.forEach((column, wave) => {
      for (let position = 0; position < season; position++)
        table[position * all.length + wave] = column[position] as number;
    });
    const sizes = [...new Set([Math.min(2, all.length), all.length])].filter((waves) => waves > 0);
    return memories.flatMap((memory) =>
      sizes.map((waves): SeasonBet => {
        const bet = { season, waves, keep: 1 - 1 / (memory * season), offset, table, width: all.length };
        offset += waves;
        return bet;
      }),
    );
  });
}

/** How many sums the bets keep. */
export function sumsOf(bets: readonly SeasonBet[]): number {
  return bets.reduce((count, { waves }) => count + waves, 0);
}

/** The innovation that a bet expects at a position. @param weight - Rows in its sums, older ones counting less. */
export function expectedBy(bet: SeasonBet, sums: Float64Array, weight: number, position: number): number {
  const { table, width, waves, offset } = bet;
  let sum = 0;
  for (let i = 0; i < waves; i++)
    sum += (sums[offset + i] as number) * (table[position * width + i] as number);
  return sum / (weight / 2 + 1 / expectedVariance);
}

/** Takes an innovation into the sums of a bet. */
export function learnWaves(bet: SeasonBet, sums: Float64Array, position: number, score: number): void {
  const { table, width, waves, offset, keep } = bet;
  for (let i = 0; i < waves; i++)
    sums[offset + i] = keep * (sums[offset + i] as number) + score * (table[position * width + i] as number);
}

/**
 * The largest wave of the series that a bet has learnt.
 * @param rows - Rows since the pattern changed.
 * @param phi - Autoregression, which makes a wave of the series smaller among its innovations.
 * @returns Its amplitude, in standard deviations of an innovation.
 */
export function largestWave(bet: SeasonBet, sums: Float64Array, rows: number, phi: Float64Array): number {
  const weight = (1 - bet.keep ** rows) / (1 - bet.keep);
  let largest = 0;
  for (let i = 0; i < bet.waves; i += 2) {
    const frequency = (2 * Math.PI * (i / 2 + 1)) / bet.season;
    let real = 1;
    let imaginary = 0;
    phi.forEach((value, lag) => {
      real -= value * Math.cos(frequency * (lag + 1));
      imaginary += value * Math.sin(frequency * (lag + 1));
    });
    const amplitude = Math.hypot(sums[bet.offset + i] as number, sums[bet.offset + i + 1] as number);
    largest = Math.max(largest, amplitude / (weight / 2) / Math.hypot(real, imaginary));
  }
  return largest;
}
