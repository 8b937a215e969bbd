// The conformance kit of `Source` and a source in memory: apart from the other kits, which need no apache-arrow.

import { type ConformanceCase, type ConformanceOptions, conformanceCases } from "../case.ts";
import { flowCases } from "./flow-cases.ts";
import { pushDownCases } from "./push-down-cases.ts";
import { readCases } from "./read-cases.ts";
import type { SourceSubject } from "./subject.ts";

export { type MemorySource, type MemorySourceOptions, memorySource } from "./memory-source.ts";
export type { SourceRow, SourceValue } from "./rows.ts";
export type { OpenedSource, SourceSubject } from "./subject.ts";

/**
 * What every `Source` promises. A source that cannot write, find the latest rows or aggregate is not asked to; `restart` of the subject
 * decides whether a restart of the server is tried. Run the cases one after another: the server is one.
 * @param open - Called once per case.
 */
export function sourceCases(
  open: () => Promise<SourceSubject>,
  options?: ConformanceOptions,
): readonly ConformanceCase[] {
  return conformanceCases(open, { ...readCases, ...flowCases, ...pushDownCases }, options);
}
