import {
  checkMethods,
  checkOptions,
  createRandom,
  type FeatureColumn,
  type FeatureMatrix,
  gbdt,
  normalSurvival,
  type Random,
  type Regressor,
  type Seed,
  shown,
  TsopsError,
  throwIfAborted,
} from "@tsops/core";
import { areaUnderCurve } from "./area-under-curve.ts";

/** How to learn to tell two windows apart. */
export interface DomainClassifierOptions {
  /** Learns 0 for the reference and 1 for the current window. Default: `gbdt` of 50 trees with at most 15 leaves. */
  readonly regressor?: Regressor;
  /** Parts of time, each predicted by a model of the others, at least 2. Default 5. */
  readonly folds?: number;
  /** Rows that are kept together. Default: the smaller window in twice as many blocks as folds. */
  readonly blockRows?: number;
  /**
   * Regroupings of whole blocks that make the p-value; each takes as many fits as there are folds. Default 0: Mann-Whitney's p-value, which
   * assumes independent rows.
   */
  readonly permutations?: number;
  /** Default 0. */
  readonly seed?: Seed;
  readonly signal?: AbortSignal;
}

/** What `domainClassifier` found. */
export interface DomainClassifierResult {
  /** Area under the curve on rows that the models have not seen: 0.5 when the windows look the same, 1 when they can be told apart. */
  readonly statistic: number;
  /** One-sided: how likely such an AUC is when nothing changed. */
  readonly pValue: number;
  readonly method: "mann-whitney" | "permutation";
  readonly folds: readonly number[];
  /** What the AUC loses when a column is shuffled among the unseen rows: what tells the windows apart, the most important first. */
  readonly importance: readonly { readonly column: string; readonly loss: number }[];
}

/**
 * Classifier two-sample test: a model is trained to tell reference rows from current ones, and judged by the AUC on rows it has not seen. It sees differences
 * of many columns together, and says which columns show them.
 *
 * Rows are in time order. Each window is cut into blocks, and neighbouring blocks are one fold, so that a row is never predicted by a model that knows the hours
 * beside it; both windows weigh the same. The AUC is taken within folds, whose models' scores do not compare, and averaged by pairs of rows.
 *
 * Mann-Whitney's p-value assumes independent rows: on autocorrelated ones it is far too small. With `permutations` whole blocks are regrouped, which holds
 * as far as blocks are exchangeable: longer than the correlation, without a season or trend of their own. For a decision on each column use `driftTest`.
 *
 * Source: D. Lopez-Paz, M. Oquab (2017), "Revisiting classifier two-sample tests", ICLR.
 * @throws TsopsError MONITOR_INVALID when a window has fewer blocks than folds, or other columns than the other; what the regressor throws.
 */
export async function domainClassifier(
  reference: FeatureMatrix,
  current: FeatureMatrix,
  options: DomainClassifierOptions = {},
): Promise<DomainClassifierResult> {
  checkOptions("MONITOR_INVALID", "domainClassifier()", options, {
    regressor: true,
    folds: true,
    blockRows: true,
    permutations: true,
    seed: true,
    signal: true,
  });
  const { folds = 5, permutations = 0, seed = 0, signal } = options;
  const regressor = options.regressor ?? gbdt({ trees: 50, leaves: 15, seed });
  checkMethods("MONITOR_INVALID", "The regressor", regressor, ["fit"], "Call its factory: gbdt().");
  checkWhole("folds", folds, 2);
  checkWhole("permutations", permutations, 0);
  const pooled = pool(reference, current);
  const blockRows =
    options.blockRows ?? Math.max(1, Math.floor(Math.min(reference.rows, current.rows) / (2 * folds)));
  checkWhole("blockRows", blockRows, 1);
  const [before, now] = [reference, current].map(({ rows }) => Math.floor(rows / blockRows)) as [
    number,
    number,
  ];
  if (Math.min(before, now) < folds)
    throw new TsopsError(
      "MONITOR_INVALID",
      `${folds} folds need ${folds} blocks of ${blockRows} rows in each window; they have ${before} and ${now}.`,
      {
        hint: "Give longer windows, fewer folds or shorter blocks.",
        details: { reference: before, current: now },
      },
    );
  const blocks = blocksOf(reference.rows, current.rows, before, now);
  const random = createRandom(seed);
  const truth = blocks.map((_, block) => block >= before);
  const work = { pooled, blocks, folds, regressor, signal };
  const { auc, variance, aucs, losses } = await judged(work, truth, random.fork("importance"));
  const importance = pooled.columns
    .map(({ name }, c) => ({ column: name, loss: losses[c]! }))
    .sort((a, b) => b.loss - a.loss);
  if (permutations === 0) {
    const pValue = variance > 0 ? normalSurvival((auc - 0.5) / Math.sqrt(variance)) : 1;
    return { statistic: auc, pValue, method: "mann-whitney", folds: aucs, importance };
  }
  let asLarge = 1;
  const shuffling = random.fork("permutations");
  for (let i = 0; i < permutations; i++) {
    const regrouped = await judged(work, shuffling.shuffle([...truth]), null);
    if (regrouped.auc >= auc) asLarge++;
  }
  const pValue = asLarge / (permutations + 1);
  return { statistic: auc, pValue, method: "permutation", folds: aucs, importance };
}

interface Work {
  readonly pooled: FeatureMatrix;
  /** Rows [start, end) of each block, in order. */
  readonly blocks: readonly (readonly [start: number, end: number])[];
  readonly folds: number;
  readonly regressor: Regressor;
  readonly signal: AbortSignal | undefined;
}

/** Cross-validates one grouping of the blocks. Importances are measured where there is randomness for them. */
async function judged(
  { pooled, blocks, folds, regressor, signal }: Work,
  isCurrent: readonly boolean[],
  random: Random | null,
): Promise<{ auc: number; variance: number; aucs: number[]; losses: Float64Array }> {
  const foldOf = foldsOf(isCurrent, folds);
  const rowsWhere = (holds: (block: number) => boolean): Uint32Array =>
    Uint32Array.from(blocks.flatMap(([start, end], block) => (holds(block) ? range(start, end) : [])));
  const aucs: number[] = [];
  const losses = new Float64Array(pooled.columns.length);
  let [weighted, variance, pairs] = [0, 0, 0];
  for (let fold = 0; fold < folds; fold++) {
    throwIfAborted(signal);
    const known = [false, true].map((now) =>
      rowsWhere((block) => foldOf[block] !== fold && isCurrent[block] === now),
    ) as [Uint32Array, Uint32Array];
    const unseen = [false, true].map((now) =>
      rowsWhere((block) => foldOf[block] === fold && isCurrent[block] === now),
    ) as [Uint32Array, Uint32Array];
    const [n, m] = [known[0].length, known[1].length];
    const y = new Float64Array(n + m).fill(1, n);
    const weights = new Float64Array(n + m).fill((n + m) / (2 * n), 0, n).fill((n + m) / (2 * m), n);
    const model = await regressor.fit(taken(pooled, [...known[0], ...known[1]]), y, {
      weights,
      ...(signal === undefined ? {} : { signal }),
    });
    const test = taken(pooled, [...unseen[0], ...unseen[1]]);
    const score = (matrix: FeatureMatrix) => {
      const scores = model.predict(matrix);
      return areaUnderCurve(scores.subarray(0, unseen[0].length), scores.subarray(unseen[0].length));
    };
    const { auc, nullVariance } = score(test);
    const weight = unseen[0].length * unseen[1].length;
    aucs.push(auc);
    weighted += weight * auc;
    variance += weight ** 2 * nullVariance;
    pairs += weight;
    if (random !== null)
      test.columns.forEach((column, c) => {
        const shuffled = { ...column, values: random.shuffle(column.values.slice()) };
        const columns = test.columns.map((other, d) => (d === c ? shuffled : other));
        losses[c]! += weight * (auc - score({ ...test, columns }).auc);
      });
  }
  return {
    auc: weighted / pairs,
    variance: variance / pairs ** 2,
    aucs,
    losses: losses.map((loss) => loss / pairs),
  };
}

/** Neighbouring blocks of a group are one fold. */
function foldsOf(isCurrent: readonly boolean[], folds: number): number[] {
  const sizes = [false, true].map((now) => isCurrent.filter((value) => value === now).length);
  const next = [0, 0];
  return isCurrent.map((now) => {
    const group = now ? 1 : 0;
    return Math.floor((next[group]!++ * folds) / sizes[group]!);
  });
}

function blocksOf(rows: number, more: number, before: number, now: number): [number, number][] {
  const cut = (offset: number, length: number, blocks: number): [number, number][] =>
    Array.from({ length: blocks }, (_, block) => [
      offset + Math.floor((block * length) / blocks),
      offset + Math.floor(((block + 1) * length) / blocks),
    ]);
  return [...cut(0, rows, before), ...cut(rows, more, now)];
}

function pool(reference: FeatureMatrix, current: FeatureMatrix): FeatureMatrix {
  for (const [name, matrix] of Object.entries({ reference, current }))
    if (
      typeof matrix !== "object" ||
      matrix === null ||
      !Array.isArray(matrix.columns) ||
      matrix.columns.length === 0
    )
      throw new TsopsError(
        "MONITOR_INVALID",
        `The ${name} must be a matrix with columns, got ${shown(matrix)}.`,
        {
          hint: 'Give { rows, columns: [{ name, kind: "numeric", values }] }.',
        },
      );
  const describe = ({ columns }: FeatureMatrix): string =>
    columns.map(({ name, kind }) => `${name} (${kind})`).join(", ");
  if (describe(reference) !== describe(current))
    throw new TsopsError(
      "MONITOR_INVALID",
      `The reference has the columns ${describe(reference)}, the current window ${describe(current)}.`,
      { hint: "Give the same columns in the same order." },
    );
  const columns = reference.columns.map((column, c): FeatureColumn => {
    const [a, b] = [column.values, current.columns[c]!.values];
    if (a.length !== reference.rows || b.length !== current.rows)
      throw new TsopsError(
        "MONITOR_INVALID",
        `Column "${column.name}" has ${a.length} and ${b.length} values for ${reference.rows} and ${current.rows} rows.`,
        { hint: "Give one value a row; NaN is missing.", details: { column: column.name } },
      );
    const values = new Float64Array(a.length + b.length);
    values.set(a);
    values.set(b, a.length);
    return { ...column, values };
  });
  return { rows: reference.rows + current.rows, columns };
}

function taken({ columns }: FeatureMatrix, rows: readonly number[]): FeatureMatrix {
  return {
    rows: rows.length,
    columns: columns.map((column) => ({
      ...column,
      values: Float64Array.from(rows, (row) => column.values[row]!),
    })),
  };
}

function range(start: number, end: number): number[] {
  return Array.from({ length: end - start }, (_, i) => start + i);
}

function checkWhole(name: string, value: unknown, least: number): void {
  if (Number.isSafeInteger(value) && (value as number) >= least) return;
  throw new TsopsError(
    "MONITOR_INVALID",
    `${name} must be a whole number of ${least} or more, got ${shown(value)}.`,
    {
      details: { option: name },
    },
  );
}
