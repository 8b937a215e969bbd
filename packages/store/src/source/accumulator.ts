import type { SourceAggregateKind } from "@tsops/core/arrow";
import { compareValues, type Value } from "./values.ts";

/** Takes the values of a column in a bucket, by event time and without nulls, and makes one of them. */
export interface Accumulator {
  add(value: NonNullable<Value>): void;
  /** Null when there was no value; a count is 0 then. */
  result(): Value;
}

/** Starts an accumulator. */
export function accumulator(kind: SourceAggregateKind): Accumulator {
  switch (kind) {
    case "count":
      return counter();
    case "sum":
    case "mean":
      return summing(kind);
    case "min":
      return choosing((value, chosen) => compareValues(value, chosen) < 0);
    case "max":
      return choosing((value, chosen) => compareValues(value, chosen) >= 0);
    case "first":
      return choosing(() => false);
    case "last":
      return choosing(() => true);
  }
}

function counter(): Accumulator {
  let count = 0n;
  return {
    add() {
      count++;
    },
    result: () => count,
  };
}

function summing(kind: "sum" | "mean"): Accumulator {
  let [count, floats, integers] = [0, 0, 0n];
  let isInteger = false;
  return {
    add(value) {
      count++;
      if (typeof value === "bigint") {
        isInteger = true;
        integers += value;
      } else floats += value as number;
    },
    result() {
      if (count === 0) return null;
      if (kind === "sum") return isInteger ? integers : floats;
      return (isInteger ? Number(integers) : floats) / count;
    },
  };
}

function choosing(isBetter: (value: NonNullable<Value>, chosen: NonNullable<Value>) => boolean): Accumulator {
  let chosen: Value = null;
  return {
    add(value) {
      if (chosen === null || isBetter(value, chosen)) chosen = value;
    },
    result: () => chosen,
  };
}
