/** Which components an exponential smoothing model has. */
export interface EtsForm {
  readonly error: "additive" | "multiplicative";
  readonly trend: "none" | "additive";
  /** Only with a trend. */
  readonly damped: boolean;
  readonly season: "none" | "additive" | "multiplicative";
  /** 1 without a season. */
  readonly seasonLength: number;
}

/**
 * Numbers of a model: `smoothing` holds alpha, beta, gamma and phi (beta and gamma 0, phi 1 where the form has none), then come the
 * level, the trend, and the season by phase (row modulo season length).
 */
export const levelAt = 4;
export const trendAt = 5;
export const seasonAt = 6;

/** Length of the numbers of a form. */
export function numbersLength({ season, seasonLength }: EtsForm): number {
  return seasonAt + (season === "none" ? 0 : seasonLength);
}

/** Parameters that a fit decides, the variance among them: the k of the AIC. */
export function parameterCount({ trend, damped, season, seasonLength }: EtsForm): number {
  return 3 + (trend === "none" ? 0 : 2) + (damped ? 1 : 0) + (season === "none" ? 0 : seasonLength);
}

/** As the literature writes it, e.g. `ETS(M,Ad,N)`. */
export function formName({ error, trend, damped, season }: EtsForm): string {
  const letter = (component: string): string => (component[0] as string).toUpperCase();
  return `ETS(${letter(error)},${letter(trend)}${damped ? "d" : ""},${letter(season)})`;
}

const errors = ["additive", "multiplicative"] as const;
const seasons = ["none", "additive", "multiplicative"] as const;

/** A form as four numbers, for typed arrays. */
export function formToNumbers({ error, trend, damped, season }: EtsForm): readonly number[] {
  return [errors.indexOf(error), trend === "none" ? 0 : 1, damped ? 1 : 0, seasons.indexOf(season)];
}

/** The form of four numbers. */
export function formFromNumbers(numbers: ArrayLike<number>, seasonLength: number): EtsForm {
  const season = seasons[numbers[3] as number] ?? "none";
  return {
    error: errors[numbers[0] as number] ?? "additive",
    trend: numbers[1] === 1 ? "additive" : "none",
    damped: numbers[2] === 1,
    season,
    seasonLength: season === "none" ? 1 : seasonLength,
  };
}
