import type { GlobalOptions } from "../session.ts";

/** What a report is about: options that `tsops report` and `tsops watch` share. */
export interface ReportOptions extends GlobalOptions {
  readonly home?: string;
  readonly deployment?: string;
  readonly from?: string;
  readonly to?: string;
  readonly table?: string;
  readonly target?: string;
  readonly zone?: string;
}

/** Options of `tsops report`. */
export interface ReportCommandOptions extends ReportOptions {
  readonly out?: string;
  readonly open?: boolean;
}

/** Options of `tsops watch`. */
export interface WatchCommandOptions extends ReportOptions {
  readonly port: number;
  /** A duration. */
  readonly every: string;
  readonly open?: boolean;
}
