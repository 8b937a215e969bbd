/** One report of long work: `done` of `total` units, e.g. trees, folds or rows. */
export interface ProgressEvent {
  readonly task: string;
  readonly done: number;
  /** Absent when the end is not known beforehand. */
  readonly total?: number;
  /** Figures worth showing beside the bar, e.g. `{ mae: 41.2 }`. */
  readonly figures?: Readonly<Record<string, number | string>>;
}

/** Receives progress reports. Libraries stay silent unless one is passed in. */
export type Progress = (event: ProgressEvent) => void;
