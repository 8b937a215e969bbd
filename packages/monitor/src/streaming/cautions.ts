import { powerAfterRuns, powerAfterSlowLevel, powerBesideNoise } from "./powers.ts";
import { addsNoise, type StreamState } from "./stream-state.ts";

/** What a reference shows that makes a stream slower, or its false alarms less certain: a sentence each. */
export function cautionsOf(column: string, state: StreamState): string[] {
  const { powers, volatility, slowLevel } = state;
  const cautions: string[] = [];
  const usual = [1];
  if (volatility.shock > 0) {
    usual.push(powerAfterRuns);
    cautions.push(
      `Calm and wild stretches of ${column} take turns in the reference: its spread is followed row by row, and another usual spread is found late.`,
    );
  }
  if (addsNoise(state)) {
    usual.push(powerBesideNoise);
    cautions.push(
      `Many values of ${column} are equal, or crowd in some places: noise is added to them, bets are smaller, and changes are found later.`,
    );
  }
  if (slowLevel.isSuspected) {
    usual.push(powerAfterSlowLevel);
    cautions.push(
      `The level of ${column} seems to wander slowly in the reference: bets on a level are smaller, another one is found later, and false alarms may be more frequent than alpha. A longer reference tells more.`,
    );
  }
  const least = Math.min(powers.level, powers.season, powers.shape);
  if (least < Math.min(...usual))
    cautions.push(
      `What season and autocorrelation leave of ${column} still depends on its past in the reference (${(1 / least).toFixed(1)} rows tell as much as one): bets are smaller, and false alarms may be more frequent than alpha. A longer reference makes both better.`,
    );
  return cautions;
}
