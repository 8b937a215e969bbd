import type { StreamState } from "./stream-state.ts";

/** What a reference shows that makes a stream slower, or its false alarms less certain: a sentence each. */
export function cautionsOf(column: string, { powers, volatility }: StreamState): string[] {
  const cautions: string[] = [];
  if (volatility.shock > 0)
    cautions.push(
      `Calm and wild stretches of ${column} take turns in the reference: its spread is followed row by row, and another usual spread is found late.`,
    );
  const factor = 1 / Math.min(powers.level, powers.scale);
  if (factor > 1)
    cautions.push(
      `What season and autocorrelation leave of ${column} still depends on its past in the reference (${factor.toFixed(1)} rows tell as much as one): bets are smaller, and false alarms may be more frequent than alpha. A longer reference makes both better.`,
    );
  return cautions;
}
