import type { GlobalOptions } from "../session.ts";

/** Options of `tsops drift`. */
export interface DriftCommandOptions extends GlobalOptions {
  readonly time?: string;
  readonly timeFormat?: string;
  readonly key?: readonly string[];
  readonly columns?: readonly string[];
  readonly season: "auto" | readonly number[];
  readonly alpha: number;
  readonly freq: string;
  readonly zone?: string;
  readonly decimal?: "." | ",";
  /** Length of the windows that one file is cut into. */
  readonly windows?: string;
  /** Length of the reference before a window. */
  readonly reference?: string;
  readonly against: "before" | "first";
  readonly failOn?: "drift" | "last-window";
  readonly html?: string;
}
