import { type GateLoss, type ScoredForecasts, TsopsError } from "@tsops/core";

/** Loss of a row; NaN when its outcome or prediction is missing. `pinball` is the mean over all quantiles. @throws TsopsError MONITOR_INVALID */
export function lossReader(scored: ScoredForecasts, loss: GateLoss): (row: number) => number {
  const { y, mean, quantiles } = scored;
  const errorOf = (row: number) => (y[row] as number) - (mean[row] as number);
  if (loss === "absolute") return (row) => finite(Math.abs(errorOf(row)));
  if (loss === "squared") return (row) => finite(errorOf(row) ** 2);
  if (quantiles.length === 0)
    throw new TsopsError("MONITOR_INVALID", "The pinball loss needs quantiles, and there are none.", {
      hint: 'Serve and backtest with levels, or take the "absolute" loss.',
      details: { option: "loss" },
    });
  return (row) => {
    let sum = 0;
    for (const { probability, values } of quantiles) {
      const error = (y[row] as number) - (values[row] as number);
      sum += error >= 0 ? probability * error : (probability - 1) * error;
    }
    return finite(sum / quantiles.length);
  };
}

function finite(loss: number): number {
  return Number.isFinite(loss) ? loss : Number.NaN;
}
