import type { RetrainEvidence } from "./evidence.ts";

/** A retrain decision in one sentence, with the deciding numbers. */
export function retrainReason(evidence: RetrainEvidence): string {
  const { triggers } = evidence;
  const found = [errorText(evidence), ...otherTriggers(evidence)].join("; ");
  if (triggers.length === 0) return `No retraining: ${found}.`;
  const waits = waitTexts(evidence);
  return waits.length === 0
    ? `Retrain${trainText(evidence)}: ${found}.`
    : `No retraining yet, ${waits.join(", and ")}: ${found}.`;
}

/** What stands in the way, each with the instant at which it ends. */
function waitTexts({ waitUntil, policy, champion, lastAttemptAt, budget }: RetrainEvidence): string[] {
  const texts: string[] = [];
  if (waitUntil.coolDown !== null)
    texts.push(`the last attempt of ${day(lastAttemptAt)} is cooling down until ${day(waitUntil.coolDown)}`);
  if (waitUntil.budget !== null && policy.budget !== null && budget !== null) {
    const { per, attempts, seconds } = policy.budget;
    const spent = [
      ...(attempts === null ? [] : [`${budget.attempts} of ${attempts} attempts`]),
      ...(seconds === null ? [] : [`${rounded(budget.seconds)} of ${rounded(seconds)} seconds`]),
    ];
    texts.push(`${spent.join(" and ")} of the budget of ${per} are spent until ${day(waitUntil.budget)}`);
  }
  if (waitUntil.holdout !== null)
    texts.push(
      `${champion.name} can be compared on rows it was not fitted on from ${day(waitUntil.holdout)}`,
    );
  return texts;
}

/** What is trained, where the policy says more than the default. */
function trainText({ policy, train }: RetrainEvidence): string {
  const models = train.models.length === 0 ? "" : ` ${train.models.join(", ")}`;
  if (policy.train.window === "all" && train.start === null) return models;
  return `${models} on the rows since ${day(train.start)}`;
}

function errorText({ error, policy, champion }: RetrainEvidence): string {
  const latest = error.checks.at(-1);
  if (latest === undefined)
    return `${champion.name} has not served ${policy.window} windows of ${policy.every} yet`;
  if (latest.value === null)
    return `only ${latest.windows} of the last ${policy.window} windows of ${policy.every} have ${policy.metric === "mase" ? "a mase" : "outcomes"}`;
  const made = error.checks.length;
  const untilNow = made < policy.breaches.of ? `; only ${made} could be made so far` : "";
  const times = champion.expectedError === 0 ? "" : ` (${rounded(latest.value / champion.expectedError)} x)`;
  return (
    `the ${policy.metric} of the last ${policy.window} windows of ${policy.every} is ${rounded(latest.value)} where ${rounded(champion.expectedError)} was expected of ${champion.name}${times}, ` +
    `and ${error.breaches} of the last ${made} checks are above ${policy.ratio} x (${error.needed} of ${policy.breaches.of} needed${untilNow})`
  );
}

function otherTriggers({
  coverage,
  drift,
  age,
  calendar,
  volume,
  policy,
  champion,
}: RetrainEvidence): string[] {
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
  if (calendar?.fired === true) texts.push(`the calendar asked at ${day(calendar.due)}`);
  if (volume?.fired === true)
    texts.push(`${volume.rows} rows came since the training of ${champion.name} (${volume.needed} needed)`);
  return texts;
}

function day(instant: string | null): string {
  return instant === null ? "" : instant.replace(/T00:00:00Z$/, "");
}

function rounded(value: number): string {
  return Number(value.toPrecision(3)).toString();
}
