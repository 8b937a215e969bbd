import assert from "node:assert/strict";
import type { CallOptions } from "../ports/call-options.ts";
import type { PredictionLog, PredictionQuery, PredictionRecord } from "../ports/prediction-log.ts";
import {
  type ConformanceCase,
  type ConformanceOptions,
  type ConformanceSubject,
  conformanceCases,
} from "./case.ts";
import { rejectsWith, uniqueName } from "./tracker.ts";

/** An open prediction log to test. */
export interface PredictionLogSubject extends ConformanceSubject {
  readonly predictions: PredictionLog;
}

/**
 * What every `PredictionLog` promises. Ids and deployments are unique per run, so a shared store can be tested.
 * @param open - Called once per case.
 */
export function predictionLogCases(
  open: () => Promise<PredictionLogSubject>,
  options?: ConformanceOptions,
): readonly ConformanceCase[] {
  return conformanceCases(open, cases, options);
}

/** A record of three steps with every kind of value, overridden where told. */
export function samplePrediction(overrides: Partial<PredictionRecord> = {}): PredictionRecord {
  return {
    predictionId: uniqueName("prediction"),
    requestId: "request-1",
    deployment: "bikes",
    model: "bikes",
    modelVersion: 3,
    role: "champion",
    key: { city: "washington", station: 9_007_199_254_740_993n, member: true },
    cutoff: 1_300_000_000_000_001n,
    servedAt: 1_300_000_000_500_000n,
    latencyMs: 0.75,
    times: BigInt64Array.of(1_300_003_600_000_001n, 1_300_007_200_000_001n, 1_300_010_800_000_001n),
    mean: Float64Array.of(10.5, Number.NaN, -0),
    quantiles: [
      { probability: 0.1, values: Float64Array.of(1, 2, 3) },
      { probability: 0.9, values: Float64Array.of(11, Number.POSITIVE_INFINITY, 13) },
    ],
    features: {
      weather__temp: [1.5, null, Number.NaN],
      weather__icon: ["sun", "rain", null],
      day__free: [true, false, null],
    },
    statuses: { weather: ["present", "expired", "missing"] },
    featureTimes: { weather: [1_300_000_000_000_001n, null, null] },
    featureTables: { weather: "forecasts" },
    ...overrides,
  };
}

async function collect(
  log: PredictionLog,
  query: PredictionQuery & CallOptions,
): Promise<PredictionRecord[]> {
  const records: PredictionRecord[] = [];
  for await (const record of log.scan(query)) records.push(record);
  return records;
}

const cases: Readonly<Record<string, (subject: PredictionLogSubject) => Promise<void>>> = {
  async "a record comes back exactly as it was appended"({ predictions }) {
    const record = samplePrediction();
    await predictions.append([record]);
    assert.deepEqual(await predictions.get(record.predictionId), record);
  },
  async "a record without features, statuses and quantiles comes back too"({ predictions }) {
    const record = samplePrediction({
      quantiles: [],
      features: {},
      statuses: {},
      featureTimes: {},
      featureTables: {},
      key: {},
    });
    await predictions.append([record]);
    assert.deepEqual(await predictions.get(record.predictionId), record);
  },
  async "an id that exists changes nothing"({ predictions }) {
    const record = samplePrediction();
    await predictions.append([record]);
    await predictions.append([{ ...record, modelVersion: 99 }]);
    assert.equal((await predictions.get(record.predictionId)).modelVersion, 3);
  },
  async "a call whose signal has fired rejects with ABORTED and changes nothing"({ predictions }) {
    const [kept, aborted] = [samplePrediction(), samplePrediction()];
    const signal = AbortSignal.abort();
    await rejectsWith(predictions.append([aborted], { signal }), "ABORTED");
    await predictions.append([kept], { signal: new AbortController().signal });
    await rejectsWith(predictions.get(kept.predictionId, { signal }), "ABORTED");
    await rejectsWith(collect(predictions, { signal }), "ABORTED");
    await rejectsWith(predictions.get(aborted.predictionId), "PREDICTION_NOT_FOUND");
  },
  async "an append that is aborted is stored or rejects, and leaves the appends beside it alone"({
    predictions,
  }) {
    const [kept, aborted] = [samplePrediction(), samplePrediction()];
    const abort = new AbortController();
    const appends = [
      predictions.append([aborted], { signal: abort.signal }),
      predictions.append([kept]),
    ] as const;
    abort.abort();
    const [first, second] = await Promise.allSettled(appends);
    assert.equal(second.status, "fulfilled");
    assert.deepEqual(await predictions.get(kept.predictionId), kept);
    if (first.status === "fulfilled") assert.deepEqual(await predictions.get(aborted.predictionId), aborted);
    else {
      await rejectsWith(appends[0], "ABORTED");
      await rejectsWith(predictions.get(aborted.predictionId), "PREDICTION_NOT_FOUND");
    }
  },
  async "an unknown id is an error"({ predictions }) {
    await rejectsWith(predictions.get(uniqueName("unknown")), "PREDICTION_NOT_FOUND");
  },
  async "records are scanned by cutoff, then in the order they were appended"({ predictions }) {
    const deployment = uniqueName("order");
    const cutoffs = [30n, 10n, 20n, 10n, 30n, 10n];
    const records = cutoffs.map((cutoff, index) =>
      samplePrediction({ deployment, cutoff, predictionId: `${deployment}-${index}` }),
    );
    await predictions.append(records.slice(0, 4));
    await predictions.append(records.slice(4));
    const order = (await collect(predictions, { deployment })).map((record) =>
      record.predictionId.split("-").at(-1),
    );
    assert.deepEqual(order, ["1", "3", "5", "2", "0", "4"]);
  },
  async "a scan reads more records than fit in one page"({ predictions }) {
    const deployment = uniqueName("pages");
    const records = Array.from({ length: 700 }, (_, index) =>
      samplePrediction({ deployment, cutoff: BigInt(index % 7), predictionId: `${deployment}-${index}` }),
    );
    await predictions.append(records);
    const scanned = await collect(predictions, { deployment });
    assert.equal(scanned.length, 700);
    assert.equal(new Set(scanned.map((record) => record.predictionId)).size, 700);
    for (let i = 1; i < scanned.length; i++)
      assert.ok((scanned[i - 1] as PredictionRecord).cutoff <= (scanned[i] as PredictionRecord).cutoff);
  },
  async "a scan keeps to its conditions; the range of cutoffs is half-open"({ predictions }) {
    const deployment = uniqueName("filter");
    const variants: Partial<PredictionRecord>[] = [
      { cutoff: 10n },
      { cutoff: 20n, role: "challenger" },
      { cutoff: 30n, modelVersion: 4 },
    ];
    await predictions.append(variants.map((variant) => samplePrediction({ deployment, ...variant })));
    await predictions.append([samplePrediction({ deployment: uniqueName("other"), cutoff: 20n })]);
    const cutoffs = async (query: PredictionQuery): Promise<bigint[]> =>
      (await collect(predictions, { deployment, ...query })).map((record) => record.cutoff);
    assert.deepEqual(await cutoffs({}), [10n, 20n, 30n]);
    assert.deepEqual(await cutoffs({ cutoffFrom: 10n, cutoffTo: 30n }), [10n, 20n]);
    assert.deepEqual(await cutoffs({ role: "challenger" }), [20n]);
    assert.deepEqual(await cutoffs({ modelVersion: 4 }), [30n]);
    assert.deepEqual(await cutoffs({ cutoffFrom: 31n }), []);
  },
  async "appends at the same time all arrive"({ predictions }) {
    const deployment = uniqueName("parallel");
    const records = Array.from({ length: 50 }, () => samplePrediction({ deployment }));
    await Promise.all(records.map((record) => predictions.append([record])));
    assert.equal((await collect(predictions, { deployment })).length, 50);
  },
  async "appending nothing is fine"({ predictions }) {
    await predictions.append([]);
  },
  async "a record whose arrays differ in length is refused, and so is its whole append"({ predictions }) {
    const fine = samplePrediction();
    for (const overrides of [{ mean: Float64Array.of(1, 2) }, { featureTimes: { weather: [1n] } }])
      await rejectsWith(predictions.append([fine, samplePrediction(overrides)]), "VALUE_INVALID");
    await rejectsWith(predictions.get(fine.predictionId), "PREDICTION_NOT_FOUND");
  },
};
