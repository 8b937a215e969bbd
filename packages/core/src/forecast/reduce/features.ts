import { type CalendarField, cycles } from "./calendar-features.ts";
import {
  columnOf,
  type FeatureContext,
  invalid,
  placeOfLag,
  type ReduceFeature,
  requireCovariate,
  requireHorizon,
  type SeriesWork,
} from "./feature.ts";
import { holidayFeatures } from "./holiday-features.ts";
import { matchFeature } from "./match-features.ts";
import type { FourierTerms, ResolvedReduceOptions } from "./options.ts";
import { windowFeature } from "./window-features.ts";

/**
 * Compiles the options to columns.
 * @throws TsopsError MODEL_PARAMETER_INVALID (unknown columns, past-only columns nearer than the horizon, equal names).
 */
export function compileFeatures(options: ResolvedReduceOptions, context: FeatureContext): ReduceFeature[] {
  const { spec } = context;
  for (const name of options.covariates ?? [])
    if (!spec.knownFuture.includes(name))
      throw invalid(
        `covariates names "${name}", which is not a known-future column of the panel.`,
        spec.pastOnly.includes(name)
          ? "A past-only column takes part through covariateLags and windows."
          : `Its known-future columns are ${spec.knownFuture.join(", ") || "none"}.`,
      );
  const features = [
    ...options.lags.map((lag) => lagFeature(lag, context)),
    ...options.windows.map((window) => windowFeature(window, context)),
    ...options.matches.map((match) =>
      matchFeature(
        match,
        context,
        options.holidays.map(({ name }) => name),
      ),
    ),
    ...options.calendar.flatMap(({ field, as }) => calendarFeature(field, as)),
    ...options.holidays.flatMap((holidays) => holidayFeatures(holidays, context)),
    ...options.positions.map((length) => positionFeature(length)),
    ...options.fourier.flatMap(fourierFeatures),
    ...(options.covariates ?? spec.knownFuture).map((name) => covariateFeature(name, 0, context)),
    ...Object.entries(options.covariateLags).flatMap(([name, lags]) =>
      lags.map((lag) => covariateFeature(name, lag, context)),
    ),
    ...options.keys.map((name) => keyFeature(name, context)),
    ...(options.static ?? spec.static).map((name) => staticFeature(name, context)),
    ...(options.strategy === "direct" ? [stepFeature] : []),
  ];
  if (features.every((feature) => feature === stepFeature))
    throw invalid(
      "reduce has no features.",
      "Give lags, windows, calendar features, known-future or static columns.",
    );
  const names = features.map((feature) => feature.name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined)
    throw invalid(
      `Two features would be called "${twice}".`,
      options.covariateLags[twice]?.includes(0) === true
        ? `A known-future column is a feature as it is: leave lag 0 of "${twice}" out of covariateLags, or the column out of covariates.`
        : "Leave one out, or rename the column or the holidays.",
    );
  return features;
}

function lagFeature(lag: number, context: FeatureContext): ReduceFeature {
  const place = placeOfLag(lag, context);
  return {
    name: place.name,
    kind: "numeric",
    complete: place.reach,
    reach: place.reach,
    bind:
      ({ w }, level) =>
      (t, cutoff) => {
        const at = place.of(t, cutoff);
        return at < 0 ? Number.NaN : ((w[at] as number) - level.center) / level.scale;
      },
  };
}

/** Steps from the cutoff to the predicted row. */
const stepFeature: ReduceFeature = {
  name: "step",
  kind: "numeric",
  complete: 0,
  reach: 0,
  bind: () => (t, cutoff) => t - cutoff,
};

function calendarFeature(field: CalendarField, as: "numeric" | "categorical" | "cyclic"): ReduceFeature[] {
  const none = { complete: 0, reach: 0 };
  const valuesOf = (work: SeriesWork): Float64Array => work.calendar.get(field) as Float64Array;
  if (as !== "cyclic" || field === "trend")
    return [
      {
        name: `calendar_${field}`,
        kind: as === "categorical" ? "categorical" : "numeric",
        ...none,
        bind(work) {
          const values = valuesOf(work);
          return (t) => values[t] as number;
        },
      },
    ];
  const [length, first] = cycles[field];
  return (["sin", "cos"] as const).map((wave) => ({
    name: `calendar_${field}_${wave}`,
    kind: "numeric" as const,
    ...none,
    bind(work: SeriesWork) {
      const values = valuesOf(work);
      return (t: number) => Math[wave]((2 * Math.PI * ((values[t] as number) - first)) / length);
    },
  }));
}

function positionFeature(length: number): ReduceFeature {
  return {
    name: `position_${length}`,
    kind: "numeric",
    complete: 0,
    reach: 0,
    bind:
      ({ firstCell }) =>
      (t) => {
        const place = (firstCell + t) % length;
        return place < 0 ? place + length : place;
      },
  };
}

function fourierFeatures({ length, terms }: Required<FourierTerms>): ReduceFeature[] {
  return Array.from({ length: terms }, (_, i) => i + 1).flatMap((wave) =>
    (["sin", "cos"] as const).map((shape) => ({
      name: `fourier_${length}_${shape}_${wave}`,
      kind: "numeric" as const,
      complete: 0,
      reach: 0,
      bind:
        ({ firstCell }: SeriesWork) =>
        (t: number) =>
          Math[shape]((2 * Math.PI * wave * ((firstCell + t) % length)) / length),
    })),
  );
}

function covariateFeature(name: string, lag: number, context: FeatureContext): ReduceFeature {
  requireCovariate(name, context, "covariateLags");
  const isKnown = context.spec.knownFuture.includes(name);
  if (!isKnown) requireHorizon(name, lag, context, `Lag ${lag} of "${name}"`);
  const place = placeOfLag(lag, isKnown ? { ...context, isNearAllowed: false } : context);
  return {
    name: lag === 0 ? name : `${name}_${place.name}`,
    kind: context.isCategorical(name) ? "categorical" : "numeric",
    complete: place.reach,
    reach: place.reach,
    bind(work) {
      const values = columnOf(work, name);
      return (t, cutoff) => {
        const at = place.of(t, cutoff);
        return at < 0 ? Number.NaN : (values[at] as number);
      };
    },
  };
}

function staticFeature(name: string, { spec, isCategorical }: FeatureContext): ReduceFeature {
  if (!spec.static.includes(name))
    throw invalid(
      `static names "${name}", which is not a static column of the panel.`,
      `Its static columns are ${spec.static.join(", ") || "none"}; list them in panel(..., { static }).`,
    );
  return {
    name,
    kind: isCategorical(name) ? "categorical" : "numeric",
    complete: 0,
    reach: 0,
    bind({ statics }) {
      const value = statics.get(name) as number;
      return () => value;
    },
  };
}

function keyFeature(name: string, { keyValues }: FeatureContext): ReduceFeature {
  const values = keyValues.get(name);
  if (values === undefined)
    throw invalid(
      `keys names "${name}", which is not a key of the panel.`,
      `Its keys are ${[...keyValues.keys()].join(", ") || "none"}.`,
    );
  return {
    name: `key_${name}`,
    kind: "categorical",
    complete: 0,
    reach: 0,
    bind({ key }) {
      const code = values.indexOf(String(key[name]));
      return () => code;
    },
  };
}
