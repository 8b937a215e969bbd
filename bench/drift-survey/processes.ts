// Processes that stay what they are: whatever is found in them is found wrongly.
import type { Random } from "@tsops/core";
import { ar1, arma, daily, garch, laplace, poisson, t3 } from "../harness/noise.ts";

/** Where windows lie: rows of the reference and of the current window, how far apart they are, and what the test is told of seasons. */
export interface Layout {
  readonly step: string;
  readonly reference: number;
  readonly current: number;
  readonly season: "auto" | readonly number[];
}

/** One kind of series; NaN and null are missing. */
export interface Process {
  readonly layout: Layout;
  readonly make: (random: Random, rows: number) => Float64Array | readonly (string | boolean | null)[];
}

const fourWeeks: Layout = { step: "1h", reference: 672, current: 168, season: [24] };
const hourly = (make: Process["make"], layout: Partial<Layout> = {}): Process => ({
  layout: { ...fourWeeks, ...layout },
  make,
});

type Numbers = (random: Random, rows: number) => Float64Array;
const withDay =
  (make: Numbers, amplitude = 1): Numbers =>
  (random, rows) =>
    make(random, rows).map((value, row) => value + amplitude * daily(row));
const white =
  (make: (random: Random, row: number) => number): Numbers =>
  (random, rows) =>
    Float64Array.from({ length: rows }, (_, row) => make(random, row));
const autoregression =
  (phi: number, shock?: (random: Random) => number): Numbers =>
  (random, rows) =>
    ar1(random, rows, phi, shock === undefined ? undefined : () => shock(random));
const missingAt =
  (make: Numbers, isMissing: (random: Random) => () => boolean): Numbers =>
  (random, rows) => {
    const values = make(random, rows);
    const missing = isMissing(random);
    return values.map((value) => (missing() ? Number.NaN : value));
  };

const exponential = (random: Random) => -Math.log(1 - random.uniform());
/** Gamma of shape 1/2 and mean 1/2. */
const gamma = (random: Random) => random.normal() ** 2 / 2;
const student = (random: Random, degrees: number) => {
  // A chi-square of fractional degrees by Marsaglia and Tsang's gamma.
  const d = degrees / 2 - 1 / 3;
  for (;;) {
    const x = random.normal();
    const v = (1 + x / Math.sqrt(9 * d)) ** 3;
    if (v > 0 && Math.log(random.uniform()) < x ** 2 / 2 + d - d * v + d * Math.log(v))
      return random.normal() / Math.sqrt((2 * d * v) / degrees);
  }
};

/** Normal shocks whose logarithmic spread is itself an autoregression: it stays high or low for some 1 / (1 - memory) hours. */
const stochasticVolatility =
  (memory: number, size: number, phi: number): Numbers =>
  (random, rows) => {
    let level = size * random.normal();
    return ar1(random, rows, phi, () => {
      level = memory * level + Math.sqrt(1 - memory * memory) * size * random.normal();
      return Math.exp(level) * random.normal();
    });
  };

/** States that last a number of steps on average. */
const states = (labels: readonly string[], stay: number) => (random: Random, rows: number) => {
  let at = random.integer(labels.length);
  return Array.from({ length: rows }, () => {
    if (random.uniform() < 1 / stay) at = random.integer(labels.length);
    return labels[at] as string;
  });
};

/** The sun's share of its height at noon, 0 at night; without the dust of rounding at sunrise. */
const sun = (row: number) => Math.max(0, Math.round(1000 * daily(row)) / 1000);

const labelOf = (value: number) => (value < -0.5 ? "low" : value < 0.7 ? "usual" : "high");
const weekly = (row: number) => (row % 7 >= 5 ? -1.5 : 0.6);

/** By name; the same names are seeds. */
export const processes: Readonly<Record<string, Process>> = {
  "AR 0": hourly(autoregression(0)),
  "AR 0.5": hourly(autoregression(0.5)),
  "AR 0.9": hourly(autoregression(0.9)),
  "AR 0.97": hourly(autoregression(0.97)),
  "AR -0.5": hourly(autoregression(-0.5)),
  "AR 0 + season": hourly(withDay(autoregression(0))),
  "AR 0.5 + season": hourly(withDay(autoregression(0.5))),
  "AR 0.9 + season": hourly(withDay(autoregression(0.9))),
  "ARMA(2,1) + season": hourly(
    withDay((random, rows) => arma(rows, [1.2, -0.3], [0.5], () => random.normal())),
  ),
  "AR(2), cycles of 60 h": hourly((random, rows) =>
    arma(rows, [2 * 0.95 * Math.cos((2 * Math.PI) / 60), -(0.95 ** 2)], [], () => random.normal()),
  ),
  "AR(4) + season": hourly(
    withDay((random, rows) => arma(rows, [0.4, 0.1, 0.1, 0.25], [], () => random.normal())),
  ),
  "AR 0.5 and 0.4 a day ago": hourly((random, rows) =>
    arma(rows, [0.5, ...new Array(22).fill(0), 0.4, -0.2], [], () => random.normal()),
  ),
  "long memory, d = 0.3": hourly((random, rows) => {
    const theta = [0.3];
    for (let lag = 2; lag <= 400; lag++) theta.push(((theta[lag - 2] as number) * (lag - 1 + 0.3)) / lag);
    return arma(rows, [], theta, () => random.normal());
  }),
  "AR 0.95 under as much white noise": hourly((random, rows) =>
    ar1(random, rows, 0.95).map((value) => value + random.normal()),
  ),
  "t3, AR 0.5 + season": hourly(withDay(autoregression(0.5, t3))),
  "t3, AR 0.9 + season": hourly(withDay(autoregression(0.9, t3))),
  "t of 2.5 degrees, AR 0.5": hourly(autoregression(0.5, (random) => student(random, 2.5))),
  "Laplace, AR 0.5 + season": hourly(withDay(autoregression(0.5, laplace))),
  "exponential shocks, AR 0.7": hourly(autoregression(0.7, exponential)),
  "uniform, independent": hourly(white((random) => random.uniform())),
  "two humps, AR 0.5": hourly((random, rows) =>
    ar1(random, rows, 0.5).map((value) => value + (random.uniform() < 0.5 ? 3 : -3)),
  ),
  "log-normal, independent, sigma 1.5": hourly(white((random) => Math.exp(1.5 * random.normal()))),
  "gamma of shape 1/2, independent": hourly(white(gamma)),
  "exp(AR 0.5 / 2 + season / 2)": hourly((random, rows) =>
    ar1(random, rows, 0.5).map((value, row) => Math.exp((value + daily(row)) / 2)),
  ),
  "exp(AR 0.9 + season / 2)": hourly((random, rows) =>
    ar1(random, rows, 0.9).map((value, row) => Math.exp(value + daily(row) / 2)),
  ),
  "GARCH(0.1, 0.85), AR 0.5 + season": hourly(
    withDay((random, rows) => arma(rows, [0.5], [], garch(random))),
  ),
  "GARCH(0.05, 0.94), AR 0.5": hourly((random, rows) => arma(rows, [0.5], [], garch(random, 0.05, 0.94))),
  "volatility that lasts half a day, AR 0.5": hourly(stochasticVolatility(0.92, 0.5, 0.5)),
  "volatility that lasts two days, AR 0.5": hourly(stochasticVolatility(0.98, 0.5, 0.5)),
  "volatility that lasts four days, AR 0.5": hourly(stochasticVolatility(0.99, 0.5, 0.5)),
  "calm and wild days take turns at random": hourly((random, rows) => {
    let isWild = false;
    return ar1(random, rows, 0.5, (row) => {
      if (row % 24 === 0) isWild = random.uniform() < 0.5;
      return random.normal() * (isWild ? 2 : 1);
    });
  }),
  "noise wider by day, AR 0.8 + season": hourly(
    withDay((random, rows) => arma(rows, [0.8], [], (row) => random.normal() * (1 + 0.5 * daily(row)))),
  ),
  "season and noise multiplied": hourly((random, rows) =>
    ar1(random, rows, 0.7).map((value, row) => 100 * (1.2 + 0.6 * daily(row)) * (1 + 0.1 * value)),
  ),
  "solar: zero at night, independent": hourly(
    white((random, row) => sun(row) * 50 * (0.3 + 0.7 * random.uniform())),
  ),
  "solar: zero at night, clouds AR 0.9": hourly((random, rows) =>
    ar1(random, rows, 0.9).map((value, row) => (sun(row) * 500) / (1 + Math.exp(value))),
  ),
  "solar: zero at night, cloudy days": hourly((random, rows) => {
    let cloud = 0;
    return Float64Array.from({ length: rows }, (_, row) => {
      if (row % 24 === 0) cloud = random.uniform(0.2, 1);
      return sun(row) * 500 * cloud * random.uniform(0.9, 1);
    });
  }),
  "spikes of 8 sd in 0.5 % of rows, AR 0.9": hourly((random, rows) =>
    ar1(random, rows, 0.9).map((value) => (random.uniform() < 0.005 ? value + 8 : value)),
  ),
  "spikes of 8 sd in 2 % of rows, AR 0.5": hourly((random, rows) =>
    ar1(random, rows, 0.5).map((value) => (random.uniform() < 0.02 ? value + 8 : value)),
  ),
  "bursts of 4 hours, AR 0.5": hourly((random, rows) => {
    let left = 0;
    return ar1(random, rows, 0.5).map((value) => {
      if (left > 0) left--;
      else if (random.uniform() < 0.01) left = 4;
      return left > 0 ? value + 5 : value;
    });
  }),
  "Poisson 0.3": hourly(white((random) => poisson(random, 0.3))),
  "Poisson 1": hourly(white((random) => poisson(random, 1))),
  "Poisson 5": hourly(white((random) => poisson(random, 5))),
  "Poisson of mean 40 with a season": hourly(
    white((random, row) => poisson(random, 40 * Math.exp(0.3 * daily(row)))),
  ),
  "Poisson, near zero at night": hourly(
    white((random, row) => poisson(random, 6 * Math.exp(1.5 * daily(row)) - 0.6)),
  ),
  "Poisson of rate exp(0.5 + 0.4 AR 0.9 + season / 6)": hourly((random, rows) =>
    ar1(random, rows, 0.9).map((value, row) =>
      poisson(random, Math.exp(0.5 + 0.4 * value + 0.25 * daily(row))),
    ),
  ),
  "Poisson of rate exp(0.3 AR 0.95)": hourly((random, rows) =>
    ar1(random, rows, 0.95).map((value) => poisson(random, Math.exp(0.3 * value))),
  ),
  "negative binomial, mean 4, shape 1": hourly(white((random) => poisson(random, 4 * exponential(random)))),
  "60 % zeros, exponential else": hourly(
    white((random) => (random.uniform() < 0.6 ? 0 : exponential(random))),
  ),
  "90 % zeros, counts else": hourly(white((random) => (random.uniform() < 0.9 ? 0 : 1 + poisson(random, 4)))),
  "84 % zeros: AR 0.9 over a threshold": hourly((random, rows) =>
    ar1(random, rows, 0.9).map((value) => Math.max(0, value - 1)),
  ),
  "rain: dry for two days, wet for six hours": hourly((random, rows) => {
    let isWet = false;
    return Float64Array.from({ length: rows }, () => {
      if (random.uniform() < (isWet ? 1 / 6 : 1 / 48)) isWet = !isWet;
      return isWet ? exponential(random) : 0;
    });
  }),
  "rounded to sd, AR 0.9 + season": hourly((random, rows) =>
    ar1(random, rows, 0.9).map((value, row) => Math.round(value + daily(row))),
  ),
  "prices of one decimal that often stay": hourly((random, rows) => {
    let price = 50;
    return Float64Array.from({ length: rows + 200 }, () => {
      if (random.uniform() < 0.2) price = Math.round(10 * (50 + 0.9 * (price - 50) + random.normal())) / 10;
      return price;
    }).subarray(200);
  }),
  "share that often is 100": hourly(white((random) => Math.min(100, Math.round(90 + 8 * random.normal())))),
  "a fifth missing, AR 0.9": hourly(missingAt(autoregression(0.9), (random) => () => random.uniform() < 0.2)),
  "missing for hours: 1 % of steps begin 8, AR 0.5": hourly(
    missingAt(autoregression(0.5), (random) => {
      let left = 0;
      return () => {
        if (left === 0 && random.uniform() < 0.01) left = 8;
        if (left === 0) return false;
        left--;
        return true;
      };
    }),
  ),
  "bool, independent": hourly((random, rows) => Array.from({ length: rows }, () => random.uniform() < 0.3)),
  "bool: AR 0.9 + season over a threshold": hourly((random, rows) =>
    Array.from(ar1(random, rows, 0.9), (value, row) => value + daily(row) / 2 > 0.5),
  ),
  "bool, true in 3 %": hourly((random, rows) => Array.from({ length: rows }, () => random.uniform() < 0.03)),
  "bool, by day only": hourly((random, rows) =>
    Array.from({ length: rows }, (_, row) => random.uniform() < 0.4 + 0.26 * daily(row)),
  ),
  "text: AR 0.95 cut into three labels": hourly((random, rows) =>
    Array.from(ar1(random, rows, 0.95), labelOf),
  ),
  "text: five labels, independent": hourly((random, rows) =>
    Array.from({ length: rows }, () => "abcde"[Math.floor(5 * random.uniform() ** 2)] as string),
  ),
  "text: four states of 12 h": hourly(states(["idle", "run", "wash", "stop"], 12)),
  "AR 0.9 + day + week, 8 weeks + 1": hourly(
    withDay((random, rows) =>
      ar1(random, rows, 0.9).map((value, row) => value + weekly(Math.floor(row / 24))),
    ),
    { reference: 8 * 168, season: [24, 168] },
  ),
  "AR 0.9 + day + week, 8 weeks + 1, auto": hourly(
    withDay((random, rows) =>
      ar1(random, rows, 0.9).map((value, row) => value + weekly(Math.floor(row / 24))),
    ),
    { reference: 8 * 168, season: "auto" },
  ),
  "t3, AR 0.5 + season, 12 weeks + 1, auto": hourly(withDay(autoregression(0.5, t3)), {
    reference: 12 * 168,
    season: "auto",
  }),
  "AR 0.9 + season, 4 weeks + 1 day": hourly(withDay(autoregression(0.9)), { current: 24 }),
  "AR 0.9 + season, 1 week + 1 week": hourly(withDay(autoregression(0.9)), { reference: 168 }),
  "bool: AR 0.9 over a threshold, 4 weeks + 1 day": hourly(
    (random, rows) => Array.from(ar1(random, rows, 0.9), (value) => value > 0.5),
    { current: 24 },
  ),
  "15 minutes, AR 0.95 + day, 4 weeks + 1, auto": hourly(
    (random, rows) => ar1(random, rows, 0.95).map((value, row) => value + daily(row / 4)),
    { step: "15m", reference: 4 * 672, current: 672, season: "auto" },
  ),
  "minutes, AR 0.98, 2 days + 6 h, no season": hourly(autoregression(0.98), {
    step: "1m",
    reference: 2880,
    current: 360,
    season: [],
  }),
  "days, AR 0.5 + week, 56 + 7, auto": hourly(
    (random, rows) => ar1(random, rows, 0.5).map((value, row) => value + weekly(row)),
    { step: "1d", reference: 56, current: 7, season: "auto" },
  ),
  "days, AR 0.5, 90 + 14, auto": hourly(autoregression(0.5), {
    step: "1d",
    reference: 90,
    current: 14,
    season: "auto",
  }),
  "days, Poisson 20 x week, 364 + 28, auto": hourly(
    white((random, row) => poisson(random, 20 * Math.exp(weekly(row) / 3))),
    { step: "1d", reference: 364, current: 28, season: "auto" },
  ),
  "days, bool AR 0.5 over a threshold, 56 + 7, auto": hourly(
    (random, rows) => Array.from(ar1(random, rows, 0.5), (value) => value > 0),
    { step: "1d", reference: 56, current: 7, season: "auto" },
  ),
  "weeks, AR 0.7, 104 + 13": hourly(autoregression(0.7), {
    step: "1w",
    reference: 104,
    current: 13,
    season: [],
  }),
  "months, AR 0.5 + year, 120 + 12, auto": hourly(
    (random, rows) => ar1(random, rows, 0.5).map((value, row) => value + daily(2 * row)),
    { step: "1mo", reference: 120, current: 12, season: "auto" },
  ),
};
