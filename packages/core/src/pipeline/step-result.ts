import { canonicalJson, parseCanonicalJson } from "../canonical-json.ts";
import { TsopsError } from "../errors.ts";
import { sha256Hex } from "../hash.ts";
import type { StepRecord } from "../ports/ledger.ts";

/** Results beyond this many characters do not belong into the ledger. */
const maxResultLength = 1_048_576;

/**
 * The text that the ledger keeps of a result: canonical JSON, in which bigint, Date, typed arrays, NaN and infinities
 * survive; `undefined` becomes null.
 * @throws TsopsError PIPELINE_INVALID naming the step and the field that cannot be recorded.
 */
export function serializeResult(step: string, value: unknown): string {
  let text: string;
  try {
    text = canonicalJson(value === undefined ? null : value);
  } catch (cause) {
    if (cause instanceof RangeError)
      throw new TsopsError(
        "PIPELINE_INVALID",
        `Step "${step}" returned data that is nested too deeply to be recorded.`,
        { hint: "Return a flat list, or write the data to a table or artifact.", details: { step }, cause },
      );
    if (!TsopsError.is(cause, "VALUE_INVALID")) throw cause;
    const { path: found } = cause.details;
    const path = String(found).replace(/^value/, "result");
    const what = cause.message.replace(/^\S+ is /, "").replace(/, which canonical JSON.*$/, "");
    throw new TsopsError(
      "PIPELINE_INVALID",
      `Step "${step}" returned ${what} at ${path}, which cannot be recorded.`,
      {
        hint: "Return plain data (objects, arrays, numbers, text, booleans, null, bigint, Date, typed arrays); keep the rest in a table or artifact and return its name.",
        details: { step, path },
        cause,
      },
    );
  }
  if (text.length > maxResultLength)
    throw new TsopsError(
      "PIPELINE_INVALID",
      `Step "${step}" returned ${text.length} characters of JSON; the ledger keeps at most ${maxResultLength}.`,
      { hint: "Write the data to a table or artifact and return its name and version.", details: { step } },
    );
  return text;
}

/**
 * The value that later steps see.
 * @throws TsopsError STORE_CORRUPT when the text is not the one that was recorded.
 */
export function parseResult(record: Pick<StepRecord, "step" | "result" | "resultHash">): unknown {
  if (sha256Hex(record.result) !== record.resultHash)
    throw new TsopsError(
      "STORE_CORRUPT",
      `The recorded result of step "${record.step}" does not match its hash.`,
      {
        hint: "Run the interval again with force (--force).",
        details: { step: record.step },
      },
    );
  return parseCanonicalJson(record.result);
}
