import { type Columns, columnsFromArrays, createRandom, float64, type Random, timestamp } from "@tsops/core";

/** Hourly processes that stay what they are: whatever is found in them is found wrongly. */
export const processes: Record<string, (random: Random) => (step: number) => number> = {
  "AR(1) 0.5": (random) => autoregression(random, 0.5),
  "AR(1) 0.9 and a daily season": (random) => {
    const next = autoregression(random, 0.9);
    return (step) => 20 + 5 * daily(step) + 2 * next();
  },
  "AR(1) 0.99": (random) => autoregression(random, 0.99),
  "heavy tails: t with 3 degrees of freedom": (random) => () => 10 + heavy(random),
  "log-normal AR(1) 0.8": (random) => {
    const next = autoregression(random, 0.8);
    return () => Math.exp(3 + next());
  },
  "log-normal, independent, sigma 1.5": (random) => () => Math.exp(random.normal(0, 1.5)),
  "counts, mean 3": (random) => () => poisson(random, 3),
  "counts with a daily season": (random) => (step) => poisson(random, 40 * (1.1 + daily(step)) ** 2),
  "intermittent: 90 % zeros": (random) => () => (random.uniform() < 0.9 ? 0 : 1 + poisson(random, 4)),
  "solar: zero at night": (random) => (step) =>
    Math.max(0, -daily(step)) * 50 * (0.3 + 0.7 * random.uniform()),
  "trend of 1 % a day, with a season": (random) => {
    const next = autoregression(random, 0.7);
    return (step) => 100 * (1 + step / 2400) + 20 * daily(step) + 3 * next();
  },
  "prices of one decimal that often stay": (random) => {
    let price = 50;
    return () => {
      if (random.uniform() < 0.2) price = Math.round(10 * (50 + 0.9 * (price - 50) + random.normal())) / 10;
      return price;
    };
  },
  "share that often is 100": (random) => () => Math.min(100, Math.round(90 + 8 * random.normal())),
};

function daily(step: number): number {
  return Math.cos((2 * Math.PI * step) / 24);
}

function autoregression(random: Random, coefficient: number): () => number {
  const size = Math.sqrt(1 - coefficient ** 2);
  let value = random.normal();
  return () => {
    value = coefficient * value + size * random.normal();
    return value;
  };
}

function heavy(random: Random): number {
  const squares = random.normal() ** 2 + random.normal() ** 2 + random.normal() ** 2;
  return random.normal() / Math.sqrt(squares / 3);
}

function poisson(random: Random, mean: number): number {
  let [count, left] = [0, Math.exp(-mean)];
  if (mean > 100) return Math.max(0, Math.round(random.normal(mean, Math.sqrt(mean))));
  for (let product = random.uniform(); product > left; product *= random.uniform()) count++;
  return count;
}

const hour = 3_600_000_000n;
const start = 1_704_067_200_000_000n; // Monday 2024-01-01T00:00Z

/** Hourly rows of a process. */
export function simulate(name: keyof typeof processes, length: number, seed: string): Columns {
  const next = (processes[name] as (random: Random) => (step: number) => number)(createRandom(seed));
  return columnsFromArrays(
    { at: timestamp(), y: float64() },
    {
      at: BigInt64Array.from({ length }, (_, i) => start + hour * BigInt(i)),
      y: Float64Array.from({ length }, (_, i) => next(i)),
    },
  );
}
