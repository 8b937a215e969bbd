import { parseFrequency } from "../../time/frequency.ts";
import type { Panel } from "../panel/panel.ts";
import type { ReduceFeature } from "./feature.ts";
import { compileFeatures } from "./features.ts";
import { isWithinDay } from "./holiday-features.ts";
import type { ReduceStrategy, ResolvedReduceOptions } from "./options.ts";
import { differencePolynomial, undoReach } from "./target.ts";

/** Everything about a reduction that follows from options, panel and horizon. */
export interface ReducePlan {
  readonly features: readonly ReduceFeature[];
  readonly strategy: ReduceStrategy;
  readonly polynomial: ReturnType<typeof differencePolynomial>;
  /** First rows of a series that are not trained on. */
  readonly warmup: number;
  /** Rows of history that a forecast depends on. */
  readonly depth: number;
  /** Known-future columns whose values a forecast needs. */
  readonly needed: readonly string[];
}

/** @throws TsopsError MODEL_PARAMETER_INVALID. */
export function planReduce(options: ResolvedReduceOptions, panel: Panel, horizon: number): ReducePlan {
  const { spec } = panel;
  const nearest = Math.min(
    ...options.lags,
    ...options.differences,
    ...options.windows.flatMap(({ of, lag }) => (of === undefined && lag !== undefined ? [lag] : [])),
  );
  const strategy = options.strategy ?? (nearest < horizon ? "recursive" : "direct");
  const columns = [...panel.known, ...panel.past, ...panel.static];
  const features = compileFeatures(options, {
    spec,
    horizon,
    strategy,
    isNearAllowed: options.strategy !== null && strategy !== "recursive",
    isWithinDay: isWithinDay(parseFrequency(spec.frequency, { zone: spec.zone })),
    isCategorical: (name) => columns.find((column) => column.name === name)?.kind === "categorical",
    keyValues: new Map(
      spec.keys.map((name) => [name, [...new Set(panel.series.map((key) => String(key[name])))].sort()]),
    ),
  });
  const differencing = options.differences.reduce((sum, lag) => sum + lag, 0);
  const span = strategy === "recursive" ? 1 : horizon;
  const level = options.level === null ? 0 : span + options.level.width - 1;
  const complete = Math.max(level, ...features.map((feature) => feature.complete));
  const reach = Math.max(level, ...features.map((feature) => feature.reach));
  return {
    features,
    strategy,
    polynomial: differencePolynomial(options.differences),
    warmup: options.warmup ?? complete + differencing,
    depth: reach + differencing + undoReach(options.differences) + 1,
    needed: spec.knownFuture.filter(
      (name) =>
        (options.covariates ?? spec.knownFuture).includes(name) ||
        options.windows.some(({ of }) => of === name) ||
        options.matches.some(({ fields }) => fields.includes(name)) ||
        Object.hasOwn(options.covariateLags, name),
    ),
  };
}
