import type { Source } from "@tsops/core/arrow";
import { aggregateOf } from "../../src/source/aggregate-of.ts";
import { latestOf } from "../../src/source/latest-of.ts";

/** A source that can do nothing but scan and write, with the store's emulation in place of what it lacks. */
export function emulated(source: Source): Source {
  const scanOnly = { ...source, capabilities: { ...source.capabilities, latest: false, aggregate: false } };
  return {
    ...source,
    capabilities: { ...source.capabilities, latest: true, aggregate: true },
    latest: (scan) => latestOf(scanOnly, scan),
    aggregate: (aggregation) => aggregateOf(scanOnly, aggregation),
  };
}
