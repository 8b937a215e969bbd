import { describe, expect, it } from "vitest";
import { TsopsError } from "./errors.ts";
import { checkList, checkOptions, checkWord, shown } from "./options.ts";

function errorOf(work: () => unknown): TsopsError {
  try {
    work();
  } catch (error) {
    if (TsopsError.is(error)) return error;
    throw error;
  }
  throw new Error("Nothing was thrown.");
}

describe("options given at run time", () => {
  const names = { lag: true, ttl: true } as const;
  const check = (options: unknown) =>
    checkOptions("FEATURE_INVALID", "view()", options as { lag?: string; ttl?: string }, names);

  it("that are known pass", () => {
    expect(check({ lag: "1h" })).toBeUndefined();
    expect(check({})).toBeUndefined();
  });

  it("that are misspelt are refused with the word that was meant", () => {
    const error = errorOf(() => check({ lagg: "1h" }));
    expect(error).toMatchObject({
      code: "FEATURE_INVALID",
      message: 'view() has no option "lagg".',
      hint: 'Did you mean "lag"?',
    });
    expect(errorOf(() => check({ somethingElse: 1 })).hint).toBe("Its options are lag, ttl.");
    expect(errorOf(() => check({ constructor: 1 })).message).toContain('"constructor"');
  });

  it("that are no object are refused", () => {
    for (const wrong of [undefined, null, 5, "lag", [1], () => 1])
      expect(errorOf(() => check(wrong)).message).toMatch(/^view\(\) takes an object of options, got /);
  });

  it("that are one value instead of a list are refused with the list", () => {
    const one = (value: unknown) => errorOf(() => checkList("MONITOR_INVALID", "season", value));
    expect(one(24)).toMatchObject({ message: "season must be a list, got 24.", hint: "Give a list: [24]." });
    expect(one("a").hint).toBe('Give a list: ["a"].');
    expect(one("7").hint).toBe("Give a list: [7].");
    expect(one({}).hint).toBe("Give an array.");
    expect(checkList("MONITOR_INVALID", "season", [24])).toBeUndefined();
  });

  it("that are wrong words are refused with the words there are", () => {
    const error = errorOf(() => checkWord("PIPELINE_INVALID", "overlap", "parallell", ["queue", "parallel"]));
    expect(error.message).toBe('overlap is one of queue, parallel, got the text "parallell".');
    expect(error.hint).toBe('Did you mean "parallel"?');
  });

  it("are shown so that a text is told apart from a number", () => {
    expect([shown("24"), shown(24), shown(24n), shown(null), shown([1, 2])]).toEqual([
      'the text "24"',
      "24",
      "24n",
      "null",
      "a list of 2 values",
    ]);
  });
});
