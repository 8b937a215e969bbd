import { describe, expect, it } from "vitest";
import { hourlyPanel } from "../../../../test/hourly-series.ts";
import { createRandom } from "../../../random.ts";
import { solvePositive } from "../../local/optimise/cholesky.ts";
import { arima } from "./arima.ts";

const random = createRandom("unobserved phases");
const noise = Array.from({ length: 91 }, () => random.normal(0, 3));
const y = noise.map((value, t) => 100 + 0.3 * t + 12 * Math.sin((2 * Math.PI * t) / 7) + value);

/** Which rows of a grid with a season of 7 are there. */
const patterns: Readonly<Record<string, (t: number) => boolean>> = {
  "all days": () => true,
  "no weekends": (t) => t % 7 < 5,
  "no weekends, and holidays": (t) => t % 7 < 5 && ![17, 24, 60].includes(t),
  "one day of the week": (t) => t % 7 === 2,
  "a weekend that was observed once": (t) => t % 7 < 6 || t === 41,
};

/** Autocovariances of an ARMA process with innovations of variance 1, by its long moving average. */
function autocovariances(ar: readonly number[], ma: readonly number[], count: number): number[] {
  const psi: number[] = [];
  for (let k = 0; k < 2000; k++)
    psi.push(
      ar.reduce(
        (sum, phi, i) => sum + (k > i ? phi * (psi[k - 1 - i] as number) : 0),
        k === 0 ? 1 : (ma[k - 1] ?? 0),
      ),
    );
  return Array.from({ length: count }, (_, lag) =>
    psi.slice(lag).reduce((sum, value, i) => sum + value * (psi[i] as number), 0),
  );
}

/**
 * The likelihood of the changes from each known value to the next one of its phase, by their whole covariance: each is the sum of the seasonal
 * differences between, which are ARMA.
 */
function likelihoodOf(values: readonly (number | null)[], gamma: readonly number[], drift: number) {
  const changes: { from: number; to: number; change: number }[] = [];
  for (let phase = 0; phase < 7; phase++) {
    let last = -1;
    for (let t = phase; t < values.length; t += 7) {
      if (values[t] === null) continue;
      if (last >= 0)
        changes.push({
          from: last,
          to: t,
          change: (values[t] as number) - (values[last] as number) - drift * (t - last),
        });
      last = t;
    }
  }
  const count = changes.length;
  const covariance = new Float64Array(count * count);
  const rowsOf = ({ from, to }: { from: number; to: number }) =>
    Array.from({ length: (to - from) / 7 }, (_, k) => from + 7 * (k + 1));
  changes.forEach((a, i) => {
    changes.forEach((b, j) => {
      for (const s of rowsOf(a))
        for (const t of rowsOf(b))
          covariance[i * count + j] =
            (covariance[i * count + j] as number) + (gamma[Math.abs(s - t)] as number);
    });
  });
  const solved = Float64Array.from(changes, ({ change }) => change);
  expect(solvePositive(covariance, count, solved)).toBe(true);
  const squares = changes.reduce((sum, { change }, i) => sum + change * (solved[i] as number), 0);
  let logs = 0;
  for (let i = 0; i < count; i++) logs += 2 * Math.log(covariance[i * count + i] as number);
  return {
    count,
    squares,
    logLikelihood: -0.5 * (count * (Math.log((2 * Math.PI * squares) / count) + 1) + logs),
  };
}

describe("phases of a season that are never observed", () => {
  it.each(
    Object.keys(patterns).flatMap((name) =>
      (
        [
          { order: [0, 0, 0], seasonalOrder: [0, 1, 0], constant: true },
          { order: [1, 0, 0], seasonalOrder: [0, 1, 1], constant: false },
          { order: [0, 0, 2], seasonalOrder: [0, 1, 0], constant: true },
        ] as const
      ).map((model) => ({ name, model, form: `(${model.order})(${model.seasonalOrder})` })),
    ),
  )(
    "$form, $name: the likelihood and the deviation are those of the values that are there",
    async ({ name, model }) => {
      const isThere = patterns[name] as (t: number) => boolean;
      const values = y.map((value, t) => (isThere(t) ? value : null));
      const { order, seasonalOrder, constant } = model;
      const fitted = await arima({
        order: [...order],
        seasonalOrder: [...seasonalOrder],
        seasonLength: 7,
        constant,
      }).fit(hourlyPanel(values), { horizon: 7 });
      const found = fitted.fits[0] as Record<string, number>;
      const [ar, seasonalMa] = [found["ar1"] ?? 0, found["seasonalMa1"] ?? 0];
      const ma = [found["ma1"] ?? 0, found["ma2"] ?? 0, 0, 0, 0, 0, seasonalMa];
      const exact = likelihoodOf(
        values.slice(values.findIndex((value) => value !== null)),
        autocovariances([ar], ma, y.length),
        found["drift"] ?? 0,
      );
      expect(found["logLikelihood"]).toBeCloseTo(exact.logLikelihood, 5);
      const parameters = order[0] + order[2] + seasonalOrder[2] + (constant ? 1 : 0);
      expect((found["deviation"] as number) ** 2).toBeCloseTo(exact.squares / (exact.count - parameters), 5);
      const spent = parameters + 1;
      expect(found["aicc"]).toBeCloseTo(
        -2 * exact.logLikelihood + 2 * spent + (2 * spent * (spent + 1)) / (exact.count - spent - 1),
        4,
      );
    },
  );
});
