// Renews the tables of docs/explanation/replay.md from what `npm run demo` left in .tsops-demo/summary.json. With --check it only compares.
import { readFileSync, writeFileSync } from "node:fs";

const page = new URL("../docs/explanation/replay.md", import.meta.url);
const { quarters, champions, alerts, decisions, driftReports } = JSON.parse(
  readFileSync(new URL("../.tsops-demo/summary.json", import.meta.url), "utf8"),
);

const table = (head, rows) =>
  [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
const one = (value) => value.toFixed(1);
const percent = (share) => (100 * share).toFixed(1);

const byQuarter = table(
  [
    "quarter",
    "error",
    "promised",
    "over promised",
    "seasonal naive",
    "over naive",
    "never retrained",
    "80 % covers",
    "95 % covers",
  ],
  quarters.map((line) => [
    line.quarter,
    one(line.loop),
    one(line.promised),
    (line.loop / line.promised).toFixed(2),
    one(line.seasonalNaive),
    (line.loop / line.seasonalNaive).toFixed(2),
    one(line.neverRetrained),
    percent(line.coverage80),
    percent(line.coverage95),
  ]),
);
const told = ["raised", "grown", "escalated"];
const byRule = table(
  ["rule", "told", "when", "resolved", "kept back by the cool-down"],
  [...new Set(alerts.map(({ rule }) => rule))].sort().map((rule) => {
    const own = alerts.filter((alert) => alert.rule === rule);
    const days = own.filter(({ change }) => told.includes(change)).map(({ day }) => day);
    const count = (change) => own.filter((alert) => alert.change === change).length;
    return [rule, days.length, days.join(", ") || "–", count("resolved"), count("held")];
  }),
);
const byDecision = table(
  ["day", "what", "verdict", "why"],
  decisions.map(({ day, kind, verdict, reason }) => [day, kind, verdict, reason.replaceAll("|", "\\|")]),
);
const byChampion = table(
  ["champion", "since", "promised error"],
  champions.map(({ name, since, promised }) => [name, since, one(promised)]),
);

const parts = {
  error: byQuarter,
  alerts: byRule,
  decisions: byDecision,
  champions: byChampion,
  drift: `${driftReports.flagged} of ${driftReports.all} weekly drift reports found drift.`,
};
const before = readFileSync(page, "utf8");
let after = before;
for (const [name, text] of Object.entries(parts)) {
  const [begin, end] = [`<!-- ${name} -->`, `<!-- end of ${name} -->`];
  const [from, to] = [after.indexOf(begin), after.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`docs/explanation/replay.md has no part "${name}".`);
  after = `${after.slice(0, from + begin.length)}\n${text}\n${after.slice(to)}`;
}
if (!process.argv.includes("--check")) writeFileSync(page, after);
else if (after !== before) {
  console.error("docs/explanation/replay.md is not what the demo says: run npm run demo:page.");
  process.exitCode = 1;
}
