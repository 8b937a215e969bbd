/** What `Temporal.Instant` and `Temporal.ZonedDateTime` (native or polyfilled) have in common. */
export interface TemporalInstantLike {
  readonly epochNanoseconds: bigint;
}

/**
 * An instant as users give it: a `Date`, `bigint` microseconds since 1970 UTC, ISO 8601 text with an offset (or without
 * one where a zone is declared), or a `Temporal.Instant`.
 */
export type InstantInput = Date | bigint | string | TemporalInstantLike;
