import { describe, expect, it } from "vitest";
import { createRandom, type Random } from "../../../random.ts";
import { ces, localFitOf as cesFitOf } from "../../models/ces/ces.ts";
import { localFitOf as etsFitOf, ses } from "../../models/ets/ets.ts";
import { mstl } from "../../models/mstl/mstl.ts";
import { type LocalForecaster, localParts } from "../local-forecaster.ts";
import type { LocalFit, LocalModel } from "../local-model.ts";
import { absorbed } from "../steps-ahead.ts";
import { pathDrawer } from "./simulate.ts";

const [rows, horizon, paths, count] = [150, 14, 400, 1000];
const period = 7;
const season = [-9, 4, 12, -3, 8, -7, -5];

/** A series by the equations of a paper, errors of deviation 5, and the fit that has their parameters. */
interface Process {
  readonly forecaster: LocalForecaster;
  readonly begin: LocalFit;
  readonly values: (random: Random) => number[];
}

/** Svetunkov, Kourentzes & Ord (2022), equations 12 and 25. */
function complexSmoothing(a0: number, a1: number, withSeason: boolean): Process {
  const [b0, form] = [0.2, withSeason ? "partial" : "none"] as const;
  const [firstLevel, firstInformation] = [200, 180];
  return {
    forecaster: ces(withSeason ? { season: "partial", seasonLength: period } : { season: "none" }),
    begin: cesFitOf({
      form,
      smoothing: Float64Array.of(a0, a1, b0, 0),
      state: Float64Array.of(firstLevel, firstInformation, ...(withSeason ? season : [])),
      logLikelihood: 0,
      aicc: 0,
    }),
    values(random) {
      let [level, information] = [firstLevel, firstInformation];
      const summands = withSeason ? [...season] : new Array<number>(period).fill(0);
      return Array.from({ length: rows + horizon }, (_, t) => {
        const error = random.normal(0, 5);
        const own = summands[t % period] as number;
        const value = level + own + error;
        [level, information] = [
          level - (1 - a1) * information + (a0 - a1) * error,
          level + (1 - a0) * information + (a0 + a1) * error,
        ];
        if (withSeason) summands[t % period] = own + b0 * error;
        return value;
      });
    },
  };
}

/** A level that moves by a share of each error, and a season that stays. */
function levelAndSeason(alpha: number): Process {
  const level = etsFitOf({
    form: { error: "additive", trend: "none", damped: false, season: "none", seasonLength: 1 },
    numbers: Float64Array.of(alpha, 0, 0, 1, 200, 0),
    logLikelihood: 0,
    aicc: 0,
  } as Parameters<typeof etsFitOf>[0]);
  // A decomposition of two seasons none of whose rows is left: the series begins after them.
  const begin = {
    parameters: Float64Array.of(
      level.parameters.length,
      2 * period,
      2 * period,
      ...level.parameters,
      ...season,
    ),
    state: Float64Array.of(2 * period, ...level.state),
  };
  return {
    forecaster: mstl({ seasonLengths: [period], trend: ses() }),
    begin,
    values(random) {
      let at = 200;
      return Array.from({ length: rows + horizon }, (_, t) => {
        const error = random.normal(0, 5);
        const value = at + (season[t % period] as number) + error;
        at += alpha * error;
        return value;
      });
    },
  };
}

const processes: Readonly<Record<string, Process>> = {
  "ces without a season": complexSmoothing(1.3, 1.001, false),
  "ces that moves fast": complexSmoothing(1.6, 1.02, false),
  "ces, partial": complexSmoothing(1.3, 1.001, true),
  "mstl about a still level": levelAndSeason(0.05),
  "mstl about a level that moves": levelAndSeason(0.6),
};

describe("sums over sample paths", () => {
  it.each(Object.entries(processes))(
    "of %s hold those of series that follow the model, where its parameters are known",
    (name, process) => {
      const model = localParts(process.forecaster)?.model as LocalModel;
      let within = 0;
      for (let s = 0; s < count; s++) {
        const random = createRandom(`${name} ${s}`);
        const y = process.values(random);
        const draw = pathDrawer(
          model,
          absorbed(model, process.begin, Float64Array.from(y.slice(0, rows))),
          horizon,
        );
        const path = new Float64Array(horizon);
        const sums = Array.from({ length: paths }, () => {
          draw(random, path);
          return path.reduce((sum, value) => sum + value, 0);
        }).sort((a, b) => a - b);
        const truth = y.slice(rows).reduce((sum, value) => sum + value, 0);
        if (truth >= (sums[0.1 * paths] as number) && truth < (sums[0.9 * paths] as number)) within++;
      }
      const standardError = Math.sqrt((0.8 * 0.2) / count);
      expect(Math.abs(within / count - 0.8)).toBeLessThan(3 * standardError);
    },
  );
});
