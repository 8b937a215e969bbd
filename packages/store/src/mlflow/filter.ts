import { TsopsError } from "@tsops/core";

/** A text in MLflow's filter language. @throws TsopsError VALUE_INVALID for a text that it has no way to write */
export function quoted(text: string): string {
  if (!text.includes("'")) return `'${text}'`;
  if (!text.includes('"')) return `"${text}"`;
  throw new TsopsError("VALUE_INVALID", "MLflow cannot search for a text with both kinds of quotes.", {
    details: { text: text.slice(0, 100) },
  });
}
