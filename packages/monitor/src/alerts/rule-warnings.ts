import { listSome } from "@tsops/core";
import type { AlertObservation } from "./observation.ts";
import type { AlertRule } from "./rule.ts";
import { outcomeOf } from "./series.ts";

/** Something of a rule that matches nothing in a call, and may be misspelt. */
export interface AlertRuleWarning {
  readonly rule: string;
  readonly option: "signal" | "where" | "groupBy";
  /** The signal or label that nothing has. */
  readonly name: string;
  /** For people. */
  readonly sentence: string;
}

/** What the observe functions give, beside the kinds of decisions: their checks may be looked at in other calls. */
const ownSignals = new Set([
  ...["drift", "drift_p_value", "drift_effect", "drift_stream", "quality"],
  ...["mae", "rmse", "bias", "mase", "missing", "coverage", "promise", "coverage_watch", "error_change"],
  ...["segment_error", "gate", "experiment", "promotion", "rollback", "retrain", "alert"],
]);

/**
 * Names in rules that no observation of a call has: a signal that is neither there nor one of tsops, a label in `where` or `groupBy`. Nothing can be said without
 * observations, nor of labels without observations of the rule's signal that say something.
 */
export function ruleWarnings(
  rules: readonly AlertRule[],
  observations: readonly AlertObservation[],
): readonly AlertRuleWarning[] {
  if (observations.length === 0) return [];
  const signals = [...new Set(observations.map(({ signal }) => signal))];
  return rules.flatMap((rule) => {
    const own = observations.filter(({ signal }) => signal === rule.signal);
    if (own.length === 0)
      return ownSignals.has(rule.signal)
        ? []
        : [
            warning(
              rule,
              "signal",
              rule.signal,
              `no observation has the signal "${rule.signal}", so it cannot fire; there are ${listSome(signals, 10)}`,
            ),
          ];
    const telling = own.filter((observation) => outcomeOf(rule.when, observation) !== null);
    if (telling.length === 0) return [];
    const labels = [...new Set(["subject", ...telling.flatMap((one) => Object.keys(one.labels ?? {}))])];
    const absent = (names: readonly string[]) => names.filter((name) => !labels.includes(name));
    const begin = (name: string) => `no observation of "${rule.signal}" has the label "${name}"`;
    return [
      ...absent(Object.keys(rule.where)).map((name) =>
        warning(rule, "where", name, `${begin(name)} that where asks for; there are ${listSome(labels, 10)}`),
      ),
      ...absent(rule.groupBy).map((name) =>
        warning(
          rule,
          "groupBy",
          name,
          `${begin(name)}, so groupBy tells no series apart by it; there are ${listSome(labels, 10)}`,
        ),
      ),
    ];
  });
}

function warning(
  { name: rule }: AlertRule,
  option: AlertRuleWarning["option"],
  name: string,
  claim: string,
): AlertRuleWarning {
  return { rule, option, name, sentence: `Rule "${rule}": ${claim}.` };
}
