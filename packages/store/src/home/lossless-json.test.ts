import { fc, test } from "@fast-check/vitest";
import { expect, it } from "vitest";
import { fromLosslessJson, toLosslessJson } from "./lossless-json.ts";

test.prop([
  fc.object({
    values: [
      fc.double(),
      fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, -0),
      fc.bigInt(),
      fc.string(),
      fc.boolean(),
      fc.constant(null),
    ],
    key: fc.string().filter((key) => key !== "__proto__" && !key.startsWith("$")),
  }),
])("every value comes back as it was", (value) => {
  expect(fromLosslessJson(toLosslessJson(value))).toEqual(value);
});

it("is plain JSON where JSON loses nothing", () => {
  const value = { a: [1, "x", null, true], b: { c: 0.5 } };
  expect(toLosslessJson(value)).toBe(JSON.stringify(value));
  expect(toLosslessJson([Number.NaN, -0, 1n])).toBe('[{"$number":"NaN"},{"$number":"-0"},{"$bigint":"1"}]');
});
