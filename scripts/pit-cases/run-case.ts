import { type Columns, toRows } from "@tsops/core";
import { type ExpectedMatch, type PitCase, withoutNullFields } from "./case-file.ts";
import { parseValue, Skipped } from "./case-values.ts";
import { malformed, unknownField } from "./check-case.ts";
import type { CaseEngine } from "./engines.ts";
import { featureName, type PreparedJoin, prepareCase, viewName } from "./prepare-case.ts";

/** What became of a case. */
export type CaseOutcome =
  | { readonly outcome: "passed" }
  | { readonly outcome: "skipped"; readonly reason: string }
  | { readonly outcome: "failed"; readonly problems: readonly string[] };

type Value = number | bigint | string | boolean | null;
type ResultRow = Readonly<Record<string, Value>>;

/** Runs one case: every value, feature time and status is compared. */
export async function runCase(asGiven: PitCase, engine: CaseEngine): Promise<CaseOutcome> {
  const problem = malformed(asGiven);
  if (problem !== null) return { outcome: "failed", problems: [`the case ${problem}`] };
  const given = withoutNullFields(asGiven);
  const field = unknownField(given);
  if (field !== null) return { outcome: "skipped", reason: `unknown field ${field}` };
  const problems: string[] = [];
  try {
    if (expectsNanoseconds(given)) throw new Skipped("nanoseconds");
    for (const prepared of prepareCase(given))
      problems.push(...compare(given, prepared, await engine.join(prepared)));
  } catch (error) {
    if (error instanceof Skipped) return { outcome: "skipped", reason: error.message };
    return { outcome: "failed", problems: [error instanceof Error ? error.message : String(error)] };
  }
  return problems.length === 0 ? { outcome: "passed" } : { outcome: "failed", problems };
}

function expectsNanoseconds(given: PitCase): boolean {
  return Object.values(given.expected).some((matches) =>
    matches.some(
      ({ feature_ts_ns: nanos }) => nanos !== null && nanos !== undefined && BigInt(nanos) % 1000n !== 0n,
    ),
  );
}

function compare(given: PitCase, prepared: PreparedJoin, joined: Columns): string[] {
  if (joined.length !== prepared.rows.length)
    return [`expected ${prepared.rows.length} rows, got ${joined.length}`];
  const rows = toRows(joined, { timestamps: "micros" }) as unknown as readonly ResultRow[];
  const problems = compareSpine(prepared, rows);
  given.views.forEach((view, number) => {
    prepared.rows.forEach((spineRow, i) => {
      const expected = given.expected[view.name]?.[spineRow] as ExpectedMatch;
      const got = rows[i] as ResultRow;
      const at = `view ${view.name}, row ${spineRow}`;
      for (const feature of new Set([...view.features, ...Object.keys(expected.features)])) {
        const wanted = expected.features[feature] ?? null;
        const index = view.features.indexOf(feature);
        const found = index < 0 ? undefined : got[`${viewName(number)}__${featureName(index)}`];
        const isText = typeof found === "string" && typeof wanted === "string";
        check(`${at}, ${feature}`, isText ? wanted : parseValue(wanted), found, problems);
      }
      const time = got[`${viewName(number)}__feature_time`] as bigint | null;
      const nanos = expected.feature_ts_ns ?? null;
      check(
        `${at}, feature time (ns)`,
        nanos === null ? null : BigInt(nanos),
        time === null ? null : time * 1000n,
        problems,
      );
      check(`${at}, status`, expected.status, got[`${viewName(number)}__feature_status`], problems);
    });
  });
  return problems;
}

/** The spine's own columns must come back as they went in. */
function compareSpine({ spine }: PreparedJoin, rows: readonly ResultRow[]): string[] {
  const problems: string[] = [];
  (toRows(spine, { timestamps: "micros" }) as unknown as readonly ResultRow[]).forEach((row, i) => {
    for (const [name, value] of Object.entries(row))
      check(`spine column ${name}, row ${i}`, value, rows[i]?.[name], problems);
  });
  return problems;
}

function check(what: string, expected: Value, got: Value | undefined, problems: string[]): void {
  if (!Object.is(expected, got)) problems.push(`${what}: expected ${show(expected)}, got ${show(got)}`);
}

function show(value: Value | undefined): string {
  if (typeof value === "bigint") return `${value} (64-bit integer)`;
  if (Object.is(value, -0)) return "-0.0";
  return typeof value === "string" ? JSON.stringify(value) : String(value);
}
