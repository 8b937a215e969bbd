/** What one repeat of each case is. The peer has those of metrics, by the same names. */
export const work = {
  "metrics, one a call": { count: 200, unit: "metrics" },
  "metrics in batches of 1,000": { count: 20_000, unit: "metrics" },
  "metrics in one batch of 100,000": { count: 100_000, unit: "metrics" },
  "open a new home": { count: 1, unit: "homes" },
  "open a home that is there": { count: 1, unit: "homes" },
  "predictions of 24 steps, one a call": { count: 200, unit: "predictions" },
  "predictions of 24 steps, 100 calls at a time": { count: 2_000, unit: "predictions" },
  "predictions of 24 steps, 5,000 in one append": { count: 5_000, unit: "predictions" },
  "scan of 5,000 predictions": { count: 5_000, unit: "predictions" },
  "claim and finish of a pipeline run": { count: 100, unit: "runs" },
};
