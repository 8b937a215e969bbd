import { TsopsError, type TsopsErrorCode } from "../errors.ts";
import type { InstantProblem } from "../time/instant.ts";

const shown = 5;

/** Collects offending values: the first few in full, the rest as a count. */
export interface ValueProblems {
  add(row: number, column: string, problem: string | InstantProblem): void;
  /** @throws TsopsError with the code of the first problem. */
  throwIfAny(unit: string): void;
}

/** Starts an empty list of problems. */
export function problemList(): ValueProblems {
  const first: { row: number; column: string; problem: string }[] = [];
  let code: TsopsErrorCode = "VALUE_INVALID";
  let hint = "Correct the values, or change the column types.";
  let count = 0;
  return {
    add(row, column, problem) {
      count++;
      if (first.length >= shown) return;
      const text = typeof problem === "string" ? problem : problem.message;
      if (count === 1 && typeof problem !== "string") ({ code, hint } = problem);
      first.push({ row, column, problem: text });
    },
    throwIfAny(unit) {
      const [one] = first;
      if (one === undefined) return;
      const where = `${unit === "rows" ? "row" : "entry"} ${one.row}, column "${one.column}"`;
      const sentence = one.problem.endsWith(".") ? one.problem : `The value ${one.problem}.`;
      const rest = count > 1 ? ` ${count - 1} more ${count === 2 ? "value is" : "values are"} wrong.` : "";
      throw new TsopsError(code, `In ${where}: ${sentence}${rest}`, { hint, details: { count, first } });
    },
  };
}

/** A value in a few words, for error messages. */
export function describeValue(value: unknown): string {
  if (typeof value === "string")
    return `the text ${JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value)}`;
  if (typeof value === "number" || typeof value === "boolean") return `the ${typeof value} ${value}`;
  if (typeof value === "bigint") return `the bigint ${value}`;
  if (value instanceof Date) return "a Date";
  if (Array.isArray(value)) return "an array";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}
