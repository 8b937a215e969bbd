import type { JsonValue } from "../../bytes.ts";
import { inParallel } from "../../in-parallel.ts";
import { hasThreads, mostThreads, runOnThread } from "../../threads/shared-pool.ts";
import { turnsOf } from "../../turns.ts";
import type { FitOptions } from "../forecaster.ts";
import type { LocalFit, LocalModel, SeriesToFit } from "./local-model.ts";
import { type Refused, tryFitInTurns, type Wanted } from "./try-fit.ts";

/** Series to fit one after the other. Can be sent to a thread. */
export interface FitWork {
  readonly kind: string;
  readonly params: Readonly<Record<string, JsonValue>>;
  readonly series: readonly SeriesToFit[];
  readonly wanted: Wanted;
}

/** How long fits have taken, and how many are done, is looked at so often. */
const lookMs = 50;
/** Work that is left, about, for which threads are called: starting them takes a third of a second. */
const worthThreadsMs = 1000;
/** A thread is given about so much work at a time. */
const chunkMs = 150;

/**
 * Fits series by series, here or, where that takes long, on threads. The fits are the same to the bit; where there is none, the reason is in its place.
 * @param seriesOf - One of the `count` series.
 */
export async function fitAll(
  model: LocalModel,
  count: number,
  seriesOf: (s: number) => SeriesToFit,
  wanted: Wanted,
  { signal, progress, threads = mostThreads }: Omit<FitOptions, "horizon">,
): Promise<readonly (LocalFit | Refused)[]> {
  const task = `fit ${model.kind}`;
  const fits: (LocalFit | Refused)[] = new Array(count);
  const mayUseThreads = threads > 1 && count > 1;
  const started = performance.now();
  let lastLook = started;
  let reported = 0;
  const turns = turnsOf(signal);
  for (let s = 0; s < count; s++) {
    const work = tryFitInTurns(model, seriesOf(s), wanted);
    let step = work.next();
    for (; !step.done; step = work.next()) {
      const turn = turns();
      if (turn !== undefined) await turn;
    }
    fits[s] = step.value;
    const now = performance.now();
    if (now - lastLook < lookMs) continue;
    await turns();
    reported = s + 1;
    progress?.({ task, done: reported, total: count });
    lastLook = performance.now();
    const seriesMs = (now - started) / (s + 1);
    // Whether there can be threads is asked of the file system, so last.
    if (!mayUseThreads || seriesMs * (count - s - 1) < worthThreadsMs || !hasThreads()) continue;
    let done = s + 1;
    const size = Math.max(1, Math.min(Math.round(chunkMs / seriesMs), Math.ceil((count - done) / threads)));
    const starts = Array.from({ length: Math.ceil((count - done) / size) }, (_, i) => s + 1 + i * size);
    await inParallel(starts, threads, async (start) => {
      const chunk = Array.from({ length: Math.min(size, count - start) }, (_, i) => seriesOf(start + i));
      const found = await fitOnThread(model, chunk, wanted, signal);
      for (const [i, fit] of found.entries()) fits[start + i] = fit;
      done += found.length;
      progress?.({ task, done, total: count });
    });
    return fits;
  }
  // What was begun ends; fits that were done before anyone could look are not reported.
  if (reported > 0 && reported < count) progress?.({ task, done: count, total: count });
  return fits;
}

async function fitOnThread(
  { kind, params }: LocalModel,
  chunk: readonly SeriesToFit[],
  wanted: Wanted,
  signal: AbortSignal | undefined,
): Promise<readonly (LocalFit | Refused)[]> {
  const series = chunk.map(({ y, regressors }) => ({
    y: y.slice(),
    regressors: regressors.map((values) => values.slice()),
  }));
  const input: FitWork = { kind, params, series, wanted };
  const transfer = series.flatMap(({ y, regressors }) => [
    y.buffer,
    ...regressors.map(({ buffer }) => buffer),
  ]);
  return (await runOnThread({ work: "fitSeries", input }, { signal, transfer })) as readonly (
    | LocalFit
    | Refused
  )[];
}
