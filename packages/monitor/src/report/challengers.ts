import { type DecisionRecord, studentTQuantile } from "@tsops/core";

/** One comparison of a candidate or challenger with what serves, from a decision. */
export interface ChallengerComparison {
  /** Id of the decision. */
  readonly decision: string;
  readonly kind: "gate" | "experiment";
  readonly time: bigint;
  readonly verdict: string;
  readonly candidate: string;
  readonly reference: string;
  /** Which loss, e.g. `absolute`. */
  readonly loss: string;
  readonly candidateLoss: number;
  readonly referenceLoss: number;
  /** Mean loss of the candidate less that of the reference, as a share of the reference's: -0.1 is 10 % better. NaN where no test was made. */
  readonly difference: number;
  /** Range of the difference; each bound holds with probability `1 - alpha`, in an experiment at all looks at once. NaN where no test was made. */
  readonly lower: number;
  readonly upper: number;
  readonly alpha: number;
  /** To be promoted, all of the range must lie below this: 0, or what was asked beyond that. */
  readonly below: number;
}

/**
 * What gates and experiments compared, newest first. Of an experiment that was looked at several times the last look; decisions whose evidence is of another form are
 * passed over.
 */
export function challengerComparisons(decisions: readonly DecisionRecord[]): readonly ChallengerComparison[] {
  const seen = new Set<string>();
  return [...decisions]
    .sort((a, b) => (a.time < b.time ? 1 : a.time > b.time ? -1 : 0))
    .flatMap((decision) => {
      const found =
        decision.kind === "gate"
          ? gateComparison(decision)
          : decision.kind === "experiment"
            ? experimentComparison(decision)
            : null;
      if (found === null) return [];
      if (found.kind === "experiment") {
        const name = JSON.stringify([decision.subject, found.candidate, found.reference]);
        if (seen.has(name)) return [];
        seen.add(name);
      }
      return [found];
    });
}

type Evidence = Readonly<Record<string, unknown>>;

function gateComparison(decision: DecisionRecord): ChallengerComparison | null {
  const { evidence } = decision;
  const test = partOf(evidence, "test");
  const [mean, error, degrees] = [test["meanDifference"], test["standardError"], test["degrees"]].map(
    numberOf,
  );
  const alpha = numberOf(evidence["alpha"]);
  const isTested = alpha > 0 && alpha < 1 && (degrees as number) > 0;
  const reach = isTested ? studentTQuantile(1 - alpha, degrees as number) * (error as number) : Number.NaN;
  return comparison(decision, "gate", partOf(evidence, "candidate"), partOf(evidence, "reference"), {
    mean: mean as number,
    lower: (mean as number) - reach,
    upper: (mean as number) + reach,
  });
}

function experimentComparison(decision: DecisionRecord): ChallengerComparison | null {
  const { evidence } = decision;
  const look = partOf(evidence, "look");
  return comparison(decision, "experiment", partOf(evidence, "challenger"), partOf(evidence, "champion"), {
    mean: numberOf(look["meanDifference"]),
    lower: numberOf(look["lower"]),
    upper: numberOf(look["upper"]),
  });
}

/** @param tested - On the candidate's loss less `1 - margin` times the reference's, as the tests are. */
function comparison(
  { id, time, verdict, evidence }: DecisionRecord,
  kind: ChallengerComparison["kind"],
  candidate: Evidence,
  reference: Evidence,
  tested: { readonly mean: number; readonly lower: number; readonly upper: number },
): ChallengerComparison | null {
  const [candidateLoss, referenceLoss] = [numberOf(candidate["loss"]), numberOf(reference["loss"])];
  if (typeof candidate["name"] !== "string" || typeof reference["name"] !== "string") return null;
  const margin = numberOf(evidence["minImprovement"]) || 0;
  const share = (value: number) => (referenceLoss > 0 ? value / referenceLoss - margin : Number.NaN);
  return {
    decision: id,
    kind,
    time,
    verdict,
    candidate: candidate["name"],
    reference: reference["name"],
    loss: typeof evidence["loss"] === "string" ? evidence["loss"] : "",
    candidateLoss,
    referenceLoss,
    difference: share(tested.mean),
    lower: share(tested.lower),
    upper: share(tested.upper),
    alpha: numberOf(evidence["alpha"]),
    below: margin === 0 ? 0 : -margin,
  };
}

function partOf(evidence: Evidence, name: string): Evidence {
  const found = evidence[name];
  return typeof found === "object" && found !== null ? (found as Evidence) : {};
}

function numberOf(value: unknown): number {
  return typeof value === "number" ? value : Number.NaN;
}
