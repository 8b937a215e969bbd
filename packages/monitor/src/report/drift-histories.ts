import type { DecisionRecord } from "@tsops/core";
import { checkEachMade } from "../check-made.ts";
import type { ColumnDrift } from "../drift/drift-test.ts";
import type { DatedDrift } from "../retrain/evaluate.ts";

/** The drift reports among decisions, oldest first. */
export function driftReports(decisions: readonly DecisionRecord[]): DatedDrift[] {
  checkEachMade("driftReports()", "records of a decision log", decisions, {
    kind: "text",
    evidence: "object",
  });
  return decisions.flatMap(({ kind, time, evidence }) => {
    const columns = evidence["columns"];
    return kind === "drift" && Array.isArray(columns)
      ? [{ time, report: { columns: columns as readonly ColumnDrift[] } }]
      : [];
  });
}

/** One test of a column in one window. */
export interface TestedWindow {
  readonly time: bigint;
  readonly pValue: number;
  readonly effect: number;
}

/** How one test of a column went over time. */
export interface TestHistory {
  readonly test: string;
  readonly unit: string;
  /** Oldest first. */
  readonly windows: readonly TestedWindow[];
}

/** What the tests of a column found, window by window. */
export interface ColumnHistory {
  readonly column: string;
  readonly windows: number;
  readonly flagged: number;
  readonly lastFlagged: bigint | null;
  /** What the strongest test of the latest flagged window found. */
  readonly sentence: string | null;
  /** Windows in which the column drifts. */
  readonly flaggedAt: ReadonlySet<bigint>;
  readonly tests: readonly TestHistory[];
}

interface Gathered extends Omit<ColumnHistory, "tests"> {
  readonly flaggedAt: Set<bigint>;
  readonly byTest: Map<string, TestHistory & { readonly windows: TestedWindow[] }>;
}

/** Every column with its tests over time; those flagged most often first, then by name. */
export function columnHistories(reports: readonly DatedDrift[]): readonly ColumnHistory[] {
  const columns = new Map<string, Gathered>();
  for (const { time, report } of reports)
    for (const { column, drift, tests } of report.columns) {
      const before = columns.get(column);
      const flaggedAt = before?.flaggedAt ?? new Set<bigint>();
      const byTest: Gathered["byTest"] = before?.byTest ?? new Map();
      if (drift) flaggedAt.add(time);
      for (const { test, unit, pValue, effect } of tests ?? []) {
        const history = byTest.get(test) ?? { test, unit, windows: [] };
        history.windows.push({ time, pValue, effect });
        byTest.set(test, history);
      }
      columns.set(column, {
        column,
        windows: (before?.windows ?? 0) + 1,
        flagged: flaggedAt.size,
        lastFlagged: drift ? time : (before?.lastFlagged ?? null),
        sentence: drift ? (tests?.[0]?.sentence ?? null) : (before?.sentence ?? null),
        flaggedAt,
        byTest,
      });
    }
  return [...columns.values()]
    .map(({ byTest, ...column }) => ({
      ...column,
      tests: [...byTest.values()].sort((a, b) => (a.test < b.test ? -1 : 1)),
    }))
    .sort((a, b) => b.flagged - a.flagged || (a.column < b.column ? -1 : a.column > b.column ? 1 : 0));
}
