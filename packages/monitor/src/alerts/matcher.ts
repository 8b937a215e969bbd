import { checkList, shown, TsopsError } from "@tsops/core";

/**
 * Which series are meant, by label (also `subject`; in silences `rule` and `severity` too): each label that is named must have the text,
 * or one of the texts. `*` stands for any text.
 */
export type LabelMatcher = Readonly<Record<string, string | readonly string[]>>;

/** Whether labels are meant. A label that is not there counts as empty. */
export function matchesLabels(matcher: LabelMatcher, labels: Readonly<Record<string, string>>): boolean {
  return Object.entries(matcher).every(([name, wanted]) => {
    const text = labels[name] ?? "";
    return [wanted].flat().some((pattern) => matchesPattern(pattern, text));
  });
}

/** Taking each part between two stars at its first place is enough, and never takes long. */
function matchesPattern(pattern: string, text: string): boolean {
  const [first = "", ...others] = pattern.split("*");
  const last = others.pop();
  if (last === undefined) return pattern === text;
  if (!text.startsWith(first)) return false;
  let from = first.length;
  for (const part of others) {
    const at = text.indexOf(part, from);
    if (at < 0) return false;
    from = at + part.length;
  }
  return text.length - last.length >= from && text.endsWith(last);
}

/** @throws TsopsError MONITOR_INVALID */
export function checkMatcher(name: string, matcher: unknown): void {
  const isObject = typeof matcher === "object" && matcher !== null && !Array.isArray(matcher);
  const wrong = isObject
    ? Object.entries(matcher).find(
        ([, wanted]) =>
          [wanted].flat().length === 0 || [wanted].flat().some((text) => typeof text !== "string"),
      )
    : undefined;
  if (isObject && wrong === undefined) return;
  throw new TsopsError(
    "MONITOR_INVALID",
    wrong === undefined
      ? `${name} is ${shown(matcher)}, it must be an object of labels.`
      : `${name}.${wrong[0]} is ${shown(wrong[1])}, it must be a text or a list of texts.`,
    { hint: 'Write { column: "temp" } or { column: ["temp", "wind*"] }.', details: { option: name } },
  );
}

/** @throws TsopsError MONITOR_INVALID when it is no list of texts. */
export function checkTexts(name: string, value: unknown): void {
  checkList("MONITOR_INVALID", name, value);
  const texts = value as readonly unknown[];
  const wrong = texts.findIndex((text) => typeof text !== "string" || text === "");
  if (wrong >= 0)
    throw new TsopsError("MONITOR_INVALID", `${name} has ${shown(texts[wrong])} among its texts.`, {
      hint: "Give texts that are not empty.",
      details: { option: name },
    });
}
