import type { ColumnKind } from "../../schema/column-type.ts";
import type { Columns } from "../../schema/columns.ts";

/** Which columns of a table are what. */
export interface FileTable {
  readonly keys: readonly string[];
  readonly eventTime: string;
}

/** Rules of a reference, as far as the command reads them. */
export interface LearntRules extends FileTable {
  readonly frequency: string | null;
  readonly origin: string | null;
  readonly zone: string;
  readonly reference: { readonly series: number };
  readonly columns: Readonly<Record<string, { readonly kind: ColumnKind }>>;
}

/** One thing that is wrong with the rows of a file. */
export interface FoundQuality {
  readonly check: string;
  readonly column: string | null;
  readonly key: Readonly<Record<string, string | number | boolean>> | null;
  readonly severity: "error" | "warning" | "info";
  readonly reason: string;
  readonly count: number;
  readonly rows: readonly number[];
  readonly from: string | null;
  readonly to: string | null;
  readonly sentence: string;
  readonly cause: string;
  readonly hint: string;
}

/** Learns rules of rows: `learnQuality` of `@tsops/monitor`, as far as the `tsops` command uses it. */
export type LearnQuality<Rules extends LearntRules = LearntRules> = (
  reference: Columns,
  options: { readonly table: FileTable; readonly zone: string; readonly frequency?: string },
) => Rules;

/** Checks rows: `checkQuality` of `@tsops/monitor`, as far as the `tsops` command uses it. */
export type CheckQuality<Rules extends LearntRules = LearntRules> = (
  columns: Columns,
  options: {
    readonly table: FileTable;
    readonly zone: string;
    readonly rules?: Rules;
    readonly frequency?: string;
    readonly now?: bigint;
    readonly maxAge?: string;
    readonly optionNames?: { readonly maxAge: string };
  },
) => FoundQuality[];
