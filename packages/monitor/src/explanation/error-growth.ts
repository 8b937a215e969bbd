import {
  checkList,
  checkOptions,
  checkWord,
  createRandom,
  type FeatureMatrix,
  type GateLoss,
  gbdt,
  type Interval,
  type Random,
  type Regressor,
  type Seed,
  shown,
  studentTQuantile,
  TsopsError,
} from "@tsops/core";
import { meanOf } from "../drift/model/innovation-moments.ts";
import { checkJoined } from "../performance/check-joined.ts";
import type { JoinedOutcomes } from "../performance/join-outcomes.ts";
import type { RowChoice } from "../performance/pick-rows.ts";
import { type LossRows, lossRows } from "./feature-rows.ts";

/** How to explain why errors grew. */
export interface ErrorGrowthOptions extends Pick<RowChoice, "role" | "modelVersion"> {
  /** Carried columns (see `joinOutcomes`), and `"step"` for the horizon step. */
  readonly features: readonly string[];
  /** When errors were as they should be, and when they had grown: by predicted time, half-open. */
  readonly reference: Interval;
  readonly current: Interval;
  /** Default `"absolute"`. */
  readonly loss?: GateLoss;
  /** Learns how large the loss of a row is from its features, on the reference. Default: small boosted trees. */
  readonly regressor?: Regressor;
  /** Says so without learning: one expected loss per row. In place of `regressor`. */
  readonly predictLoss?: (x: FeatureMatrix) => Float64Array;
  /**
   * `exchange` (default): Shapley values of taking feature by feature from the current rows instead of the reference's. `shap`: the difference
   * of mean TreeSHAP values, for fitted regressors that have `shap` (gbdt): faster, and credit among features that depend on each other is given
   * differently.
   */
  readonly method?: "exchange" | "shap";
  readonly seed?: Seed;
  readonly signal?: AbortSignal;
}

/** What one feature adds to the error's growth. */
export interface FeatureContribution {
  readonly feature: string;
  /** In the unit of the loss: positive where the feature's change made errors larger. */
  readonly contribution: number;
  /**
   * 95 % interval, from how much it differs between 20 stretches of the current rows and of the reference, and between expectations learnt without
   * one tenth of the reference each.
   */
  readonly interval: readonly [lower: number, upper: number];
  /** Of the whole growth; NaN where errors did not grow. */
  readonly share: number;
  /** Mean of the feature; of texts NaN. */
  readonly referenceMean: number;
  readonly currentMean: number;
}

/** Why errors grew, as far as features tell. */
export interface ErrorGrowth {
  readonly referenceLoss: number;
  readonly currentLoss: number;
  readonly growth: number;
  /** The part of the growth that the features' change explains: the sum of the contributions. */
  readonly explained: number;
  /** The rest: what the target does with the same features has changed, or the features do not hold the reason. */
  readonly unexplained: number;
  /** Share of the variance of the reference's losses that the features explain on stretches that were not learnt from; NaN with `predictLoss`. */
  readonly skill: number;
  /** Whether the features tell anything of the loss: without, contributions are noise. */
  readonly usable: boolean;
  /** Largest first. */
  readonly features: readonly FeatureContribution[];
  readonly sentence: string;
}

const stretches = 20;
/** Parts of the reference that the expected loss is learnt without, one at a time. */
const folds = 10;
/** Fewest rows on either side. */
const fewest = 2 * stretches;

/**
 * Says which features' drift explains the growth of the error.
 *
 * How large a loss is expected from its features is learnt on the reference. What that expectation is for the current rows more than for the reference's is the
 * part that the features' change explains, and it is divided among them by Shapley values: the contributions add up to it. What remains is the part that
 * happened with the features as they were. The features' effect is that of the reference: values which it never had are judged by the nearest it had.
 * Source: Budhathoki, Janzing, Bloebaum & Ng (2021), "Why did the distribution change?", AISTATS 130; Lundberg, Erion & Lee (2018) for `shap`.
 * @throws TsopsError MONITOR_INVALID when features are not there, a stretch has fewer than 40 rows with an outcome, or the method needs what the model lacks
 */
export async function explainErrorGrowth(
  joined: JoinedOutcomes,
  options: ErrorGrowthOptions,
): Promise<ErrorGrowth> {
  checkJoined("explainErrorGrowth()", joined);
  checkOptions("MONITOR_INVALID", "explainErrorGrowth()", options, {
    features: true,
    reference: true,
    current: true,
    loss: true,
    regressor: true,
    predictLoss: true,
    method: true,
    seed: true,
    signal: true,
    role: true,
    modelVersion: true,
  });
  const { features, loss = "absolute", method = "exchange", seed = 1 } = options;
  checkList("MONITOR_INVALID", "features", features);
  if (features.length === 0)
    throw new TsopsError("MONITOR_INVALID", "No features were named.", {
      hint: 'Write features: ["temp", "step"], with the columns that joinOutcomes carried.',
      details: { option: "features" },
    });
  checkWord("MONITOR_INVALID", "loss", loss, ["absolute", "squared", "pinball"]);
  checkWord("MONITOR_INVALID", "method", method, ["exchange", "shap"]);
  const choice = {
    ...(options.role === undefined ? {} : { role: options.role }),
    ...(options.modelVersion === undefined ? {} : { modelVersion: options.modelVersion }),
  };
  const sides = (["reference", "current"] as const).map((name) => ({
    ...choice,
    ...boundsOf(name, options[name]),
  }));
  const [reference, current] = lossRows(joined, features, sides, loss) as [LossRows, LossRows];
  refuseFew({ reference, current });
  const { learnt, skill } = await lossModels(reference, options);
  if (method === "shap" && learnt.some(({ shap }) => shap === null))
    throw new TsopsError(
      "MONITOR_INVALID",
      'The method "shap" needs a regressor whose fit has shap(), as gbdt has.',
      {
        hint: 'Leave out `regressor` and `predictLoss`, or take method: "exchange".',
        details: { option: "method" },
      },
    );
  // The same pairs of rows for each, so that they differ by what was learnt alone.
  const [parts, ...others] = learnt.map(({ predict, shap }) =>
    method === "shap"
      ? shapParts(reference.x, current.x, shap as ShapOf)
      : exchangeParts(reference.x, current.x, predict, createRandom(seed)),
  ) as [Parts, ...Parts[]];
  return growthOf(reference, current, parts, others, skill);
}

function boundsOf(name: string, stretch: Interval): { readonly from: bigint; readonly to: bigint } {
  const { start, end } = Object(stretch) as Partial<Interval>;
  if (typeof start === "bigint" && typeof end === "bigint" && start < end) return { from: start, to: end };
  throw new TsopsError(
    "MONITOR_INVALID",
    `The ${name} is no stretch of time: it goes from ${shown(start)} to ${shown(end)}.`,
    {
      hint: "Give { start, end } in microseconds UTC, e.g. interval(toMicros(...), toMicros(...)).",
      details: { option: name },
    },
  );
}

function refuseFew(sides: Readonly<Record<string, LossRows>>): void {
  for (const [name, { loss }] of Object.entries(sides))
    if (loss.length < fewest)
      throw new TsopsError(
        "MONITOR_INVALID",
        `The ${name} has ${loss.length} rows with an outcome; ${fewest} are needed to explain anything.`,
        { hint: "Take a longer stretch.", details: { option: name, rows: loss.length } },
      );
}

type ShapOf = (x: FeatureMatrix) => { readonly values: readonly Float64Array[] };

/** What is expected of the loss. */
interface LossModel {
  readonly predict: (x: FeatureMatrix) => Float64Array;
  readonly shap: ShapOf | null;
}

/** Learnt on the whole reference, then without one part of it after the other; and how well these foretell the part that they lack. */
async function lossModels(
  { x, loss }: LossRows,
  { regressor, predictLoss, seed = 1, signal }: ErrorGrowthOptions,
): Promise<{ readonly learnt: readonly LossModel[]; readonly skill: number }> {
  if (predictLoss !== undefined) return { learnt: [{ predict: predictLoss, shap: null }], skill: Number.NaN };
  const learner =
    regressor ??
    gbdt({
      trees: 60,
      learningRate: 0.05,
      leaves: 4,
      minLeafRows: Math.max(10, Math.floor(x.rows / 20)),
      seed,
    });
  const learn = async (rows: readonly number[]): Promise<LossModel> => {
    const losses = Float64Array.from(rows, (row) => loss[row] as number);
    const fitted = await learner.fit(takeRows(x, rows), losses, signal === undefined ? {} : { signal });
    const shap = "shap" in fitted && typeof fitted.shap === "function" ? (fitted.shap as ShapOf) : null;
    return { predict: (given) => fitted.predict(given), shap };
  };
  const learnt = [await learn(range(0, x.rows))];
  let wrong = 0;
  let spread = 0;
  for (let fold = 0; fold < folds; fold++) {
    const [from, to] = [0, 1].map((end) => Math.floor(((fold + end) * x.rows) / folds)) as [number, number];
    const others = [...range(0, from), ...range(to, x.rows)];
    const model = await learn(others);
    learnt.push(model);
    const predicted = model.predict(takeRows(x, range(from, to)));
    const centre = meanOf(Float64Array.from(others, (row) => loss[row] as number));
    range(from, to).forEach((row, i) => {
      wrong += ((loss[row] as number) - (predicted[i] as number)) ** 2;
      spread += ((loss[row] as number) - centre) ** 2;
    });
  }
  return { learnt, skill: spread === 0 ? 0 : 1 - wrong / spread };
}

/** The mean contribution of each feature, by stretch of the current rows and by stretch of the reference. */
type Parts = readonly { readonly current: Float64Array; readonly reference: Float64Array }[];

function shapParts(reference: FeatureMatrix, current: FeatureMatrix, shap: ShapOf): Parts {
  const before = shap(reference).values;
  return shap(current).values.map((values, feature) => {
    const ofReference = before[feature] as Float64Array;
    const [mean, meanBefore] = [meanOf(values), meanOf(ofReference)];
    return {
      current: stretchMeans(values.map((value) => value - meanBefore)),
      reference: stretchMeans(ofReference.map((value) => mean - value)),
    };
  });
}

/** Pairs of rows that are walked from the reference to the current, feature by feature, in both directions of a random order. */
const fewestPairs = 1500;

function exchangeParts(
  reference: FeatureMatrix,
  current: FeatureMatrix,
  predict: (x: FeatureMatrix) => Float64Array,
  random: Random,
): Parts {
  const rounds = Math.ceil(fewestPairs / current.rows);
  const partners = random.shuffle(range(0, reference.rows));
  const width = current.columns.length;
  const moved = current.columns.map(() => new Float64Array(current.rows));
  const movedFrom = current.columns.map(() => new Float64Array(reference.rows));
  const timesFrom = new Float64Array(reference.rows);
  const places = range(0, current.rows);
  for (let round = 0; round < 2 * rounds; round++) {
    const offset = Math.floor((round >> 1) * (reference.rows / rounds));
    const pairs = places.map((row) => partners[(row + offset) % reference.rows] as number);
    for (const row of pairs) timesFrom[row] = (timesFrom[row] as number) + 2;
    const order = random.shuffle(range(0, width));
    for (const way of [order, [...order].reverse()]) {
      let mixed = takeRows(reference, pairs);
      let last = predict(mixed);
      for (const feature of way) {
        mixed = {
          ...mixed,
          columns: mixed.columns.map((column, i) =>
            i === feature ? (current.columns[i] as typeof column) : column,
          ),
        };
        const now = predict(mixed);
        const sums = moved[feature] as Float64Array;
        const sumsFrom = movedFrom[feature] as Float64Array;
        now.forEach((value, row) => {
          const step = value - (last[row] as number);
          const from = pairs[row] as number;
          sums[row] = (sums[row] as number) + step / (4 * rounds);
          sumsFrom[from] = (sumsFrom[from] as number) + step;
        });
        last = now;
      }
    }
  }
  const times = stretchMeans(timesFrom);
  return moved.map((sums, feature) => ({
    current: stretchMeans(sums),
    reference: stretchMeans(movedFrom[feature] as Float64Array).map((sum, i) => sum / (times[i] as number)),
  }));
}

/** Means of 20 stretches of equal length. */
function stretchMeans(values: Float64Array): Float64Array {
  return Float64Array.from({ length: stretches }, (_, i) =>
    meanOf(
      values.subarray(
        Math.floor((i * values.length) / stretches),
        Math.floor(((i + 1) * values.length) / stretches),
      ),
    ),
  );
}

function growthOf(
  reference: LossRows,
  current: LossRows,
  parts: Parts,
  others: readonly Parts[],
  skill: number,
): ErrorGrowth {
  const referenceLoss = meanOf(reference.loss);
  const currentLoss = meanOf(current.loss);
  const growth = currentLoss - referenceLoss;
  const features = parts.map((part, i): FeatureContribution => {
    const contribution = meanOf(part.current);
    // The jackknife that leaves out groups: Efron & Tibshirani (1993), An Introduction to the Bootstrap, 11.5.
    const learnt = others.map((other) => meanOf((other[i] as Parts[number]).current));
    const ofLearning = learnt.length === 0 ? 0 : (folds - 1) * squareOf(Float64Array.from(learnt));
    const ofRows = (squareOf(part.current) + squareOf(part.reference)) / (stretches - 1);
    const variance = ofRows + ofLearning;
    // Degrees of freedom of a sum of estimated variances: Satterthwaite (1946).
    const degrees = variance ** 2 / (ofRows ** 2 / (stretches - 1) + ofLearning ** 2 / (folds - 1));
    const margin = variance > 0 ? studentTQuantile(0.975, degrees) * Math.sqrt(variance) : 0;
    const [before, after] = [reference, current].map(({ x }) => x.columns[i]);
    return {
      feature: before?.name ?? "",
      contribution,
      interval: [contribution - margin, contribution + margin],
      share: growth > 0 ? contribution / growth : Number.NaN,
      referenceMean: before?.kind === "numeric" ? presentMean(before.values) : Number.NaN,
      currentMean: after?.kind === "numeric" ? presentMean(after.values) : Number.NaN,
    };
  });
  features.sort((a, b) => b.contribution - a.contribution);
  const explained = features.reduce((sum, { contribution }) => sum + contribution, 0);
  const usable = !(skill <= 0);
  const result = {
    referenceLoss,
    currentLoss,
    growth,
    explained,
    unexplained: growth - explained,
    skill,
    usable,
    features,
  };
  return { ...result, sentence: sentenceOf(result) };
}

/** Mean squared distance from the mean; values that are NaN, of stretches that no pair fell into, count as the mean. */
function squareOf(values: Float64Array): number {
  const there = values.filter((value) => !Number.isNaN(value));
  const mean = meanOf(there);
  return there.reduce((sum, value) => sum + (value - mean) ** 2, 0) / there.length;
}

function sentenceOf({
  referenceLoss,
  currentLoss,
  growth,
  explained,
  usable,
  features,
}: Omit<ErrorGrowth, "sentence">): string {
  const figure = (value: number) => Number(value.toPrecision(3));
  const begin = `The error went from ${figure(referenceLoss)} to ${figure(currentLoss)}`;
  if (!usable)
    return `${begin}; the features tell nothing of how large errors are, so they cannot explain it.`;
  if (!(growth > 0)) return `${begin}: it did not grow.`;
  const leaders = features
    .filter(({ contribution, interval }) => interval[0] > 0 && contribution > 0.05 * growth)
    .slice(0, 3)
    .map(({ feature, share }) => `${feature} ${Math.round(100 * share)} %`);
  const part = Math.round((100 * explained) / growth);
  return leaders.length === 0
    ? `${begin}; no feature's change explains a part of it beyond chance.`
    : `${begin}; changed features explain ${part} % of the growth: ${leaders.join(", ")}.`;
}

function takeRows(x: FeatureMatrix, rows: readonly number[]): FeatureMatrix {
  return {
    rows: rows.length,
    columns: x.columns.map((column) => ({
      ...column,
      values: Float64Array.from(rows, (row) => column.values[row] as number),
    })),
  };
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, i) => from + i);
}

function presentMean(values: Float64Array): number {
  return meanOf(values.filter((value) => !Number.isNaN(value)));
}
