/** Status of the row that a view contributes to a spine row. */
export type FeatureStatus = "present" | "expired" | "not_yet_known" | "missing";

/** Statuses by the code that the join uses inside. */
export const featureStatuses = [
  "present",
  "expired",
  "not_yet_known",
  "missing",
] as const satisfies FeatureStatus[];

/** Feature names that would clash with the two columns that every view adds. */
export const reservedFeatureNames: readonly string[] = ["feature_time", "feature_status"];

/** Name of a joined feature, `view__feature`. */
export function featureColumn<const V extends string, const F extends string>(
  view: V,
  feature: F,
): `${V}__${F}` {
  return `${view}__${feature}`;
}

/** Name of the joined column with the event time of the row that a view contributed; null unless "present". */
export function featureTimeColumn<const V extends string>(view: V): `${V}__feature_time` {
  return `${view}__feature_time`;
}

/** Name of the joined column with a view's `FeatureStatus`. */
export function featureStatusColumn<const V extends string>(view: V): `${V}__feature_status` {
  return `${view}__feature_status`;
}
