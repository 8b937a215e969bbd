import type { GlobalOptions } from "../session.ts";

/** Options of `tsops quality`. */
export interface QualityCommandOptions extends GlobalOptions {
  readonly reference?: string;
  readonly rules?: string;
  readonly writeRules?: string;
  readonly time?: string;
  readonly timeFormat?: string;
  readonly key?: readonly string[];
  readonly freq: string;
  readonly zone?: string;
  readonly decimal?: "." | ",";
  /** The present, as an instant. */
  readonly now?: string;
  readonly maxAge?: string;
  readonly failOn?: "error" | "warning";
}
