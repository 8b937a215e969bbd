/** Orders of a seasonal ARIMA model: autoregression, differences and moving average, of rows and of seasons. */
export interface ArimaOrder {
  readonly p: number;
  readonly d: number;
  readonly q: number;
  readonly seasonalP: number;
  readonly seasonalD: number;
  readonly seasonalQ: number;
  readonly seasonLength: number;
  /** A mean without differences, a drift with one; none with more. */
  readonly hasConstant: boolean;
}

/** Autoregressive and moving average coefficients. */
export function armaCount({ p, q, seasonalP, seasonalQ }: ArimaOrder): number {
  return p + q + seasonalP + seasonalQ;
}

/** All that is estimated: the coefficients, the constant, slopes of so many regressors, and the variance. */
export function estimatedCount(order: ArimaOrder, regressors: number): number {
  return armaCount(order) + (order.hasConstant ? 1 : 0) + regressors + 1;
}

/** Rows that the differences use up. */
export function differencedRows({ d, seasonalD, seasonLength }: ArimaOrder): number {
  return d + seasonalD * seasonLength;
}

/** E.g. `ARIMA(1,1,1)(0,1,1)[12] with drift`. */
export function orderName(order: ArimaOrder): string {
  const { p, d, q, seasonalP, seasonalD, seasonalQ, seasonLength, hasConstant } = order;
  const season =
    seasonalP + seasonalD + seasonalQ === 0
      ? ""
      : `(${seasonalP},${seasonalD},${seasonalQ})[${seasonLength}]`;
  const constant = hasConstant ? (d + seasonalD === 0 ? " with mean" : " with drift") : "";
  return `ARIMA(${p},${d},${q})${season}${constant}`;
}
