import { throwIfAborted } from "../../abort.ts";
import { TsopsError } from "../../errors.ts";
import type { Progress } from "../../progress.ts";
import type { FeatureMatrix } from "../regressor.ts";
import { binColumns, matrixSpace, packRows, planRows, type RowLayout } from "./binned-matrix.ts";
import { BinLearner, type ColumnBins } from "./bins.ts";
import type { Tree } from "./forest.ts";
import { growerSpace, TreeGrower, type TreeShape } from "./grow.ts";
import { leafValues } from "./leaf-values.ts";
import type { Loss } from "./loss.ts";
import { lossOf, squaredLoss } from "./losses.ts";
import { type Directions, directionsOf } from "./monotone.ts";
import type { ResolvedGbdtOptions } from "./options.ts";
import { createPackedGradients, packGradients, packWeights } from "./packed-gradients.ts";
import { RowPartition } from "./row-partition.ts";
import { binSample, createSampler } from "./sampler.ts";
import type { SplitLimits } from "./split.ts";
import { openPool, type ThreadPool } from "./threads/pool.ts";
import { createSharedWorkspace, createWorkspace, spaceFor, type Workspace } from "./workspace.ts";

/** Rows to learn from or to judge by. */
export interface LabelledRows {
  readonly x: FeatureMatrix;
  readonly y: Float64Array;
  readonly weights: Float64Array | undefined;
}

/** What boosting found. */
export interface Boosted {
  readonly link: Loss["link"];
  readonly baseline: number;
  readonly trees: readonly Tree[];
  /** Bins per column of the matrix. */
  readonly bins: readonly ColumnBins[];
  /** Mean validation loss after 0, 1, 2, ... trees; empty without validation rows. */
  readonly validationLosses: readonly number[];
}

interface BoostControl {
  /** Trees without improvement after which boosting stops. */
  readonly patience: number;
  readonly signal: AbortSignal | undefined;
  readonly progress: Progress | undefined;
}

const maxRows = 2 ** 26 - 1;
/** Below, a fit takes no longer than starting threads. */
const leastThreadedRows = 20_000;

/**
 * Gradient boosting of leaf-wise grown trees on binned columns (Friedman 2001; histogram method as in LightGBM, Ke et al. 2017).
 * Gives way to other work in the process between trees.
 */
export async function boost(
  train: LabelledRows,
  validation: LabelledRows | undefined,
  options: ResolvedGbdtOptions,
  control: BoostControl,
): Promise<Boosted> {
  if (train.x.rows > maxRows)
    throw new TsopsError("VALUE_INVALID", `gbdt fits at most ${maxRows} rows, got ${train.x.rows}.`);
  const directions = directionsOf(train.x.columns, options.monotone);
  const breathe = breather(control.signal);
  const { weights } = train;
  const active = activeRows(train.x.rows, weights);
  if (active.length === 0)
    throw new TsopsError("VALUE_INVALID", `All ${train.x.rows} rows to learn from have weight 0.`, {
      hint: "The last rows are held out for early stopping; give some of the others a positive weight.",
    });
  const learner = new BinLearner(active, options.bins, binSample(active, options.seed));
  const bins: ColumnBins[] = [];
  for (const column of train.x.columns) {
    bins.push(learner.learn(column));
    await breathe(train.x.rows * 16);
  }
  const used = usedColumns(train.x, bins, active);
  const usedBins = Array.from(used, (column) => bins[column] as ColumnBins);
  const layout = planRows(usedBins);
  const loss = lossOf(options);
  const weighted = weights !== undefined || loss.hasHessians;
  const space =
    matrixSpace(layout, train.x.rows) +
    spaceFor(train.x.rows, 8) * (weighted ? 2 : 1) +
    2 * spaceFor(active.length, 4) +
    used.length * spaceFor(train.x.rows, 1) +
    growerSpace(layout.slots, used.length, mostLeaves(active.length, options), weighted);
  const workers = train.x.rows < leastThreadedRows ? 0 : options.threads - 1;
  const shared =
    workers === 0 ? undefined : createSharedWorkspace(space + workers * spaceFor(layout.slots, 8));
  const workspace = shared ?? createWorkspace(space);
  const pool = shared === undefined ? undefined : await openPool(shared, layout.slots, workers);
  try {
    return await addTrees({
      train,
      validation,
      options,
      control,
      directions,
      breathe,
      active,
      bins,
      used,
      layout,
      loss,
      workspace,
      pool,
    });
  } finally {
    await pool?.close();
  }
}

/** What is known before the first tree. */
interface Prepared {
  readonly train: LabelledRows;
  readonly validation: LabelledRows | undefined;
  readonly options: ResolvedGbdtOptions;
  readonly control: BoostControl;
  readonly directions: Directions | undefined;
  readonly breathe: (work: number) => Promise<void>;
  /** Rows of a weight above 0. */
  readonly active: Uint32Array;
  readonly bins: readonly ColumnBins[];
  /** Columns that can separate rows. */
  readonly used: Int32Array;
  readonly layout: RowLayout;
  readonly loss: Loss;
  readonly workspace: Workspace;
  readonly pool: ThreadPool | undefined;
}

async function addTrees(prepared: Prepared): Promise<Boosted> {
  const { train, validation, options, control, directions, breathe, active, bins, used } = prepared;
  const { layout, loss, workspace, pool } = prepared;
  const { y, weights } = train;
  const weighted = weights !== undefined || loss.hasHessians;
  const usedDirections =
    directions === undefined ? undefined : Int8Array.from(used, (column) => directions[column] as number);
  const usedBins = Array.from(used, (column) => bins[column] as ColumnBins);
  const binned = binColumns(train.x, used, usedBins, workspace.uint8);
  const matrix = packRows(workspace, layout, train.x.rows, usedBins, binned);

  const baseline = loss.baseline(y, weights, active);
  if (loss.link === "log" && baseline === Number.NEGATIVE_INFINITY)
    throw new TsopsError("VALUE_INVALID", `The target is 0 in all ${active.length} rows to learn from.`, {
      hint: "A loss with a logarithm needs a mean above 0: take another loss.",
    });
  refuseOverflow(baseline);
  const scores = new Float64Array(train.x.rows).fill(baseline);
  const sampler = createSampler(active, used.length, options);
  const inBag = new RowPartition(
    matrix.columns,
    options.leaves,
    workspace.uint32(active.length),
    workspace.uint32(active.length),
    workspace.kernels.divide,
  );
  const outOfBag = sampler.samplesRows
    ? new RowPartition(matrix.columns, options.leaves, new Uint32Array(active.length))
    : undefined;
  const held =
    validation === undefined
      ? undefined
      : prepareHeldOut(validation, used, usedBins, baseline, options.leaves);
  const followers = [outOfBag, held?.partition].filter((partition) => partition !== undefined);
  const gradients = new Float64Array(train.x.rows);
  const hessians = loss.hasHessians ? new Float64Array(train.x.rows) : undefined;
  const packed = createPackedGradients(workspace, train.x.rows, weighted);
  if (weights !== undefined && hessians === undefined) packWeights(packed, weights);
  const grower = new TreeGrower(pool?.workspace ?? workspace, matrix, weighted);
  // Residuals of the squared loss below this are rounding errors of the target.
  const noise = loss === squaredLoss ? 1e-14 * absoluteSum(y, weights) : 0;

  const trees: Tree[] = [];
  const validationLosses: number[] = [];
  if (held !== undefined) validationLosses.push(loss.evaluate(held.y, held.scores, held.weights));
  const rounds = used.length === 0 ? 0 : options.trees;
  for (let round = 0; round < rounds; round++) {
    await breathe(train.x.rows * 4 + matrix.slots * 8);
    pool?.check();
    const size = loss.gradients(y, scores, weights, gradients, hessians);
    refuseOverflow(size);
    if (!(size > noise)) break;
    packGradients(packed, gradients, size);
    if (hessians !== undefined) packWeights(packed, hessians);
    const { rows, rest, columns } = sampler.draw();
    inBag.reset(rows);
    outOfBag?.reset(rest);
    held?.partition.reset(held.rows);
    const shape = grower.grow({
      gradients: packed,
      limits: splitLimits(options, packed.countUnit, packed.scale, packed.weightScale, weighted),
      maxLeaves: options.leaves,
      maxDepth: options.maxDepth,
      columns,
      partition: inBag,
      followers,
      directions: usedDirections,
    });
    if (shape.columns.length === 0) {
      if (sampler.isRandom) continue;
      break;
    }
    const values = leafValues(
      shape,
      inBag,
      { loss, y, scores, gradients, weights, hessians },
      options,
      packed.weightScale,
      usedDirections,
    );
    inBag.addLeafValues(values, values.length, scores);
    outOfBag?.addLeafValues(values, values.length, scores);
    trees.push(finishTree(shape, values, inBag, used, usedBins));
    control.progress?.({ task: "gbdt", done: round + 1, total: options.trees });
    if (held !== undefined) {
      held.partition.addLeafValues(values, values.length, held.scores);
      validationLosses.push(loss.evaluate(held.y, held.scores, held.weights));
      if (trees.length - leastIndex(validationLosses) >= control.patience) break;
    }
  }
  const kept = held === undefined ? trees.length : leastIndex(validationLosses);
  return { baseline, trees: trees.slice(0, kept), bins, validationLosses, link: loss.link };
}

/** @throws TsopsError VALUE_INVALID when a sum over the target is not finite. */
function refuseOverflow(sum: number): void {
  if (!Number.isFinite(sum))
    throw new TsopsError("VALUE_INVALID", "The target values are too large: their sum is not finite.", {
      hint: "Scale the target.",
    });
}

/** Lets timers and I/O run (and an abort arrive) after about every 20 million units of work. */
function breather(signal: AbortSignal | undefined): (work: number) => Promise<void> {
  let done = 0;
  throwIfAborted(signal);
  return async (work) => {
    done += work;
    throwIfAborted(signal);
    if (done < 2e7) return;
    done = 0;
    await new Promise<void>((resume) => setImmediate(resume));
    throwIfAborted(signal);
  };
}

/** Rows of weight 0 take no part: the result is as if they were absent. */
function activeRows(rows: number, weights: Float64Array | undefined): Uint32Array {
  const all = new Uint32Array(rows);
  for (let row = 0; row < rows; row++) all[row] = row;
  return weights === undefined ? all : all.filter((row) => (weights[row] as number) > 0);
}

/** Most leaves that can be alive at once. */
function mostLeaves(rows: number, { leaves, minLeafRows }: ResolvedGbdtOptions): number {
  return Math.max(1, Math.min(leaves, Math.floor(rows / minLeafRows)));
}

/** Columns that can separate rows at all. */
function usedColumns(x: FeatureMatrix, bins: readonly ColumnBins[], rows: Uint32Array): Int32Array {
  const used = bins.flatMap((columnBins, column) => {
    const values = columnBins.kind === "numeric" ? columnBins.upper.length : columnBins.codes.length;
    if (values >= 2) return [column];
    const data = (x.columns[column] as FeatureMatrix["columns"][number]).values;
    return values === 1 && rows.some((row) => Number.isNaN(data[row])) ? [column] : [];
  });
  return Int32Array.from(used);
}

function absoluteSum(y: Float64Array, weights: Float64Array | undefined): number {
  let sum = 0;
  for (let row = 0; row < y.length; row++) sum += Math.abs(y[row] as number) * (weights?.[row] ?? 1);
  return sum;
}

function prepareHeldOut(
  { x, y, weights }: LabelledRows,
  used: Int32Array,
  bins: readonly ColumnBins[],
  baseline: number,
  leaves: number,
) {
  return {
    y,
    weights,
    rows: activeRows(x.rows, undefined),
    scores: new Float64Array(x.rows).fill(baseline),
    partition: new RowPartition(
      binColumns(x, used, bins, (rows) => new Uint8Array(rows)),
      leaves,
      new Uint32Array(x.rows),
    ),
  };
}

/** Converts limits and penalties to the units of the histograms of one tree. */
function splitLimits(
  options: ResolvedGbdtOptions,
  countUnit: number,
  scale: number,
  weightScale: number,
  weighted: boolean,
): SplitLimits {
  const { smoothing, l2, ...categorical } = options.categorical;
  return {
    minRows: weighted
      ? options.minLeafRows
      : Math.max(options.minLeafRows, Math.ceil(options.minLeafHessian)),
    minWeight: weighted ? options.minLeafHessian * weightScale : 0,
    minGain: options.minSplitGain === 0 ? 0 : (options.minSplitGain * scale * scale) / weightScale,
    l1: options.l1 * scale,
    l2: options.l2 * weightScale,
    countUnit,
    categorical: {
      ...categorical,
      minRows: smoothing,
      smoothing: smoothing * weightScale,
      l2: (options.l2 + l2) * weightScale,
    },
  };
}

/** Translates used columns to columns and bins to thresholds. */
function finishTree(
  { bins: lastLeft, leafL2: _, ...shape }: TreeShape,
  values: Float64Array,
  rows: RowPartition,
  used: Int32Array,
  bins: readonly ColumnBins[],
): Tree {
  return {
    ...shape,
    columns: shape.columns.map((column) => used[column] as number),
    thresholds: shape.columns.map((column, node) => {
      const columnBins = bins[column] as ColumnBins;
      return columnBins.kind === "numeric" ? (columnBins.upper[lastLeft[node] as number] as number) : 0;
    }),
    leafValues: values,
    leafRows: Uint32Array.from(values, (_value, leaf) => rows.count(leaf)),
  };
}

/** Index of the first least value. */
function leastIndex(values: readonly number[]): number {
  let best = 0;
  values.forEach((value, index) => {
    if (value < (values[best] as number)) best = index;
  });
  return best;
}
