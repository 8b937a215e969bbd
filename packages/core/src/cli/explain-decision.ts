import type { DecisionKind, DecisionRecord } from "../ports/decision-log.ts";
import { type Evidence, labelsText, part, parts, percent, plainSentences, said } from "./read-evidence.ts";

/** A decision's evidence as sentences; line by line where its form is not the one of its kind. */
export function explainDecision({ kind, evidence }: DecisionRecord): readonly string[] {
  const explain = explainers[kind];
  const sentences = explain === undefined ? null : explain(evidence);
  return sentences ?? plainSentences(evidence);
}

/** Null when the evidence is of another form. */
const explainers: { readonly [Kind in DecisionKind]?: (evidence: Evidence) => readonly string[] | null } = {
  gate: explainGate,
  experiment: explainExperiment,
  promotion: explainMove,
  rollback: explainMove,
  drift: explainDrift,
  retrain: explainRetrain,
  alert: explainAlert,
};

function explainGate(evidence: Evidence): readonly string[] | null {
  const { candidate, reference, folds, test } = {
    candidate: part(evidence, "candidate"),
    reference: part(evidence, "reference"),
    folds: part(evidence, "folds"),
    test: part(evidence, "test"),
  };
  if (candidate["name"] === undefined || reference["name"] === undefined) return null;
  const improvement = evidence["minImprovement"];
  return [
    `Compared: the ${said(evidence["loss"])} loss of ${said(candidate["name"])}, ${said(candidate["loss"])}, with that of the ${said(reference["role"])} ${said(reference["name"])}, ${said(reference["loss"])}, over ${said(evidence["rows"])} rows of ${said(folds["count"])} folds from ${said(folds["firstCutoff"])} to ${said(folds["lastCutoff"])}.`,
    ...(evidence["test"] === null
      ? ["No test was made: not all predictions of the candidate are numbers."]
      : [
          `Test: by ${said(evidence["unit"])} the difference is ${said(test["meanDifference"])} on average (standard error ${said(test["standardError"])}, n ${said(test["n"])}); Diebold-Mariano's statistic is ${said(test["statistic"])}, its p-value ${said(test["pValue"])}, where at most ${said(evidence["alpha"])} is needed.`,
        ]),
    ...(typeof improvement === "number" && improvement !== 0
      ? [`Margin: the candidate had to be better by ${percent(improvement)} of the reference's loss.`]
      : []),
    ...explainGuards(evidence),
    ...(evidence["rowsWithoutOutcome"] === 0 || evidence["rowsWithoutOutcome"] === undefined
      ? []
      : [`Left out: ${said(evidence["rowsWithoutOutcome"])} rows whose outcome is missing.`]),
  ];
}

function explainGuards(evidence: Evidence): readonly string[] {
  return parts(evidence["guards"]).map(
    (guard) =>
      `Guard ${said(part(guard, "guard")["kind"])} ${guard["passed"] === true ? "passed" : "failed"}: ${said(guard["finding"])}.`,
  );
}

function explainExperiment(evidence: Evidence): readonly string[] | null {
  const { champion, challenger, blocks, look, counts } = {
    champion: part(evidence, "champion"),
    challenger: part(evidence, "challenger"),
    blocks: part(evidence, "blocks"),
    look: part(evidence, "look"),
    counts: part(evidence, "counts"),
  };
  if (champion["name"] === undefined || challenger["name"] === undefined) return null;
  const { alpha, minImprovement: margin, because } = evidence;
  const isOver = because !== null && because !== undefined;
  const left = Object.entries(leftOutNames).filter(([name]) => (counts[name] ?? 0) !== 0);
  return [
    blocks["count"] === 0
      ? `To be compared: the ${said(evidence["loss"])} loss of ${said(challenger["name"])} with that of the champion ${said(champion["name"])}; no block of ${said(blocks["length"])} is closed yet.`
      : `Compared: the ${said(evidence["loss"])} loss of ${said(challenger["name"])}, ${said(challenger["loss"])}, with that of the champion ${said(champion["name"])}, ${said(champion["loss"])}, over ${said(blocks["outcomes"])} outcomes in ${said(blocks["count"])} blocks of ${said(blocks["length"])} from ${said(blocks["from"])} to ${said(blocks["to"])}.`,
    ...(look["blocks"] === undefined
      ? []
      : [
          `At the last look, after ${said(look["blocks"])} blocks, the difference is ${said(look["meanDifference"])} on average; the expected one lies between ${said(look["lower"])} and ${said(look["upper"])}, each bound at ${percent(typeof alpha === "number" ? 1 - alpha : null)} over all looks. A promotion needs the upper one below 0.`,
        ]),
    ...(typeof margin === "number" && margin !== 0
      ? [
          `Margin: the challenger has to be better by ${percent(margin)} of the champion's loss, which the difference counts as its own.`,
        ]
      : []),
    isOver
      ? `It is over: ${endings[String(because)] ?? said(because)}.`
      : `It goes on until ${said(evidence["deadline"])} blocks are closed${typeof part(evidence, "expected")["text"] === "string" ? `; a verdict is expected ${said(part(evidence, "expected")["text"])}` : ""}.`,
    ...explainGuards(evidence),
    ...(left.length === 0
      ? []
      : [`Left out: ${left.map(([name, text]) => `${said(counts[name])} outcomes ${text}`).join(", ")}.`]),
  ];
}

/** Why an experiment ended. */
const endings: Readonly<Record<string, string>> = {
  better: "the challenger is proven better",
  worse: "the challenger is proven worse",
  guards: "the challenger is proven better, and a guard failed",
  "not finite": "the challenger predicted what is no finite number",
  deadline: "nothing was proven by its deadline",
  futile: "nothing that is plausible would be proven by its deadline",
  stopped: "it was stopped",
};

const leftOutNames = {
  late: "that came again, or late, after their block was closed",
  early: "of instants that were yet to come",
  championNotFinite: "for which the champion predicted no finite number",
  challengerNotFinite: "for which the challenger predicted no finite number",
};

function explainMove({ from, to, gate }: Evidence): readonly string[] | null {
  if (to === undefined) return null;
  return [
    from === null
      ? `Version ${said(to)} became the first champion.`
      : `The champion moved from version ${said(from)} to version ${said(to)}.`,
    ...(typeof gate === "string" ? [`What it rests on: tsops decisions ${gate}`] : []),
  ];
}

function explainDrift(evidence: Evidence): readonly string[] | null {
  const columns = parts(evidence["columns"]);
  if (columns.length === 0 && parts(evidence["untested"]).length === 0) return null;
  const changed = columns.filter(({ drift }) => drift === true);
  const same = columns.filter(({ drift }) => drift !== true);
  return [
    `Compared: ${said(evidence["currentRows"])} rows with ${said(evidence["referenceRows"])} of the reference, every ${said(evidence["frequency"])}, seasons of ${said(evidence["seasons"])} steps; at most ${percent(evidence["alpha"])} of the columns that are flagged are so by chance.`,
    ...changed.flatMap((column) => [
      `${said(column["column"])} drifts: p-value ${said(column["pValue"])}, ${said(column["adjustedPValue"])} adjusted for ${columns.length} columns.`,
      ...parts(column["tests"])
        .slice(0, 3)
        .map((test) => `  ${said(test["sentence"])}`),
    ]),
    ...(same.length === 0
      ? []
      : [
          `No drift: ${same.map((column) => `${said(column["column"])} (adjusted p-value ${said(column["adjustedPValue"])})`).join(", ")}.`,
        ]),
    ...parts(evidence["untested"]).map(
      ({ column, reason }) => `Not tested: ${said(column)}. ${said(reason)}`,
    ),
  ];
}

function explainRetrain(evidence: Evidence): readonly string[] | null {
  const { policy, champion } = { policy: part(evidence, "policy"), champion: part(evidence, "champion") };
  if (said(evidence["triggers"]) === "request") return ["Somebody asked for it; no policy did."];
  if (policy["metric"] === undefined) return null;
  const { train, wait } = { train: part(evidence, "train"), wait: part(evidence, "waitUntil") };
  const gate = part(policy, "gate");
  return [
    `Champion: ${said(champion["name"])} serves since ${said(champion["since"])}; its backtest promised a ${said(policy["metric"])} of ${said(champion["expectedError"])}.`,
    ...explainTriggers(evidence, policy),
    evidence["lastAttemptAt"] === null
      ? "The policy has not asked before."
      : `The policy asked last at ${said(evidence["lastAttemptAt"])}; it waits ${said(policy["coolDown"] ?? "no time")} between two attempts.`,
    ...(evidence["budget"] === null || evidence["budget"] === undefined
      ? []
      : [
          `Budget of ${said(part(policy, "budget")["per"])}: ${said(part(evidence, "budget")["attempts"])} attempts and ${said(part(evidence, "budget")["seconds"])} seconds are spent (limits: ${said(part(policy, "budget")["attempts"] ?? "no")} attempts, ${said(part(policy, "budget")["seconds"] ?? "no")} seconds).`,
        ]),
    ...Object.entries(waitNames).flatMap(([name, text]) =>
      typeof wait[name] === "string" ? [`Must wait for ${text} until ${said(wait[name])}.`] : [],
    ),
    ...(train["end"] === undefined
      ? []
      : [
          `To train: ${Array.isArray(train["models"]) && train["models"].length > 0 ? said(train["models"]) : "the model in use"} on the rows from ${train["start"] === null ? "the first" : said(train["start"])} to ${said(train["end"])}.`,
        ]),
    ...(Object.keys(gate).length === 0 ? [] : [`Then the gate, with ${labelsText(gate)}.`]),
  ];
}

const waitNames = {
  coolDown: "the cool-down",
  budget: "the budget",
  holdout: "rows that the champion was not fitted on",
};

/** Each trigger that is watched, whether it fired or not. */
function explainTriggers(evidence: Evidence, policy: Evidence): readonly string[] {
  const checks = (name: string, what: string, side: string): readonly string[] => {
    const found = part(evidence, name);
    const last = parts(found["checks"]).at(-1);
    if (found["threshold"] === undefined) return [];
    if (last === undefined) return [`${what}: not judged yet.`];
    return [
      `${what}${found["fired"] === true ? " fired" : ""}: ${last["value"] === null ? "too few windows have outcomes" : said(last["value"])} at ${said(last["at"])} over ${said(last["windows"])} windows of ${said(policy["every"])}; ${said(found["breaches"])} of the last ${parts(found["checks"]).length} checks are ${side} ${said(found["threshold"])}, ${said(found["needed"])} needed.`,
    ];
  };
  const simple = (name: string, text: (found: Evidence) => string): readonly string[] => {
    const found = part(evidence, name);
    return found["fired"] === undefined ? [] : [`${text(found)}${found["fired"] === true ? ": fired" : ""}.`];
  };
  return [
    ...checks("error", "Error", "above"),
    ...checks("coverage", "Coverage", "below"),
    ...simple("drift", (found) => {
      const reports = parts(found["reports"]);
      const flagged = reports.filter(({ columns }) => Array.isArray(columns) && columns.length > 0);
      return `Drift: ${flagged.length} of the last ${reports.length} reports flag a column (${said(flagged.flatMap(({ columns }) => columns))}), ${said(found["needed"])} needed`;
    }),
    ...simple("age", (found) => `Age: the champion is to serve until ${said(found["until"])}`),
    ...simple("calendar", (found) =>
      found["due"] === null ? "Calendar: not due" : `Calendar: due at ${said(found["due"])}`,
    ),
    ...simple("volume", (found) => `Volume: ${said(found["rows"])} of ${said(found["needed"])} new rows`),
  ];
}

function explainAlert(evidence: Evidence): readonly string[] | null {
  if (evidence["change"] === undefined) return null;
  const rule = part(evidence, "rule");
  const series = parts(evidence["series"]);
  const count = typeof evidence["count"] === "number" ? evidence["count"] : series.length;
  const silence = part(evidence, "silence");
  return [
    `Alert ${said(evidence["incident"])} of the rule ${said(evidence["ruleName"])}, ${said(evidence["severity"])}, since ${said(evidence["since"])}: ${said(evidence["change"])}.`,
    ...(rule["signal"] === undefined
      ? []
      : [
          `The rule looks at ${said(rule["signal"])} for ${labelsText(part(rule, "when"))}; ${kOfN(rule["raise"])} observations raise it, ${kOfN(rule["resolve"])} in order end it; at most one message in ${said(rule["coolDown"] ?? "no time")}.`,
        ]),
    ...series.map((one) => {
      const { sentence, value, since } = one;
      const found =
        typeof sentence === "string"
          ? `: ${sentence.replace(/\.$/, "")}`
          : typeof value === "number"
            ? `: at ${said(value)}`
            : "";
      return `${labelsText(part(one, "labels"))}${found}${typeof since === "string" ? `, since ${since}` : ""}.`;
    }),
    ...(count > series.length ? [`And ${count - series.length} more series.`] : []),
    ...(silence["by"] === undefined
      ? []
      : [`Silenced by ${said(silence["by"])} until ${said(silence["until"])}: ${said(silence["why"])}.`]),
    ...(typeof evidence["heldUntil"] === "string"
      ? [`Held until ${evidence["heldUntil"]}, when the last message has cooled down.`]
      : []),
  ];
}

function kOfN(value: unknown): string {
  return `${said(part(value)["k"])} of ${said(part(value)["of"])}`;
}
