import fc from "fast-check";
import {
  bool,
  type ColumnType,
  type ColumnTypes,
  float64,
  int64,
  nullable,
  timestamp,
  utf8,
} from "../src/schema/column-type.ts";

/** A schema and rows that fit it, with every kind, nulls, NaN, -0, lone surrogates and 64-bit integers. */
export interface AnyRows {
  readonly types: ColumnTypes;
  readonly rows: readonly Record<string, unknown>[];
}

const kinds = [float64, int64, utf8, bool, timestamp] as const;
const names = fc.string({ minLength: 1, maxLength: 5 }).filter((name) => name !== "__proto__");

function valuesOf(type: ColumnType, texts: fc.Arbitrary<string>): fc.Arbitrary<unknown> {
  const value: fc.Arbitrary<unknown> = {
    float64: fc.oneof(fc.double(), fc.constantFrom(Number.NaN, -0, 0, Number.POSITIVE_INFINITY)),
    int64: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    utf8: texts,
    bool: fc.boolean(),
    timestamp: fc.bigInt({ min: -8_640_000_000_000_000_000n, max: 8_640_000_000_000_000_000n }),
  }[type.kind];
  return type.nullable ? fc.option(value, { nil: null, freq: 3 }) : value;
}

/** Rows under a random schema; `texts` are the values of text columns. */
export function anyRows(texts: fc.Arbitrary<string>, maxLength = 40): fc.Arbitrary<AnyRows> {
  const type = fc
    .tuple(fc.constantFrom(...kinds), fc.boolean())
    .map(([kind, isNullable]): ColumnType => (isNullable ? nullable(kind()) : kind()));
  return fc
    .dictionary(names, type, { minKeys: 1, maxKeys: 6 })
    .chain((types) =>
      fc
        .array(
          fc.record(
            Object.fromEntries(Object.entries(types).map(([name, each]) => [name, valuesOf(each, texts)])),
          ),
          { maxLength },
        )
        .map((rows) => ({ types, rows: rows.map((row) => ({ ...row })) })),
    );
}

/** Texts with repetitions and lone surrogates. */
export const anyText = fc.oneof(
  fc.constantFrom("a", "b", "", "ü", "\ud800", "\ufffd", "\ufeff", "👍"),
  fc.string(),
);

/** Texts that UTF-8 can hold. */
export const wellFormedText = fc.oneof(
  fc.constantFrom("a", "b", "", "ü", "\ufffd", "\ufeffbom", "👍", "\0"),
  fc.string({ unit: "binary" }),
);
