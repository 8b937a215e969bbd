import { expect, it } from "vitest";
import { TsopsError } from "../errors.ts";
import { float64, nullable, timestamp, utf8 } from "./column-type.ts";
import { columnsFromRows } from "./from-rows.ts";

const types = { id: utf8(), at: timestamp(), v: nullable(float64()) };
const at = "2026-01-01T00:00:00Z";

it("refuses a field that looks like a misspelt nullable column, whose values would be lost", () => {
  const rows = [{ id: "a", at, vv: 1 }];
  let caught: unknown;
  try {
    columnsFromRows(types, rows);
  } catch (error) {
    caught = error;
  }
  expect(TsopsError.is(caught, "SCHEMA_MISMATCH")).toBe(true);
  expect((caught as TsopsError).message).toBe(
    'No row has "v", but row 0 has "vv", which the schema does not know.',
  );
});

it("ignores further fields as long as every column is there, and takes absent nullable columns for null", () => {
  const extra = [{ id: "a", at, v: 1, note: "x" }];
  expect(columnsFromRows(types, extra).length).toBe(1);
  expect(columnsFromRows(types, [{ id: "a", at }]).length).toBe(1);
});
