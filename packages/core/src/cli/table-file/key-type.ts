import { TsopsError } from "../../errors.ts";
import { bool, type ColumnType, int64, nullable, utf8 } from "../../schema/column-type.ts";
import type { FileColumn } from "./table-files.ts";

/** The type that a column of keys is read as. @throws TsopsError CONFIG_INVALID where its values name no series. */
export function keyType({ name, kind, numberForm }: FileColumn): ColumnType {
  if (kind === "integer") return nullable(int64());
  if (kind === "bool") return nullable(bool());
  // Codes such as 10.250.100 stay as they are written.
  if (numberForm !== null) return nullable(utf8());
  if (kind === "other" || kind === "number")
    throw new TsopsError(
      "CONFIG_INVALID",
      `Column "${name}" holds ${kind === "number" ? "numbers with decimals" : "no plain values"}, which name no series.`,
      {
        hint: "Name a column of text or whole numbers with --key.",
      },
    );
  return nullable(utf8());
}
