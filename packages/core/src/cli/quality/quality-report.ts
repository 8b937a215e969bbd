import type { Guess } from "../table-file/guessed.ts";
import type { FoundQuality } from "./companions.ts";

/** What `tsops quality` found. */
export interface QualityReport {
  readonly file: string;
  /** What the rows were held against: a file, rules, or nothing. */
  readonly reference: string | null;
  readonly rules: string | null;
  readonly wroteRules: string | null;
  readonly rows: number;
  readonly series: number;
  readonly findings: readonly FoundQuality[];
  readonly guessed: readonly Guess[];
  readonly notes: readonly string[];
  placeOf(row: number): string;
}

/** The result as JSON. */
export function qualityData(report: QualityReport): unknown {
  const { file, reference, rules, wroteRules, rows, series, findings, guessed, notes, placeOf } = report;
  return {
    file,
    reference,
    rules,
    wroteRules,
    rows,
    series,
    errors: countOf(findings, "error"),
    warnings: countOf(findings, "warning"),
    findings: findings.map((finding) => ({ ...finding, places: finding.rows.map(placeOf) })),
    guessed,
    notes,
  };
}

/** The result for people. */
export function qualityText(report: QualityReport): string {
  const { file, findings, rows, placeOf, wroteRules } = report;
  const against = report.reference ?? report.rules;
  const held = against === null ? "without a reference" : `held against ${against}`;
  const head = `${file}: ${rows.toLocaleString("en-US")} ${rows === 1 ? "row" : "rows"} ${held}: ${summary(findings)}`;
  const lines = findings.flatMap((finding) => {
    const { severity, check, sentence, cause, hint } = finding;
    const places =
      finding.rows.length === 0
        ? ""
        : ` (${finding.rows.slice(0, 3).map(placeOf).join(", ")}${finding.count > 3 ? ", ..." : ""})`;
    return [
      "",
      `${severity.padEnd(7)}  ${check}: ${sentence}${places}`,
      `         cause: ${cause}`,
      `         hint:  ${hint}`,
    ];
  });
  const wrote = wroteRules === null ? [] : ["", `wrote the rules to ${wroteRules}`];
  return [head, ...lines, ...wrote].join("\n");
}

function summary(findings: readonly FoundQuality[]): string {
  if (findings.length === 0) return "nothing found";
  const parts = (["error", "warning", "info"] as const).flatMap((severity) => {
    const count = countOf(findings, severity);
    const plural = severity === "info" ? "infos" : `${severity}s`;
    return count === 0 ? [] : [`${count} ${count === 1 ? severity : plural}`];
  });
  return parts.join(", ");
}

function countOf(findings: readonly FoundQuality[], severity: FoundQuality["severity"]): number {
  return findings.filter((finding) => finding.severity === severity).length;
}
