// How often the whole gate promotes when every model is equally good, and when one of the candidates is better: losses of three series
// with autocorrelation from fold to fold, one candidate and five.
import { createRandom, type GateModel, gate, gateCandidates, type Random } from "@tsops/core";
import { persistent } from "./persistent.ts";

const keys = ["a", "b", "c"];
const day = 86_400_000_000n;
const clock = { now: () => 0n };

/** A model whose losses are 10 on average, with a standard deviation of 1 for each series. */
function modelOf(name: string, random: Random, folds: number, phi: number, shift: number): GateModel {
  const length = folds * keys.length;
  const losses = keys.map(() => persistent(random, phi));
  return {
    name,
    backtest: {
      series: keys.map((key) => ({ key })),
      seriesIndex: Int32Array.from({ length }, (_, i) => i % keys.length),
      step: new Int32Array(length).fill(1),
      cutoff: BigInt64Array.from({ length }, (_, i) => day * BigInt(Math.floor(i / keys.length))),
      time: BigInt64Array.from({ length }, (_, i) => day * BigInt(Math.floor(i / keys.length) + 1)),
      y: new Float64Array(length),
      mean: Float64Array.from({ length }, (_, i) => 10 + shift + (losses[i % keys.length] as () => number)()),
      quantiles: [],
    },
  };
}

/** Percent of promotions. `power`: one candidate is better by 0.5 standard deviations of a series' loss. */
export interface CandidateFigures {
  readonly autocorrelation: number;
  readonly folds: number;
  readonly candidates: number;
  readonly falsePromotions: number;
  /** By the model confidence set alone: the champion falls out of it. */
  readonly falseBySetAlone: number;
  readonly power: number;
  /** Percent of promotions of a candidate that is equally good when 2 % worse is allowed: losses of 10. */
  readonly nonInferior: number;
}

export function measureCandidates(repeats: number): readonly CandidateFigures[] {
  const figures: CandidateFigures[] = [];
  for (const phi of [0, 0.5, 0.8])
    for (const folds of [14, 28, 60])
      for (const count of [1, 5]) {
        const random = createRandom(`${phi}/${folds}/${count}`);
        const counts = { falsePromotions: 0, falseBySetAlone: 0, power: 0, nonInferior: 0 };
        for (let repeat = 0; repeat < repeats; repeat++) {
          const champion = modelOf("champion", random, folds, phi, 0);
          const candidates = Array.from({ length: count }, (_, i) => modelOf(`c${i}`, random, folds, phi, 0));
          const decide = (models: readonly GateModel[], minImprovement = 0) => {
            const shared = { subject: "bench", champion, minImprovement, clock, requestedBy: "bench" };
            const [first] = models;
            return count === 1
              ? { ...gate({ ...shared, candidate: first as GateModel }), set: null }
              : (() => {
                  const decision = gateCandidates({ ...shared, candidates: models });
                  return { ...decision, set: decision.evidence.modelConfidenceSet };
                })();
          };
          const equal = decide(candidates);
          if (equal.verdict === "promote") counts.falsePromotions++;
          if (equal.set !== null && !equal.set.included.includes("champion")) counts.falseBySetAlone++;
          const better = [modelOf("better", random, folds, phi, -0.5), ...candidates.slice(1)];
          if (decide(better).verdict === "promote") counts.power++;
          if (decide(candidates, -0.02).verdict === "promote") counts.nonInferior++;
        }
        const percent = (n: number) => Number(((100 * n) / repeats).toFixed(1));
        const row = {
          autocorrelation: phi,
          folds,
          candidates: count,
          falsePromotions: percent(counts.falsePromotions),
          falseBySetAlone: count === 1 ? Number.NaN : percent(counts.falseBySetAlone),
          power: percent(counts.power),
          nonInferior: percent(counts.nonInferior),
        };
        console.log(JSON.stringify(row));
        figures.push(row);
      }
  return figures;
}
