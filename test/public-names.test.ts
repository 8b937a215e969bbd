import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";

const packages = resolve(import.meta.dirname, "../packages");

function readJson(path: string): unknown {
  return JSON.parse(readFileSync(join(packages, path), "utf8"));
}

/** Source files of a package's public entries, by specifier. */
function entriesOf(name: string): Record<string, string> {
  const { exports } = readJson(`${name}/package.json`) as {
    exports: Record<string, string | { "@tsops/source"?: string }>;
  };
  const entries = Object.entries(exports).flatMap(([subpath, target]) => {
    const source = typeof target === "string" ? undefined : target["@tsops/source"];
    return source?.endsWith(".ts") ? [[`@tsops/${name}${subpath.slice(1)}`, source] as const] : [];
  });
  return Object.fromEntries(entries);
}

/** What an entry exports besides types, a line per first letter. */
async function namesOf(specifier: string): Promise<string> {
  const lines = new Map<string, string[]>();
  for (const name of Object.keys(await import(specifier)).sort()) {
    const letter = name[0]?.toLowerCase() ?? "";
    lines.set(letter, [...(lines.get(letter) ?? []), name]);
  }
  return [...lines]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, names]) => names.join(" "))
    .join("\n");
}

describe("whoever adds or removes a public name does it on purpose (vitest -u writes them here)", () => {
  it("@tsops/core", async () =>
    expect(await namesOf("@tsops/core")).toMatchInlineSnapshot(`
      "abortable abortedError addDuration addOutcomes adida aggregateKinds aggregatePanel announceAsset anyInTimeSql arima asOfSql assertColumnTypes assertSchema autoForecaster
      backfill backtest binomialProbability bool boundsOfLevel
      calendarFields canonicalJson ces checkColumns checkInterval checkLevels checkList checkMethods checkOptions checkRange checkWord chiSquareCdf chiSquareSurvival column columnLength columnsFromArrays columnsFromRows compactDictionary compareBacktests compareSchemas concatColumns conformal contentHash contentHasher count countNulls crc32 createRandom createScheduler croston
      decisionRecord defineConfig definitionHash describeGaps dictionaryBuilder dieboldMariano durationMicros
      elasticNet emptyBitmap emptyColumns endExperiment ensemble ets experiment experimentDecision
      fCdf fSurvival featureColumn featureStatusColumn featureTimeColumn featureView first fittedValues float64 forecastRows forecasterCache forecasterFile formatDuration formatInstant fullBitmap
      gate gateCandidates gbdt
      historicAverage holt holtWinters
      imapa importPeer inferFrequency int64 intersectIntervals interval intervalContains intervalCoverage intervalOf intervalScore intervalWidth intervalsBetween intervalsOverlap isTable isValid
      joinMatchedRows joinSortedRows joinedTable joinedTypes
      knn
      lasso last latestDueInterval listHolidays listSome loadForecaster loadLightgbm loadOnlineFeatures localToInstants logBacktest logForecaster
      matchableSpine max mean meanAbsoluteError meanAbsoluteScaledError meanBias memoryOnlineStore min mlRegressor modelConfidenceSet mstl
      naive naive2 normalCdf normalQuantile normalSurvival nullable numberSpineKeys
      onlineEvaluator onlineFeatures overallWeightedAverage
      pairedOutcomes panel panelToColumns parseCanonicalJson parseDuration parseFrequency parseSchedule pinballLoss pipeline planAsOfJoin planTrainingSet promote
      randomWalkWithDrift rankedProbabilityScore readBinary reconciled reduce resolveZone rollback rootMeanSquaredError rootMeanSquaredScaledError runAttempt runPipeline runUntilSettled
      sameSchema seasonalFeatures seasonalNaive seasonalNaiveScale selectColumns seriesKeyText ses setNull setValid sha256Hex shown sliceColumns slicePanel sortedRowsSql splitInterval std studentTCdf studentTQuantile studentTSurvival subtractDuration sum sumBacktest symmetricPercentageError syncTracking systemClock
      TsopsError table takeColumns theta throwIfAborted timestamp toDate toLightgbm toMicros toRows trackingSignal trainingSet trainingSetHash tsb
      usualSeasonLength utf8
      virtualClock
      windowAverage withCode withColumn withoutOutliers writeBinary"
    `));
  it("@tsops/core/arrow", async () =>
    expect(await namesOf("@tsops/core/arrow")).toMatchInlineSnapshot(`
      "arrowSchema
      columnTypesOf
      fromArrow
      sourceAggregateTypes sourceBucketMicros
      tableOf toArrow"
    `));
  it("@tsops/core/progress-bar", async () =>
    expect(await namesOf("@tsops/core/progress-bar")).toMatchInlineSnapshot(`"progressBar"`));
  it("@tsops/core/testing/source", async () =>
    expect(await namesOf("@tsops/core/testing/source")).toMatchInlineSnapshot(`
    "memorySource
    sourceCases"
  `));
  it("@tsops/core/testing", async () =>
    expect(await namesOf("@tsops/core/testing")).toMatchInlineSnapshot(`
      "conformanceCases
      decisionLogCases defineCase
      forecasterCases
      ledgerCases
      matchesOf memoryDecisionLog memoryLedger memoryOutbox
      onlineStoreCases oracleJoin outboxCases
      predictionLogCases
      randomAsOfCase registryCases regressorCases
      samplePrediction
      trackerCases"
    `));
  it("@tsops/core/ridge", async () =>
    expect(await namesOf("@tsops/core/ridge")).toMatchInlineSnapshot(`"ridge"`));
  it("@tsops/core/random-forest", async () =>
    expect(await namesOf("@tsops/core/random-forest")).toMatchInlineSnapshot(`"randomForest"`));
  it("@tsops/core/onnx", async () =>
    expect(await namesOf("@tsops/core/onnx")).toMatchInlineSnapshot(`
      "loadOnnx logRegressor
      onnxRegressor
      regressorFiles
      toOnnx"
    `));
  it("@tsops/core/augurs", async () =>
    expect(await namesOf("@tsops/core/augurs")).toMatchInlineSnapshot(
      `"augursEts augursMstl augursProphet"`,
    ));
  it("@tsops/core/airflow", async () =>
    expect(await namesOf("@tsops/core/airflow")).toMatchInlineSnapshot(`
    "airflowDag airflowScheduler
    passwordAuth
    tokenAuth"
  `));
  it("@tsops/core/command", async () =>
    expect(await namesOf("@tsops/core/command")).toMatchInlineSnapshot(`"runProcess"`));
  it("@tsops/store", async () =>
    expect(await namesOf("@tsops/store")).toMatchInlineSnapshot(`
      "aggregateOf asOfJoin
      buildTrainingSet
      createTable
      ingestTypes
      latestOf
      openEngine openHome openOrCreateTable openTable
      quoteInstant quoteName quotePath quoteText
      rebuildTrainingSet
      sync"
    `));
  it("@tsops/store/postgres", async () =>
    expect(await namesOf("@tsops/store/postgres")).toMatchInlineSnapshot(`"postgresSource"`));
  it("@tsops/store/datasets", async () =>
    expect(await namesOf("@tsops/store/datasets")).toMatchInlineSnapshot(`"bikeSharing bikeSharingColumns"`));
  it("@tsops/store/files", async () =>
    expect(await namesOf("@tsops/store/files")).toMatchInlineSnapshot(`"tableFiles"`));
  it("@tsops/store/redis", async () =>
    expect(await namesOf("@tsops/store/redis")).toMatchInlineSnapshot(`"redisOnlineStore"`));
  it("@tsops/store/mlflow", async () =>
    expect(await namesOf("@tsops/store/mlflow")).toMatchInlineSnapshot(
      `"mlflowRegistry mlflowSettingsFrom mlflowTracker"`,
    ));
  it("@tsops/serve", async () => expect(await namesOf("@tsops/serve")).toMatchInlineSnapshot(`"deploy"`));
  it("@tsops/serve/prometheus", async () =>
    expect(await namesOf("@tsops/serve/prometheus")).toMatchInlineSnapshot(`
      "deploymentMetrics
      metricsListener"
    `));
  it("@tsops/monitor", async () =>
    expect(await namesOf("@tsops/monitor")).toMatchInlineSnapshot(`
      "adwin alertRule alertRules
      benjaminiHochberg
      callbackChannel checkQuality coverageWatch cusum
      deliverAlerts driftDecision driftTest
      errorChanges estimateLearnedPerformance estimatePerformance evaluateAlerts evaluateRetrain explainErrorGrowth
      joinOutcomes
      lastRetrainAttempt learnQuality loadAdwin loadCoverageWatch loadCusum loadPageHinkley loadStreamingDrift logChannel
      newOutcomes
      observeCoverage observeDecision observeDrift observeErrorChanges observeEstimate observePerformance observePromise observeQuality observeSegments observeStream
      pageHinkley pairVersions performanceByWindow
      queueAlerts
      requestRetrain retrainAttempts retrainPolicy
      simes streamingDrift
      trainingScales
      webhookChannel worseThanPromised worstSegments"
    `));
  it("@tsops/monitor/prometheus", async () =>
    expect(await namesOf("@tsops/monitor/prometheus")).toMatchInlineSnapshot(`"monitorMetrics"`));
  it("@tsops/monitor/opentelemetry", async () =>
    expect(await namesOf("@tsops/monitor/opentelemetry")).toMatchInlineSnapshot(`"monitorTelemetry"`));
  it("@tsops/serve/opentelemetry", async () =>
    expect(await namesOf("@tsops/serve/opentelemetry")).toMatchInlineSnapshot(`"deploymentTelemetry"`));
  it("@tsops/monitor/statistics", async () =>
    expect(await namesOf("@tsops/monitor/statistics")).toMatchInlineSnapshot(`
      "alignCounts andersonDarling
      benjaminiHochberg binCounts
      chiSquare countCategories cramerVonMises
      domainClassifier
      energyDistance
      hellinger
      jensenShannon
      kolmogorovSmirnov
      maximumMeanDiscrepancy
      populationStability
      quantileBins
      reconstruction
      simes sortedSample
      wasserstein"
    `));
  it("@tsops/monitor/sketches", async () =>
    expect(await namesOf("@tsops/monitor/sketches")).toMatchInlineSnapshot(`
      "compareSketches
      distinctSketch
      loadSketch
      mergeSketches
      quantileSketch quantileSketchFrom
      saveSketch sketchWindow"
    `));
  it("@tsops/monitor/report", async () =>
    expect(await namesOf("@tsops/monitor/report")).toMatchInlineSnapshot(`
      "drawBacktest drawForecasts driftReports
      forecastSvg
      livePage
      messagePage
      renderDriftPage renderReport reportJson
      watchServed"
    `));
});

describe.each(["core", "store", "serve", "monitor"])("@tsops/%s", (name) => {
  const entries = entriesOf(name);

  it("is listed above with each of its entries", () => {
    const test = readFileSync(import.meta.filename, "utf8");
    const listed = [...test.matchAll(/^ {2}it\("(@tsops\/[^"]+)"/gm)].map((match) => match[1] as string);
    expect(listed.filter((specifier) => specifier.split("/")[1] === name).sort()).toEqual(
      Object.keys(entries).sort(),
    );
  });

  it("builds and documents each of its entries", () => {
    const { entryPoints } = readJson(`${name}/typedoc.json`) as { entryPoints: string[] };
    expect([...entryPoints].sort()).toEqual(Object.values(entries).sort());
    const built = readFileSync(join(packages, name, "tsup.config.ts"), "utf8");
    for (const source of Object.values(entries)) expect(built).toContain(`"${source.slice(2)}"`);
  });
});
