import { throwIfAborted } from "../../../abort.ts";
import { createRandom } from "../../../random.ts";
import { turnsOf } from "../../../turns.ts";
import type { NotFinite } from "../../not-finite.ts";
import type { SeriesKey } from "../../panel/panel.ts";
import { seriesKeyText } from "../../panel/series-key.ts";
import {
  type ResolvedPathOptions,
  refuseVastPaths,
  type SamplePaths,
  samplePathsOf,
} from "../../sample-paths.ts";
import type { LocalModel } from "../local-model.ts";
import type { Current } from "../open-gap.ts";
import { refusePaths } from "../refusals.ts";
import { notFiniteDraw } from "../steps-ahead.ts";
import { inflatePath } from "./inflate.ts";
import { pathDrawer } from "./simulate.ts";

/** Where a series stands, and what regressors add to each of its next steps. */
export interface Standing extends Current {
  readonly added: Float64Array;
}

/**
 * Draws paths of series, one after the other. What is drawn for a series does not depend on the others.
 * @throws TsopsError MODEL_PARAMETER_INVALID where they do not fit into memory, FIT_FAILED, ABORTED.
 */
export async function drawPaths(
  model: LocalModel,
  series: readonly SeriesKey[],
  standing: (i: number) => Standing,
  horizon: number,
  { paths, seed, signal }: ResolvedPathOptions,
): Promise<SamplePaths> {
  refuseVastPaths(series.length, paths, horizon);
  throwIfAborted(signal);
  const turns = turnsOf(signal);
  const values = new Float64Array(series.length * paths * horizon);
  const wrong: NotFinite[] = [];
  for (const [i, key] of series.entries()) {
    const { known, open, added } = standing(i);
    if (model.knowsErrors?.(known) === false) {
      wrong.push({ key, message: "It has shown no errors to draw from." });
      continue;
    }
    const random = createRandom(`${seed} ${seriesKeyText(key)}`);
    const draw = pathDrawer(model, known, open + horizon);
    const path = new Float64Array(open + horizon);
    const { inflation } = known;
    const mean = new Float64Array(open + horizon);
    if (inflation !== undefined) model.forecast(known, mean);
    const own = values.subarray(i * paths * horizon, (i + 1) * paths * horizon);
    for (let p = 0; p < paths; p++) {
      const turn = turns();
      if (turn !== undefined) await turn;
      draw(random, path);
      if (inflation !== undefined) inflatePath(inflation, mean, path, random.normal());
      for (let step = 0; step < horizon; step++)
        own[p * horizon + step] = (path[open + step] as number) + (added[step] as number);
    }
    const message = notFiniteDraw(own, horizon);
    if (message !== null) wrong.push({ key, message });
  }
  refusePaths(model, wrong);
  return samplePathsOf(series, horizon, paths, values);
}
