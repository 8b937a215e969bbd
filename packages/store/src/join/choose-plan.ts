import { type AsOfPlan, checkWord, TsopsError, type ViewPlan } from "@tsops/core";

/** "asof": DuckDB's ASOF JOIN; "merge": DuckDB sorts and core's kernel walks; "auto": "asof" where it can. */
export type JoinMethod = "auto" | "asof" | "merge";

/** Views that are joined together: one for "asof", all of one table and key for "merge". */
export interface ChosenPlan {
  readonly method: "asof" | "merge";
  readonly views: readonly [ViewPlan, ...ViewPlan[]];
  readonly why: string;
}

/**
 * Decides how each view is joined.
 * @throws TsopsError FEATURE_INVALID when "asof" is asked for a view that it cannot join
 */
export function chosenPlans(plan: AsOfPlan, method: JoinMethod): readonly ChosenPlan[] {
  checkWord("FEATURE_INVALID", "method", method, ["auto", "asof", "merge"]);
  const chosen: ChosenPlan[] = [];
  const merged = new Map<string, [ViewPlan, ...ViewPlan[]]>();
  for (const view of plan.views) {
    const obstacle = asOfObstacle(view);
    if (method === "asof" && obstacle !== null)
      throw new TsopsError(
        "FEATURE_INVALID",
        `View "${view.view}" cannot be joined by ASOF JOIN: it ${obstacle}.`,
        {
          hint: 'Leave method out, or use "merge".',
          details: { view: view.view },
        },
      );
    if (method !== "merge" && obstacle === null) {
      chosen.push({ method: "asof", views: [view], why: asOfReason(view) });
      continue;
    }
    const group = JSON.stringify([view.table, view.keys.map((key) => [key.column, key.spine])]);
    const others = merged.get(group);
    if (others === undefined) merged.set(group, [view]);
    else others.push(view);
  }
  for (const views of merged.values())
    chosen.push({
      method: "merge",
      views,
      why: views.map((view) => asOfObstacle(view) ?? "was asked to").join("; "),
    });
  return chosen;
}

/** Why DuckDB's ASOF JOIN, which takes one inequality and one row, cannot join a view; null when it can. */
function asOfObstacle(view: ViewPlan): string | null {
  if (view.windowFeatures.length > 0) return "has windows";
  if (view.rowFeatures.some((feature) => feature.lastNonNull)) return "has lastNonNull features";
  if (view.knownAt.by === "column") return "limits event time and availability row by row";
  return null;
}

function asOfReason(view: ViewPlan): string {
  const known = view.knownAt.by === "instant" ? "one instant of knowledge" : "event time only";
  return `plain columns, ${known}; ties are decided after the match, among the matched times only`;
}

/** One line a view, in the order of the views. */
export function explainPlans(plan: AsOfPlan, chosen: readonly ChosenPlan[]): string {
  const lines = plan.views.map((view) => {
    const found = chosen.find(({ views }) => views.includes(view)) as ChosenPlan;
    const shared = found.views.filter((other) => other !== view).map((other) => other.view);
    const rows =
      found.method === "asof"
        ? "ASOF JOIN in DuckDB"
        : `merge: rows of the spine's keys sorted by DuckDB, walked by core${shared.length === 0 ? "" : `, read once with ${shared.join(", ")}`}`;
    const why = found.method === "asof" ? found.why : (asOfObstacle(view) ?? "as asked");
    return `${view.view}: ${rows} (${why})`;
  });
  return lines.join("\n");
}
