import { fc, test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { runFrom } from "../../../../test/run-from.ts";
import { createRandom } from "../../../random.ts";
import { localParts } from "../../local/local-forecaster.ts";
import { ets, localFitOf } from "./ets.ts";
import { type EtsForm, levelAt, numbersLength, seasonAt, trendAt } from "./form.ts";
import { etsLikelihood } from "./likelihood.ts";
import { formsOf } from "./select.ts";

/** The state space equations of Hyndman, Koehler, Ord & Snyder (2008), tables 2.2 and 2.3, form by form; an error that nobody knows is 0. */
function textbook(form: EtsForm, numbers: Float64Array, y: readonly number[], steps: number) {
  const [alpha, beta, gamma, phi] = numbers as unknown as [number, number, number, number];
  let l = numbers[levelAt] as number;
  let b = numbers[trendAt] as number;
  const season = [...numbers.subarray(seasonAt)];
  const isRelative = form.error === "multiplicative";
  const fitted: number[] = [];
  const mean: number[] = [];
  let [squares, logs, known] = [0, 0, 0];
  for (let t = 0; t < y.length + steps; t++) {
    const phase = t % form.seasonLength;
    const s = form.season === "none" ? 0 : (season[phase] as number);
    const q = l + phi * b;
    const mu = form.season === "multiplicative" ? q * s : q + s;
    (t < y.length ? fitted : mean).push(mu);
    const value = y[t] ?? Number.NaN;
    const e = Number.isNaN(value) ? 0 : isRelative ? (value - mu) / mu : value - mu;
    if (!Number.isNaN(value)) {
      known++;
      squares += e * e;
      logs += isRelative ? Math.log(Math.abs(mu)) : 0;
    }
    // What the error moves the level by; the trend and a summand move in proportion.
    const moved = form.season === "multiplicative" ? (isRelative ? q * e : e / s) : isRelative ? mu * e : e;
    l = q + alpha * moved;
    b = phi * b + beta * moved;
    if (form.season === "additive") season[phase] = s + gamma * moved;
    if (form.season === "multiplicative")
      season[phase] = isRelative ? s * (1 + gamma * e) : s + (gamma * e) / q;
  }
  return { fitted, mean, value: known * Math.log(squares) + 2 * logs };
}

const forms = (["additive", "multiplicative"] as const).flatMap((error) =>
  (["none", "additive", "multiplicative"] as const).flatMap((season) =>
    formsOf({ error, trend: "auto", damped: "auto", season, seasonLength: 4 }),
  ),
);
const rows = fc
  .record({
    seed: fc.integer({ min: 0, max: 10_000 }),
    length: fc.integer({ min: 9, max: 60 }),
    missing: fc.array(fc.integer({ min: 1, max: 59 }), { maxLength: 30 }),
    rates: fc.tuple(...[0, 1, 2, 3].map(() => fc.double({ min: 0.01, max: 0.6, noNaN: true }))),
  })
  .map(({ seed, length, missing, rates }) => {
    const random = createRandom(seed);
    const season = [0.9, 1.2, 1, 0.9];
    const y = Array.from({ length }, (_, t) =>
      missing.includes(t) ? Number.NaN : (50 + 0.3 * t) * (season[t % 4] as number) + random.normal(),
    );
    return { y, rates };
  });

describe.each(
  forms.map(
    (form) => [`${form.error}, ${form.trend}${form.damped ? " damped" : ""}, ${form.season}`, form] as const,
  ),
)("%s, with missing rows at any place,", (_, form) => {
  test.prop([rows], { numRuns: 20 })(
    "has the likelihood and the forecasts of the textbook's equations",
    ({ y, rates }) => {
      const numbers = new Float64Array(numbersLength(form));
      const [alpha, beta, gamma, damping] = rates as [number, number, number, number];
      const hasTrend = form.trend !== "none";
      const isFactor = form.season === "multiplicative";
      numbers.set([alpha, hasTrend ? alpha * beta : 0, form.season === "none" ? 0 : gamma]);
      numbers.set([form.damped ? 0.8 + 0.3 * damping : 1, 48, hasTrend ? 0.4 : 0], 3);
      if (form.season !== "none") numbers.set(isFactor ? [0.9, 1.2, 1, 0.9] : [-5, 10, 0, -5], seasonAt);
      const wanted = textbook(form, numbers, y, 9);
      const { value } = etsLikelihood(form, Float64Array.from(y), 0)(numbers, null);
      expect(value).toBeCloseTo(wanted.value, 8);
      const model = localParts(ets({ ...form }))?.model;
      if (model === undefined) throw new Error("ets is no local model.");
      const begin = localFitOf({ form, numbers, logLikelihood: value / -2, aicc: 0 });
      const found = runFrom(model, begin, y, 9, []);
      found.fitted.forEach((one, t) => {
        expect(one).toBeCloseTo(wanted.fitted[t] as number, 8);
      });
      found.mean.forEach((one, h) => {
        expect(one).toBeCloseTo(wanted.mean[h] as number, 8);
      });
    },
  );
});
