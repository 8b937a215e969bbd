import type { RetrainEvidence } from "./evidence.ts";

/** A retrain decision in one sentence, with the deciding numbers. */
export function retrainReason(evidence: RetrainEvidence): string {
  const { triggers, waitUntil } = evidence;
  const found = [errorText(evidence), ...otherTriggers(evidence)].join("; ");
  if (triggers.length === 0) return `No retraining: ${found}.`;
  if (waitUntil.coolDown !== null)
    return `No retraining yet, the last attempt of ${day(evidence.lastAttemptAt)} is cooling down until ${day(waitUntil.coolDown)}: ${found}.`;
  if (waitUntil.holdout !== null)
    return `No retraining yet, ${evidence.champion.name} can be compared on rows it was not fitted on from ${day(waitUntil.holdout)}: ${found}.`;
  return `Retrain: ${found}.`;
}

function errorText({ error, policy, champion }: RetrainEvidence): string {
  const latest = error.checks.at(-1);
  if (latest === undefined)
    return `${champion.name} has not served ${policy.window} windows of ${policy.every} yet`;
  if (latest.value === null)
    return `only ${latest.windows} of the last ${policy.window} windows of ${policy.every} have outcomes`;
  const times = champion.expectedError === 0 ? "" : ` (${rounded(latest.value / champion.expectedError)} x)`;
  return (
    `the ${policy.metric} of the last ${policy.window} windows of ${policy.every} is ${rounded(latest.value)} where ${rounded(champion.expectedError)} was expected of ${champion.name}${times}, ` +
    `and ${error.breaches} of the last ${error.checks.length} checks are above ${policy.ratio} x (${error.needed} of ${policy.breaches.of} needed)`
  );
}

function otherTriggers({ coverage, drift, age, policy, champion }: RetrainEvidence): string[] {
  const texts: string[] = [];
  if (coverage?.fired === true && policy.coverage !== null)
    texts.push(
      `the ${policy.coverage.level} % intervals cover ${rounded(100 * (coverage.checks.at(-1)?.value ?? Number.NaN))} %, at least ${rounded(100 * policy.coverage.atLeast)} % is wanted`,
    );
  if (drift?.fired === true) {
    const flagged = drift.reports.filter(({ columns }) => columns.length > 0);
    const columns = [...new Set(flagged.flatMap((report) => report.columns))];
    texts.push(
      `${flagged.length} of the last ${drift.reports.length} drift reports flag ${columns.slice(0, 5).join(", ")}`,
    );
  }
  if (age?.fired === true) texts.push(`${champion.name} has served longer than ${policy.maxAge}`);
  return texts;
}

function day(instant: string | null): string {
  return instant === null ? "" : instant.replace(/T00:00:00Z$/, "");
}

function rounded(value: number): string {
  return Number(value.toPrecision(3)).toString();
}
