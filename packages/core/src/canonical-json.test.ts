import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { canonicalJson, parseCanonicalJson } from "./canonical-json.ts";
import { TsopsError } from "./errors.ts";

const leaf = fc.oneof(
  fc.double({ noDefaultInfinity: false }).map((x) => x + 0),
  fc.bigInt(),
  fc.string(),
  fc.boolean(),
  fc.constant(null),
  fc.date({ noInvalidDate: true }),
  fc.float64Array({ maxLength: 4 }).map((array) => array.map((x) => x + 0)),
  fc.bigInt64Array({ maxLength: 4 }),
  fc.uint8Array({ maxLength: 4 }),
);
const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    leaf,
    fc.array(tie("value"), { maxLength: 4 }),
    fc.dictionary(fc.oneof(fc.string(), fc.constantFrom("$", "$int", "$$int", "$date", "$x")), tie("value"), {
      maxKeys: 4,
    }),
  ),
}));

describe("canonicalJson", () => {
  it("is read back to the same value", () => {
    fc.assert(
      fc.property(value, (any) => {
        expect(parseCanonicalJson(canonicalJson(any))).toEqual(any);
      }),
      { numRuns: 1000 },
    );
  });

  it("is the same text whatever the order of properties", () => {
    const reversed = (any: unknown): unknown =>
      Array.isArray(any)
        ? any.map(reversed)
        : any !== null &&
            typeof any === "object" &&
            [Object.prototype, null].includes(Object.getPrototypeOf(any))
          ? Object.fromEntries(
              Object.entries(any)
                .reverse()
                .map(([key, item]) => [key, reversed(item)]),
            )
          : any;
    fc.assert(
      fc.property(value, (any) => {
        expect(canonicalJson(reversed(any))).toBe(canonicalJson(any));
      }),
    );
  });

  it("writes what JSON writes where JSON can, with sorted keys", () => {
    expect(canonicalJson({ b: [1, 1e21, 0.1, "ü\n"], a: { d: true, c: null } })).toBe(
      '{"a":{"c":null,"d":true},"b":[1,1e+21,0.1,"ü\\n"]}',
    );
    expect(canonicalJson({ a: undefined, b: -0 })).toBe('{"b":0}');
    expect(canonicalJson([12n, Number.NaN, Number.NEGATIVE_INFINITY, new Date(0)])).toBe(
      '[{"$int":"12"},{"$number":"NaN"},{"$number":"-Infinity"},{"$date":"1970-01-01T00:00:00.000Z"}]',
    );
    expect(canonicalJson({ t: BigInt64Array.of(1n), x: Float64Array.of(-0, Number.NaN), $int: "5" })).toBe(
      '{"$$int":"5","t":{"$int64":["1"]},"x":{"$float64":[0,"NaN"]}}',
    );
    expect(canonicalJson("\ud800")).toBe('"\\ud800"');
  });

  it("keeps values of different types apart", () => {
    const texts = [1, 1n, "1", [1], { 0: 1 }, Float64Array.of(1), Int32Array.of(1), true, { $int: "1" }].map(
      canonicalJson,
    );
    expect(new Set(texts).size).toBe(texts.length);
  });

  it.each([
    [() => 1, "value is a function"],
    [{ a: [Symbol("x")] }, "value.a[0] is a symbol"],
    [[undefined], "value[0] is a undefined"],
    [new Map(), "value is an instance of Map"],
    [{ a: new (class Point {})() }, "value.a is an instance of Point"],
    [new Date(Number.NaN), "an invalid Date"],
    [new DataView(new ArrayBuffer(1)), "a DataView"],
  ])("refuses %s", (any, message) => {
    expect(() => canonicalJson(any)).toThrow(message);
  });

  it("refuses cycles but not repetitions", () => {
    const cycle: Record<string, unknown> = {};
    cycle["self"] = { cycle };
    expect(() => canonicalJson(cycle)).toThrow("value.self.cycle is a cycle");
    const shared = { x: 1 };
    expect(canonicalJson([shared, shared])).toBe('[{"x":1},{"x":1}]');
  });

  it.each([
    "",
    "{",
    '{"$what":1}',
    '{"$int":"x"}',
    '{"$int64":5}',
    '{"$int64":["x"]}',
    '{"$date":"x"}',
    '{"$number":"x"}',
  ])("refuses to read %s", (text) => {
    let error: unknown;
    try {
      parseCanonicalJson(text);
    } catch (caught) {
      error = caught;
    }
    expect(TsopsError.is(error, "VALUE_INVALID")).toBe(true);
  });
});
