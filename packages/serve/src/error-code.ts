import { TsopsError } from "@tsops/core";

/** The code of an error of ours, else `"OTHER"`: the values of a metric's label must stay few. */
export function errorCode(error: unknown): string {
  return TsopsError.is(error) ? error.code : "OTHER";
}
