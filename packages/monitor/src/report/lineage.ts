import type { ModelVersion } from "@tsops/core";
import type { JoinedOutcomes } from "../performance/join-outcomes.ts";
import { minute, short, whole } from "./format.ts";
import { type Html, html } from "./html.ts";

type Fact = readonly [name: string, value: string | Html];

/** From source rows to served numbers: where the champion came from. */
export function lineageFlow(champion: ModelVersion, served: JoinedOutcomes, zone: string): Html {
  const { lineage } = champion;
  const training = lineage?.trainingSet ?? null;
  const cards: Html[] = [];
  if (training !== null) {
    cards.push(
      card(
        "Tables",
        training.tables.map(({ table, version }): Fact => [table, `version ${version}`]),
      ),
      card("Training set", [
        ["name", training.name],
        ["rows", whole(training.rows)],
        ["definition", hash(training.definitionHash)],
        ["content", hash(training.contentHash)],
      ]),
    );
  }
  if (lineage !== null)
    cards.push(
      card("Forecaster", [
        ["definition", hash(lineage.definitionHash)],
        ["seed", lineage.seed ?? "–"],
        ["code", lineage.codeVersion ?? "version not given (set codeVersion)"],
        ...Object.entries(lineage.environment),
      ]),
    );
  cards.push(
    card("Model version", [
      ["name", `${champion.name} v${champion.version}`],
      ["registered", minute(champion.createdAt, zone)],
      ["aliases", champion.aliases.join(", ") || "–"],
      ["run", hash(champion.runId)],
      ["bytes", hash(lineage?.modelHash ?? null)],
    ]),
    card("Predictions", servedFacts(champion, served)),
  );
  return html`<ol class="flow">${cards}</ol>`;
}

function servedFacts({ version }: ModelVersion, served: JoinedOutcomes): Fact[] {
  const predictions = new Set<number>();
  let steps = 0;
  for (let row = 0; row < served.length; row++) {
    const source = served.sources[served.sourceIndex[row] as number];
    if (source?.modelVersion !== version || source.role !== "champion") continue;
    predictions.add(served.predictionIndex[row] as number);
    steps++;
  }
  const last = [...predictions].at(-1) ?? -1;
  return [
    ["served", whole(predictions.size)],
    ["steps", whole(steps)],
    ["last id", hash(served.predictionIds[last] ?? null)],
  ];
}

function card(title: string, facts: readonly Fact[]): Html {
  return html`<li><h3>${title}</h3><dl>${facts.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl></li>`;
}

function hash(text: string | null): Html {
  return html`<code title="${text ?? ""}">${short(text)}</code>`;
}
