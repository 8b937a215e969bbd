/** Values of a gauge's labels. */
export type Labels = Readonly<Record<string, string>>;

/** One set of series: those of a gauge with certain labels are replaced as a whole, so that none outlives what it is about. */
export interface GaugeSet {
  /**
   * Makes `values` the only series whose labels include those of `owner`. NaN is no value: its series goes.
   * @param owner - e.g. the table that was checked.
   */
  replace(name: string, owner: Labels, values: readonly (readonly [Labels, number])[]): void;
  /** Adds to a counter, 0 so that its series begins. */
  count(name: string, labels: Labels, by: number): void;
}

/** What the gauges or counters are: by name, the help text and the labels. */
export type GaugeDefinitions = Readonly<
  Record<string, { readonly help: string; readonly labels: readonly string[] }>
>;
