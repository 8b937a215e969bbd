import type { JoinedOutcomes } from "../src/index.ts";

/** What a test says of its rows; the rest is one champion's forecasts of 0 for one series, all of whose outcomes are known. */
type Said = Pick<JoinedOutcomes, "step" | "cutoff" | "time" | "y"> & Partial<Omit<JoinedOutcomes, "counts">>;

/** Joined outcomes as `joinOutcomes` would give them. */
export function joinedOf(said: Said): JoinedOutcomes {
  const { length } = said.y;
  return {
    length,
    series: [{}],
    seriesIndex: new Int32Array(length),
    sources: [{ deployment: "d", model: "m", modelVersion: 1, role: "champion" }],
    sourceIndex: new Int32Array(length),
    predictionIndex: new Int32Array(length),
    predictionIds: ["p"],
    mean: new Float64Array(length),
    quantiles: [],
    carried: {},
    counts: {
      predictions: 1,
      repeated: 0,
      withOutcome: length,
      withoutOutcome: 0,
      waiting: 0,
      overdue: 0,
      revisedOutcomes: 0,
      repeatedOutcomes: 0,
      ignoredOutcomes: 0,
    },
    ...said,
  };
}
