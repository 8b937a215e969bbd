// Replays of two years of hourly bike rentals: simple forecasts of the next day in pairs, every outcome added by itself and looked at.
import {
  addOutcomes,
  createRandom,
  type ExperimentState,
  experiment,
  type PairedOutcome,
  type Random,
} from "@tsops/core";
import { bikeSharing } from "@tsops/store/datasets";
import { dayMeans, endOn, peeksToPromotion, percent } from "./simulated.ts";

const hour = 3_600_000_000n;
const first = 24 * 35;
const year = 24 * 364;

/** Forecasts made at midnight for the 24 hours after it, from what was known then. */
const forecasts: Readonly<Record<string, (y: Float64Array, at: number) => number>> = {
  "last week": (y, at) => y[at - 168] as number,
  "four weeks": (y, at) => [1, 2, 3, 4].reduce((sum, week) => sum + (y[at - 168 * week] as number) / 4, 0),
  yesterday: (y, at) => y[at - 24] as number,
  "last week and yesterday": (y, at) => ((y[at - 168] as number) + (y[at - 24] as number)) / 2,
};

/** One pair, live, from the beginning of the data. */
export interface ReplayedPair {
  readonly champion: string;
  readonly challenger: string;
  readonly verdict: string;
  readonly because: string;
  readonly days: number;
  /** Mean absolute error over the two years, for comparison. */
  readonly championError: number;
  readonly challengerError: number;
}

/** Percent of replays of a year in which the two forecasts change names at random, so that neither is better. */
export interface SwappedFigures {
  readonly pair: string;
  /** Weeks between two changes of names. */
  readonly weeks: number;
  readonly replays: number;
  readonly falsePromotions: number;
  readonly falseByPeeking: number;
}

export async function measureReplays(repeats: number) {
  const { time, y } = await rentals();
  const losses = Object.fromEntries(
    Object.entries(forecasts).map(([name, forecast]) => [
      name,
      Float64Array.from({ length: y.length - first }, (_, i) =>
        Math.abs((y[first + i] as number) - forecast(y, first + i)),
      ),
    ]),
  );
  const names = Object.keys(forecasts);
  const pairs = names.flatMap((champion) =>
    names.filter((name) => name !== champion).map((challenger) => ({ champion, challenger })),
  );
  const live = pairs.map(({ champion, challenger }): ReplayedPair => {
    const [ours, theirs] = [losses[champion] as Float64Array, losses[challenger] as Float64Array];
    const state = replay(ours, theirs, time.subarray(first));
    const row = {
      champion,
      challenger,
      verdict: state.end?.verdict ?? "undecided",
      because: state.end?.because ?? "",
      days: state.closed.length,
      championError: mean(ours),
      challengerError: mean(theirs),
    };
    console.log(JSON.stringify(row));
    return row;
  });
  const twins = measureTwins(y, repeats);
  const swapped = pairs
    .filter(({ champion, challenger }) => champion < challenger)
    .flatMap(({ champion, challenger }) =>
      [1, 4].map((weeks): SwappedFigures => {
        const [ours, theirs] = [losses[champion] as Float64Array, losses[challenger] as Float64Array];
        const difference = theirs.map((loss, i) => loss - (ours[i] as number));
        const random = createRandom(`${champion}/${challenger}/${weeks}`);
        let [promoted, peeked] = [0, 0];
        for (let i = 0; i < repeats; i++) {
          const means = dayMeans(swap(random, difference, weeks));
          if (endOn(means).end?.verdict === "promote") promoted++;
          if (i < repeats / 5 && peeksToPromotion(means)) peeked++;
        }
        const row = {
          pair: `${champion}, ${challenger}`,
          weeks,
          replays: repeats,
          falsePromotions: percent(promoted, repeats),
          falseByPeeking: percent(peeked, repeats / 5),
        };
        console.log(JSON.stringify(row));
        return row;
      }),
    );
  return { live, twins, swapped };
}

/** Percent of replays of a year of two forecasts that are equally good: one and the same, each with errors of its own that last for days. */
export interface TwinFigures {
  /** Autocorrelation of a twin's own error from day to day; its standard deviation is 10 % of the forecast. */
  readonly autocorrelation: number;
  readonly replays: number;
  readonly falsePromotions: number;
  readonly falseByPeeking: number;
}

function measureTwins(y: Float64Array, repeats: number): readonly TwinFigures[] {
  const forecast = forecasts["four weeks"] as (values: Float64Array, at: number) => number;
  return [0, 0.5, 0.8].map((autocorrelation): TwinFigures => {
    const random = createRandom(`twins ${autocorrelation}`);
    let [promoted, peeked] = [0, 0];
    for (let i = 0; i < repeats; i++) {
      const start = first + 168 * random.integer(Math.floor((y.length - first - year) / 168));
      const own = [random, random].map((drawn) => persistentDays(drawn, autocorrelation));
      const difference = Float64Array.from({ length: year }, (_, hourOfYear) => {
        const at = start + hourOfYear;
        const [champion, challenger] = own.map((errors) =>
          Math.abs(
            (y[at] as number) - forecast(y, at) * (1 + 0.1 * (errors[Math.floor(hourOfYear / 24)] as number)),
          ),
        );
        return (challenger as number) - (champion as number);
      });
      const means = dayMeans(difference);
      if (endOn(means).end?.verdict === "promote") promoted++;
      if (i < repeats / 5 && peeksToPromotion(means)) peeked++;
    }
    const row = {
      autocorrelation,
      replays: repeats,
      falsePromotions: percent(promoted, repeats),
      falseByPeeking: percent(peeked, repeats / 5),
    };
    console.log(JSON.stringify(row));
    return row;
  });
}

function persistentDays(random: Random, phi: number): Float64Array {
  let level = random.normal();
  return Float64Array.from({ length: year / 24 }, () => {
    level = phi * level + Math.sqrt(1 - phi * phi) * random.normal();
    return level;
  });
}

async function rentals(): Promise<{ readonly time: BigInt64Array; readonly y: Float64Array }> {
  const { at, users } = (await bikeSharing()).data;
  return { time: at.values, y: users.values };
}

/** Every hour's outcome by itself, as it comes. */
function replay(champion: Float64Array, challenger: Float64Array, time: BigInt64Array): ExperimentState {
  let state = experiment({ subject: "bikes", champion: "old", challenger: "new", zone: "-05:00" });
  for (let i = 0; i < champion.length && state.end === null; i++) {
    const midnight = (time[Math.floor(i / 24) * 24] as bigint) - hour;
    const outcome: PairedOutcome = {
      id: String(i),
      cutoff: midnight,
      time: time[i] as bigint,
      championLoss: champion[i] as number,
      challengerLoss: challenger[i] as number,
    };
    state = addOutcomes(state, [outcome], { clock: { now: () => outcome.time } });
  }
  return state;
}

/** A year from a random week on, in which the two change names or not at the beginning of each stretch. */
function swap(random: Random, difference: Float64Array, weeks: number): Float64Array {
  const start = 168 * random.integer(Math.floor((difference.length - year) / 168));
  let sign = 1;
  return Float64Array.from({ length: year }, (_, i) => {
    if (i % (168 * weeks) === 0) sign = random.uniform() < 0.5 ? -1 : 1;
    return sign * (difference[start + i] as number);
  });
}

function mean(values: Float64Array): number {
  return Number((values.reduce((sum, value) => sum + value, 0) / values.length).toFixed(2));
}
